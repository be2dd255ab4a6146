#include "http/words/late_number.h"

#include <gtest/gtest.h>

namespace metergate::http {
namespace {

TEST(LateNumber, KeepsTheLengthOfItsRoom) {
  std::string room = room_for(999'999'999);
  EXPECT_EQ(room.size(), 10U);
  fill_room(room, 1'000'000'000);
  EXPECT_EQ(room, "1000000000");
  std::string small = room_for(0);
  fill_room(small, 42);
  EXPECT_EQ(small, "      42");
}

TEST(LateNumber, IsWrittenIntoAHeadOnce) {
  std::string head = "HTTP/1.1 200 OK\r\nX-Usage-Seq: " + room_for(7) + "\r\nA: b\r\n\r\n";
  fill_room_in_head(head, 7);
  EXPECT_EQ(head, "HTTP/1.1 200 OK\r\nX-Usage-Seq:        7\r\nA: b\r\n\r\n");
  fill_room_in_head(head, 8);
  EXPECT_EQ(head.find('8'), std::string::npos);
}

TEST(LateNumber, LeavesOtherHeadsAlone) {
  for (std::string head : {"HTTP/1.1 200 OK\r\n\r\n", "", "HTTP/1.1 200 OK\r\nX-Usage-Seq: "}) {
    const std::string before = head;
    fill_room_in_head(head, 1);
    EXPECT_EQ(head, before);
  }
}

}  // namespace
}  // namespace metergate::http
