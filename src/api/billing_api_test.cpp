#include <gtest/gtest.h>

#include "api/testing/handler_world_test.h"

namespace metergate::api {
namespace {

class BillingApi : public testing::Test {
 protected:
  Result<Answer> list(std::vector<std::pair<std::string, std::string>> query) {
    return world_.ask(billing_routes(), {.path = "/provider/billing/tenants", .query = query});
  }
  Result<Answer> show(std::string id, std::vector<std::pair<std::string, std::string>> query = {}) {
    return world_.ask(billing_routes(), {.path = "/provider/billing/tenants/{tenant_id}",
                                         .path_values = {{"tenant_id", id}},
                                         .query = query});
  }
  Result<Answer> usage(std::vector<std::pair<std::string, std::string>> query) {
    return world_.ask(billing_routes(), {.path = "/provider/billing/usage", .query = query});
  }
  Result<Answer> report(std::vector<std::pair<std::string, std::string>> query) {
    return world_.ask(billing_routes(), {.path = "/provider/billing/reports", .query = query});
  }

  HandlerWorld world_;
};

TEST_F(BillingApi, ListHasTenantsPaginationPeriodAndSummary) {
  world_.add_worked_example();
  world_.add("a", "free");
  const Json data = must(list({{"limit", "1"}, {"sort", "-overage_cost"}})).data;
  ASSERT_EQ(data.find("tenants")->as_array().size(), 1U);
  EXPECT_EQ(data.find("tenants")->as_array()[0].string_at("tenant_id"), "tenant_456");
  EXPECT_EQ(to_text(*data.find("pagination")), R"({"page":1,"limit":1,"total":2,"pages":2})");
  EXPECT_EQ(data.string_at("period"), "2026-03");
  EXPECT_EQ(to_text(*data.find("summary")),
            R"({"total_tenants":2,"by_health_status":{"healthy":1,"caution":0,"warning":0,)"
            R"("critical":1},"tenants_with_overages":1,"total_overage_cost":48.40,)"
            R"("currency":"USD","tenants_with_errors":0})");
}

TEST_F(BillingApi, ListFilters) {
  world_.add_worked_example();
  world_.add("a", "free");
  const auto count = [&](std::string name, std::string value) {
    return must(list({{name, value}})).data.find("tenants")->as_array().size();
  };
  EXPECT_EQ(count("health_status", "critical"), 1U);
  EXPECT_EQ(count("health_status", "critical,healthy"), 2U);
  EXPECT_EQ(count("plan", "basic,free"), 2U);
  EXPECT_EQ(count("has_overages", "false"), 1U);
  EXPECT_EQ(count("plan", "basic"), 1U);
  EXPECT_EQ(count("status", "suspended"), 0U);
  EXPECT_EQ(count("q", "NAME"), 2U);
  EXPECT_EQ(count("period", "2026-02"), 2U);
}

TEST_F(BillingApi, ListFiltersByWhatIsOwed) {
  world_.add_worked_example();
  world_.add("a", "free");
  const auto count = [&](std::string least) {
    return must(list({{"cost_min", least}})).data.find("tenants")->as_array().size();
  };
  EXPECT_EQ(count("48.40"), 1U);
  EXPECT_EQ(count("48.400001"), 0U);
  EXPECT_EQ(count("0"), 2U);
  for (const std::string wrong : {"", "much", "1.2345678", "1e30", "48,40"}) {
    const Result<Answer> answer = list({{"cost_min", wrong}});
    ASSERT_FALSE(answer.has_value()) << wrong;
    EXPECT_EQ(answer.error().faults.at(0).field, "cost_min") << wrong;
  }
}

TEST_F(BillingApi, OverviewIsOneAnswer) {
  world_.add_worked_example();
  world_.add("a", "free");
  world_.calls("a", "2026-03-02", 9'500);
  world_.add("quiet", "free");
  must(world_.alerting.sweep());
  const auto overview = [&](std::vector<std::pair<std::string, std::string>> query = {}) {
    return world_.ask(billing_routes(), {.path = "/provider/overview", .query = query});
  };
  const Json data = must(overview()).data;
  EXPECT_EQ(data.string_at("period"), "2026-03");
  EXPECT_EQ(to_text(*data.find("tenants")),
            R"({"total":3,"with_overages":1,"by_health_status":{"healthy":1,"caution":0,)"
            R"("warning":1,"critical":1},"by_plan":{"free":2,"basic":1}})");
  EXPECT_EQ(data.find("usage")->integer_at("api_calls"), 74'500);
  EXPECT_EQ(data.find("usage")->integer_at("stores_count"), 6);
  EXPECT_EQ(to_text(*data.find("total_overage_cost")), "48.40");
  EXPECT_EQ(data.string_at("currency"), "USD");
  EXPECT_EQ(data.integer_at("tenants_with_errors"), 0);
  EXPECT_EQ(data.find("alerts")->find("open_by_severity")->integer_at("medium"), 1);
  const Json::Array& dear = data.find("top_by_cost")->as_array();
  ASSERT_EQ(dear.size(), 1U) << "who owes nothing is not among them";
  EXPECT_EQ(dear[0].string_at("tenant_id"), "tenant_456");
  const Json::Array& full = data.find("top_by_utilization")->as_array();
  ASSERT_EQ(full.size(), 3U);
  EXPECT_EQ(full[0].string_at("highest_meter"), "webhook_calls");
  EXPECT_EQ(to_text(*full[0].find("highest_utilization_percent")), "160.0");
  EXPECT_EQ(to_text(*full[1].find("highest_utilization_percent")), "95.0");
  const Json::Array& trend = data.find("usage_trend")->as_array();
  ASSERT_EQ(trend.size(), 13U);
  EXPECT_EQ(trend.front().string_at("period"), "2025-03");
  EXPECT_EQ(trend.back().integer_at("api_calls"), 74'500);
  EXPECT_EQ(must(overview({{"period", "2026-02"}})).data.string_at("period"), "2026-02");
  EXPECT_FALSE(overview({{"period", "2026-04"}}).has_value());
}

TEST_F(BillingApi, ListNamesAllThatIsWrongWithItsQuery) {
  const Result<Answer> answer = list({{"period", "2026-3"},
                                      {"health_status", "ill"},
                                      {"sort", "colour"},
                                      {"plan", "gold"},
                                      {"has_overages", "perhaps"},
                                      {"limit", "201"}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::invalid);
  std::vector<std::string> fields;
  std::string all;
  for (const Fault& fault : answer.error().faults) {
    fields.push_back(fault.field);
    all += fault.message;
  }
  std::ranges::sort(fields);
  EXPECT_EQ(fields, (std::vector<std::string>{"has_overages", "health_status", "limit", "period",
                                              "plan", "sort"}));
  EXPECT_NE(all.find("Invalid plan. Must be one of: free, basic, premium, enterprise"),
            std::string::npos);
  EXPECT_NE(all.find("critical"), std::string::npos);
}

TEST_F(BillingApi, APlanThatIsNotThereIsAnsweredInTheSameWordsEverywhere) {
  const Result<Answer> answer = list({{"plan", "gold"}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().message,
            "Invalid plan. Must be one of: free, basic, premium, enterprise");
}

TEST_F(BillingApi, FuturePeriodIsRefused) {
  const Result<Answer> answer = list({{"period", "2026-04"}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::invalid);
}

TEST_F(BillingApi, DetailsHaveHistoryTrendsStatsLinesAndForecast) {
  world_.add_worked_example();
  world_.calls("tenant_456", "2026-02-03", 11);
  const Json data = must(show("tenant_456")).data;
  EXPECT_EQ(data.string_at("period"), "2026-03");
  EXPECT_EQ(to_text(*data.find("overage_cost")), "48.40");
  const Json::Array& history = data.find("usage_history")->as_array();
  ASSERT_GE(history.size(), 2U);
  EXPECT_EQ(history[0].string_at("period"), "2026-03");
  EXPECT_EQ(history[0].find("usage")->integer_at("api_calls"), 65'000);
  const Json& trends = *data.find("usage_trends");
  EXPECT_EQ(trends.find("periods")->as_array().back(), Json{"2026-03"});
  EXPECT_EQ(trends.find("api_calls_trend")->as_array().back(), Json{65'000});
  EXPECT_EQ(to_text(trends.find("storage_gb_trend")->as_array().back()), "15.2");
  for (const char* name : {"api_calls_trend", "webhook_calls_trend", "storage_gb_trend"}) {
    EXPECT_EQ(trends.find(name)->as_array().size(), history.size()) << name;
  }
  EXPECT_EQ(data.find("current_month_stats")->find("api_calls")->integer_at("total_calls"), 65'000);
  EXPECT_EQ(data.find("line_items")->as_array().size(), 5U);
  EXPECT_EQ(data.find("forecast")->find("api_calls")->string_at("passes_limit_on"), "2026-03-03")
      << "the day on which it was passed, not today";
}

TEST_F(BillingApi, DetailsOfAPastPeriodForeseeNothing) {
  world_.add("a", "free");
  const Json data = must(show("a", {{"period", "2026-02"}})).data;
  EXPECT_EQ(data.string_at("period"), "2026-02");
  EXPECT_TRUE(data.find("forecast")->find("api_calls")->is_null());
}

TEST_F(BillingApi, DetailsOfAnUnknownTenantAreNotFound) {
  for (const std::string id : {"nobody", "not an id", ""}) {
    const Result<Answer> answer = show(id, {{"period", "nonsense"}});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::tenant_not_found) << id;
  }
}

TEST_F(BillingApi, UsageIsOfTheCurrentMonthByDayUnlessAsked) {
  world_.add("a", "free");
  const Json data = must(usage({})).data;
  EXPECT_EQ(data.find("analytics")->find("data")->as_array().size(), 31U);
  EXPECT_EQ(to_text(*data.find("filters")),
            R"({"tenant_id":"","start_date":"2026-03-01","end_date":"2026-03-31",)"
            R"("group_by":"day"})");
  const Json weeks = must(usage({{"group_by", "week"}, {"tenant_id", "a"}})).data;
  EXPECT_EQ(weeks.find("analytics")->find("data")->as_array()[0].string_at("date"), "2026-02-23");
}

TEST_F(BillingApi, UsageRefusesBadDatesGroupsAndTenants) {
  world_.add("a", "free");
  EXPECT_EQ(usage({{"start_date", "2026-02-30"}}).error().code, ErrorCode::invalid);
  EXPECT_EQ(usage({{"group_by", "year"}}).error().code, ErrorCode::invalid);
  EXPECT_EQ(usage({{"tenant_id", "nobody"}}).error().code, ErrorCode::tenant_not_found);
  EXPECT_EQ(usage({{"tenant_id", "not an id"}}).error().code, ErrorCode::tenant_not_found);
}

TEST_F(BillingApi, ReportIsJsonUnlessAsked) {
  world_.add("a", "free");
  const Json data = must(report({})).data;
  EXPECT_EQ(data.string_at("period"), "2026-02");
  EXPECT_EQ(data.bool_at("closed"), true);
}

TEST_F(BillingApi, CsvIsADownloadThatStreams) {
  for (int number = 1000; number < 1600; ++number) {
    world_.add("t" + std::to_string(number), "free");
  }
  Answer answer = must(report({{"format", "csv"}, {"period", "2026-03"}}));
  ASSERT_TRUE(answer.whole.has_value());
  const std::vector<http::Header> expected = {
      {"Content-Type", "text/csv; charset=utf-8"},
      {"Content-Disposition", "attachment; filename=usage_report_2026-03.csv"},
      {"Audit-Head", to_text(world_.store->audit_head())}};
  EXPECT_EQ(answer.whole->headers, expected);
  std::string text;
  int pieces = 0;
  while (std::optional<std::string> piece = must(answer.whole->source())) {
    text += *piece;
    ++pieces;
  }
  EXPECT_GT(pieces, 1);
  EXPECT_EQ(std::ranges::count(text, '\n'), 601);
  EXPECT_TRUE(text.starts_with("Tenant ID,Tenant Name,Plan,"));
}

TEST_F(BillingApi, JsonReportStreamsItsTenants) {
  for (int number = 1000; number < 2500; ++number) {
    world_.add("t" + std::to_string(number), "free");
  }
  for (const std::string period : {"2026-02", "2026-03"}) {
    Answer answer = must(report({{"period", period}}));
    ASSERT_TRUE(answer.elements);
    std::string text = "[";
    int pieces = 0;
    while (std::optional<std::string> piece = must(answer.elements())) {
      text += *piece;
      ++pieces;
    }
    EXPECT_GT(pieces, 1);
    const Json tenants = must(parse_json(text + "]"));
    ASSERT_EQ(tenants.as_array().size(), 1500U);
    EXPECT_EQ(tenants.as_array().front().string_at("tenant_id"), "t1000");
    EXPECT_EQ(tenants.as_array().back().string_at("tenant_id"), "t2499");
  }
}

TEST_F(BillingApi, ReportByLinesHasARowForEachLineItem) {
  world_.add_worked_example();
  Answer csv = must(report({{"format", "csv"}, {"detail", "lines"}, {"period", "2026-03"}}));
  EXPECT_EQ(csv.whole->headers[1].second, "attachment; filename=usage_report_lines_2026-03.csv");
  std::string text;
  while (std::optional<std::string> piece = must(csv.whole->source())) text += *piece;
  EXPECT_EQ(std::ranges::count(text, '\n'), 6) << text;
  Answer json = must(report({{"detail", "lines"}, {"period", "2026-03"}}));
  EXPECT_EQ(json.data.as_object().back().first, "lines");
  text = "[";
  while (std::optional<std::string> piece = must(json.elements())) text += *piece;
  EXPECT_EQ(must(parse_json(text + "]")).as_array().size(), 5U);
  EXPECT_FALSE(report({{"detail", "tenant"}}).has_value());
}

TEST_F(BillingApi, OtherReportFormatsAreRefusedWithWhatIsAllowed) {
  for (const std::string format : {"ods", "PDF", "CSV", ""}) {
    const Result<Answer> answer = report({{"format", format}});
    ASSERT_FALSE(answer.has_value()) << format;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid);
    EXPECT_NE(answer.error().message.find("json"), std::string::npos) << answer.error().message;
  }
}

TEST_F(BillingApi, RowsAskForTheDocumentedPermissions) {
  for (const Route& route : billing_routes()) {
    EXPECT_EQ(route.access.audience, Audience::provider) << route.path;
    const Permission expected = route.path.ends_with("/plan")      ? Permission::billing_update
                                : route.path.ends_with("/reports") ? Permission::reports_read
                                                                   : Permission::billing_read;
    EXPECT_EQ(route.access.permission, expected) << route.path;
  }
}

}  // namespace
}  // namespace metergate::api
