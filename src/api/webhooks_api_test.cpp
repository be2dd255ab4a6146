#include "api/testing/asking_test.h"

namespace metergate::api {
namespace {

constexpr const char* kHook = R"({"url":"https://hooks.example/","events":["sale.created"]})";

class WebhooksApi : public Asking {
 protected:
  WebhooksApi() : Asking(all_routes()) { token_ = world_.tenant_token("tenant_1"); }

  std::string add(const std::string& base = "/api/tenants/tenant_1/webhooks") {
    const Reply made = ask("POST " + base, kHook);
    EXPECT_EQ(made.status, 201) << made.message;
    return base + "/" + made.data.string_at("webhook_id").value_or("none");
  }
  int api_calls() { return static_cast<int>(world_.counter("tenant_1").calls.count); }
};

TEST_F(WebhooksApi, AddShowsTheSecretOnce) {
  const Reply made = ask("POST /api/tenants/tenant_1/webhooks", kHook);
  ASSERT_EQ(made.status, 201) << made.message;
  EXPECT_TRUE(made.data.string_at("secret").value_or("").starts_with("whsec_"));
  EXPECT_EQ(made.data.bool_at("is_active"), true);
  const Reply shown =
      ask("GET /api/tenants/tenant_1/webhooks/" + made.data.string_at("webhook_id").value());
  EXPECT_EQ(shown.status, 200);
  EXPECT_EQ(shown.data.find("secret"), nullptr);
  EXPECT_EQ(shown.data.string_at("tenant_id"), "tenant_1");
}

TEST_F(WebhooksApi, BodyIsHeldAgainstItsRules) {
  for (const char* body :
       {"{}", R"({"url":"https://a.example/"})", R"({"url":"https://a.example/","events":[]})",
        R"({"url":"https://a.example/","events":["sales"]})",
        R"({"url":"http://a.example/","events":["*"]})",
        R"({"url":"https://a.example/","events":["*"],"secret":"x"})",
        R"({"url":"https://a.example/","events":["*"],"is_active":true})",
        R"({"url":7,"events":["*"]})", R"({"url":"https://a.example/","events":"*"})"}) {
    const Reply refused = ask("POST /api/tenants/tenant_1/webhooks", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(refused.code, "E_VALIDATION") << body;
  }
}

TEST_F(WebhooksApi, ListIsPaged) {
  for (int i = 0; i < 3; ++i) add();
  const Reply page = ask("GET /api/tenants/tenant_1/webhooks?page=2&limit=2");
  ASSERT_EQ(page.status, 200) << page.message;
  EXPECT_EQ(page.data.find("webhooks")->as_array().size(), 1U);
  EXPECT_EQ(page.data.find("pagination")->integer_at("total"), 3);
  EXPECT_EQ(
      ask("GET /api/tenants/tenant_1/webhooks?page=9").data.find("webhooks")->as_array().size(),
      0U);
  EXPECT_EQ(ask("GET /api/tenants/tenant_1/webhooks?x=9").status, 400);
}

TEST_F(WebhooksApi, ChangeRotateAndDelete) {
  const std::string one = add();
  EXPECT_EQ(ask("PATCH " + one, R"({"is_active":false})").data.bool_at("is_active"), false);
  const Reply rotated = ask("PATCH " + one, R"({"rotate_secret":true})");
  EXPECT_TRUE(rotated.data.find("secret") != nullptr);
  EXPECT_EQ(ask("PATCH " + one, "{}").status, 400);
  EXPECT_EQ(ask("PATCH " + one, R"({"webhook_id":"x"})").status, 400);
  EXPECT_EQ(ask("DELETE " + one).status, 200);
  for (const char* method : {"GET ", "DELETE "}) {
    const Reply gone = ask(method + one);
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(gone.code, "E_NOT_FOUND");
  }
}

TEST_F(WebhooksApi, TestAndReplayAnswerWhatTheyStored) {
  const std::string one = add();
  const Reply sent = ask("POST " + one + "/test");
  EXPECT_EQ(sent.status, 202) << sent.message;
  EXPECT_EQ(sent.data.string_at("status"), "waiting");
  const Reply listed = ask("GET " + one + "/deliveries?status=waiting");
  ASSERT_EQ(listed.status, 200) << listed.message;
  EXPECT_EQ(listed.data.find("deliveries")->as_array().size(), 1U);
  EXPECT_EQ(ask("GET " + one + "/deliveries?status=lost").status, 400);
  const std::string id = sent.data.string_at("delivery_id").value();
  const Reply again = ask("POST " + one + "/replay", R"({"delivery_id":")" + id + R"("})");
  EXPECT_EQ(again.status, 202) << again.message;
  EXPECT_EQ(again.data.integer_at("replayed"), 1);
  EXPECT_EQ(ask("POST " + one + "/replay", "{}").data.integer_at("replayed"), 0);
  EXPECT_EQ(ask("POST " + one + "/replay", R"({"delivery_id":"nobody"})").status, 404);
  EXPECT_EQ(ask("POST " + one + "/replay", R"({"since":"yesterday"})").status, 400);
}

TEST_F(WebhooksApi, RequestsOfTheTenantAreMetered) {
  const int before = api_calls();
  const std::string one = add();
  ask("GET " + one);
  EXPECT_EQ(api_calls(), before + 2);
}

TEST_F(WebhooksApi, AnotherTenantsWebhookIsNotThere) {
  const std::string one = add();
  const std::string id = one.substr(one.rfind('/'));
  const std::string other = world_.tenant_token("tenant_2");
  EXPECT_EQ(ask_with(other, "GET " + one).status, 403);
  EXPECT_EQ(ask_with(other, "GET /api/tenants/tenant_2/webhooks" + id).status, 404);
  EXPECT_EQ(ask_with(world_.provider_token({"*"}), "GET /provider/webhooks" + id).status, 404);
}

TEST_F(WebhooksApi, ProviderHasDestinationsOfItsOwnAndTheyAreAudited) {
  token_ = world_.provider_token({"*"});
  EXPECT_EQ(ask("POST /provider/webhooks", kHook).status, 400);
  const Reply made =
      ask("POST /provider/webhooks", R"({"url":"https://hooks.example/","events":["alert.*"]})");
  ASSERT_EQ(made.status, 201) << made.message;
  EXPECT_EQ(made.data.find("tenant_id"), nullptr);
  const std::string one = "/provider/webhooks/" + made.data.string_at("webhook_id").value();
  EXPECT_EQ(ask("POST " + one + "/test").status, 202);
  EXPECT_EQ(ask("DELETE " + one).status, 200);
  EXPECT_EQ(world_.audits("provider_webhook.created").size(), 1U);
  EXPECT_EQ(world_.audits("provider_webhook.deleted").size(), 1U);
  EXPECT_EQ(
      ask_with(world_.provider_token({"alerts.update"}), "POST /provider/webhooks", kHook).status,
      403);
}

}  // namespace
}  // namespace metergate::api
