#include "base/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>

namespace metergate {
namespace {

std::string parsed_text(std::string_view text) {
  const auto value = parse_decimal(text);
  return value ? to_text(*value) : "nothing";
}

TEST(Decimal, KeepsTheDigitsThatWereWritten) {
  for (const std::string_view text :
       {"0", "12", "-12", "0.50", "-0.50", "15.200", "0.000001", "9223372036854775807",
        "-9223372036854775808", "0.123456789012345678", "-9.223372036854775808",
        "1234567890.12345678"}) {
    EXPECT_EQ(parsed_text(text), text);
  }
}

TEST(Decimal, ReadsExponentsExactly) {
  EXPECT_EQ(parsed_text("1.5e3"), "1500");
  EXPECT_EQ(parsed_text("1.5E+3"), "1500");
  EXPECT_EQ(parsed_text("15e-1"), "1.5");
  EXPECT_EQ(parsed_text("-1e-2"), "-0.01");
  EXPECT_EQ(parsed_text("1e18"), "1000000000000000000");
  EXPECT_EQ(parsed_text("1e-18"), "0.000000000000000001");
  EXPECT_EQ(parsed_text("0.000001e6"), "1");
  EXPECT_EQ(parsed_text("0e100"), "0");
  EXPECT_EQ(parsed_text("-0"), "0");
  EXPECT_EQ(parsed_text("1e05"), "100000");
}

TEST(Decimal, RefusesWhatIsNoNumber) {
  for (const std::string_view text :
       {"",      "-",  "+",    "+1",    "--1",  ".",   ".5",       "5.",    "-.5",   "1.2.3",
        "1,5",   "1 ", " 1",   "0x10",  "1e",   "1e+", "1e-",      "1e+-5", "1e-+5", "1e++5",
        "1e1.5", "e5", "1ee5", "1e5e5", "5.e1", "NaN", "Infinity", "-inf",  "1_000", "\xef\xbc\x91",
        "1e5 "}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
  EXPECT_FALSE(parse_decimal(std::string_view("1\0", 2)));
}

TEST(Decimal, RefusesWholePartsThatDoNotFit) {
  for (const std::string_view text :
       {"9223372036854775808", "-9223372036854775809", "1e19", "1e100", "1e101", "1e99999999999",
        "100000000000000000000000000000000", "9223372036854775808.5"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

TEST(Decimal, RefusesMoreThan64Characters) {
  EXPECT_TRUE(parse_decimal("0." + std::string(62, '1')));
  EXPECT_FALSE(parse_decimal("0." + std::string(63, '1')));
}

TEST(Decimal, CutsDecimalsThatItCannotKeep) {
  EXPECT_EQ(parsed_text("0.1234567890123456789"), "0.123456789012345678");
  EXPECT_EQ(parsed_text("0.9999999999999999999"), "0.999999999999999999");
  EXPECT_EQ(parsed_text("99999999999999999999e-5"), "999999999999999.999");
  EXPECT_EQ(parsed_text("0.1" + std::string(28, '0') + "5"), "0.100000000000000000");
  EXPECT_EQ(parsed_text("1e-19"), "0.000000000000000000");
  EXPECT_EQ(parsed_text("9223372036854775807.9"), "9223372036854775807");
}

TEST(Decimal, ComparesByValueWhateverTheScale) {
  EXPECT_EQ(compare({150, 2}, {15, 1}), std::strong_ordering::equal);
  EXPECT_EQ(compare({-1, 18}, {0, 0}), std::strong_ordering::less);
  EXPECT_EQ(compare({INT64_MAX, 0}, {INT64_MAX, 18}), std::strong_ordering::greater);
  EXPECT_EQ(compare({INT64_MIN, 0}, {INT64_MIN, 18}), std::strong_ordering::less);
}

TEST(Decimal, WritesTheSmallestAndTheLargest) {
  EXPECT_EQ(to_text({INT64_MIN, 18}), "-9.223372036854775808");
  EXPECT_EQ(to_text(Decimal{INT64_MIN, 0}), "-9223372036854775808");
  EXPECT_EQ(to_text({-5, 2}), "-0.05");
}

TEST(Decimal, RescalesHalfAwayFromZero) {
  EXPECT_EQ(to_text(rescale({125, 2}, 1)), "1.3");
  EXPECT_EQ(to_text(rescale({-125, 2}, 1)), "-1.3");
  EXPECT_EQ(to_text(rescale({124, 2}, 1)), "1.2");
  EXPECT_EQ(to_text(rescale({-124, 2}, 1)), "-1.2");
  EXPECT_EQ(to_text(rescale({5, 1}, 0)), "1");
  EXPECT_EQ(to_text(rescale({-4, 1}, 0)), "0");
  EXPECT_EQ(to_text(rescale({INT64_MAX, 18}, 0)), "9");
  EXPECT_EQ(to_text(rescale({INT64_MIN, 1}, 0)), "-922337203685477581");
}

TEST(Decimal, RescalesToMoreDecimalsOnlyWhereTheyFit) {
  EXPECT_EQ(to_text(rescale({15, 1}, 2)), "1.50");
  EXPECT_EQ(to_text(rescale({INT64_MAX, 0}, 1)), "9223372036854775807");
  EXPECT_EQ(to_text(rescale({0, 0}, 18)), "0.000000000000000000");
}

TEST(Decimal, TrimsZerosAtTheEndAndNoOthers) {
  EXPECT_EQ(to_text(trimmed({15200, 3})), "15.2");
  EXPECT_EQ(to_text(trimmed({1500, 0})), "1500");
  EXPECT_EQ(to_text(trimmed({0, 18})), "0");
  EXPECT_EQ(to_text(trimmed({-100, 2})), "-1");
}

RC_GTEST_PROP(Decimal, ComesBackAsItWasWritten, (std::int64_t unscaled)) {
  const auto scale = *rc::gen::inRange<std::uint8_t>(0, 19);
  const auto back = parse_decimal(to_text(Decimal{unscaled, scale}));
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::is_eq(compare(*back, Decimal{unscaled, scale})));
  RC_ASSERT(back->unscaled == unscaled && back->scale == scale);
}

RC_GTEST_PROP(Decimal, NeverCrashesOnAnyText, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"0123456789+-.eE "}));
  if (const auto value = parse_decimal(text)) {
    RC_ASSERT(value->scale <= 18);
    RC_ASSERT(std::is_eq(compare(*parse_decimal(to_text(*value)), *value)));
  }
}

}  // namespace
}  // namespace metergate
