// The audit records of requests that changed nothing.
#include "api/testing/asking_test.h"

namespace metergate::api {
namespace {

std::vector<Route> several_routes() {
  std::vector<Route> routes = directory_routes();
  for (auto more : {session_routes(), billing_routes(), events_routes()})
    routes.insert(routes.end(), more.begin(), more.end());
  return routes;
}

class AuditNotesApi : public Asking {
 protected:
  AuditNotesApi() : Asking(several_routes()) { token_ = world_.provider_token({"*"}); }

  Json only(std::string_view action) const {
    const auto records = world_.audits(action);
    EXPECT_EQ(records.size(), 1U) << action;
    return records.empty() ? Json::object({}) : records.back();
  }
};

TEST_F(AuditNotesApi, ARefusedChangeIsRecordedWithWhoAndWhy) {
  EXPECT_EQ(ask("PATCH /provider/tenants/tenant_1", R"({"status":"gone"})").status, 400);
  const Json record = only("request.refused");
  EXPECT_EQ(record.string_at("actor"), "ann");
  EXPECT_EQ(record.string_at("tenant_id"), "tenant_1");
  EXPECT_EQ(record.string_at("ip"), "192.0.2.9");
  EXPECT_NE(record.string_at("reason"), "");
  EXPECT_EQ(to_text(*record.find("after")),
            R"({"method":"PATCH","path":"/provider/tenants/tenant_1","status":400,)"
            R"("error":"E_VALIDATION"})");
}

TEST_F(AuditNotesApi, ARightThatIsMissingAndAConflictAreRefusalsToo) {
  EXPECT_EQ(ask("POST /provider/tenants", R"({"tenant_id":"tenant_1","name":"Again"})").status,
            409);
  token_ = world_.provider_token({"tenants.read"});
  EXPECT_EQ(ask("PATCH /provider/tenants/tenant_1", R"({"name":"New"})").status, 403);
  EXPECT_EQ(ask("GET /provider/audits").status, 403) << "reads are no changes";
  const auto records = world_.audits("request.refused");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].find("after")->integer_at("status"), 409);
  EXPECT_EQ(records[1].find("after")->integer_at("status"), 403);
}

TEST_F(AuditNotesApi, WhoHasNoTokenAndWhoSendsEventsMakeNoRecord) {
  token_ = "";
  EXPECT_EQ(ask("POST /provider/tenants", R"({"tenant_id":"t3"})").status, 401);
  token_ = world_.tenant_token("tenant_1");
  EXPECT_GE(ask("POST /api/v1/events", R"({"id":1})").status, 400);
  EXPECT_TRUE(world_.audits("request.refused").empty());
}

TEST_F(AuditNotesApi, LoginsAreRecordedGoodAndBad) {
  Actor root = world_.actor;
  root.rights = Permissions::all();
  ASSERT_TRUE(world_.sessions->add_user(
      {"ada@example.com", "Ada", "a password of some length", {"NOC"}}, root));
  token_ = "";
  EXPECT_EQ(ask("POST /provider/auth/login",
                R"({"email":"ada@example.com","password":"not that one at all"})")
                .status,
            401);
  EXPECT_EQ(ask("POST /provider/auth/login",
                R"({"email":"ada@example.com","password":"a password of some length"})")
                .status,
            200);
  const Json bad = only("session.login_failed");
  EXPECT_EQ(bad.string_at("actor"), "anonymous");
  EXPECT_EQ(bad.find("after")->string_at("email"), "ada@example.com");
  EXPECT_EQ(only("session.login").string_at("actor"), "ada@example.com");
  for (const Json& record : world_.all(Collection::provider_audits))
    EXPECT_EQ(to_text(record).find("password of some"), std::string::npos);
}

TEST_F(AuditNotesApi, AReportThatIsReadIsRecordedAndARefusedOneIsNot) {
  const auto answer = api::ask(
      *dispatcher_, request_for("GET /provider/billing/reports?period=2026-03&format=csv", token_));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  const Json record = only("report.downloaded");
  EXPECT_EQ(record.find("after")->string_at("period"), "2026-03");
  EXPECT_EQ(record.find("after")->string_at("format"), "csv");
  EXPECT_EQ(ask("GET /provider/billing/reports?period=x").status, 400);
  EXPECT_EQ(world_.audits("report.downloaded").size(), 1U);
}

}  // namespace
}  // namespace metergate::api
