#include "domain/money.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/meter.h"

namespace metergate {
namespace {

constexpr Money kTwo{2'000'000};

Currency currency(std::string_view code) {
  auto found = Currency::find(code);
  EXPECT_TRUE(found.has_value()) << code;
  return found.value_or(Currency::usd());
}

std::string shown(std::int64_t micros, std::string_view code) {
  return to_text(to_decimal(Money{micros}, currency(code)));
}

TEST(Currency, KnowsTheDecimalsOfEachMinorUnit) {
  EXPECT_EQ(currency("USD").decimals(), 2);
  EXPECT_EQ(currency("EUR").decimals(), 2);
  EXPECT_EQ(currency("THB").decimals(), 2);
  EXPECT_EQ(currency("JPY").decimals(), 0);
  EXPECT_EQ(currency("UGX").decimals(), 0);
  EXPECT_EQ(currency("ISK").decimals(), 0);
  EXPECT_EQ(currency("KWD").decimals(), 3);
  EXPECT_EQ(currency("TND").decimals(), 3);
  EXPECT_EQ(currency("CLF").decimals(), 4);
  EXPECT_EQ(currency("ZWG").decimals(), 2);
  EXPECT_EQ(Currency::usd().code(), "USD");
}

TEST(Currency, RefusesWhatIsNoActiveCurrency) {
  for (const char* code : {"", "US", "USDX", "usd", "XXX", "XAU", "DEM", "AED ", " AE", "D A"}) {
    const auto found = Currency::find(code);
    ASSERT_FALSE(found.has_value()) << code;
    EXPECT_EQ(found.error().code, ErrorCode::invalid);
    EXPECT_NE(found.error().message.find("'" + std::string{code} + "'"), std::string::npos);
  }
}

TEST(Money, ChargeIsTheExactProduct) {
  EXPECT_EQ(charge({Money{10'000'000}, 1}, 1), Money{10'000'000});
  EXPECT_EQ(charge({Money{1'000}, 1}, 15'000), Money{15'000'000});
  EXPECT_EQ(charge({kTwo, kBytesPerGigabyte}, kBytesPerGigabyte / 2), Money{1'000'000});
  EXPECT_EQ(charge({kTwo, kBytesPerGigabyte}, 0), Money{0});
}

TEST(Money, ChargeRoundsOnceHalfAwayFromZeroToAMillionth) {
  EXPECT_EQ(charge({Money{1}, 2}, 1), Money{1});
  EXPECT_EQ(charge({Money{1}, 3}, 1), Money{0});
  EXPECT_EQ(charge({Money{2}, 3}, 1), Money{1});
  EXPECT_EQ(charge({Money{-1}, 2}, 1), Money{-1});
  // 268 bytes at 2 for each 2^30 are 0.499 millionths, 269 are 0.501.
  EXPECT_EQ(charge({kTwo, kBytesPerGigabyte}, 268), Money{0});
  EXPECT_EQ(charge({kTwo, kBytesPerGigabyte}, 269), Money{1});
}

TEST(Money, ProductsBeyondSixtyFourBitsAreExact) {
  const std::int64_t exbibyte = std::int64_t{1} << 60;
  EXPECT_EQ(charge({kTwo, kBytesPerGigabyte}, exbibyte), Money{2'147'483'648'000'000});
}

TEST(Money, WhatDoesNotFitIsAnError) {
  const auto charged = charge({Money{10'000'000}, 1}, INT64_MAX);
  ASSERT_FALSE(charged.has_value());
  EXPECT_EQ(charged.error().code, ErrorCode::invalid);
  EXPECT_TRUE(add(kMoneyMax, Money{0}).has_value());
  EXPECT_FALSE(add(kMoneyMax, Money{1}).has_value());
  EXPECT_FALSE(add(Money{-kMoneyMax.micros}, Money{-1}).has_value());
}

TEST(Money, TotalsRoundHalfAwayFromZeroToTheMinorUnit) {
  const auto rounded = [](std::int64_t micros, const char* code) {
    return round_to_minor_unit(Money{micros}, currency(code)).micros;
  };
  EXPECT_EQ(rounded(5'000, "USD"), 10'000);
  EXPECT_EQ(rounded(4'999, "USD"), 0);
  EXPECT_EQ(rounded(-5'000, "USD"), -10'000);
  EXPECT_EQ(rounded(499'999, "JPY"), 0);
  EXPECT_EQ(rounded(500'000, "JPY"), 1'000'000);
  EXPECT_EQ(rounded(1'234'500, "KWD"), 1'235'000);
  EXPECT_EQ(rounded(kMoneyMax.micros, "JPY"), kMoneyMax.micros);
}

TEST(Money, IsShownWithExactlyTheDecimalsOfItsCurrency) {
  EXPECT_EQ(shown(48'400'000, "USD"), "48.40");
  EXPECT_EQ(shown(48'400'000, "JPY"), "48");
  EXPECT_EQ(shown(48'400'000, "KWD"), "48.400");
  EXPECT_EQ(shown(0, "USD"), "0.00");
  EXPECT_EQ(shown(5'000, "USD"), "0.01");
  EXPECT_EQ(shown(-5'000, "USD"), "-0.01");
}

TEST(Money, RatesAreShownWithAsManyDecimalsAsTheyNeed) {
  const auto exact = [](std::int64_t micros, const char* code) {
    return to_text(to_exact_decimal(Money{micros}, currency(code)));
  };
  EXPECT_EQ(exact(1'000, "USD"), "0.001");
  EXPECT_EQ(exact(10'000'000, "USD"), "10.00");
  EXPECT_EQ(exact(10'000, "USD"), "0.01");
  EXPECT_EQ(exact(10'000'000, "JPY"), "10");
  EXPECT_EQ(exact(1, "JPY"), "0.000001");
  EXPECT_EQ(exact(10'000'000, "KWD"), "10.000");
}

TEST(Money, IsReadFromAnAmountOfAtMostSixDecimals) {
  EXPECT_EQ(to_money({1, 3}), Money{1'000});
  EXPECT_EQ(to_money({10, 0}), Money{10'000'000});
  EXPECT_EQ(to_money({10'000'000, 10}), Money{1'000});
  EXPECT_EQ(to_money({-25, 1}), Money{-2'500'000});
  EXPECT_FALSE(to_money({1, 7}).has_value());
  EXPECT_FALSE(to_money({INT64_MAX, 0}).has_value());
}

RC_GTEST_PROP(Money, IsTheSameAfterWritingAndReading, (std::int64_t micros)) {
  RC_PRE(micros <= kMoneyMax.micros && micros >= -kMoneyMax.micros);
  const Money money{micros};
  RC_ASSERT(to_money(to_exact_decimal(money, Currency::usd())).value() == money);
}

RC_GTEST_PROP(Money, RoundingTwiceIsRoundingOnce, (std::int32_t micros)) {
  for (const char* code : {"USD", "JPY", "KWD", "CLF"}) {
    const Currency used = currency(code);
    const Money once = round_to_minor_unit(Money{micros}, used);
    RC_ASSERT(round_to_minor_unit(once, used) == once);
    RC_ASSERT(std::abs(once.micros - micros) <= 500'000);
  }
}

}  // namespace
}  // namespace metergate
