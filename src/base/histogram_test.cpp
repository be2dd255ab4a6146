#include "base/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace metergate {
namespace {

constexpr std::int64_t kLimit = std::int64_t{1} << 36;

Histogram of(const std::vector<std::int64_t>& durations) {
  Histogram histogram;
  for (const std::int64_t us : durations) histogram.add(Microseconds{us});
  return histogram;
}

Histogram merged(Histogram a, const Histogram& b) {
  a.merge(b);
  return a;
}

// Durations of every order of magnitude: a bit length first, then the bits.
rc::Gen<std::int64_t> any_duration() {
  return rc::gen::mapcat(rc::gen::inRange(0, 36), [](int bits) {
    return rc::gen::inRange<std::int64_t>((std::int64_t{1} << bits) / 2, std::int64_t{1} << bits);
  });
}
rc::Gen<std::vector<std::int64_t>> any_durations() {
  return rc::gen::container<std::vector<std::int64_t>>(any_duration());
}

TEST(Histogram, HasNoPercentileWhenEmpty) {
  EXPECT_EQ(Histogram{}.percentile(500), std::nullopt);
  EXPECT_EQ(Histogram{}.count(), 0U);
  Histogram nothing;
  nothing.add(Microseconds{5}, 0);
  EXPECT_EQ(nothing, Histogram{});
}

TEST(Histogram, IsExactBelow128Microseconds) {
  for (std::int64_t us = 0; us < 128; ++us) EXPECT_EQ(of({us}).percentile(500), Microseconds{us});
}

TEST(Histogram, ReadsPercentilesByNearestRank) {
  std::vector<std::int64_t> durations;
  for (std::int64_t us = 1; us <= 100; ++us) durations.push_back(us);
  const Histogram histogram = of(durations);
  EXPECT_EQ(histogram.percentile(500), Microseconds{50});
  EXPECT_EQ(histogram.percentile(950), Microseconds{95});
  EXPECT_EQ(histogram.percentile(990), Microseconds{99});
  EXPECT_EQ(histogram.percentile(1000), Microseconds{100});
  EXPECT_EQ(histogram.percentile(0), Microseconds{1});
}

TEST(Histogram, CountsNegativeDurationsAsZeroAndVeryLongOnesInTheLastBucket) {
  EXPECT_EQ(of({-5}), of({0}));
  EXPECT_EQ(of({INT64_MIN}), of({0}));
  EXPECT_EQ(of({INT64_MAX}), of({kLimit}));
  EXPECT_EQ(of({kLimit - 1}), of({kLimit}));
  EXPECT_EQ(of({INT64_MAX}).buckets().size(), 1U);
}

RC_GTEST_PROP(Histogram, IsOffByAtMostOnePercent, ()) {
  auto durations = *rc::gen::nonEmpty(any_durations());
  const auto permille = *rc::gen::inRange<unsigned>(0, 1001);
  const std::int64_t read = of(durations).percentile(permille)->count();
  std::ranges::sort(durations);
  const std::size_t rank = std::max<std::size_t>(1, (durations.size() * permille + 999) / 1000);
  const std::int64_t exact = durations[rank - 1];
  RC_ASSERT(std::abs(read - exact) * 100 <= exact);
}

RC_GTEST_PROP(Histogram, MergesToTheSameWhateverTheSplit, ()) {
  const auto durations = *any_durations();
  std::vector<std::int64_t> parts[3];
  for (const std::int64_t us : durations) parts[*rc::gen::inRange<std::size_t>(0, 3)].push_back(us);
  const Histogram a = of(parts[0]);
  const Histogram b = of(parts[1]);
  const Histogram c = of(parts[2]);
  RC_ASSERT((merged(merged(a, b), c) == of(durations)));
  RC_ASSERT((merged(a, merged(b, c)) == of(durations)));
  RC_ASSERT((merged(merged(c, a), b) == of(durations)));
  RC_ASSERT(of(durations).count() == durations.size());
}

TEST(Histogram, MergesWithItselfAndWithNothing) {
  Histogram histogram = of({5, 5, 1'000'000});
  histogram.merge(Histogram{});
  EXPECT_EQ(histogram, of({5, 5, 1'000'000}));
  histogram.merge(histogram);
  EXPECT_EQ(histogram, of({5, 5, 5, 5, 1'000'000, 1'000'000}));
}

TEST(Histogram, WhatIsTakenOutAgainWasNeverThere) {
  Histogram histogram = of({5, 5, 1'000'000});
  histogram.remove(Microseconds{5});
  histogram.remove(Microseconds{1'000'000});
  EXPECT_EQ(histogram, of({5}));
  histogram.remove(Microseconds{7});
  EXPECT_EQ(histogram, of({5})) << "there is none to take out";
}

RC_GTEST_PROP(Histogram, ReadsANumberToOnePercentUpTo70Bits, ()) {
  const auto bits = *rc::gen::inRange(0U, 70U);
  const auto low = *rc::gen::arbitrary<std::uint64_t>();
  const std::uint64_t rest = bits < 2 ? 0 : low >> (64 - bits / 2);
  const Histogram::Number value = (Histogram::Number{1} << bits) + rest;
  Histogram histogram;
  histogram.add_value(value);
  const Histogram::Number read = *histogram.percentile_value(500);
  const Histogram::Number off = read > value ? read - value : value - read;
  RC_ASSERT(off * 100 <= value);
}

TEST(Histogram, StopsCountingAtTheMaximumInsteadOfWrapping) {
  Histogram histogram;
  histogram.add(Microseconds{1}, UINT32_MAX);
  histogram.add(Microseconds{1}, 5);
  EXPECT_EQ(histogram.count(), UINT32_MAX);
  histogram.merge(histogram);
  EXPECT_EQ(histogram.count(), UINT32_MAX);
}

RC_GTEST_PROP(Histogram, ComesBackFromItsBuckets, ()) {
  const Histogram histogram = of(*any_durations());
  Histogram back;
  RC_ASSERT(back.assign({histogram.buckets().begin(), histogram.buckets().end()}));
  RC_ASSERT((back == histogram));
}

TEST(Histogram, RefusesBucketsThatItNeverWrites) {
  Histogram histogram = of({7});
  EXPECT_FALSE(histogram.assign({{5, 0}}));
  EXPECT_FALSE(histogram.assign({{5, 1}, {5, 1}}));
  EXPECT_FALSE(histogram.assign({{6, 1}, {5, 1}}));
  EXPECT_FALSE(histogram.assign({{4160, 1}}));
  EXPECT_FALSE(histogram.assign({{UINT16_MAX, 1}}));
  EXPECT_EQ(histogram, of({7})) << "a refusal changes nothing";
  EXPECT_TRUE(histogram.assign({{4159, 1}}));
  EXPECT_TRUE(histogram.assign({}));
}

}  // namespace
}  // namespace metergate
