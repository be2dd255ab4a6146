#include "app/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace metergate {
namespace {

TEST(Descriptors, AreRaisedToTheHardLimit) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit lower = before;
  lower.rlim_cur = before.rlim_max / 2;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Descriptors, AreEnoughForAllThatIsWanted) {
  EXPECT_EQ(connections_within(1 << 20, 256, 16'384), 16'384U);
  EXPECT_EQ(connections_within(768 + 256 + 16'384, 256, 16'384), 16'384U);
}

TEST(Descriptors, LimitTheConnectionsWhereTheyAreFew) {
  EXPECT_EQ(connections_within(4096, 256, 16'384), 4096U - 768 - 256);
  EXPECT_EQ(connections_within(4096, 0, 16'384), 4096U - 768);
}

TEST(Descriptors, AlwaysLeaveRoomForAFewConnections) {
  EXPECT_EQ(connections_within(800, 256, 16'384), 64U);
  EXPECT_EQ(connections_within(0, 0, 16'384), 64U);
}

}  // namespace
}  // namespace metergate
