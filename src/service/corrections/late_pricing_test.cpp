#include "service/corrections/late_pricing.h"

#include <rapidcheck.h>

#include "service/testing/late_world_test.h"

namespace metergate {
namespace {

class LatePricingTest : public LateWorld, public testing::Test {
 protected:
  void refuse(const Result<Json>& made, ErrorCode code, std::string_view why) {
    const Error error = error_of(made);
    EXPECT_EQ(error.code, code) << error.message;
    EXPECT_NE(error.message.find(why), std::string::npos) << error.message;
    EXPECT_TRUE(documents(Collection::late_lines).empty());
  }
  void prompt(std::string id, std::string_view data) {
    send(std::move(id), OtherFact{"prompt", std::string(data)});
  }
};

TEST_F(LatePricingTest, WebhookAttemptsCountAsOneEach) {
  webhooks("acme", "2026-02-05", 100);
  send("w0", WebhookCall{"w", false, 0, 2, Microseconds{5}});
  go_to_march();
  must(try_void("w0"));
  EXPECT_EQ(late(), "webhook_calls -1 -0.01");
}

TEST_F(LatePricingTest, ACallThatWasNotBillableChangesNothingAndIsRecorded) {
  send("c0", call(), kWhen, false);
  go_to_march();
  EXPECT_TRUE(must(try_void("c0")).find("late_lines")->as_array().empty());
  EXPECT_EQ(late(), "");
  EXPECT_EQ(documents(Collection::late_lines).size(), 1U);
  EXPECT_EQ(error_of(try_void("c0")).code, ErrorCode::conflict);
}

TEST_F(LatePricingTest, AnEventThatNoMeterBillsChangesNothing) {
  must(meters.add({{"tokens", "prompt", Folding::greatest, "$.n", {}}, "", ""}, actor));
  prompt("p0", R"({"n":5})");
  go_to_march();
  EXPECT_TRUE(must(try_void("p0")).find("late_lines")->as_array().empty());
}

TEST_F(LatePricingTest, ASumOfTheProvidersOwnGoesByTheEventsValue) {
  price_tokens(Folding::sum);
  prompt("p0", R"({"n":12.25})");
  prompt("p1", "{}");
  prompt("p2", R"({"n":-2})");
  go_to_march();
  EXPECT_EQ(cost("2026-02"), "0.13");
  must(try_replace("p0", OtherFact{"prompt", R"({"n":20})"}));
  EXPECT_EQ(late(), "tokens 7.75 3.875");
  must(try_void("p1"));
  must(try_void("p2"));
  EXPECT_EQ(late(), "tokens 7.75 3.875; tokens 2 1.00");
  EXPECT_EQ(cost("2026-03"), "4.88");
  clock.set(at("2026-04-10T12:00:00Z"));
  must(aggregation.close_periods());
  EXPECT_EQ(late(), "tokens 7.75 3.875; tokens 2 1.00");
  expect_verified("2026-02");
  expect_verified("2026-03");
}

TEST_F(LatePricingTest, ACountOfTheProvidersOwnGoesByOne) {
  price_tokens(Folding::count);
  for (int i = 0; i < 11; ++i) prompt(fmt::format("p{}", i), "{}");
  go_to_march();
  must(try_void("p0"));
  must(try_replace("p1", OtherFact{"other", "{}"}));
  EXPECT_EQ(late(), "tokens -1 -0.50; tokens -1 0.00");
}

TEST_F(LatePricingTest, WhatIsNoSumIsRefusedWithTheReason) {
  price_tokens(Folding::greatest);
  prompt("p0", R"({"n":12})");
  send("s0", StorageReport{5});
  send("n0", CountReport{Meter::stores_count, 3});
  send("c0", call());
  go_to_march();
  refuse(try_void("p0"), ErrorCode::period_closed, "'tokens' is the MAX of its events");
  refuse(try_void("s0"), ErrorCode::period_closed, "latest amount reported");
  refuse(try_void("n0"), ErrorCode::invalid, "send a newer count");
  refuse(try_replace("c0", StorageReport{5}), ErrorCode::period_closed, "Agree on a credit");
  expect_verified("2026-02");
}

TEST_F(LatePricingTest, AnEventFromBeforeTheMeterIsNotTakenFromIt) {
  prompt("p0", R"({"n":7})");
  price_tokens(Folding::sum);
  prompt("p1", R"({"n":12})");
  go_to_march();
  must(try_void("p0"));
  EXPECT_EQ(late(), "");
}

TEST_F(LatePricingTest, AMeterThatWasMadeAnewIsNotTheOneThatWasBilled) {
  price_tokens(Folding::sum);
  prompt("p0", R"({"n":12})");
  go_to_march();
  must(aggregation.close_periods());
  // The state as if a plan no longer named it.
  Batch batch;
  batch.documents.push_back(
      {Collection::meters, {"", "tokens"}, std::nullopt, Expect::anything, 0});
  must(store->apply(batch));
  refuse(try_void("p0"), ErrorCode::period_closed, "was deleted since");
  must(meters.add({{"tokens", "prompt", Folding::sum, "$.n", {}}, "", ""}, actor));
  refuse(try_void("p0"), ErrorCode::period_closed, "was deleted since");
}

TEST_F(LatePricingTest, ThePeriodsOwnPlanVersionPrices) {
  february_calls(10'001, 1);
  go_to_march();
  change_plan("acme", "enterprise");
  must(try_void("c0"));
  EXPECT_EQ(late(), "api_calls -1 -0.001");
}

TEST_F(LatePricingTest, AnotherCurrencyThanThePeriodWasBilledInIsRefused) {
  february_calls(10'001, 1);
  go_to_march();
  must(aggregation.close_periods());
  rules.currency = must(Currency::find("EUR"));
  refuse(try_void("c0"), ErrorCode::period_closed, "billed in USD");
}

// The expected result of a random history, event by event; independent of how late lines are
// priced.
struct Model {
  std::int64_t calls = 0;
  std::int64_t webhooks = 0;
  Quantity tokens;
  void add(const Fact& fact, bool billable, std::int64_t times) {
    if (std::holds_alternative<ApiCall>(fact) && billable) calls += times;
    if (std::holds_alternative<WebhookCall>(fact)) webhooks += times;
    if (const auto* other = std::get_if<OtherFact>(&fact)) {
      const Json data = must(parse_json(other->data));
      tokens.billionths += times * Quantity::of(*data.find("n")->number())->billionths;
    }
  }
  Money cost(const Rated& frozen) const {
    Money sum;
    for (const LineItem& line : frozen.lines) {
      std::int64_t usage = line.usage;
      if (line.meter == Meter::api_calls) usage = calls;
      if (line.meter == Meter::webhook_calls) usage = webhooks;
      sum = must(metergate::add(sum, must(cost_with(line, usage))));
    }
    return must(metergate::add(sum, must(cost_with(frozen.own_lines.at(0), tokens))));
  }
};

int pick(int least, int most) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(least, most));
}

Fact any_fact() {
  switch (pick(0, 3)) {
    case 0:
      return LateWorld::call();
    case 1:
      return WebhookCall{"w", true, 200, 1, Microseconds{5}};
    default:
      return OtherFact{"prompt", fmt::format("{{\"n\":{}.{:03}}}", pick(-3, 9), pick(0, 1000))};
  }
}

void expect_made_good() {
  LateWorld world;
  world.price_tokens(Folding::sum);
  Model model{10'000 - pick(0, 6), 100 - pick(0, 6), {}};
  world.calls("acme", "2026-02-05", model.calls);
  world.webhooks("acme", "2026-02-05", model.webhooks);
  std::vector<std::pair<Fact, bool>> sent;
  for (int i = 0; i < 16; ++i) {
    sent.emplace_back(any_fact(), pick(0, 5) > 0);
    world.send(fmt::format("e{}", i), sent.back().first, LateWorld::kWhen, sent.back().second);
    model.add(sent.back().first, sent.back().second, 1);
  }
  world.go_to_march();
  const Statement frozen = world.statement("2026-02");
  RC_ASSERT(model.cost(frozen.rated) == must(sum_of_lines(frozen.rated)));
  for (int i = 0; i < 16; ++i) {
    const auto& [fact, billable] = sent[static_cast<std::size_t>(i)];
    const int what = pick(0, 3);
    if (what == 0) continue;
    model.add(fact, billable, -1);
    if (what == 1) {
      must(world.try_void(fmt::format("e{}", i)));
    } else {
      const Fact other = any_fact();
      must(world.try_replace(fmt::format("e{}", i), other));
      model.add(other, billable, 1);
    }
    Money sum = must(sum_of_lines(frozen.rated));
    for (const LateLine& line : world.statement("2026-03").late) sum = must(add(sum, line.cost));
    RC_ASSERT(sum == model.cost(frozen.rated));
  }
}

TEST(LatePricing, WhatWasFrozenAndAllLateLinesAreTheCostOfTheCorrectedUsage) {
  EXPECT_TRUE(rc::check(expect_made_good));
}

TEST_F(LatePricingTest, WhereNoReportsAreMadeTheCountersOfThePeriodPrice) {
  february_calls(10'001, 1);
  rules.report_generation = false;
  go_to_march();
  must(try_void("c0"));
  EXPECT_EQ(late(), "api_calls -1 -0.001");
  EXPECT_EQ(store->closed_through(), period("2026-02")) << "so that nothing changes it any more";
}

}  // namespace
}  // namespace metergate
