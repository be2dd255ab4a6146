#include "client/answer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate::client {
namespace {

using State = AnswerReader::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(AnswerReader, AnAnswerWithoutABodyIsCompleteWithItsHead) {
  AnswerReader reader;
  EXPECT_EQ(reader.add("HTTP/1.1 204 No Content\r\nServer: a\r\n"), State::reading);
  EXPECT_EQ(reader.add("\r\n"), State::complete);
  EXPECT_EQ(reader.answer().status, 204);
  EXPECT_TRUE(reader.keeps_connection());
}

TEST(AnswerReader, ABodyHasItsLength) {
  AnswerReader reader;
  EXPECT_EQ(reader.add("HTTP/1.1 503 Busy\r\ncontent-length:  5 \r\nRetry-After: 7\r\n\r\nhel"),
            State::reading);
  EXPECT_EQ(reader.add("lo"), State::complete);
  EXPECT_EQ(reader.answer().body, "hello");
  EXPECT_EQ(reader.answer().retry_after, seconds{7});
}

const std::string kChunked =
    "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\nConnection: Close\r\n\r\n"
    "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: x\r\n\r\n";

TEST(AnswerReader, ChunksAreJoined) {
  AnswerReader reader;
  EXPECT_EQ(reader.add(kChunked), State::complete);
  EXPECT_EQ(reader.answer().body, "hello world");
  EXPECT_FALSE(reader.keeps_connection());
}

RC_GTEST_PROP(AnswerReader, ReadsTheSameInWhateverPiecesItComes, ()) {
  AnswerReader reader;
  std::string_view rest = kChunked;
  while (!rest.empty()) {
    RC_ASSERT(!reader.answer().status || reader.answer().status == 400);
    const auto size = std::min<std::size_t>(*rc::gen::inRange<std::size_t>(1, 20), rest.size());
    const State state = reader.add(rest.substr(0, size));
    rest.remove_prefix(size);
    RC_ASSERT(state == (rest.empty() ? State::complete : State::reading));
  }
  RC_ASSERT(reader.answer().body == "hello world");
}

RC_GTEST_PROP(AnswerReader, WhateverComesItEndsInAState, (std::string noise)) {
  AnswerReader reader;
  const State state = reader.add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + noise);
  RC_ASSERT(state == State::reading || state == State::complete || state == State::broken);
  RC_ASSERT(reader.end() != State::reading);
}

TEST(AnswerReader, ABodyWithoutALengthEndsWithTheConnection) {
  AnswerReader reader;
  EXPECT_EQ(reader.add("HTTP/1.0 500 Oh\r\n\r\nso "), State::reading);
  EXPECT_EQ(reader.add("it goes"), State::reading);
  EXPECT_EQ(reader.end(), State::complete);
  EXPECT_EQ(reader.answer().body, "so it goes");
  EXPECT_FALSE(reader.keeps_connection());
}

TEST(AnswerReader, AnAnnouncementIsNotTheAnswer) {
  AnswerReader reader;
  EXPECT_EQ(reader.add("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"), State::reading);
  EXPECT_EQ(reader.add("HTTP/1.1 204 No Content\r\n\r\n"), State::complete);
  EXPECT_EQ(reader.answer().status, 204);
}

TEST(AnswerReader, WhatIsNoHttpOrTooBigOrCutOffIsBroken) {
  for (const std::string text :
       {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 099 No\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 204 No Content\r\n\r\nmore"}) {
    AnswerReader reader;
    EXPECT_EQ(reader.add(text), State::broken) << text;
  }
  AnswerReader endless;
  EXPECT_EQ(endless.add("HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'a')), State::broken);
  AnswerReader cut;
  EXPECT_EQ(cut.add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"), State::reading);
  EXPECT_EQ(cut.end(), State::broken);
}

TEST(AnswerReader, KnowsWhetherAnythingHasCome) {
  AnswerReader reader;
  EXPECT_TRUE(reader.is_untouched());
  reader.add("H");
  EXPECT_FALSE(reader.is_untouched());
}

TEST(RetryAfter, IsSecondsOrADate) {
  const milliseconds now{1772706600123};  // 2026-03-05T10:30:00.123Z
  EXPECT_EQ(parse_retry_after("0", now), seconds{0});
  EXPECT_EQ(parse_retry_after("120", now), seconds{120});
  EXPECT_EQ(parse_retry_after("Thu, 05 Mar 2026 10:30:45 GMT", now), seconds{45});
  EXPECT_EQ(parse_retry_after("Thu, 05 Mar 2026 10:29:00 GMT", now), seconds{0});
  EXPECT_EQ(parse_retry_after("soon", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("-5", now), std::nullopt);
}

TEST(RetryAfter, IsAtMostAnHour) {
  EXPECT_EQ(parse_retry_after("3601", milliseconds{0}), seconds{3600});
  EXPECT_EQ(parse_retry_after("99999999999999999999999", milliseconds{0}), seconds{3600});
  EXPECT_EQ(parse_retry_after("Thu, 05 Mar 2026 10:30:45 GMT", milliseconds{0}), seconds{3600});
}

}  // namespace
}  // namespace metergate::client
