// The provider's directory, called as a client calls it.
#include "api/testing/asking_test.h"

namespace metergate::api {
namespace {

class DirectoryApi : public Asking {
 protected:
  DirectoryApi() : Asking(directory_routes()) { token_ = world_.provider_token({"*"}); }
};

TEST_F(DirectoryApi, TenantIsAddedShownAndChanged) {
  const Reply made =
      ask("POST /provider/tenants", R"({"tenant_id":"t3","name":"Three","plan":"premium",)"
                                    R"("limits_override":{"max_stores":7,"max_storage_gb":1.5}})");
  EXPECT_EQ(made.status, 201) << made.message;
  EXPECT_EQ(to_text(made.data),
            R"({"tenant_id":"t3","name":"Three","plan":"premium","status":"active",)"
            R"("created_at":"2026-03-05T10:30:00+00:00",)"
            R"("limits_override":{"max_stores":7,"max_storage_gb":1.5}})");
  EXPECT_EQ(ask("GET /provider/tenants/t3").data, made.data);
  const Reply changed = ask("PATCH /provider/tenants/t3",
                            R"({"name":"Third","status":"suspended","limits_override":{},)"
                            R"("reason":"The contract ended"})");
  EXPECT_EQ(changed.status, 200) << changed.message;
  EXPECT_EQ(changed.data.string_at("name"), "Third");
  EXPECT_EQ(changed.data.string_at("status"), "suspended");
  EXPECT_EQ(to_text(*changed.data.find("limits_override")), "{}");
}

TEST_F(DirectoryApi, PlanIsFreeWhereItIsLeftOut) {
  const Reply made = ask("POST /provider/tenants", R"({"tenant_id":"t3","name":"Three"})");
  EXPECT_EQ(made.data.string_at("plan"), "free");
}

TEST_F(DirectoryApi, BadBodiesAreRefused) {
  const Reply gold =
      ask("POST /provider/tenants", R"({"tenant_id":"t3","name":"Three","plan":"gold"})");
  EXPECT_EQ(gold.status, 400);
  EXPECT_EQ(gold.code, "E_VALIDATION");
  EXPECT_EQ(gold.message, "Invalid plan. Must be one of: free, basic, premium, enterprise");
  const Reply taken = ask("POST /provider/tenants", R"({"tenant_id":"tenant_1","name":"Again"})");
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.code, "E_DUPLICATE");
  for (const char* body :
       {R"({"name":"Three"})", R"({"tenant_id":"a b","name":"Three"})", R"({"tenant_id":"t3"})",
        R"({"tenant_id":"t3","name":"Three","status":"active"})",
        R"({"tenant_id":"t3","name":"Three","limits_override":{"max_tills":1}})",
        R"({"tenant_id":"t3","name":"Three","limits_override":5})"}) {
    EXPECT_EQ(ask("POST /provider/tenants", body).status, 400) << body;
  }
  EXPECT_EQ(ask("PATCH /provider/tenants/tenant_1", "{}").status, 400);
  EXPECT_EQ(ask("PATCH /provider/tenants/tenant_1", R"({"plan":"free"})").status, 400);
  EXPECT_EQ(ask("PATCH /provider/tenants/tenant_1", R"({"status":"gone"})").status, 400);
  EXPECT_EQ(world_.directory->size(), 2u);
}

TEST_F(DirectoryApi, TenantThatDoesNotExistIsNotFound) {
  for (const char* line : {"GET /provider/tenants/nobody", "GET /provider/tenants/a b"}) {
    const Reply reply = ask(line);
    EXPECT_EQ(reply.status, 404) << line;
    EXPECT_EQ(reply.code, "E_TENANT_NOT_FOUND");
  }
  EXPECT_EQ(ask("PATCH /provider/tenants/nobody", R"({"name":"N"})").status, 404);
}

TEST_F(DirectoryApi, TenantsAreListedFilteredAndPaged) {
  const std::string list = "GET /provider/tenants";
  EXPECT_EQ(values(list, "tenants", "tenant_id"), "tenant_1 tenant_2 ");
  EXPECT_EQ(values(list + "?plan=free", "tenants", "tenant_id"), "tenant_2 ");
  EXPECT_EQ(values(list + "?plan=free,none", "tenants", "tenant_id"), "tenant_2 ");
  EXPECT_EQ(values(list + "?q=TENANT_1", "tenants", "tenant_id"), "tenant_1 ");
  EXPECT_EQ(values(list + "?status=active,suspended&sort=-status", "tenants", "tenant_id"),
            "tenant_2 tenant_1 ");
  EXPECT_EQ(values(list + "?status=suspended", "tenants", "tenant_id"), "");
  EXPECT_EQ(values(list + "?sort=-tenant_id&limit=1", "tenants", "tenant_id"), "tenant_2 ");
  EXPECT_EQ(to_text(*ask(list + "?limit=1").data.find("pagination")),
            R"({"page":1,"limit":1,"total":2,"pages":2})");
  for (const char* query : {"?sort=colour", "?status=gone", "?status=active,gone", "?status=,",
                            "?page=0", "?health_status=critical"}) {
    EXPECT_EQ(ask(list + query).status, 400) << query;
  }
}

TEST_F(DirectoryApi, PlansAreTheNewestOnOffer) {
  EXPECT_EQ(values("GET /provider/plans", "plans", "plan"), "free basic premium enterprise ");
  EXPECT_EQ(values("GET /provider/plans?sort=-plan", "plans", "plan"),
            "premium free enterprise basic ");
  EXPECT_EQ(values("GET /provider/plans?page=2&limit=3", "plans", "plan"), "enterprise ");
  EXPECT_EQ(ask("GET /provider/plans?sort=limits").status, 400);
  const Reply reply = ask("GET /provider/plans");
  EXPECT_EQ(to_text(*reply.data.find("pagination")),
            R"({"page":1,"limit":50,"total":4,"pages":1})");
  EXPECT_EQ(to_text(reply.data.find("plans")->as_array().at(0)),
            R"({"plan":"free","version":1,"limits":{"max_stores":1,"max_devices":2,)"
            R"("max_api_calls_per_month":10000,"max_webhooks_per_month":100,"max_storage_gb":1},)"
            R"("effects":{},"rates":{"stores_count":10,"devices_count":5,"api_calls":0.001,)"
            R"("webhook_calls":0.01,"storage_gb":2},"valid_from":"2026-03-05T10:30:00+00:00",)"
            R"("currency":"USD"})");
}

TEST_F(DirectoryApi, AuditsAreListedNewestFirstAndFiltered) {
  world_.clock.advance(std::chrono::hours{24});
  token_ = world_.provider_token({"*"});
  ask("PATCH /provider/tenants/tenant_1", R"({"name":"New"})");
  const std::string list = "GET /provider/audits";
  EXPECT_EQ(values(list, "audits", "action"), "tenant.updated tenant.created tenant.created ");
  EXPECT_EQ(values(list + "?actor=ann", "audits", "ip"), "192.0.2.9 ");
  EXPECT_EQ(values(list + "?tenant_id=tenant_2", "audits", "action"), "tenant.created ");
  EXPECT_EQ(values(list + "?tenant=tenant_2", "audits", "action"), "tenant.created ");
  EXPECT_EQ(values(list + "?action=tenant.updated", "audits", "tenant_id"), "tenant_1 ");
  EXPECT_EQ(values(list + "?from=2026-03-06", "audits", "action"), "tenant.updated ");
  EXPECT_EQ(values(list + "?start_date=2026-03-05&end_date=2026-03-05", "audits", "action"),
            "tenant.created tenant.created ");
  EXPECT_EQ(values(list + "?to=2026-03-05T10:00:00Z", "audits", "action"), "");
  EXPECT_EQ(values(list + "?sort=sequence", "audits", "action"),
            "tenant.created tenant.created tenant.updated ");
  EXPECT_EQ(values(list + "?sort=-action&tenant_id=tenant_1,tenant_2&limit=2", "audits", "action"),
            "tenant.updated tenant.created ");
  for (const char* query : {"?from=never", "?sort=colour", "?sort=before",
                            "?from=2026-03-06&to=2026-03-01", "?from=2026-03-06&to=2026-03-05"}) {
    EXPECT_EQ(ask(list + query).status, 400) << query;
  }
}

TEST_F(DirectoryApi, EachRouteNeedsItsPermission) {
  const std::string reader = world_.provider_token({"tenants.read"});
  EXPECT_EQ(ask_with(reader, "GET /provider/tenants").status, 200);
  EXPECT_EQ(ask_with(reader, "GET /provider/plans").status, 200);
  EXPECT_EQ(ask_with(reader, "GET /provider/audits").status, 403);
  EXPECT_EQ(ask_with(reader, "POST /provider/tenants", R"({"tenant_id":"t","name":"T"})").status,
            403);
  EXPECT_EQ(ask_with(world_.provider_token({"audits.read"}), "GET /provider/audits").status, 200);
  EXPECT_EQ(ask_with(world_.tenant_token("tenant_1"), "GET /provider/tenants").status, 401);
  EXPECT_EQ(ask_with("", "GET /provider/tenants").status, 401);
}

TEST_F(DirectoryApi, OwnLimitsNeedAReason) {
  const std::string line = "PATCH /provider/tenants/tenant_1";
  for (const char* reason : {"", R"(,"reason":"ab")", R"(,"reason":"  x  ")", R"(,"reason":7)"}) {
    const Reply reply =
        ask(line, std::string(R"({"limits_override":{"max_stores":7})") + reason + "}");
    EXPECT_EQ(reply.status, 400) << reason;
    EXPECT_NE(reply.message.find("reason"), std::string::npos) << reply.message;
  }
  EXPECT_EQ(ask(line, R"({"limits_override":{"max_stores":7},"reason":"as agreed"})").status, 200);
  EXPECT_EQ(values("GET /provider/audits?action=tenant.updated", "audits", "reason"), "as agreed ");
  EXPECT_EQ(ask(line, R"({"name":"New"})").status, 200) << "nothing else needs one";
  EXPECT_EQ(ask(line, R"({"reason":"alone"})").status, 400);
}

TEST_F(DirectoryApi, OwnLimitsAreTriedOnWithoutChangingAnything) {
  const Sequence before = world_.store->head();
  const Reply reply =
      ask("PATCH /provider/tenants/tenant_1?dry_run=true",
          R"({"limits_override":{"max_storage_gb":0,"max_stores":7},"reason":"a question"})");
  ASSERT_EQ(reply.status, 200) << reply.message;
  EXPECT_EQ(reply.data.bool_at("dry_run"), true);
  EXPECT_EQ(reply.data.string_at("tenant_id"), "tenant_1");
  EXPECT_EQ(reply.data.find("limits")->find("old")->integer_at("max_stores"), 5);
  EXPECT_EQ(reply.data.find("limits")->find("new")->integer_at("max_stores"), 7);
  EXPECT_EQ(to_text(*reply.data.find("limits_override")),
            R"({"old":{},"new":{"max_stores":7,"max_storage_gb":0}})");
  EXPECT_EQ(to_text(*reply.data.find("overage_cost")), R"({"old":0.00,"new":0.20})");
  EXPECT_EQ(to_text(*reply.data.find("health_status")), R"({"old":"healthy","new":"critical"})");
  EXPECT_EQ(reply.data.string_at("currency"), "USD");
  EXPECT_NE(reply.data.find("overages")->find("new")->find("storage_gb"), nullptr);
  EXPECT_EQ(world_.store->head(), before);
  EXPECT_EQ(ask("PATCH /provider/tenants/tenant_1?dry_run=true",
                R"({"limits_override":{"max_stores":-1},"reason":"a question"})")
                .status,
            400);
  EXPECT_EQ(ask("PATCH /provider/tenants/tenant_1?dry_run=perhaps", R"({"name":"N"})").status, 400);
  EXPECT_EQ(ask("PATCH /provider/tenants/nobody?dry_run=true", R"({"name":"N"})").status, 404);
}

// The alert opens without waiting for the worker's next round.
TEST_F(DirectoryApi, OwnLimitsAreHeldAgainstTheUsageAtOnce) {
  const std::string line = "PATCH /provider/tenants/tenant_1";
  ask(line, R"({"limits_override":{"max_storage_gb":0},"reason":"as agreed"})");
  ASSERT_EQ(world_.all(Collection::provider_alerts).size(), 1U);
  EXPECT_EQ(world_.all(Collection::provider_alerts)[0].string_at("status"), "open");
  ask(line, R"({"limits_override":{},"reason":"in error"})");
  EXPECT_EQ(world_.all(Collection::provider_alerts)[0].string_at("status"), "resolved");
}

}  // namespace
}  // namespace metergate::api
