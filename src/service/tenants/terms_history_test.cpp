// Own limits have a history: a change in November never alters October, open or closed, nor its
// alert, in any figure made from terms.
#include <functional>
#include <optional>

#include "service/billing/late_lines.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

constexpr std::string_view kInOctober = "2026-10-20T12:00:00Z";
constexpr std::string_view kInGrace = "2026-11-02T09:00:00Z";
constexpr std::string_view kClosed = "2026-11-04T00:00:00Z";

using Change = std::function<void(LimitsOverride&)>;

Change limit(Meter meter, std::optional<std::int64_t> units) {
  return [=](LimitsOverride& own) { own[meter] = Limit{units, LimitEffect::soft}; };
}
const Change kNone = [](LimitsOverride& own) { own = {}; };

struct Variant {
  std::string_view name;
  std::string_view plan;
  Change in_october;
  Change in_november;
  std::string_view cost;           // for October
  std::string_view november_cost;  // for the same usage with the changed terms
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

class OwnLimitsHistory : public ServicesWorld, public testing::TestWithParam<Variant> {
 protected:
  OwnLimitsHistory() : ServicesWorld({}, kInOctober) {
    for (const char* id : {"acme", "bolt"}) {
      add(id, GetParam().plan, "2026-02-01T00:00:00Z");
      set_limits(id, GetParam().in_october);
      for (const char* month : {"2026-10", "2026-11"}) use(id, month);
    }
    must(alerting.sweep());
  }

  // 20,000 calls, 700 webhooks, 8 stores, 9 devices.
  void use(std::string_view id, std::string_view month) {
    const std::string day = std::string{month} + "-01";
    calls(id, day, 20'000);
    webhooks(id, day, 700);
    if (month != "2026-10") return;
    stores(id, day + "T10:00:00Z", 8);
    devices(id, day + "T10:00:00Z", 9);
  }

  void set_limits(std::string_view id, const Change& change) {
    LimitsOverride own = directory->find(tenant(id))->subscription.own_limits();
    change(own);
    must(directory->change(tenant(id), {{}, {}, own, "agreed"}, actor));
  }

  std::string cost(std::string_view id, std::string_view of) {
    const Statement found = must(billing.statement(tenant(id), period(of)));
    return to_text(to_decimal(found.rated.cost.value(), rules.currency));
  }

  // All figures of October.
  std::string october() {
    std::string told;
    for (const char* id : {"acme", "bolt"}) {
      const Statement of = must(billing.statement(tenant(id), period("2026-10")));
      told += to_text(tenant_billing_json(of)) + to_text(line_items_json(of)) + "\n";
    }
    StatementPageRequest request;
    request.filter.period = period("2026-10");
    const StatementPage page = must(billing.statements(request));
    told += to_text(summary_json(page.summary, rules.currency));
    for (const Statement& row : page.statements) told += to_text(tenant_billing_json(row)) + "\n";
    for (const Statement& row : must(reporting.make(period("2026-10"))).statements)
      told += to_text(tenant_billing_json(row)) + "\n";
    return told;
  }

  // Closing October must resolve its warnings, and only that; they are left out then.
  std::string october_alerts(bool is_closed = false) {
    std::string told;
    for (const Json& alert : documents(Collection::provider_alerts)) {
      if (alert.string_at("period") != "2026-10") continue;
      const bool is_warning = alert.string_at("severity") == "low";
      if (is_closed && is_warning) {
        EXPECT_EQ(alert.string_at("resolution_reason"), "The period 2026-10 is closed");
        continue;
      }
      told += to_text(alert) + "\n";
    }
    return told;
  }

  std::string october_alerts_but_warnings() {
    std::string told;
    for (const Json& alert : documents(Collection::provider_alerts)) {
      const bool is_warning = alert.string_at("severity") == "low";
      if (!is_warning && alert.string_at("period") == "2026-10") told += to_text(alert) + "\n";
    }
    return told;
  }

  void look_at_alerts() {
    must(alerting.watch_step());
    must(alerting.sweep());
    for (const char* id : {"acme", "bolt"})
      must(alerting.evaluate({tenant(id), period("2026-10")}));
  }
};

TEST_P(OwnLimitsHistory, AChangeInNovemberLeavesOctoberInItsGraceTimeAsItIs) {
  EXPECT_EQ(cost("acme", "2026-10"), GetParam().cost);
  clock.set(at(kInGrace));
  const std::string before = october();
  const std::string alerts = october_alerts();
  set_limits("acme", GetParam().in_november);
  EXPECT_EQ(october(), before);
  EXPECT_EQ(cost("acme", "2026-10"), GetParam().cost);
  look_at_alerts();
  EXPECT_EQ(october_alerts(), alerts);
}

TEST_P(OwnLimitsHistory, OctoberIsClosedByWhatItEndedWith) {
  clock.set(at(kInGrace));
  const std::string before = october();
  const std::string alerts = october_alerts_but_warnings();
  set_limits("acme", GetParam().in_november);
  set_limits("bolt", GetParam().in_november);
  clock.set(at(kClosed));
  must(aggregation.tick());
  EXPECT_TRUE(billing.is_closed(period("2026-10")));
  EXPECT_EQ(october(), before);
  look_at_alerts();
  EXPECT_EQ(october_alerts(true), alerts);
}

TEST_P(OwnLimitsHistory, NovemberHasWhatWasChanged) {
  clock.set(at(kInGrace));
  set_limits("acme", GetParam().in_november);
  EXPECT_EQ(cost("acme", "2026-11"), GetParam().november_cost);
  EXPECT_EQ(cost("bolt", "2026-11"), GetParam().cost) << "the other tenant's is its own";
}

TEST_P(OwnLimitsHistory, OutlivesARestart) {
  clock.set(at(kInGrace));
  const std::string before = october();
  set_limits("acme", GetParam().in_november);
  const std::string november = cost("acme", "2026-11");
  const auto reopened = must(Directory::open(*store, *catalog, clock, rules.zone));
  EXPECT_EQ(reopened->find(tenant("acme"))->subscription.limits_history.size(),
            directory->find(tenant("acme"))->subscription.limits_history.size());
  const Billing again{*store, *reopened, *catalog, rules, clock};
  const Statement then = must(again.statement(tenant("acme"), period("2026-10")));
  EXPECT_EQ(to_text(to_decimal(then.rated.cost.value(), rules.currency)), GetParam().cost);
  const Statement now = must(again.statement(tenant("acme"), period("2026-11")));
  EXPECT_EQ(to_text(to_decimal(now.rated.cost.value(), rules.currency)), november);
  EXPECT_EQ(october(), before);
}

TEST_P(OwnLimitsHistory, AStatementIsTheSameFromEveryDoor) {
  clock.set(at(kInGrace));
  set_limits("acme", GetParam().in_november);
  for (const char* month : {"2026-10", "2026-11"}) {
    const Statement one = must(billing.statement(tenant("acme"), period(month)));
    for (const Statement& each : must(billing.computed_statements(period(month)))) {
      if (each.tenant != one.tenant) continue;
      EXPECT_EQ(to_text(tenant_billing_json(each)), to_text(tenant_billing_json(one)));
    }
  }
}

// Free includes 10,000 calls, 100 webhooks, 1 store and 2 devices; a call costs 0.001, a webhook
// 0.01, a store 10, a device 5. The overage of devices and webhooks costs 35.00 + 6.00 in free.
const Change kQuiet = [](LimitsOverride& own) {
  for (const MeterRow& row : kMeters) own[row.meter] = Limit{};
};
Change all_of(Change first, Change second) {
  return [=](LimitsOverride& own) {
    first(own);
    second(own);
  };
}

INSTANTIATE_TEST_SUITE_P(
    Variants, OwnLimitsHistory,
    testing::Values(Variant{"raise", "free", all_of(kQuiet, limit(Meter::api_calls, 12'000)),
                            limit(Meter::api_calls, 500'000), "8.00", "0.00"},
                    Variant{"lower", "free", all_of(kQuiet, limit(Meter::api_calls, 500'000)),
                            limit(Meter::api_calls, 15'000), "0.00", "5.00"},
                    Variant{"unlimited", "free", all_of(kQuiet, limit(Meter::api_calls, 0)),
                            limit(Meter::api_calls, std::nullopt), "20.00", "0.00"},
                    Variant{"removed", "basic", kQuiet, kNone, "0.00", "32.00"},
                    Variant{"stores", "free", all_of(kQuiet, limit(Meter::stores_count, 6)),
                            limit(Meter::stores_count, 7), "20.00", "10.00"},
                    Variant{"the_first_ones", "basic", kNone, kQuiet, "32.00", "0.00"},
                    Variant{"webhooks", "free", all_of(kQuiet, limit(Meter::webhook_calls, 699)),
                            limit(Meter::webhook_calls, 0), "0.01", "7.00"},
                    Variant{"devices", "free", all_of(kQuiet, limit(Meter::devices_count, 9)),
                            limit(Meter::devices_count, 1), "0.00", "40.00"}),
    [](const auto& of) { return std::string{of.param.name}; });

// The limits in an older folder have applied from the start.
TEST(OwnLimitsOfOldFolders, HaveHeldSinceTheStart) {
  ServicesWorld world({}, "2026-10-20T12:00:00Z");
  world.add("acme", "free", "2026-02-01T00:00:00Z");
  world.add("bolt", "free", "2026-02-01T00:00:00Z");
  for (const char* id : {"acme", "bolt"}) {
    Json document = *must(world.store->get(Collection::subscriptions, {id, id}));
    ASSERT_TRUE(document.remove("limits_history"));
    const std::int64_t revision = document.integer_at("revision").value();
    if (id == std::string_view{"acme"})
      document.set("limits_override", Json::object({{"max_api_calls_per_month", 12'000}}));
    Batch batch;
    batch.at = world.clock.now();
    batch.documents.push_back(
        {Collection::subscriptions, {id, id}, std::move(document), Expect::revision, revision});
    must(world.store->apply(std::move(batch)));
    world.calls(id, "2026-10-02", 20'000);
  }
  const auto directory =
      must(Directory::open(*world.store, *world.catalog, world.clock, world.rules.zone));
  const Billing billing{*world.store, *directory, *world.catalog, world.rules, world.clock};
  const auto cost = [&](std::string_view id, std::string_view of) {
    return must(billing.statement(tenant(id), period(of))).rated.cost;
  };
  EXPECT_EQ(cost("acme", "2026-10"), Money{8'000'000});
  EXPECT_EQ(cost("bolt", "2026-10"), Money{10'000'000});
  EXPECT_TRUE(directory->find(tenant("bolt"))->subscription.limits_history.empty());
  world.clock.set(at("2026-11-02T09:00:00Z"));
  must(directory->change(tenant("acme"), {{}, {}, LimitsOverride{}, "agreed"}, world.actor));
  EXPECT_EQ(cost("acme", "2026-10"), Money{8'000'000});
  const Json document = *must(world.store->get(Collection::subscriptions, {"acme", "acme"}));
  EXPECT_EQ(to_text(*document.find("limits_override")), "{}");
  EXPECT_EQ(document.find("limits_history")->as_array().size(), 2U);
}

// The month ends in the billing time zone.
TEST(OwnLimitsOfZones, TheLastInstantOfOctoberIsThatOfTheBillingZone) {
  ServicesWorld world(rules_in("Asia/Kathmandu"), "2026-10-31T18:14:59.999Z");  // +05:45
  world.add("acme", "free", "2026-02-01T00:00:00Z");
  world.calls("acme", "2026-10-02", 20'000);
  LimitsOverride own;
  own[Meter::api_calls] = Limit{15'000, LimitEffect::soft};
  must(world.directory->change(tenant("acme"), {{}, {}, own, "agreed"}, world.actor));
  world.clock.advance(Milliseconds{1});
  own[Meter::api_calls] = Limit{};
  must(world.directory->change(tenant("acme"), {{}, {}, own, "agreed"}, world.actor));
  EXPECT_EQ(must(world.billing.statement(tenant("acme"), period("2026-10"))).rated.cost,
            Money{5'000'000});
}

}  // namespace
}  // namespace metergate
