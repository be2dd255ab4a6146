#include "client/sender.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate::client {
namespace {

using std::chrono::milliseconds;

TEST(BackOff, DoublesFromTheFirstUpToTheLongest) {
  ClientOptions options;
  options.retry_first = milliseconds{100};
  options.retry_max = milliseconds{1000};
  const auto longest = [&](int failures) {
    milliseconds most{0};
    for (std::uint64_t random = 0; random < 1000; ++random) {
      most = std::max(most, back_off(options, failures, random));
    }
    return most.count();
  };
  EXPECT_EQ(longest(1), 100);
  EXPECT_EQ(longest(2), 200);
  EXPECT_EQ(longest(4), 800);
  EXPECT_EQ(longest(5), 1000);
  EXPECT_EQ(longest(1'000'000), 1000);
}

RC_GTEST_PROP(BackOff, LiesBetweenAHalfAndAllOfThePause, (std::uint64_t random)) {
  ClientOptions options;
  options.retry_first = milliseconds{100};
  const auto pause = back_off(options, *rc::gen::inRange(1, 100), random);
  RC_ASSERT(pause >= milliseconds{50});
  RC_ASSERT(pause <= options.retry_max);
}

}  // namespace
}  // namespace metergate::client
