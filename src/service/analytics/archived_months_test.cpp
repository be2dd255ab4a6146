// Months whose counters are gone: analytics, a tenant's page and its history.
#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class Archived : public testing::Test {
 protected:
  Archived() {
    std::string pattern = testing::TempDir() + "archived_XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    world_.rules.archive_folder = folder_ / "archive";
    world_.clock.set(at("2025-01-05T00:00:00Z"));
    world_.add("a", "free", "2024-12-20T00:00:00Z");
    world_.add("b", "free", "2025-02-10T00:00:00Z");
    world_.calls("a", "2025-01-03", 200);
    world_.webhooks("a", "2025-01-03", 7);
    world_.calls("b", "2025-02-12", 300);
    world_.calls("a", "2025-02-12", 100);
  }
  ~Archived() override { std::filesystem::remove_all(folder_); }

  // Lets more than a year pass, with every worker running.
  void grow_old(bool freezes = true) {
    world_.rules.report_generation = freezes;
    for (Period month = period("2025-02"); month <= period("2026-03"); month = month.next()) {
      world_.clock.set(at(month.text() + "-10T12:00:00Z"));
      must(world_.aggregation.tick());
    }
    must(world_.retention.tick(world_.clock.now()));
    ASSERT_EQ(must(world_.store->counter(tenant("a"), period("2025-01"))), std::nullopt);
  }
  std::string rows(GroupBy group_by, std::string_view first, std::string_view last,
                   std::string_view of = "") {
    AnalyticsRequest request;
    request.first = day(first);
    request.last = day(last);
    request.group_by = group_by;
    if (!of.empty()) request.tenant = tenant(of);
    const Json json = analytics_json(must(world_.analytics.usage(request)), request);
    std::string text;
    for (const Json& row : json.find("analytics")->find("data")->as_array())
      text += to_text(row) + "\n";
    return text;
  }

  ServicesWorld world_;
  std::filesystem::path folder_;
};

constexpr std::string_view kUnknownCalls =
    R"("success_rate_percent":null,"avg_response_time_ms":null,"p95_response_time_ms":null,)"
    R"("archived":true})"
    "\n";

TEST_F(Archived, AMonthIsToldFromItsFrozenStatements) {
  grow_old();
  EXPECT_EQ(rows(GroupBy::month, "2025-01-01", "2025-02-28"),
            R"({"date":"2025-01-01","total_api_calls":200,"total_webhook_calls":7,)"
            R"("total_storage_gb":0.097656,"active_tenants":1,)" +
                std::string(kUnknownCalls) +
                R"({"date":"2025-02-01","total_api_calls":400,"total_webhook_calls":0,)"
                R"("total_storage_gb":0.195313,"active_tenants":2,)" +
                std::string(kUnknownCalls));
  EXPECT_EQ(rows(GroupBy::month, "2025-02-01", "2025-02-28", "b"),
            R"({"date":"2025-02-01","total_api_calls":300,"total_webhook_calls":0,)"
            R"("total_storage_gb":0.097656,"active_tenants":1,)" +
                std::string(kUnknownCalls));
  EXPECT_EQ(rows(GroupBy::month, "2025-01-01", "2025-01-31", "b"),
            R"({"date":"2025-01-01","total_api_calls":0,"total_webhook_calls":0,)"
            R"("total_storage_gb":0,"active_tenants":0,)" +
                std::string(kUnknownCalls))
      << "it came later, which is known";
}

TEST_F(Archived, ADayAWeekAndAPartOfAMonthAreNullNotZero) {
  grow_old();
  const std::string nulls =
      R"("total_api_calls":null,"total_webhook_calls":null,"total_storage_gb":null,)"
      R"("active_tenants":null,)" +
      std::string(kUnknownCalls);
  EXPECT_EQ(rows(GroupBy::day, "2025-01-03", "2025-01-03"), R"({"date":"2025-01-03",)" + nulls);
  EXPECT_EQ(rows(GroupBy::day, "2025-01-03", "2025-01-03", "a"),
            R"({"date":"2025-01-03",)" + nulls);
  EXPECT_EQ(rows(GroupBy::week, "2025-01-06", "2025-01-12"), R"({"date":"2025-01-06",)" + nulls);
  EXPECT_EQ(rows(GroupBy::month, "2025-01-02", "2025-01-31"), R"({"date":"2025-01-01",)" + nulls);
}

TEST_F(Archived, WithoutAFrozenStatementAMonthIsNullToo) {
  grow_old(false);
  EXPECT_EQ(rows(GroupBy::month, "2025-01-01", "2025-01-31").find("\"total_api_calls\":null"), 21U);
  const Statement gone = must(world_.billing.statement(tenant("a"), period("2025-01")));
  const Json shown = tenant_billing_json(gone);
  EXPECT_TRUE(shown.find("usage")->find("api_calls")->is_null());
  EXPECT_TRUE(shown.find("overage_cost")->is_null());
  EXPECT_TRUE(shown.find("health_status")->is_null());
  EXPECT_EQ(shown.string_at("billing_error"),
            "what was used in 2025-01 is no longer kept, and no statement of it was frozen");
  StatementPageRequest request;
  request.filter.period = period("2025-01");
  const StatementPage page = must(world_.billing.statements(request));
  EXPECT_EQ(page.summary.tenants_with_errors, 1);
  EXPECT_EQ(page.summary.by_health, (std::array<std::int64_t, 4>{}));
  request.filter.healths = {Health::healthy};
  EXPECT_EQ(must(world_.billing.statements(request)).total, 0);
}

TEST_F(Archived, BeforeThereWasATenantThereWasNothing) {
  grow_old();
  const std::string before = rows(GroupBy::month, "2024-06-01", "2024-06-30");
  EXPECT_NE(before.find("\"total_api_calls\":0"), std::string::npos) << before;
  EXPECT_EQ(before.find("archived"), std::string::npos) << before;
}

TEST_F(Archived, TheTenantsPageSaysWhatWasBilled) {
  grow_old();
  const Statement frozen = must(world_.billing.statement(tenant("a"), period("2025-01")));
  EXPECT_EQ(frozen.usage[Meter::api_calls], 200);
  const Json stats = stats_json(must(world_.billing.stats(tenant("a"), period("2025-01"))));
  EXPECT_EQ(stats.find("api_calls")->integer_at("total_calls"), 200);
  EXPECT_TRUE(stats.find("api_calls")->find("unique_endpoints_count")->is_null());
  EXPECT_EQ(stats.find("webhook_calls")->integer_at("total_calls"), 7);
}

TEST_F(Archived, HistoryGoesOnWithWhatWasFrozen) {
  world_.rules.usage_retention_months = 3;
  grow_old();
  const History history =
      must(world_.billing.history(must(world_.billing.statement(tenant("a"), period("2026-03")))));
  ASSERT_EQ(history.size(), kHistoryMonths);
  EXPECT_EQ(history[12].period, period("2025-03"));
  EXPECT_EQ(history[12].usage[Meter::storage_gb], 100 * 1024 * 1024 + 256)
      << "carried, as it was billed";
}

TEST_F(Archived, TheDayOnWhichALimitWasPassedIsKept) {
  world_.calls("a", "2025-01-04", 9'900);
  const auto passed = [this](std::string_view month) {
    const Statement statement = must(world_.billing.statement(tenant("a"), period(month)));
    const auto forecast = must(world_.billing.forecast(statement));
    const std::optional<Forecast>& calls = forecast[Meter::api_calls];
    const bool is_over = period(month) < world_.billing.current_period();
    EXPECT_NE(calls && calls->expected, is_over);
    return calls && calls->passes_on ? to_text(*calls->passes_on) : "never";
  };
  EXPECT_EQ(passed("2025-01"), "2025-01-04");
  world_.clock.set(at("2025-02-02T00:00:00Z"));
  EXPECT_EQ(passed("2025-01"), "2025-01-04") << "in its grace";
  grow_old();
  EXPECT_EQ(passed("2025-01"), "2025-01-04") << "its days are gone";
  const auto quiet =
      must(world_.billing.forecast(must(world_.billing.statement(tenant("a"), period("2025-02")))));
  EXPECT_FALSE(quiet[Meter::api_calls].has_value());
}

}  // namespace
}  // namespace metergate
