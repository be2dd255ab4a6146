#include "base/exact_number.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

ExactNumber number(std::string_view text) {
  const auto parsed = ExactNumber::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(ExactNumber{});
}

TEST(ExactNumber, OneValueHasOneForm) {
  EXPECT_EQ(to_text(number("-0.50e3")), "-0.5e3");
  EXPECT_EQ(to_text(number("-500")), "-0.5e3");
  EXPECT_EQ(to_text(number("00012.500")), "0.125e2");
  EXPECT_EQ(to_text(number("0.00125E+4")), "0.125e2");
  EXPECT_EQ(to_text(number("18446744073709551615")), "0.18446744073709551615e20");
  for (const std::string_view zero : {"0", "-0", "0.000", "0e99", "-0.0E-5"})
    EXPECT_EQ(to_text(number(zero)), "0") << zero;
}

TEST(ExactNumber, WhatIsNoNumberIsNothing) {
  for (const std::string_view text : {"", "-", "+1", ".5", "5.", "1e", "1e+", "e5", "1.2.3", "0x10",
                                      "NaN", "Infinity", " 1", "1 ", "--1", "1e5.5", "1-2"})
    EXPECT_FALSE(ExactNumber::parse(text)) << text;
}

TEST(ExactNumber, NumbersAreComparedByValue) {
  EXPECT_EQ(compare(number("1e300"), number("10e299")), std::strong_ordering::equal);
  EXPECT_EQ(compare(number("1e300"), number("9e299")), std::strong_ordering::greater);
  EXPECT_EQ(compare(number("-1e300"), number("-9e299")), std::strong_ordering::less);
  EXPECT_EQ(compare(number("-1"), number("0.1")), std::strong_ordering::less);
  EXPECT_EQ(compare(number("0.12"), number("0.123")), std::strong_ordering::less);
  EXPECT_EQ(compare(number("-0.12"), number("-0.123")), std::strong_ordering::greater);
  EXPECT_EQ(compare(number("1e99999999999999999999"), number("1e5")),
            std::strong_ordering::greater);
}

TEST(ExactNumber, ScalingRoundsOnceHalfAwayFromZero) {
  const auto at_nine = [](std::string_view text) {
    return static_cast<std::int64_t>(scaled(number(text), 9).value_or(-1));
  };
  EXPECT_EQ(at_nine("33.333333333333336"), 33'333'333'333);
  EXPECT_EQ(at_nine("0.1000000000"), 100'000'000);
  EXPECT_EQ(at_nine("0.0000000005"), 1);
  EXPECT_EQ(at_nine("-0.0000000005"), -1);
  // Rounding twice would give 1.
  EXPECT_EQ(at_nine("0.00000000049999999999999999999999999999"), 0);
  EXPECT_EQ(at_nine("0.9999999999"), 1'000'000'000);
  EXPECT_EQ(at_nine("1e-300"), 0);
  EXPECT_EQ(at_nine("2e-1"), 200'000'000);
  EXPECT_TRUE(scaled(number("999999999999999999999"), 9));
  EXPECT_FALSE(scaled(number("1e21"), 9));
  EXPECT_FALSE(scaled(number("-1e300"), 9));
}

}  // namespace
}  // namespace metergate
