#include "domain/token_bucket.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate {
namespace {

using std::chrono::seconds;

int taken_at(TokenBucket& bucket, const RequestRate& rate, Microseconds now, int tries) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) taken += bucket.take(rate, now) ? 1 : 0;
  return taken;
}

TEST(TokenBucket, AllowsABurstAndThenTheRate) {
  TokenBucket bucket;
  const RequestRate rate{10, 25};
  EXPECT_EQ(taken_at(bucket, rate, seconds{100}, 40), 25);
  EXPECT_EQ(taken_at(bucket, rate, seconds{101}, 40), 10);
  EXPECT_EQ(taken_at(bucket, rate, seconds{1000}, 40), 25) << "never more than the burst";
}

TEST(TokenBucket, SaysHowLongToWait) {
  TokenBucket bucket;
  const RequestRate rate{4, 1};
  EXPECT_TRUE(bucket.take(rate, seconds{1}));
  EXPECT_FALSE(bucket.take(rate, seconds{1}));
  EXPECT_EQ(bucket.wait(), Microseconds{250'000});
  EXPECT_FALSE(bucket.take(rate, seconds{1} + Microseconds{249'999}));
  EXPECT_EQ(bucket.wait(), Microseconds{1});
  EXPECT_TRUE(bucket.take(rate, seconds{1} + Microseconds{250'000}));
}

TEST(TokenBucket, AClockThatStandsStillOrGoesBackGivesNothing) {
  TokenBucket bucket;
  const RequestRate rate{1, 1};
  EXPECT_TRUE(bucket.take(rate, seconds{10}));
  EXPECT_FALSE(bucket.take(rate, seconds{10}));
  EXPECT_FALSE(bucket.take(rate, seconds{5}));
  EXPECT_TRUE(bucket.take(rate, seconds{11}));
}

RC_GTEST_PROP(TokenBucket, NeverGivesMoreThanBurstAndRateAllow, ()) {
  const RequestRate rate{*rc::gen::inRange<std::int64_t>(1, kRequestRateMax + 1),
                         *rc::gen::inRange<std::int64_t>(1, kRequestRateMax + 1)};
  TokenBucket bucket;
  Microseconds now{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000)};
  const Microseconds start = now;
  std::int64_t taken = 0;
  for (int i = 0; i < 200; ++i) {
    taken += bucket.take(rate, now) ? 1 : 0;
    now += Microseconds{*rc::gen::inRange<std::int64_t>(0, 100)};
  }
  RC_ASSERT((taken - rate.burst) * 1'000'000 <= (now - start).count() * rate.per_second);
}

}  // namespace
}  // namespace metergate
