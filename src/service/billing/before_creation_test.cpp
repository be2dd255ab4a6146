// Events from before their tenant's creation, in a period that is still open: they are counted, and
// appear in that period's statement, list, report and alerts, with the tenant's first terms.
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class BeforeCreation : public ServicesWorld, public testing::Test {
 protected:
  BeforeCreation() : ServicesWorld({}, "2026-11-02T09:00:00Z") {
    add("elder", "free", "2026-02-01T00:00:00Z");
    add("acme", "free", "2026-11-01T10:00:00Z");
  }

  void send(std::string_view when, Fact fact) {
    UsageEvent event;
    event.tenant = tenant("acme");
    event.source = "till";
    event.id = std::to_string(++sent_);
    event.occurred_at = at(when);
    event.fact = std::move(fact);
    must(ingest.record({std::move(event)}));
  }

  // The tenant's row for October from each source; all must be equal.
  std::string row() {
    const auto text = [](const Statement& of) { return to_text(tenant_billing_json(of)); };
    const std::string one = text(must(billing.statement(tenant("acme"), october)));
    StatementPageRequest request;
    request.filter.period = october;
    request.filter.search = "acme";
    const StatementPage page = must(billing.statements(request));
    EXPECT_EQ(page.statements.size(), 1U);
    for (const Statement& of : page.statements) EXPECT_EQ(text(of), one);
    std::size_t reported = 0;
    for (const Statement& of : must(reporting.make(october)).statements) {
      if (of.tenant != tenant("acme")) continue;
      ++reported;
      EXPECT_EQ(text(of), one);
    }
    EXPECT_EQ(reported, 1U);
    return one;
  }
  std::string member(const std::string& row, std::string_view name) {
    return to_text(*must(parse_json(row)).find(name));
  }
  std::string alerts() {
    std::string told;
    for (const Json& alert : documents(Collection::provider_alerts))
      told += alert.string_at("tenant_id").value() + " " + alert.string_at("period").value() + " " +
              alert.string_at("status").value() + "\n";
    return told;
  }

  const Period october = period("2026-10");
  int sent_ = 0;
};

// Nor the base of the storage formula, which every tenant has from its first day on.
TEST_F(BeforeCreation, AMonthWithoutEventsHoldsNothing) {
  LimitsOverride own;
  own[Meter::storage_gb] = Limit{0};
  must(directory->change(tenant("acme"), {{}, {}, own, "agreed"}, actor));
  for (const std::string_view month : {"2026-10", "2026-09"}) {
    const Statement of = must(billing.statement(tenant("acme"), period(month)));
    EXPECT_EQ(of.usage[Meter::storage_gb], 0) << month;
    EXPECT_EQ(of.rated.cost.value(), Money{}) << month;
  }
  const Statement of = must(billing.statement(tenant("acme"), period("2026-11")));
  EXPECT_GT(of.usage[Meter::storage_gb], 0);
}

TEST_F(BeforeCreation, ACountIsBilledInItsOwnMonth) {
  send("2026-10-30T10:00:00Z", CountReport{Meter::stores_count, 3});
  const std::string open = row();
  EXPECT_EQ(member(open, "overage_cost"), "20.00");
  clock.set(at("2026-11-05T00:00:00Z"));
  must(aggregation.tick());
  EXPECT_EQ(row(), open);
}

TEST_F(BeforeCreation, CallsAreBilledByTheTermsThatTheTenantBeganWith) {
  for (int i = 0; i < 3; ++i)
    send("2026-10-31T23:59:59.999Z", ApiCall{.method = "GET", .endpoint = "GET /x", .status = 200});
  LimitsOverride own;
  own[Meter::api_calls] = Limit{1};
  must(directory->change(tenant("acme"), {{}, {}, own, "agreed"}, actor));
  change_plan("acme", "premium");
  EXPECT_EQ(member(row(), "plan"), R"("free")");
  EXPECT_EQ(member(row(), "overage_cost"), "0.00");
  const Statement of = must(billing.statement(tenant("acme"), october));
  EXPECT_EQ(of.usage[Meter::api_calls], 3);
  EXPECT_EQ(of.terms.limits[Meter::api_calls].units, 10'000);
}

TEST_F(BeforeCreation, OwnLimitsOfTheFirstDayHoldBeforeIt) {
  NewTenant wanted{tenant("bolt"), "Bolt", "free", {}};
  wanted.own_limits[Meter::stores_count] = Limit{2};
  must(directory->add(wanted, actor));
  record("bolt", at("2026-10-30T10:00:00Z"), CountReport{Meter::stores_count, 5});
  EXPECT_EQ(must(billing.statement(tenant("bolt"), october)).rated.cost, Money{30'000'000});
}

TEST_F(BeforeCreation, AMeterOfTheProvidersOwnAloneIsEnough) {
  must(meters.add({{"tokens", "prompt", Folding::sum, "$.n", {}}, "", ""}, actor));
  NewTenant wanted{tenant("bolt"), "Bolt", "free", {}};
  wanted.own_limits.own_meters = {{"tokens", Quantity::of(1)}};
  must(directory->add(wanted, actor));
  record("bolt", at("2026-10-30T10:00:00Z"), OtherFact{"prompt", R"({"n":3})"});
  std::size_t found = 0;
  for (const Statement& of : must(reporting.make(october)).statements) {
    if (of.tenant != tenant("bolt")) continue;
    ++found;
    EXPECT_TRUE(of.rated.has_overages);
  }
  EXPECT_EQ(found, 1U);
}

TEST_F(BeforeCreation, TheAlertOfThatMonthIsOpenedAtOnce) {
  send("2026-10-30T10:00:00Z", CountReport{Meter::stores_count, 3});
  must(alerting.watch_step());
  EXPECT_EQ(alerts(), "acme 2026-10 open\nacme 2026-11 open\n");
}

// After a restart the changed tenants are unknown, so the worker finds the alert.
TEST_F(BeforeCreation, TheWorkerFindsAnAlertThatWasMissed) {
  send("2026-10-30T10:00:00Z", CountReport{Meter::stores_count, 3});
  while (!store->take_touched(100).empty()) continue;
  must(alerting.sweep());
  EXPECT_EQ(alerts(), "acme 2026-10 open\nacme 2026-11 open\n");
}

TEST_F(BeforeCreation, WithoutAnEventThereIsNoRowAndNoAlert) {
  must(alerting.sweep());
  EXPECT_EQ(alerts(), "");
  const auto report = must(reporting.make(october));
  ASSERT_EQ(report.statements.size(), 1U);
  EXPECT_EQ(report.statements[0].tenant, tenant("elder"));
  // A limit of 0 would be passed by the storage that every tenant has.
  LimitsOverride own;
  own[Meter::storage_gb] = Limit{0};
  must(directory->add({tenant("bolt"), "Bolt", "free", own}, actor));
  must(alerting.sweep());
  EXPECT_EQ(alerts(), "bolt 2026-11 open\n");
}

TEST_F(BeforeCreation, TwoMonthsBeforeWhereTheGraceIsThatLong) {
  rules.grace = std::chrono::hours{24 * 60};
  send("2026-09-30T10:00:00Z", CountReport{Meter::stores_count, 3});
  send("2026-10-30T10:00:00Z", CountReport{Meter::stores_count, 4});
  while (!store->take_touched(100).empty()) continue;
  must(alerting.sweep());
  EXPECT_EQ(alerts(), "acme 2026-09 open\nacme 2026-10 open\nacme 2026-11 open\n");
  EXPECT_EQ(member(row(), "overage_cost"), "30.00");
}

}  // namespace
}  // namespace metergate
