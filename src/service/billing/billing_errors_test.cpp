// One tenant never stops another: a tenant whose cost cannot be computed, in every walk over all
// tenants.
#include <gtest/gtest.h>

#include "service/reports/report_csv.h"
#include "service/reports/report_lines.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

std::string catalogue_with(std::string_view from, std::string_view to, std::string_view more = "") {
  std::string text = catalogue_text();
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  text.replace(at, from.size(), to);
  return text + std::string(more);
}

// Tenant "huge" owes more than the largest amount, "over" 1 store, "quiet" nothing.
class BillingErrors : public ServicesWorld, public testing::Test {
 protected:
  explicit BillingErrors(const std::string& catalogue = dear_stores()) {
    clock.advance(Milliseconds{1});
    must(Catalog::open(*store, clock, catalogue));
    must(catalog->reload());
    add("huge", "free", "2026-02-01T00:00:00Z");
    add("over", "free", "2026-02-01T00:00:00Z");
    add("quiet", "free", "2026-02-01T00:00:00Z");
    stores("over", "2026-03-10T12:00:00Z", 2);
    clock.advance(std::chrono::hours{1});
  }
  static std::string dear_stores() {
    return catalogue_with("stores_count = 10\n", "stores_count = 150000\n");
  }
  void make_huge() { stores("huge", "2026-03-10T12:00:01Z", 1'000'000'000); }

  StatementPage listed(StatementPageRequest request = {}) {
    return must(billing.statements(request));
  }
  std::vector<std::string> sorted(const std::string& sort) {
    StatementPageRequest request;
    request.sort = sort;
    std::vector<std::string> ids;
    for (const Statement& one : listed(request).statements) ids.push_back(one.tenant.text());
    return ids;
  }
  std::vector<Json> alerts_of(std::string_view type) {
    AlertQuery query;
    query.type = type;
    return must(alerting.list(query)).alerts;
  }
  // The counts were stated by the application, without records.
  void expect_reports_verify() {
    const Verdict verdict = must(verification.verify(period("2026-03")));
    EXPECT_EQ(verdict.reports_checked, 1);
    for (const Difference& one : verdict.differences) EXPECT_EQ(one.what, "records") << one.meter;
  }
  void close_march() {
    clock.set(at("2026-04-04T00:00:01Z"));
    must(aggregation.tick());
  }
};

TEST_F(BillingErrors, TheListSaysItOfTheTenantAndIsRightOfTheOthers) {
  make_huge();
  const StatementPage page = listed();
  ASSERT_EQ(page.statements.size(), 3U);
  const Json huge = tenant_billing_json(page.statements[0]);
  EXPECT_TRUE(huge.find("overage_cost")->is_null());
  EXPECT_TRUE(huge.string_at("billing_error")->starts_with("stores_count: "));
  EXPECT_EQ(to_text(*huge.find("overages")), R"({"stores_count":999999999})");
  EXPECT_EQ(huge.string_at("health_status"), "critical");
  const Json over = tenant_billing_json(page.statements[1]);
  EXPECT_EQ(to_text(*over.find("overage_cost")), "150000.00");
  EXPECT_EQ(over.find("billing_error"), nullptr);
  EXPECT_EQ(page.summary.tenants, 3);
  EXPECT_EQ(page.summary.tenants_with_errors, 1);
  EXPECT_EQ(page.summary.total_overage_cost, Money{150'000'000'000});
}

TEST_F(BillingErrors, WhatCannotBeBilledSortsBehindEveryAmount) {
  make_huge();
  EXPECT_EQ(sorted("-overage_cost").front(), "huge");
  EXPECT_EQ(sorted("overage_cost").back(), "huge");
  StatementPageRequest request;
  request.filter.cost_min = Money{1};
  EXPECT_EQ(listed(request).total, 2) << "with the one whose cost is too great to say";
}

TEST_F(BillingErrors, BothFormsOfTheReportGoOn) {
  make_huge();
  ReportRows rows = must(reporting.rows(period("2026-03")));
  const ReportColumns columns = must(rows.columns());
  EXPECT_TRUE(report_csv_header(columns).ends_with("Health Status,Currency,Billing Error\r\n"));
  std::string csv;
  std::string lines;
  for (const Statement& one : must(rows.next())) {
    append_csv_row(one, columns, csv);
    append_csv_lines(one, lines);
  }
  EXPECT_NE(csv.find(",Yes,,critical,USD,\"stores_count: "), std::string::npos) << csv;
  EXPECT_NE(csv.find(",Yes,150000.00,critical,USD,\r\n"), std::string::npos) << csv;
  EXPECT_NE(lines.find("huge,Name of huge,free,billing_error,,2026-03,,,,,,USD,,,\"stores_count: "),
            std::string::npos)
      << lines;
  const Json json = report_json(must(reporting.make(period("2026-03"))));
  EXPECT_EQ(json.find("summary")->integer_at("tenants_with_errors"), 1);
  EXPECT_EQ(to_text(*json.find("summary")->find("total_overage_cost")), "150000.00");
}

TEST_F(BillingErrors, ThePeriodIsFrozenWithTheErrorAndReadBack) {
  make_huge();
  close_march();
  EXPECT_EQ(store->closed_through(), period("2026-03"));
  const Statement huge = must(billing.statement(tenant("huge"), period("2026-03")));
  EXPECT_TRUE(huge.is_closed);
  EXPECT_EQ(huge.rated.cost, std::nullopt);
  EXPECT_TRUE(huge.rated.billing_error.starts_with("stores_count: "));
  EXPECT_EQ(must(billing.statement(tenant("over"), period("2026-03"))).rated.cost,
            Money{150'000'000'000});
  StatementPageRequest request;
  request.filter.period = period("2026-03");
  EXPECT_EQ(listed(request).summary.tenants_with_errors, 1);
  expect_reports_verify();
}

TEST_F(BillingErrors, AnAlertNamesItOnceAndResolvesByItself) {
  make_huge();
  stores("over", "2026-03-10T12:00:02Z", 3);
  must(alerting.watch_step());
  ASSERT_EQ(alerts_of("billing.error").size(), 1U);
  const Json alert = alerts_of("billing.error")[0];
  EXPECT_EQ(alert.string_at("severity"), "high");
  EXPECT_EQ(alert.string_at("status"), "open");
  EXPECT_EQ(alert.string_at("tenant_id"), "huge");
  EXPECT_TRUE(alert.find("metadata")->string_at("billing_error")->starts_with("stores_count: "));
  EXPECT_EQ(alerts_of("billing.over_limit").size(), 2U) << "the others' alerts go on";
  must(alerting.sweep());
  must(alerting.sweep());
  EXPECT_EQ(alerts_of("billing.error").size(), 1U);
  EXPECT_EQ(must(alerting.get("error-2026-03-huge")).integer_at("count"), 1);
  EXPECT_EQ(must(alerting.acknowledge("error-2026-03-huge", "", actor)).string_at("status"),
            "acknowledged");
  stores("huge", "2026-03-10T12:00:03Z", 2);
  must(alerting.watch_step());
  const Json resolved = alerts_of("billing.error")[0];
  EXPECT_EQ(resolved.string_at("status"), "resolved");
  EXPECT_EQ(resolved.string_at("resolved_by"), "metergate");
}

TEST_F(BillingErrors, WhatIsDamagedOfOneTenantKeepsNoOtherFromItsAlert) {
  stores("quiet", "2026-03-10T12:00:02Z", 2);
  must(alerting.watch_step());
  const DocumentKey key{"over", "billing.over_limit|2026-03"};
  Batch batch;
  batch.documents.push_back({Collection::provider_alerts, key,
                             Json::object({{"alert_id", "alert-2026-03-over"}}), Expect::anything,
                             0});
  must(store->apply(std::move(batch)));
  stores("over", "2026-03-10T12:00:03Z", 3);
  stores("huge", "2026-03-10T12:00:03Z", 4);
  clock.advance(Milliseconds{5000});
  const Result<TickReport> step = alerting.watch_step();
  ASSERT_FALSE(step.has_value()) << "it is still told";
  EXPECT_EQ(step.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(alerting.get("alert-2026-03-huge").has_value());
  EXPECT_FALSE(alerting.sweep().has_value());
}

// Two more that cannot be billed: an own meter, and lines whose sum is too large.
class OwnMeterErrors : public BillingErrors {
 protected:
  OwnMeterErrors()
      : BillingErrors(catalogue_text() + "\n[plan.meters.tokens]\nlimit = \"0\"\nrate = \"1\"\n") {
    must(meters.add({{"tokens", "prompt", Folding::sum, "$.n", {}}, "", ""}, actor));
    clock.advance(std::chrono::hours{1});
    change_plan("huge", "enterprise");
    change_plan("over", "enterprise");
  }
  void prompt(std::string_view id, std::string_view data) {
    record(id, clock.now(), OtherFact{"prompt", std::string(data)});
  }
};

TEST_F(OwnMeterErrors, TenEventsOfTheGreatestValueStopNobody) {
  for (int i = 0; i < 10; ++i) prompt("huge", R"({"n":1000000000000})");
  prompt("over", R"({"n":7})");
  must(alerting.watch_step());
  EXPECT_EQ(listed().summary.tenants_with_errors, 1);
  EXPECT_EQ(listed().summary.total_overage_cost, Money{7'000'000});
  EXPECT_EQ(alerts_of("billing.error").size(), 1U);
  close_march();
  const Statement frozen = must(billing.statement(tenant("huge"), period("2026-03")));
  EXPECT_TRUE(frozen.rated.billing_error.starts_with("tokens: ")) << frozen.rated.billing_error;
  EXPECT_EQ(frozen.rated.own_lines.at(0).cost, std::nullopt);
  EXPECT_EQ(frozen.rated.own_lines.at(0).usage, Quantity::of(10'000'000'000'000));
  expect_reports_verify();
}

TEST_F(OwnMeterErrors, LinesThatFitButWhoseSumDoesNot) {
  for (int i = 0; i < 8; ++i) prompt("huge", R"({"n":1000000000000})");
  devices("huge", "2026-03-10T12:00:01Z", 400'000'000'000);
  EXPECT_EQ(listed().summary.tenants_with_errors, 1);
  const Statement huge = must(billing.statement(tenant("huge"), period("2026-03")));
  EXPECT_TRUE(huge.rated.own_lines.at(0).cost.has_value());
  EXPECT_EQ(huge.rated.billing_error,
            "the sum is too large: at most 9000000000000 either way is allowed");
}

}  // namespace
}  // namespace metergate
