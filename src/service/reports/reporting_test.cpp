#include "service/reports/reporting.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

TEST(Reporting, OpenPeriodMakesANewReportEachTimeAndKeepsIt) {
  ServicesWorld world;
  world.add_worked_example();
  const KeptReport first = must(world.reporting.make(period("2026-03")));
  EXPECT_FALSE(first.head.is_closed);
  EXPECT_EQ(first.head.summary.total_overage_cost, Money{48'400'000});
  world.clock.advance(Milliseconds{1000});
  world.calls("tenant_456", "2026-03-09", 1000);
  const KeptReport second = must(world.reporting.make(period("2026-03")));
  EXPECT_EQ(second.head.summary.total_overage_cost, Money{49'400'000});
  EXPECT_EQ(world.documents(Collection::usage_reports).size(), 2U);
}

TEST(Reporting, ReportThatSaysNothingNewIsNotKeptAgain) {
  ServicesWorld world;
  world.add_worked_example();
  const KeptReport first = must(world.reporting.make(period("2026-03")));
  world.clock.advance(std::chrono::hours{1});
  const KeptReport same = must(world.reporting.make(period("2026-03")));
  EXPECT_EQ(to_text(report_json(same)), to_text(report_json(first)));
  EXPECT_EQ(world.documents(Collection::usage_reports).size(), 1U);
  must(world.directory->change(tenant("tenant_456"), {"Renamed", {}, {}}, world.actor));
  must(world.reporting.make(period("2026-03")));
  EXPECT_EQ(world.documents(Collection::usage_reports).size(), 2U) << "a name is content too";
  must(world.directory->change(tenant("tenant_456"), {"Name of tenant_456", {}, {}}, world.actor));
  world.clock.advance(std::chrono::hours{1});
  must(world.reporting.make(period("2026-03")));
  EXPECT_EQ(world.documents(Collection::usage_reports).size(), 3U)
      << "it differs from the newest, if not from the first";
}

TEST(Reporting, WhoOnlyLooksKeepsNothing) {
  ServicesWorld world;
  world.add_worked_example();
  for (const std::string_view of : {"2026-03", "2026-02"})
    must(world.reporting.rows(period(of), Keeping::only_look));
  EXPECT_TRUE(world.documents(Collection::usage_reports).empty());
  EXPECT_EQ(world.store->closed_through(), std::nullopt);
}

TEST(Reporting, DefaultIsTheLastClosedPeriodWhichIsFrozenThen) {
  ServicesWorld world;
  world.add("a", "free");
  world.calls("a", "2026-02-10", 12'000);
  const KeptReport report = must(world.reporting.make(std::nullopt));
  EXPECT_EQ(report.head.period, period("2026-02"));
  EXPECT_TRUE(report.head.is_closed);
  EXPECT_EQ(world.store->closed_through(), period("2026-02"));
  EXPECT_EQ(world.documents(Collection::usage_reports).size(), 1U);
}

TEST(Reporting, ClosedReportNeverChangesAfterwards) {
  ServicesWorld world;
  world.add("a", "free");
  world.calls("a", "2026-02-10", 12'000);
  const std::string before = to_text(report_json(must(world.reporting.make(std::nullopt))));
  world.clock.advance(std::chrono::hours{24});
  world.change_plan("a", "enterprise");
  must(world.directory->change(tenant("a"), {"Renamed", "suspended", {}}, world.actor));
  world.add("b", "free", "2026-03-11T00:00:00Z");
  EXPECT_EQ(to_text(report_json(must(world.reporting.make(std::nullopt)))), before);
  const Statement frozen = must(world.billing.statement(tenant("a"), period("2026-02")));
  EXPECT_EQ(frozen.tenant_name, "Name of a");
  EXPECT_EQ(frozen.terms.plan, "free");
  EXPECT_EQ(frozen.rated.cost->micros, 2'000'000);
}

TEST(Reporting, ClosedPeriodTakesNoMoreEvents) {
  ServicesWorld world;
  world.add("a", "free");
  must(world.reporting.close(period("2026-02")));
  UsageEvent event;
  event.tenant = tenant("a");
  event.source = "test";
  event.id = "late";
  event.occurred_at = at("2026-02-20T00:00:00Z");
  event.fact = ApiCall{};
  Batch batch;
  batch.events.push_back(event);
  EXPECT_FALSE(must(world.store->apply(std::move(batch))).applied);
}

TEST(Reporting, ClosingTwiceChangesNothing) {
  ServicesWorld world;
  world.add("a", "free");
  EXPECT_TRUE(must(world.reporting.close(period("2026-02"))));
  const Sequence head = world.store->head();
  EXPECT_FALSE(must(world.reporting.close(period("2026-02"))));
  EXPECT_EQ(world.store->head(), head);
}

TEST(Reporting, InterruptedCloseIsCompleted) {
  ServicesWorld world;
  world.add("a", "free");
  Batch batch;  // closed, and then the process ended
  batch.close_through = period("2026-02");
  must(world.store->apply(std::move(batch)));
  EXPECT_TRUE(must(world.reporting.close(period("2026-02"))));
  EXPECT_EQ(world.documents(Collection::usage_reports).size(), 1U);
}

TEST(Reporting, OpenPeriodCannotBeClosed) {
  ServicesWorld world;
  const Result<bool> closed = world.reporting.close(period("2026-03"));
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, ErrorCode::invalid);
  EXPECT_FALSE(world.store->closed_through().has_value());
}

TEST(Reporting, MonthFromBeforeAnythingWasHereIsEmptyAndClosesNothing) {
  ServicesWorld world;
  world.add("a", "free", "2026-03-01T00:00:00Z");
  const KeptReport report = must(world.reporting.make(period("2025-06")));
  EXPECT_TRUE(report.statements.empty());
  EXPECT_FALSE(world.store->closed_through().has_value());
  EXPECT_TRUE(world.documents(Collection::usage_reports).empty());
}

TEST(Reporting, FuturePeriodIsRefused) {
  ServicesWorld world;
  const Result<KeptReport> report = world.reporting.make(period("2026-04"));
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::invalid);
}

TEST(Reporting, WhereItIsOffKeptReportsCanStillBeRead) {
  ServicesWorld world;
  world.add("a", "free");
  world.rules.report_generation = false;
  for (const std::string_view which : {"2026-02", "2026-03"}) {
    const Result<KeptReport> refused = world.reporting.make(period(which));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::disabled);
    EXPECT_EQ(refused.error().required, "BILLING_REPORT_GENERATION=true");
  }
  world.rules.report_generation = true;
  must(world.reporting.make(period("2026-02")));
  must(world.reporting.make(period("2026-03")));
  world.rules.report_generation = false;
  EXPECT_EQ(must(world.reporting.make(period("2026-02"))).statements.size(), 1U);
  EXPECT_EQ(must(world.reporting.make(period("2026-03"))).statements.size(), 1U);
  EXPECT_EQ(world.documents(Collection::usage_reports).size(), 2U);
}

TEST(Reporting, JsonIsAsDocumented) {
  ServicesWorld world;
  world.add_worked_example();
  world.add("a", "free");
  const Json json = report_json(must(world.reporting.make(period("2026-03"))));
  EXPECT_EQ(json.string_at("period"), "2026-03");
  EXPECT_EQ(json.bool_at("closed"), false);
  EXPECT_EQ(json.timestamp_at("generated_at"), world.clock.now());
  EXPECT_EQ(to_text(*json.find("summary")),
            R"({"total_tenants":2,"tenants_with_overages":1,"overage_rate_percent":50.0,)"
            R"("plan_distribution":{"free":1,"basic":1},"total_overage_cost":48.40,)"
            R"("currency":"USD","tenants_with_errors":0})");
  ASSERT_EQ(json.find("tenants")->as_array().size(), 2U);
  EXPECT_EQ(json.find("tenants")->as_array()[0].find("exact"), nullptr);
}

TEST(Reporting, RowsAreThoseOfTheReportOneAfterAnother) {
  ServicesWorld world;
  for (int number = 1000; number < 3200; ++number) world.add("t" + std::to_string(number), "free");
  world.calls("t3000", "2026-02-10", 12'000);
  // Open: from memory; closed: the first makes it, the second reads its parts.
  for (const std::string_view text : {"2026-03", "2026-02", "2026-02"}) {
    ReportRows rows = must(world.reporting.rows(period(text)));
    std::vector<std::string> ids;
    StatementSummary summary;
    for (;;) {
      const std::vector<Statement> some = must(rows.next());
      if (some.empty()) break;
      EXPECT_LE(some.size(), kTenantsPerPart);
      for (const Statement& one : some) {
        ids.push_back(one.tenant.text());
        summary.add(one);
      }
    }
    EXPECT_EQ(ids.size(), 2200U);
    EXPECT_TRUE(std::ranges::is_sorted(ids));
    EXPECT_TRUE(must(rows.next()).empty());
    EXPECT_EQ(report_head_json(rows.head()).find("summary")->integer_at("total_tenants"), 2200);
    EXPECT_EQ(*report_head_json(rows.head()).find("summary"),
              summary_json(summary, Currency::usd()));
  }
}

}  // namespace
}  // namespace metergate
