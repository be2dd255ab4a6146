#include "domain/plan.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

Timestamp at(std::string_view text) {
  auto parsed = parse_timestamp(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Timestamp{});
}

Plan plan(std::string name, std::int64_t version, std::int64_t calls, Timestamp from = {}) {
  Plan made;
  made.name = std::move(name);
  made.version = version;
  made.limits[Meter::api_calls] = {calls, LimitEffect::soft};
  made.valid_from = from;
  return made;
}

const Timestamp kMarch = at("2026-03-01T00:00:00Z");
const Timestamp kMidMarch = at("2026-03-15T00:00:00Z");
const Timestamp kApril = at("2026-04-01T00:00:00Z");
const Window kMarchWindow{kMarch, kApril};

Catalogue catalogue() {
  auto made = Catalogue::create({plan("free", 1, 100), plan("basic", 1, 500),
                                 plan("free", 2, 200, kMidMarch), plan("premium", 1, 1'000)});
  EXPECT_TRUE(made.has_value());
  return made.value_or(Catalogue{});
}

TEST(Catalogue, ListsPlansInTheOrderOfTheFile) {
  EXPECT_EQ(catalogue().names(), (std::vector<std::string>{"free", "basic", "premium"}));
  EXPECT_EQ(catalogue().names_text(), "free, basic, premium");
  EXPECT_EQ(catalogue().versions().size(), 4U);
}

TEST(Catalogue, FindsTheVersionInForceAtAnInstant) {
  const Catalogue plans = catalogue();
  EXPECT_EQ(plans.at("free", kMidMarch - Milliseconds{1})->version, 1);
  EXPECT_EQ(plans.at("free", kMidMarch)->version, 2);
  EXPECT_EQ(plans.newest("free")->version, 2);
  EXPECT_EQ(plans.at("gold", kMarch), nullptr);
  EXPECT_EQ(plans.newest("gold"), nullptr);
}

TEST(Catalogue, BeforeTheFirstVersionTheFirstIsInForce) {
  const auto plans = Catalogue::create(
      {plan("late", 1, 1, kApril), plan("late", 2, 2, kApril + std::chrono::days{1})});
  ASSERT_TRUE(plans.has_value());
  EXPECT_EQ(plans->at("late", kMarch)->version, 1);
}

void expect_refused(std::vector<Plan> versions, std::string_view why) {
  const auto made = Catalogue::create(std::move(versions));
  ASSERT_FALSE(made.has_value()) << why;
  EXPECT_EQ(made.error().code, ErrorCode::invalid);
  EXPECT_NE(made.error().message.find(why), std::string::npos) << made.error().message;
}

TEST(Catalogue, RefusesWhatDoesNotHoldTogether) {
  expect_refused({}, "empty");
  expect_refused({plan("", 1, 1)}, "no plan name");
  expect_refused({plan("gold plan", 1, 1)}, "'gold plan'");
  expect_refused({plan("free", 2, 1)}, "version 1 belongs");
  expect_refused({plan("free", 1, 1), plan("free", 3, 1, kApril)}, "version 2 belongs");
  expect_refused({plan("free", 1, 1, kApril), plan("free", 2, 1, kApril)}, "valid from");
  expect_refused({plan("free", 1, -1)}, "negative limit for api_calls");
  Plan cheap = plan("free", 1, 1);
  cheap.rates[Meter::storage_gb].price = Money{-1};
  expect_refused({cheap}, "rate below 0 for storage_gb");
  cheap.rates[Meter::storage_gb] = {Money{1}, 0};
  expect_refused({cheap}, "rate below 0 for storage_gb");
}

TEST(Limits, ATenantsOwnLimitsReplaceOnlyWhatTheyName) {
  Limits limits;
  limits[Meter::api_calls] = {500, LimitEffect::soft};
  limits[Meter::stores_count] = {5, LimitEffect::soft};
  LimitsOverride own;
  own[Meter::api_calls] = Limit{std::nullopt, LimitEffect::soft};
  own[Meter::webhook_calls] = Limit{7, LimitEffect::soft};
  own.effects = {{"webhook_calls", LimitEffect::hard}};
  const Limits applied = apply_override(limits, own);
  EXPECT_EQ(applied[Meter::api_calls].units, std::nullopt);
  EXPECT_EQ(applied[Meter::stores_count].units, 5);
  EXPECT_EQ(applied[Meter::webhook_calls], (Limit{7, LimitEffect::hard}));
}

TEST(Limits, ATenantsOwnLimitOfAnOwnMeterReplacesThePlansAndKeepsItsRate) {
  const std::vector<OwnTerm> plan{{"reads", Quantity::of(10), Money{5}},
                                  {"tokens", Quantity::of(100), Money{2}}};
  LimitsOverride own;
  own.own_meters = {{"tokens", Quantity::of(7)}, {"reads", std::nullopt}};
  EXPECT_EQ(apply_override(plan, own),
            (std::vector<OwnTerm>{{"reads", std::nullopt, Money{5}},
                                  {"tokens", Quantity::of(7), Money{2}}}));
  EXPECT_EQ(apply_override(plan, LimitsOverride{}), plan);
}

TEST(Limits, AnOwnLimitOfAMeterThatThePlanDoesNotNameCostsNothing) {
  const std::vector<OwnTerm> plan{{"reads", Quantity::of(10), Money{5}}};
  LimitsOverride own;
  own.own_meters = {{"words", Quantity::of(3)}, {"images", Quantity::of(1)}};
  EXPECT_EQ(apply_override(plan, own), (std::vector<OwnTerm>{{"images", Quantity::of(1), Money{}},
                                                             plan.front(),
                                                             {"words", Quantity::of(3), Money{}}}));
}

TEST(Limits, AnEffectOfTheTenantsOwnStandsBeforeThePlansWithOrWithoutALimit) {
  Limits limits;
  limits[Meter::api_calls] = {500, LimitEffect::hard};
  limits[Meter::devices_count] = {5, LimitEffect::soft};
  LimitsOverride own;
  own.effects = {{"api_calls", LimitEffect::soft},
                 {"devices_count", LimitEffect::hard},
                 {"tokens", LimitEffect::hard},
                 {"pages", LimitEffect::soft}};
  EXPECT_EQ(apply_override(limits, own)[Meter::api_calls], (Limit{500, LimitEffect::soft}));
  EXPECT_EQ(apply_override(limits, own)[Meter::devices_count], (Limit{5, LimitEffect::hard}));
  const std::vector<OwnTerm> plan{{"pages", Quantity::of(1), Money{}, LimitEffect::hard},
                                  {"reads", Quantity::of(2), Money{}, LimitEffect::hard},
                                  {"tokens", Quantity::of(3), Money{}, LimitEffect::soft}};
  const std::vector<OwnTerm> applied = apply_override(plan, own);
  EXPECT_EQ(applied[0].effect, LimitEffect::soft);
  EXPECT_EQ(applied[1].effect, LimitEffect::hard);
  EXPECT_EQ(applied[2].effect, LimitEffect::hard);
}

Subscription subscription() {
  Subscription made;
  made.started_at = kMarch;
  made.history = {{"free", kMarch}, {"basic", kMidMarch}};
  return made;
}

TEST(Subscription, HasThePlanOfTheInstant) {
  const Subscription tenant = subscription();
  EXPECT_EQ(tenant.plan_at(kMarch - Milliseconds{1}), "free");
  EXPECT_EQ(tenant.plan_at(kMidMarch - Milliseconds{1}), "free");
  EXPECT_EQ(tenant.plan_at(kMidMarch), "basic");
  EXPECT_EQ(tenant.plan(), "basic");
}

TEST(Terms, ARunningPeriodHasThoseOfNow) {
  const auto before = terms_for(subscription(), catalogue(), kMarchWindow, kMarch);
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(before->plan, "free");
  EXPECT_EQ(before->plan_version, 1);
  const auto after = terms_for(subscription(), catalogue(), kMarchWindow, kMidMarch);
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->plan, "basic");
}

TEST(Terms, APastPeriodKeepsThoseOfItsLastInstant) {
  Subscription tenant = subscription();
  tenant.history.push_back({"premium", kApril});
  const auto terms = terms_for(tenant, catalogue(), kMarchWindow, kApril + std::chrono::days{9});
  ASSERT_TRUE(terms.has_value());
  EXPECT_EQ(terms->plan, "basic");
  EXPECT_EQ(terms->limits[Meter::api_calls].units, 500);
}

TEST(Terms, OwnLimitsApply) {
  Subscription tenant = subscription();
  LimitsOverride own;
  own[Meter::api_calls] = Limit{42, LimitEffect::soft};
  own.effects = {{"api_calls", LimitEffect::hard}};
  tenant.hold_to(own, kMidMarch);
  const auto terms = terms_for(tenant, catalogue(), kMarchWindow, kMidMarch);
  ASSERT_TRUE(terms.has_value());
  EXPECT_EQ(terms->limits[Meter::api_calls], (Limit{42, LimitEffect::hard}));
}

LimitsOverride calls(std::optional<std::int64_t> limit) {
  LimitsOverride own;
  own[Meter::api_calls] = Limit{limit, LimitEffect::soft};
  return own;
}

std::optional<std::int64_t> calls_limit(const Subscription& tenant, Window window, Timestamp now) {
  const auto terms = terms_for(tenant, catalogue(), window, now);
  EXPECT_TRUE(terms.has_value());
  return terms->limits[Meter::api_calls].units;
}

TEST(Terms, OwnLimitsOfAPastPeriodAreThoseOfItsLastInstant) {
  Subscription tenant = subscription();
  tenant.hold_to(calls(700), kMidMarch);
  tenant.hold_to(calls(900), kApril);
  EXPECT_EQ(calls_limit(tenant, kMarchWindow, kMidMarch - Milliseconds{1}), 100);
  EXPECT_EQ(calls_limit(tenant, kMarchWindow, kMidMarch), 700);
  EXPECT_EQ(calls_limit(tenant, kMarchWindow, kApril + std::chrono::days{9}), 700);
  EXPECT_EQ(calls_limit(tenant, {kApril, kApril + std::chrono::days{30}}, kApril), 900);
  tenant.hold_to({}, kApril + std::chrono::days{1});
  EXPECT_EQ(calls_limit(tenant, kMarchWindow, kApril + std::chrono::days{9}), 700);
  EXPECT_EQ(calls_limit(tenant, {kApril, kApril + std::chrono::days{30}}, kApril), 900);
  EXPECT_EQ(tenant.own_limits(), LimitsOverride{});
}

// A period from before the tenant was created has its first terms, and none of the later own
// limits.
TEST(Terms, BeforeTheFirstOwnLimitsThereAreNone) {
  const Window february{kMarch - std::chrono::days{28}, kMarch};
  Subscription tenant = subscription();
  tenant.hold_to(calls(700), kMarch + std::chrono::minutes{5});
  tenant.hold_to(calls(900), kMarch + std::chrono::minutes{6});
  EXPECT_EQ(calls_limit(tenant, february, kApril), 100);
  Subscription from_the_start = subscription();
  from_the_start.limits_history.push_back({calls(700), kMarch});
  EXPECT_EQ(calls_limit(from_the_start, february, kApril), 700);
}

// Every zone's periods end on a quarter hour of UTC.
TEST(Subscription, KeepsTheLastOwnLimitsOfAQuarterOfAnHour) {
  using std::chrono::minutes;
  Subscription tenant = subscription();
  tenant.hold_to(calls(1), kMidMarch);
  tenant.hold_to(calls(2), kMidMarch + minutes{14});
  tenant.hold_to(calls(3), kMidMarch + minutes{15});
  ASSERT_EQ(tenant.limits_history.size(), 3U);
  EXPECT_EQ(tenant.own_limits_at(kMidMarch + minutes{15} - Milliseconds{1}), calls(2));
  EXPECT_EQ(tenant.own_limits_at(kMidMarch + minutes{15}), calls(3));
}

TEST(Subscription, AClockThatWasSetBackDoesNotMixUpTheOrder) {
  Subscription tenant = subscription();
  tenant.hold_to(calls(1), kApril);
  tenant.hold_to(calls(2), kMarch);
  EXPECT_EQ(tenant.own_limits(), calls(2));
  EXPECT_EQ(tenant.own_limits_at(kApril), calls(2));
  EXPECT_EQ(tenant.own_limits_at(kApril - Milliseconds{1}), LimitsOverride{});
  tenant.move_to("premium", kMarch);
  EXPECT_EQ(tenant.plan(), "premium");
  EXPECT_EQ(tenant.plan_at(kMidMarch - Milliseconds{1}), "free");
}

TEST(Limits, ATenantsOwnLimitDoesNotSoftenAHardOne) {
  Limits limits;
  limits[Meter::api_calls] = {500, LimitEffect::hard};
  LimitsOverride own;
  own[Meter::api_calls] = Limit{900, LimitEffect::soft};
  EXPECT_EQ(apply_override(limits, own)[Meter::api_calls], (Limit{900, LimitEffect::hard}));
}

TEST(Terms, APlanThatTheCatalogueLacksIsAnError) {
  Subscription tenant = subscription();
  tenant.history.push_back({"gold", kMidMarch});
  const auto terms = terms_for(tenant, catalogue(), kMarchWindow, kApril);
  ASSERT_FALSE(terms.has_value());
  EXPECT_EQ(terms.error().code, ErrorCode::corrupt);
  EXPECT_NE(terms.error().message.find("'gold'"), std::string::npos);
}

}  // namespace
}  // namespace metergate
