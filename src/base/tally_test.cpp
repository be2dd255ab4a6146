#include "base/tally.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace metergate {
namespace {

TEST(Tally, LosesNothingOfWhatManyThreadsAdd) {
  Tally tally;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 12; ++thread) {
      threads.emplace_back([&tally] {
        for (int i = 0; i < 10'000; ++i) tally.add();
        tally.add(5);
      });
    }
  }
  EXPECT_EQ(tally.value(), 12 * 10'005);
}

TEST(LatencyTally, CountsADurationInTheFirstBucketWhoseBoundIsNotBelowIt) {
  LatencyTally tally;
  tally.add(Microseconds{0});
  tally.add(Microseconds{100});
  tally.add(Microseconds{101});
  tally.add(Microseconds{30'000'000});
  tally.add(Microseconds{30'000'001});
  tally.add(Microseconds{-5});  // a clock that was set back
  const LatencyCounts counts = tally.counts();
  EXPECT_EQ(counts.buckets[0], 3);
  EXPECT_EQ(counts.buckets[1], 1);
  EXPECT_EQ(counts.buckets[kLatencyBoundsUs.size() - 1], 1);
  EXPECT_EQ(counts.buckets[kLatencyBoundsUs.size()], 1);
  EXPECT_EQ(counts.total(), 6);
  EXPECT_EQ(counts.sum, Microseconds{60'000'202});
}

TEST(StatusTallies, SortAnswersByTheirFirstDigit) {
  StatusTallies tallies;
  for (const int status : {200, 204, 304, 404, 499, 503, 0, 999}) tallies.add(status);
  const std::array<std::int64_t, 6> want = {2, 0, 2, 1, 2, 1};
  for (std::size_t digit = 0; digit < want.size(); ++digit)
    EXPECT_EQ(tallies.by_class[digit].value(), want[digit]) << digit;
}

}  // namespace
}  // namespace metergate
