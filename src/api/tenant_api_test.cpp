// A tenant's own routes, called as a client calls them.
#include "api/testing/asking_test.h"

namespace metergate::api {
namespace {

class TenantApi : public Asking {
 protected:
  TenantApi() : Asking(tenant_routes()) { token_ = world_.tenant_token("tenant_1"); }
};

TEST_F(TenantApi, StoreIsMadeShownChangedAndDeleted) {
  const Reply made =
      ask("POST /api/tenants/tenant_1/stores", R"({"store_id":"s1","name":"Kiosk 1"})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.data.string_at("store_id"), "s1");
  EXPECT_EQ(made.data.string_at("created_at"), "2026-03-05T10:30:00+00:00");
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/stores/s1").data, made.data);
  const Reply changed = ask("PATCH /api/tenants/tenant_1/stores/s1", R"({"status":"suspended"})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.data.string_at("status"), "suspended");
  EXPECT_EQ(ask("DELETE /api/tenants/tenant_1/stores/s1").data.string_at("status"), "deleted");
  const Reply gone = ask("GET /api/tenants/tenant_1/stores/s1");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.code, "E_NOT_FOUND");
  const Reply again =
      ask("POST /api/tenants/tenant_1/stores", R"({"store_id":"s1","name":"Again"})");
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.data.string_at("name"), "Again");
  const Reply twice =
      ask("POST /api/tenants/tenant_1/stores", R"({"store_id":"s1","name":"Twice"})");
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.code, "E_DUPLICATE");
}

TEST_F(TenantApi, StoreWithActiveDevicesIsDeletedWithThemOrNotAtAll) {
  ask("POST /api/tenants/tenant_1/stores", R"({"store_id":"s1","name":"One"})");
  for (const char* id : {"d1", "d2"})
    ask("POST /api/tenants/tenant_1/devices",
        R"({"store_id":"s1","name":"Till","type":"POS","device_id":")" + std::string(id) + "\"}");
  const std::string store = "DELETE /api/tenants/tenant_1/stores/s1";
  const Reply kept = ask(store);
  EXPECT_EQ(kept.status, 409);
  EXPECT_EQ(kept.code, "E_CONFLICT");
  EXPECT_NE(kept.message.find("2 active devices"), std::string::npos) << kept.message;
  EXPECT_NE(kept.message.find("?devices=delete"), std::string::npos) << kept.message;
  for (const char* query : {"?devices=", "?devices=keep", "?devices=DELETE", "?device=delete"})
    EXPECT_EQ(ask(store + query).code, "E_VALIDATION") << query;
  EXPECT_EQ(ask("DELETE /api/tenants/tenant_1/devices/d1?devices=delete").status, 400);
  EXPECT_EQ(ask(store + "?devices=delete").data.string_at("status"), "deleted");
  EXPECT_EQ(values("GET /api/tenants/tenant_1/devices", "devices", "device_id"), "");
  EXPECT_EQ(world_.counter("tenant_1").gauges.devices.last, 0);
}

TEST_F(TenantApi, IdThatIsLeftOutIsMade) {
  const Reply made = ask("POST /api/tenants/tenant_1/stores", R"({"name":"Kiosk"})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.data.string_at("store_id")->size(), 26u);
}

TEST_F(TenantApi, DeviceNeedsItsStore) {
  ask("POST /api/tenants/tenant_1/stores", R"({"store_id":"s1","name":"One"})");
  const Reply made = ask("POST /api/tenants/tenant_1/devices",
                         R"({"device_id":"d1","store_id":"s1","name":"Till","type":"POS"})");
  EXPECT_EQ(made.status, 201) << made.message;
  EXPECT_EQ(made.data.string_at("type"), "POS");
  const Reply orphan =
      ask("POST /api/tenants/tenant_1/devices", R"({"store_id":"s9","name":"Till","type":"POS"})");
  EXPECT_EQ(orphan.status, 400);
  EXPECT_EQ(orphan.code, "E_VALIDATION");
  EXPECT_NE(orphan.message.find("s9"), std::string::npos);
  EXPECT_EQ(
      ask("POST /api/tenants/tenant_1/devices", R"({"store_id":"s1","name":"Till","type":"TOY"})")
          .status,
      400);
  EXPECT_EQ(
      values("GET /api/tenants/tenant_1/devices?type=POS&store_id=s1", "devices", "device_id"),
      "d1 ");
  EXPECT_EQ(values("GET /api/tenants/tenant_1/devices?type=GATE", "devices", "device_id"), "");
  EXPECT_EQ(
      ask("PATCH /api/tenants/tenant_1/devices/d1", R"({"name":"New"})").data.string_at("name"),
      "New");
  EXPECT_EQ(ask("DELETE /api/tenants/tenant_1/devices/d1").status, 200);
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/devices/d1").status, 404);
}

TEST_F(TenantApi, UnknownAndMissingMembersAreRefused) {
  for (const char* body : {"{}", R"({"name":""})", R"({"name":5})",
                           R"({"name":"A","status":"active"})", "[]", "{", R"({"name":null})"}) {
    const Reply reply = ask("POST /api/tenants/tenant_1/stores", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(reply.code, "E_VALIDATION") << body;
  }
}

TEST_F(TenantApi, SalesAreRecordedAndListedNewestFirst) {
  const Reply made = ask("POST /api/tenants/tenant_1/sales",
                         R"({"sale_id":"a","amount":1250,"timestamp":"2026-03-04T09:00:00Z"})");
  EXPECT_EQ(made.status, 201) << made.message;
  EXPECT_EQ(made.data.integer_at("amount"), 1250);
  EXPECT_EQ(made.data.string_at("currency"), "USD");
  EXPECT_EQ(made.data.string_at("timestamp"), "2026-03-04T09:00:00+00:00");
  ask("POST /api/tenants/tenant_1/sales", R"({"sale_id":"b","amount":0,"device_id":"d1"})");
  const std::string list = "GET /api/tenants/tenant_1/sales";
  EXPECT_EQ(values(list, "sales", "sale_id"), "b a ");
  EXPECT_EQ(values(list + "?sort=amount", "sales", "sale_id"), "b a ");
  EXPECT_EQ(values(list + "?device_id=d1", "sales", "sale_id"), "b ");
  EXPECT_EQ(values(list + "?from=2026-03-05", "sales", "sale_id"), "b ");
  EXPECT_EQ(values(list + "?to=2026-03-04", "sales", "sale_id"), "a ");
  EXPECT_EQ(values(list + "?to=2026-03-04T09:00:00Z", "sales", "sale_id"), "");
  EXPECT_EQ(ask("POST /api/tenants/tenant_1/sales", R"({"amount":-1})").status, 400);
  EXPECT_EQ(ask("POST /api/tenants/tenant_1/sales", R"({"amount":12.5})").status, 400);
  EXPECT_EQ(ask("POST /api/tenants/tenant_1/sales", R"({"amount":1,"currency":"ABC"})").status,
            400);
  EXPECT_EQ(
      ask("POST /api/tenants/tenant_1/sales", R"({"amount":1,"timestamp":"2026-03-05T10:36:00Z"})")
          .status,
      400);
}

TEST_F(TenantApi, TicketsAreRecordedAndListed) {
  EXPECT_EQ(ask("POST /api/tenants/tenant_1/tickets", R"({"ticket_id":"t1","sale_id":"a"})").status,
            201);
  EXPECT_EQ(ask("POST /api/tenants/tenant_1/tickets", R"({"amount":5})").status, 400);
  EXPECT_EQ(values("GET /api/tenants/tenant_1/tickets?sale_id=a", "tickets", "ticket_id"), "t1 ");
}

TEST_F(TenantApi, ListHasPagesAndRefusesWhatItDoesNotKnow) {
  for (const char* id : {"s1", "s2", "s3"}) {
    ask("POST /api/tenants/tenant_1/stores",
        R"({"name":"S","store_id":")" + std::string(id) + "\"}");
  }
  const Reply page = ask("GET /api/tenants/tenant_1/stores?page=2&limit=2&sort=-store_id");
  EXPECT_EQ(to_text(*page.data.find("pagination")), R"({"page":2,"limit":2,"total":3,"pages":2})");
  EXPECT_EQ(page.data.find("stores")->as_array().size(), 1u);
  for (const char* query : {"?sort=colour", "?status=deleted", "?limit=201", "?page=0", "?q=x",
                            "?type=POS", "?from=2026-03-05"}) {
    const Reply refused = ask("GET /api/tenants/tenant_1/stores" + std::string(query));
    EXPECT_EQ(refused.status, 400) << query;
    EXPECT_EQ(refused.code, "E_VALIDATION") << query;
  }
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/sales?from=yesterday").status, 400);
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/sales?from=2026-03-05&to=2026-03-01").status, 400);
}

TEST_F(TenantApi, UsageIsTheTenantsOwnStatementAndForecast) {
  ask("POST /api/tenants/tenant_1/stores", R"({"name":"S","store_id":"s1"})");
  const Reply usage = ask("GET /api/tenants/tenant_1/usage");
  ASSERT_EQ(usage.status, 200) << usage.message;
  EXPECT_EQ(usage.data.string_at("period"), "2026-03");
  EXPECT_EQ(usage.data.string_at("plan"), "basic");
  EXPECT_EQ(usage.data.find("usage")->integer_at("stores_count"), 1);
  EXPECT_EQ(usage.data.find("limits")->integer_at("max_stores"), 5);
  EXPECT_EQ(usage.data.string_at("health_status"), "healthy");
  ASSERT_NE(usage.data.find("forecast"), nullptr);
  EXPECT_TRUE(usage.data.find("forecast")->is_object());
  const Reply past = ask("GET /api/tenants/tenant_1/usage?period=2026-02");
  ASSERT_EQ(past.status, 200) << past.message;
  EXPECT_TRUE(past.data.find("forecast")->is_null());
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/usage?period=2026-13").status, 400);
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/usage?period=2026-04").status, 400);
}

TEST_F(TenantApi, OneMeterIsShownWithWhatIsLeftOfIt) {
  ask("POST /api/tenants/tenant_1/stores", R"({"name":"S","store_id":"s1"})");
  const Reply stores = ask("GET /api/tenants/tenant_1/usage/stores_count");
  ASSERT_EQ(stores.status, 200) << stores.message;
  EXPECT_EQ(to_text(stores.data),
            R"({"meter":"stores_count","period":"2026-03","used":1,"limit":5,"remaining":4,)"
            R"("effect":"soft","allowed":true,"resets_at":null})");
  const Reply calls = ask("GET /api/tenants/tenant_1/usage/api_calls");
  EXPECT_EQ(calls.data.string_at("resets_at"), "2026-04-01T00:00:00+00:00");
  // Each question is metered once, and its answer does not include its own record.
  EXPECT_EQ(calls.data.integer_at("used"), 2);
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/usage/api_calls").data.integer_at("used"), 3);
  EXPECT_EQ(world_.counter("tenant_1").calls.count, 4);
}

TEST_F(TenantApi, OneMeterThatIsNotThereOrIsAskedWronglyIsRefused) {
  const Reply unknown = ask("GET /api/tenants/tenant_1/usage/api_cals");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.code, "E_NOT_FOUND");
  EXPECT_NE(unknown.message.find("api_cals"), std::string::npos);
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/usage/api_calls?period=2026-02").status, 400);
  EXPECT_EQ(ask("POST /api/tenants/tenant_1/usage/api_calls", "{}").status, 405);
  EXPECT_EQ(ask("GET /api/tenants/tenant_2/usage/api_calls").status, 403);
  EXPECT_EQ(ask_with("", "GET /api/tenants/tenant_1/usage/api_calls").status, 401);
  const std::string biller = world_.provider_token({"billing.read"});
  const std::string reader = world_.provider_token({"tenants.read"});
  EXPECT_EQ(ask_with(biller, "GET /api/tenants/tenant_1/usage/api_calls").status, 200);
  EXPECT_EQ(ask_with(reader, "GET /api/tenants/tenant_1/usage/api_calls").status, 403);
  EXPECT_EQ(ask_with(biller, "GET /api/tenants/nobody/usage/api_calls").code, "E_TENANT_NOT_FOUND");
}

TEST_F(TenantApi, AnotherTenantIsRefusedWhetherOrNotItExists) {
  const Reply existing = ask("GET /api/tenants/tenant_2/stores");
  const Reply absent = ask("GET /api/tenants/nobody/stores");
  EXPECT_EQ(existing.status, 403);
  EXPECT_EQ(existing.code, "E_PERMISSION");
  EXPECT_EQ(absent.status, existing.status);
  EXPECT_EQ(absent.message, existing.message);
  EXPECT_EQ(ask_with("", "GET /api/tenants/tenant_1/stores").status, 401);
}

TEST_F(TenantApi, ProviderNeedsThePermissionOfTheRoute) {
  const std::string reader = world_.provider_token({"tenants.read"});
  const std::string writer = world_.provider_token({"tenants.update"});
  const std::string biller = world_.provider_token({"billing.read"});
  const std::string list = "GET /api/tenants/tenant_1/stores";
  const std::string add = "POST /api/tenants/tenant_1/stores";
  const std::string usage = "GET /api/tenants/tenant_1/usage";
  EXPECT_EQ(ask_with(reader, list).status, 200);
  EXPECT_EQ(ask_with(writer, list).status, 403);
  EXPECT_EQ(ask_with(reader, add, R"({"name":"S"})").status, 403);
  EXPECT_EQ(ask_with(writer, add, R"({"name":"S"})").status, 201);
  EXPECT_EQ(world_.audits("store.created").size(), 1u);
  EXPECT_EQ(ask_with(biller, usage).status, 200);
  EXPECT_EQ(ask_with(reader, usage).status, 403);
  const Reply nobody = ask_with(reader, "GET /api/tenants/nobody/stores");
  EXPECT_EQ(nobody.status, 404);
  EXPECT_EQ(nobody.code, "E_TENANT_NOT_FOUND");
}

}  // namespace
}  // namespace metergate::api
