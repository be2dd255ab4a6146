#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "service/tenants/catalog.h"

namespace metergate {
namespace {

constexpr std::string_view kRates = R"(
[rates]
stores_count = 10
devices_count = 5
api_calls = "0.001"
webhook_calls = "0.01"
storage_gb = 2
)";

std::string one_plan(std::string_view limits, std::string_view more = "") {
  return std::string(kRates) + "[[plan]]\nname = \"solo\"\n[plan.limits]\n" + std::string(limits) +
         "\n" + std::string(more);
}

constexpr std::string_view kLimits = R"(
max_stores = 1
max_devices = 2
max_api_calls_per_month = "unlimited"
max_webhooks_per_month = 100
max_storage_gb = "1.5"
)";

void expect_refused(const std::string& toml, std::string_view part) {
  const Result<std::vector<Plan>> plans = parse_catalogue(toml);
  ASSERT_FALSE(plans) << toml;
  EXPECT_EQ(plans.error().code, ErrorCode::invalid);
  EXPECT_NE(plans.error().message.find(part), std::string::npos) << plans.error().message;
}

TEST(CatalogFile, ShippedFileHoldsTheFourPlansOfTheRules) {
  std::ifstream file(METERGATE_SOURCE_DIR "/catalogue/plans.toml");
  std::stringstream text;
  text << file.rdbuf();
  const Result<std::vector<Plan>> plans = parse_catalogue(text.str());
  ASSERT_TRUE(plans) << plans.error().message;
  ASSERT_EQ(plans->size(), 4u);
  const std::int64_t expected[4][5] = {{1, 2, 10'000, 100, 1LL << 30},
                                       {5, 10, 50'000, 500, 10LL << 30},
                                       {20, 50, 200'000, 2'000, 50LL << 30},
                                       {100, 200, 1'000'000, 10'000, 200LL << 30}};
  const char* const names[4] = {"free", "basic", "premium", "enterprise"};
  for (std::size_t i = 0; i < 4; ++i) {
    const Plan& plan = (*plans)[i];
    EXPECT_EQ(plan.name, names[i]);
    for (std::size_t m = 0; m < 5; ++m) {
      EXPECT_EQ(plan.limits[kMeters[m].meter].units, expected[i][m]);
      EXPECT_EQ(plan.limits[kMeters[m].meter].effect, LimitEffect::soft);
    }
    EXPECT_EQ(plan.rates[Meter::stores_count], (UnitPrice{{10'000'000}, 1}));
    EXPECT_EQ(plan.rates[Meter::devices_count], (UnitPrice{{5'000'000}, 1}));
    EXPECT_EQ(plan.rates[Meter::api_calls], (UnitPrice{{1'000}, 1}));
    EXPECT_EQ(plan.rates[Meter::webhook_calls], (UnitPrice{{10'000}, 1}));
    EXPECT_EQ(plan.rates[Meter::storage_gb], (UnitPrice{{2'000'000}, 1LL << 30}));
  }
}

TEST(CatalogFile, LimitMayBeUnlimitedFractionalAndHard) {
  const auto plans = parse_catalogue(one_plan(kLimits, "[plan.effects]\napi_calls = \"hard\"\n"));
  ASSERT_TRUE(plans) << plans.error().message;
  const Plan& plan = plans->front();
  EXPECT_FALSE(plan.limits[Meter::api_calls].units);
  EXPECT_EQ(plan.limits[Meter::api_calls].effect, LimitEffect::hard);
  EXPECT_EQ(plan.limits[Meter::webhook_calls].effect, LimitEffect::soft);
  EXPECT_EQ(plan.limits[Meter::storage_gb].units, 3LL << 29);
}

TEST(CatalogFile, RequestRateIsWholeNumbersAndItsBurstMayBeLeftOut) {
  const auto plain = parse_catalogue(one_plan(kLimits));
  EXPECT_FALSE(plain->front().request_rate);
  const auto rate = parse_catalogue(one_plan(kLimits, "[plan.request_rate]\nper_second = 20\n"));
  ASSERT_TRUE(rate) << rate.error().message;
  EXPECT_EQ(rate->front().request_rate, (RequestRate{20, 20}));
  const auto stored = plan_from(to_document(rate->front()));
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->request_rate, (RequestRate{20, 20}));
  expect_refused(one_plan(kLimits, "[plan.request_rate]\nburst = 20\n"),
                 "request_rate.per_second: must be a whole number from 1 to 1000000");
  expect_refused(one_plan(kLimits, "[plan.request_rate]\nper_second = 2\nburst = 0\n"),
                 "request_rate.burst");
  expect_refused(one_plan(kLimits, "[plan.request_rate]\nper_minute = 2\n"), "per_minute");
}

TEST(CatalogFile, OwnRateGoesBeforeTheCommonOne) {
  const auto plans = parse_catalogue(one_plan(kLimits, "[plan.rates]\napi_calls = \"0.0005\"\n"));
  ASSERT_TRUE(plans) << plans.error().message;
  EXPECT_EQ(plans->front().rates[Meter::api_calls].price.micros, 500);
  EXPECT_EQ(plans->front().rates[Meter::devices_count].price.micros, 5'000'000);
}

TEST(CatalogFile, FloatIsRefusedBecauseItIsNotExact) {
  expect_refused(one_plan(kLimits, "[plan.rates]\napi_calls = 0.001\n"), "in quotes");
}

TEST(CatalogFile, MistakesAreNamed) {
  expect_refused("", "[[plan]]");
  expect_refused("plan = 3", "[[plan]]");
  expect_refused("[[plan", "line 1");
  expect_refused(one_plan("max_stores = 1"), "plan 'solo', limits.max_devices: is missing");
  expect_refused(one_plan(std::string(kLimits) + "max_tills = 3"), "limits.max_tills");
  expect_refused(one_plan(kLimits, "[plan.effects]\napi_calls = \"firm\"\n"), "effects.api_calls");
  expect_refused(one_plan(kLimits, "[plan.effects]\ntills = \"hard\"\n"), "effects.tills");
  expect_refused(one_plan(kLimits, "[plan.rates]\napi_calls = -1\n"), "rates.api_calls");
  expect_refused(one_plan(kLimits, "[plan.rates]\napi_calls = \"0.0000001\"\n"), "six decimals");
  expect_refused(one_plan(kLimits, "[plan.rates]\napi_calls = \"cheap\"\n"), "'cheap'");
  expect_refused(std::string(kRates) + "[[plan]]\nname = \"a b\"\n", "plan.name");
  expect_refused("surprise = 1\n" + one_plan(kLimits), "surprise");
}

TEST(CatalogFile, LimitOutOfBoundsNamesThePlanAndKey) {
  std::string limits(kLimits);
  limits.replace(limits.find("max_stores = 1"), 14, "max_stores = -1");
  expect_refused(one_plan(limits), "plan 'solo', limits.max_stores: must be");
}

TEST(CatalogFile, SamePlanTwiceIsRefused) {
  const std::string second = "[[plan]]\nname = \"solo\"\n[plan.limits]\n" + std::string(kLimits);
  expect_refused(one_plan(kLimits, second), "twice");
}

TEST(CatalogFile, MissingRateIsRefused) {
  const std::string toml = "[[plan]]\nname = \"solo\"\n[plan.limits]\n" + std::string(kLimits);
  expect_refused(toml, "rates.stores_count: is missing");
}

}  // namespace
}  // namespace metergate
