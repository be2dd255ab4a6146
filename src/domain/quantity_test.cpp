#include "domain/quantity.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate {
namespace {

std::string shown(std::string_view text) {
  const auto quantity = Quantity::parse(text);
  return quantity ? to_text(quantity->shown()) : "refused";
}

TEST(Quantity, IsExactToTheBillionth) {
  EXPECT_EQ(shown("0.000000001"), "0.000000001");
  EXPECT_EQ(shown("-12.50"), "-12.5");
  EXPECT_EQ(shown("1e3"), "1000");
  EXPECT_EQ(Quantity::parse("1.5"), Quantity::parse("1.500"));
}

TEST(Quantity, OfMoreThanNineDecimalsIsRefused) {
  EXPECT_EQ(shown("0.0000000001"), "refused");
  EXPECT_EQ(shown("1e-20"), "refused");
  EXPECT_EQ(shown("0.30000000000000004"), "refused");
}

TEST(Quantity, OfMoreDigitsThanAreReadIsRefusedNotCut) {
  EXPECT_EQ(shown("12345678.123456789"), "12345678.123456789");
  EXPECT_EQ(shown("123456789.123456789"), "refused");
  EXPECT_EQ(shown("123456789012.1234567891"), "refused");
}

TEST(Quantity, IsBoundedByAMillionMillions) {
  EXPECT_EQ(shown("1000000000000"), "1000000000000");
  EXPECT_EQ(shown("-1000000000000"), "-1000000000000");
  EXPECT_EQ(shown("1000000000001"), "refused");
  EXPECT_EQ(shown("1e13"), "refused");
}

TEST(Quantity, OfNoNumberIsRefused) {
  for (const char* text : {"", "x", "1,5", "NaN", "Infinity", "0x10", " 1"})
    EXPECT_EQ(shown(text), "refused") << text;
}

TEST(Quantity, SumsBeyond64BitsStayExact) {
  Quantity sum;
  for (int i = 0; i < 1000; ++i) sum += *Quantity::parse("1000000000000");
  sum += *Quantity::parse("0.000000001");
  sum -= Quantity::of(999'000'000'000'000);
  EXPECT_EQ(to_text(sum.shown()), "1000000000000");
  sum -= Quantity::of(999'999'999'999);
  EXPECT_EQ(to_text(sum.shown()), "1.000000001");
}

TEST(Quantity, SumsStopAtTheirBound) {
  Quantity sum{power_of_ten(37)};
  sum += Quantity::of(1);
  EXPECT_EQ(sum.billionths, power_of_ten(37));
}

TEST(Quantity, IsShownWithTheDecimalsThatFit) {
  EXPECT_EQ(to_text(Quantity{Wide{1'234'567'890'123} * 1'000'000'000 + 987'654'321}.shown()),
            "1234567890123.987654");
  EXPECT_EQ(to_text(Quantity{power_of_ten(37)}.shown()), "9223372036854775807");
}

TEST(Quantity, ComesBackFromItsBillionths) {
  for (const Wide value :
       {Wide{0}, Wide{-1}, Wide{1'234'567'890}, power_of_ten(37), -power_of_ten(37)})
    EXPECT_EQ(quantity_of_billionths(billionths_text({value})), Quantity{value});
  EXPECT_EQ(billionths_text(Quantity::of(-2)), "-2000000000");
  for (const char* text : {"", "-", "1.5", "+1", "1e3", "99999999999999999999999999999999999999"})
    EXPECT_FALSE(quantity_of_billionths(text)) << text;
}

TEST(Quantity, WhatAnEventSaysIsRoundedFromAllItsDigits) {
  const auto rounded = [](std::string_view text) {
    const auto value = Quantity::rounded(*ExactNumber::parse(text));
    return value ? to_text(value->shown()) : "refused";
  };
  EXPECT_EQ(rounded("33.333333333333336"), "33.333333333");
  EXPECT_EQ(rounded("12345678901.1234567895"), "12345678901.12345679");
  EXPECT_EQ(rounded("-0.0000000005"), "-0.000000001");
  EXPECT_EQ(rounded("1e12"), "1000000000000");
  EXPECT_EQ(rounded("-1000000000000.0"), "-1000000000000");
  EXPECT_EQ(rounded("1000000000000.000000001"), "refused");
  EXPECT_EQ(rounded("-1e13"), "refused");
  EXPECT_EQ(rounded("1e300"), "refused");
  EXPECT_EQ(rounded("1e-300"), "0");
}

TEST(Quantity, MeanIsRoundedHalfAwayFromZero) {
  EXPECT_EQ(to_text(mean_of(Quantity::of(10), 4).shown()), "2.5");
  EXPECT_EQ(mean_of(Quantity{1}, 2).billionths, 1);
  EXPECT_EQ(mean_of(Quantity{-1}, 2).billionths, -1);
  EXPECT_EQ(to_text(mean_of(Quantity::of(1), 3).shown()), "0.333333333");
}

RC_GTEST_PROP(Quantity, TakingOutUndoesAddingInAnyOrder, ()) {
  const auto values = *rc::gen::container<std::vector<std::int64_t>>(
      rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 1'000'000'000'000));
  Quantity sum;
  for (const std::int64_t value : values) sum += Quantity{value};
  for (const std::int64_t value : values) sum -= Quantity{value};
  RC_ASSERT(sum == Quantity{});
}

}  // namespace
}  // namespace metergate
