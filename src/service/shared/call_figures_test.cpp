#include "service/shared/call_figures.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(CallFigures, PercentHasOneDecimalRoundedHalfAwayFromZero) {
  EXPECT_EQ(to_text(percent_json(992, 1000)), "99.2");
  EXPECT_EQ(to_text(percent_json(1, 3)), "33.3");
  EXPECT_EQ(to_text(percent_json(2, 3)), "66.7");
  EXPECT_EQ(to_text(percent_json(1, 2000)), "0.1");  // 0.05 is half
  EXPECT_EQ(to_text(percent_json(5, 5)), "100.0");
  EXPECT_EQ(to_text(percent_json(0, 5)), "0.0");
}

TEST(CallFigures, NothingOfNothingIsNull) {
  EXPECT_TRUE(percent_json(0, 0).is_null());
  EXPECT_TRUE(mean_ms_json(0, 0).is_null());
  EXPECT_TRUE(percentile_ms_json(Histogram{}, 500).is_null());
}

TEST(CallFigures, MeanIsInMillisecondsWithAtMostThreeDecimals) {
  EXPECT_EQ(to_text(mean_ms_json(12'400, 1)), "12.4");
  EXPECT_EQ(to_text(mean_ms_json(10, 3)), "0.003");
  EXPECT_EQ(to_text(mean_ms_json(3, 2)), "0.002");
  EXPECT_EQ(to_text(mean_ms_json(2'000, 2)), "1");
}

TEST(CallFigures, HugeSumsDoNotOverflow) {
  EXPECT_EQ(to_text(percent_json(INT64_MAX, INT64_MAX)), "100.0");
}

TEST(CallFigures, PercentileIsReadFromTheHistogram) {
  Histogram durations;
  durations.add(Microseconds{5'000}, 10);
  const std::optional<Decimal> shown = percentile_ms_json(durations, 500).number();
  ASSERT_TRUE(shown.has_value());
  EXPECT_TRUE(compare(*shown, Decimal{495, 2}) >= 0);
  EXPECT_TRUE(compare(*shown, Decimal{505, 2}) <= 0);
}

}  // namespace
}  // namespace metergate
