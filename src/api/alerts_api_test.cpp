#include <gtest/gtest.h>

#include "api/testing/handler_world_test.h"

namespace metergate::api {
namespace {

class AlertsApi : public testing::Test {
 protected:
  AlertsApi() {
    world_.add_worked_example();
    must(world_.alerting.watch_step());
  }

  Result<Answer> list(std::vector<std::pair<std::string, std::string>> query) {
    return world_.ask(alerts_routes(), {.path = "/provider/alerts", .query = query});
  }
  Result<Answer> act(std::string_view path, std::string id, std::string body = "") {
    return world_.ask(
        alerts_routes(),
        {.method = "POST", .path = path, .path_values = {{"alert_id", id}}, .body = body});
  }

  static constexpr std::string_view kAck = "/provider/alerts/{alert_id}/ack";
  static constexpr std::string_view kResolve = "/provider/alerts/{alert_id}/resolve";
  const std::string id_ = "alert-2026-03-tenant_456";
  HandlerWorld world_;
};

TEST_F(AlertsApi, ListShowsAlertsAndPagination) {
  const Json data = must(list({{"type", "billing.over_limit"},
                               {"status", "open"},
                               {"severity", "medium"},
                               {"tenant_id", "tenant_456"},
                               {"period", "2026-03"}}))
                        .data;
  ASSERT_EQ(data.find("alerts")->as_array().size(), 1U);
  EXPECT_EQ(data.find("alerts")->as_array()[0].string_at("alert_id"), id_);
  EXPECT_EQ(to_text(*data.find("pagination")), R"({"page":1,"limit":50,"total":1,"pages":1})");
}

TEST_F(AlertsApi, ListTakesSeveralPeriods) {
  EXPECT_EQ(must(list({{"period", "2026-02,2026-03"}})).data.find("alerts")->as_array().size(), 1U);
  EXPECT_TRUE(must(list({{"period", "2026-02,2026-01"}})).data.find("alerts")->as_array().empty());
}

TEST_F(AlertsApi, ListRefusesBadFilters) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"type", "billing.under_limit"},
                                                        {"status", "closed"},
                                                        {"severity", "mild"},
                                                        {"period", "March"},
                                                        {"period", "2026-03,April"},
                                                        {"period", ","},
                                                        {"sort", "colour"},
                                                        {"page", "0"}}) {
    const Result<Answer> answer = list({{name, value}});
    ASSERT_FALSE(answer.has_value()) << name;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid) << name;
  }
}

TEST_F(AlertsApi, AcknowledgeOnceThenConflict) {
  EXPECT_EQ(must(act(kAck, id_)).data.string_at("status"), "acknowledged");
  EXPECT_EQ(act(kAck, id_, "{}").error().code, ErrorCode::conflict);
}

TEST_F(AlertsApi, AcknowledgeKeepsAReason) {
  for (const char* body : {R"({"reason":"no"})", R"({"reason":5})", R"({"why":"They know"})"})
    EXPECT_EQ(act(kAck, id_, body).error().code, ErrorCode::invalid) << body;
  const Json data = must(act(kAck, id_, R"({"reason":"They know"})")).data;
  EXPECT_EQ(data.string_at("acknowledge_reason"), "They know");
  EXPECT_EQ(act(kAck, "alert-2026-03-nobody", R"({"reason":"no"})").error().code,
            ErrorCode::alert_not_found);
}

TEST_F(AlertsApi, ListKnowsTheTypesOfWarnings) {
  world_.add("near", "free");
  world_.calls("near", "2026-03-09", 9'000);
  must(world_.alerting.watch_step());
  const Json near = must(list({{"type", "billing.near_limit"}, {"severity", "low"}})).data;
  ASSERT_EQ(near.find("alerts")->as_array().size(), 1U);
  const Json& alert = near.find("alerts")->as_array()[0];
  EXPECT_EQ(alert.string_at("meter"), "api_calls");
  EXPECT_EQ(alert.integer_at("threshold"), 90);
  EXPECT_TRUE(must(list({{"type", "billing.forecast_over"}})).data.find("alerts")->is_array());
}

TEST_F(AlertsApi, ResolveOnceWithAReason) {
  EXPECT_EQ(act(kResolve, id_, "{}").error().code, ErrorCode::invalid);
  EXPECT_EQ(act(kResolve, id_, R"({"reason":"ok"})").error().code, ErrorCode::invalid);
  const Json resolved = must(act(kResolve, id_, R"({"reason":"Agreed"})")).data;
  EXPECT_EQ(resolved.string_at("resolved_by"), "ann@example.com");
  EXPECT_EQ(act(kResolve, id_, R"({"reason":"Agreed"})").error().code,
            ErrorCode::alert_already_resolved);
}

TEST_F(AlertsApi, UnknownAlertComesBeforeABadBody) {
  EXPECT_EQ(act(kAck, "alert-2026-03-nobody").error().code, ErrorCode::alert_not_found);
  EXPECT_EQ(act(kResolve, "x", "{}").error().code, ErrorCode::alert_not_found);
}

}  // namespace
}  // namespace metergate::api
