#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/crypto.h"
#include "service/testing/plan_text_test.h"
#include "service/testing/services_world_test.h"

namespace metergate::gateway {
namespace {

using AnsweredBy = http::PassedOutcome::AnsweredBy;

class NoRoutes final : public http::Handler {
 public:
  bool is_slow(const http::Request&) const override { return false; }
  void handle(http::Request, http::Reply reply) override { reply({}); }
  http::Response refusal(const Error&, std::string_view, std::string_view) override { return {}; }
};

constexpr std::string_view kUpstreams = R"(
[[upstream]]
name = "path"
urls = ["http://127.0.0.1:1"]
[[upstream]]
name = "claim"
urls = ["http://127.0.0.1:1"]
path = "/claim/"
tenant = { from = "claim" }
open = [{ path = "/claim/public/" }, { path = "/claim/login", methods = ["POST"], tenant = "t2" }]
[[upstream]]
name = "limited"
urls = ["http://127.0.0.1:1"]
path = "/limited/"
tenant = { from = "claim" }
open = [{ path = "/limited/public/" }, { path = "/limited/login", tenant = "t2" }]
open_rate = { per_second = 1, burst = 3 }
[[upstream]]
name = "header"
urls = ["http://127.0.0.1:1"]
path = "/header/"
tenant = { from = "header" }
[[upstream]]
name = "org"
urls = ["http://127.0.0.1:1"]
path = "/org/"
tenant = { from = "claim", claim = "org" }
[[upstream]]
name = "key"
urls = ["http://127.0.0.1:1"]
path = "/key/"
[upstream.tenant]
from = "api_key"
[upstream.tenant.keys]
"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" = "t1"
[[upstream]]
name = "host"
urls = ["http://127.0.0.1:1"]
path = "/host/"
[upstream.tenant]
from = "host"
[upstream.tenant.hosts]
"acme.example.com" = "t1"
)";

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() {
    world_.add("t1", "basic");
    world_.add("t2", "free");
  }

  std::string token(Scope scope, std::string tenant, std::vector<std::string> permissions = {}) {
    return must(world_.sessions->issue({.subject = "s",
                                        .scope = scope,
                                        .tenant = std::move(tenant),
                                        .roles = {},
                                        .permissions = std::move(permissions)}));
  }
  http::Request& request(std::string method, std::string path, std::string token = {}) {
    request_ = {};
    request_.method = std::move(method);
    request_.path = std::move(path);
    request_.target = request_.path;
    request_.request_id = "req_test";
    request_.headers = {{"host", "acme.example.com:8080"}};
    request_.host = "acme.example.com:8080";
    if (!token.empty()) request_.headers.emplace_back("authorization", "Bearer " + token);
    return request_;
  }
  // The outcome of admission: "" or the code's status.
  int admitted(const http::Request& asked) {
    passage_ = gateway_.pass(asked);
    EXPECT_NE(passage_, nullptr) << asked.path;
    if (passage_ == nullptr) return 0;
    const Result<> result = passage_->admit();
    if (result) return 200;
    return passage_->failure(result.error()).status;
  }
  bool finish(AnsweredBy by, int status) {
    const Result<> recorded =
        passage_->finish({.by = by, .status = status, .reached_upstream = true});
    if (!recorded) return false;
    bool is_kept = false;
    passage_->when_kept([&] { is_kept = true; });
    return is_kept;
  }
  std::vector<Json> calls() { return world_.documents(Collection::api_calls); }

  ServicesWorld world_;
  CurrentTable tables_{parse_upstreams(kUpstreams, {}).value()};
  NoRoutes own_;
  Gateway gateway_{{.own = own_,
                    .serves = [](std::string_view path) { return path.ends_with("/stores"); },
                    .tables = tables_,
                    .services = world_.services,
                    .cors = http::CorsRules::parse("https://app.example.com").value()}};
  http::Request request_;
  std::unique_ptr<http::Passage> passage_;
  std::string t1_ = token(Scope::tenant, "t1");
  std::string provider_ = token(Scope::provider, "", {"tenants.read"});
};

TEST_F(GatewayTest, PassesWhatIsNotServedHereOnly) {
  EXPECT_EQ(gateway_.pass(request("GET", "/api/tenants/t1/stores", t1_)), nullptr);
  EXPECT_EQ(gateway_.pass(request("GET", "/provider/x", t1_)), nullptr);
  EXPECT_EQ(gateway_.pass(request("GET", "/elsewhere", t1_)), nullptr);
  EXPECT_NE(gateway_.pass(request("GET", "/api/tenants/t1/orders", t1_)), nullptr);
}

TEST_F(GatewayTest, RecordsACallOnce) {
  ASSERT_EQ(admitted(request("GET", "/api/tenants/t1/orders/7", t1_)), 200);
  EXPECT_TRUE(calls().empty());
  EXPECT_TRUE(finish(AnsweredBy::upstream, 404));
  ASSERT_EQ(calls().size(), 1U);
  EXPECT_EQ(calls().front().string_at("endpoint"), "GET /api/tenants/{tenant_id}/orders/{id}");
  EXPECT_EQ(calls().front().integer_at("status"), 404);
  EXPECT_EQ(calls().front().bool_at("billable"), true);
  EXPECT_EQ(calls().front().string_at("caller"), "s") << "the token's sub";
}

TEST_F(GatewayTest, RefusesAndDoesNotRecordWhoeverHasNoRight) {
  EXPECT_EQ(admitted(request("GET", "/api/tenants/t1/orders")), 401);
  EXPECT_TRUE(finish(AnsweredBy::gateway, 401));
  EXPECT_EQ(admitted(request("GET", "/api/tenants/t1/orders", "not.a.token")), 401);
  EXPECT_EQ(admitted(request("GET", "/api/tenants/t2/orders", t1_)), 403);
  EXPECT_EQ(admitted(request("GET", "/api/tenants/none/orders", t1_)), 403);
  EXPECT_TRUE(finish(AnsweredBy::gateway, 403));
  EXPECT_EQ(admitted(request("POST", "/api/tenants/t1/orders", provider_)), 403)
      << "a provider that may only read";
  EXPECT_EQ(admitted(request("GET", "/api/tenants/none/orders", provider_)), 404);
  EXPECT_TRUE(calls().empty());
}

TEST_F(GatewayTest, RecordsAProvidersCallUnbilled) {
  ASSERT_EQ(admitted(request("GET", "/api/tenants/t1/orders", provider_)), 200);
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  EXPECT_EQ(calls().front().bool_at("billable"), false);
}

TEST_F(GatewayTest, RecordsASuspendedTenantThatItRefusesUnbilled) {
  must(world_.directory->change(tenant("t1"), {.name = {}, .status = "suspended", .own_limits = {}},
                                world_.actor));
  EXPECT_EQ(admitted(request("GET", "/api/tenants/t1/orders", t1_)), 403);
  EXPECT_TRUE(finish(AnsweredBy::gateway, 403));
  ASSERT_EQ(calls().size(), 1U);
  EXPECT_EQ(calls().front().bool_at("billable"), false);
  const std::string writer = token(Scope::provider, "", {"tenants.update"});
  EXPECT_EQ(admitted(request("POST", "/api/tenants/t1/orders", writer)), 200);
}

TEST_F(GatewayTest, RecordsItsOwnBadAnswersUnbilled) {
  ASSERT_EQ(admitted(request("GET", "/api/tenants/t1/orders", t1_)), 200);
  EXPECT_TRUE(finish(AnsweredBy::gateway, 502));
  EXPECT_EQ(calls().front().bool_at("billable"), false);
}

TEST_F(GatewayTest, TellsWhereTheRecordCannotBeKept) {
  ASSERT_EQ(admitted(request("GET", "/api/tenants/t1/orders", t1_)), 200);
  world_.store->faults().refuse_writes = true;
  EXPECT_FALSE(finish(AnsweredBy::upstream, 200));
}

TEST_F(GatewayTest, AsksNoUpstreamWhereTheRecordCouldNotBeKept) {
  world_.store->faults().refuse_writes = true;
  EXPECT_EQ(admitted(request("GET", "/api/tenants/t1/orders", t1_)), 503);
  EXPECT_FALSE(finish(AnsweredBy::gateway, 503));
}

TEST_F(GatewayTest, PassesNeitherConnectNorTraceNorPathsThatOthersReadOtherwise) {
  EXPECT_EQ(admitted(request("TRACE", "/api/tenants/t1/orders", t1_)), 405);
  EXPECT_EQ(admitted(request("CONNECT", "/api/tenants/t1/orders", t1_)), 405);
  for (const char* path :
       {"/api/tenants/t1/..;/t2/x", "/api/tenants/t1/..;a=b/t2", "/api/tenants/t1/.;/x",
        "/api/tenants/t1/%2e%2e/x", "/api/tenants/t1/a%2F..%2Fb", "/api/tenants/t1%2Fx/y",
        "/api/tenants/t1;x/y", "/api%2Ftenants/t1/x", "/API/tenants/t1/x", "/api/tenants//t1/x"})
    EXPECT_EQ(admitted(request("GET", path, t1_)), 400) << path;
  for (const char* path : {"/api/tenants/t1/.well-known", "/api/tenants/t1/a..b",
                           "/api/tenants/t1/100%25", "/api/tenants/t1/a;b", "/api/tenants/t1/a%2Fb",
                           "/api/tenants/t1/a%5Cb", "/api/tenants/t1/a//b"})
    EXPECT_EQ(admitted(request("GET", path, t1_)), 200) << path;
}

TEST_F(GatewayTest, PassesAPreflightForNobody) {
  http::Request& asked = request("OPTIONS", "/api/tenants/t1/orders");
  asked.headers.emplace_back("origin", "https://app.example.com");
  EXPECT_EQ(admitted(asked), 401) << "it asks for no method, so it is no preflight";
  asked.headers.emplace_back("access-control-request-method", "PUT");
  EXPECT_EQ(admitted(asked), 200);
  EXPECT_EQ(passage_->vetting(), http::Vetting::preflight);
  EXPECT_TRUE(finish(AnsweredBy::upstream, 204));
  EXPECT_TRUE(calls().empty());
  asked.path = "/api/tenants/t1/..;/t2";
  EXPECT_EQ(admitted(asked), 400) << "where it may go is held against it all the same";
}

TEST_F(GatewayTest, LetsAPageReadItsOwnAnswers) {
  http::Request& asked = request("GET", "/api/tenants/t1/orders");
  asked.headers.emplace_back("origin", "https://app.example.com");
  passage_ = gateway_.pass(asked);
  const http::Response response = passage_->failure(passage_->admit().error());
  EXPECT_EQ(response.status, 401);
  const auto has = [&](std::string_view name, std::string_view value) {
    return std::ranges::find(response.headers, http::Header{name, value}) != response.headers.end();
  };
  EXPECT_TRUE(has("Access-Control-Allow-Origin", "https://app.example.com"));
  EXPECT_TRUE(has("Vary", "Origin"));
}

TEST_F(GatewayTest, PassesOpenPathsWithoutAToken) {
  EXPECT_EQ(admitted(request("GET", "/claim/public/x")), 200);
  EXPECT_EQ(passage_->vetting(), http::Vetting::open);
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  EXPECT_TRUE(calls().empty()) << "metered for nobody";
  EXPECT_EQ(admitted(request("POST", "/claim/login")), 200);
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  ASSERT_EQ(calls().size(), 1U);
  EXPECT_EQ(calls().front().string_at("tenant_id"), "t2");
  EXPECT_EQ(calls().front().bool_at("billable"), true);
  for (const char* path : {"/claim/login/x", "/claim/loginx", "/claim/public", "/claim/publicx/y"})
    EXPECT_EQ(admitted(request("POST", path)), 401) << path;
  EXPECT_EQ(admitted(request("GET", "/claim/login")), 401) << "another method";
  EXPECT_EQ(admitted(request("GET", "/claim/public;x/y")), 401);
  EXPECT_EQ(admitted(request("GET", "/claim/public/..%2Fx")), 400);
}

TEST_F(GatewayTest, HoldsWhatNeedsNoTokenToARateByAddress) {
  const auto from = [&](std::string address, std::string method, std::string path) {
    http::Request& asked = request(std::move(method), std::move(path));
    asked.remote_ip = std::move(address);
    if (asked.method == "OPTIONS") {
      asked.headers.emplace_back("origin", "https://app.example.com");
      asked.headers.emplace_back("access-control-request-method", "GET");
    }
    return admitted(asked);
  };
  EXPECT_EQ(from("192.0.2.1", "GET", "/limited/public/x"), 200);
  EXPECT_EQ(from("192.0.2.1", "GET", "/limited/login"), 200);
  EXPECT_EQ(passage_->holder().standing, http::Standing::stranger);
  EXPECT_EQ(passage_->holder().name, "192.0.2.1");
  EXPECT_EQ(from("192.0.2.1", "OPTIONS", "/limited/x"), 200) << "a preflight counts too";
  EXPECT_EQ(from("192.0.2.1", "GET", "/limited/login"), 429);
  EXPECT_EQ(from("192.0.2.1", "OPTIONS", "/limited/x"), 429);
  EXPECT_EQ(from("192.0.2.2", "GET", "/limited/login"), 200) << "another address";
  EXPECT_EQ(admitted(request("GET", "/limited/x", t1_)), 200) << "a token is held to its plan";
  EXPECT_EQ(passage_->holder().name, "tenant t1");
  world_.clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(from("192.0.2.1", "GET", "/limited/login"), 200);
  EXPECT_EQ(from("192.0.2.1", "GET", "/limited/login"), 429);
}

TEST_F(GatewayTest, TakesTheTenantFromAProxysHeader) {
  http::Request& asked = request("GET", "/header/x");
  asked.headers.emplace_back("x-tenant-id", "t1");
  EXPECT_EQ(admitted(asked), 401) << "anybody may write it";
  asked.is_from_proxy = true;
  EXPECT_EQ(admitted(asked), 200);
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  EXPECT_EQ(calls().front().string_at("tenant_id"), "t1");
  asked.headers.emplace_back("x-tenant-id", "t2");
  EXPECT_EQ(admitted(asked), 401) << "it names two";
}

TEST_F(GatewayTest, MakesATenantAtFirstSightWhereThatIsWanted) {
  const std::string newcomer = token(Scope::tenant, "new_one");
  EXPECT_EQ(admitted(request("GET", "/api/tenants/new_one/orders", newcomer)), 404);
  NewTenants new_tenants{"free", world_.services};
  Gateway gateway{{.own = own_,
                   .serves = [](std::string_view) { return false; },
                   .tables = tables_,
                   .services = world_.services,
                   .new_tenants = &new_tenants}};
  passage_ = gateway.pass(request("GET", "/api/tenants/new_one/orders", newcomer));
  EXPECT_TRUE(passage_->admit());
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  EXPECT_EQ(calls().front().string_at("tenant_id"), "new_one");
  EXPECT_EQ(must(world_.directory->get(tenant("new_one")))->subscription.plan(), "free");
  const std::vector<Json> audits = world_.documents(Collection::provider_audits);
  EXPECT_TRUE(std::ranges::any_of(audits, [](const Json& audit) {
    return audit.string_at("tenant_id") == "new_one" && audit.string_at("actor") == "s";
  }));
  passage_ = gateway.pass(request("GET", "/api/tenants/another/orders", provider_));
  EXPECT_EQ(passage_->failure(passage_->admit().error()).status, 404) << "a provider's token";
  passage_ = gateway.pass(request("GET", "/api/tenants/another/orders", t1_));
  EXPECT_EQ(passage_->failure(passage_->admit().error()).status, 403) << "another tenant's token";
}

TEST_F(GatewayTest, MakesNoMoreTenantsAtOnceThanItMay) {
  NewTenants new_tenants{"free", world_.services};
  int made = 0;
  Result<> last{};
  while (last && made < 2'000) {
    last = new_tenants.make(tenant("new_" + std::to_string(made)), world_.actor);
    if (last) ++made;
  }
  EXPECT_EQ(made, 1'000);
  EXPECT_EQ(last.error().code, ErrorCode::overloaded);
  world_.clock.advance(std::chrono::seconds{1});
  EXPECT_TRUE(new_tenants.make(tenant("new_again"), world_.actor));
}

TEST_F(GatewayTest, LeadsNewRequestsByTheNewTableAndOldOnesByTheOld) {
  ASSERT_EQ(admitted(request("GET", "/claim/x", t1_)), 200);
  http::Upstream& old = passage_->upstream();
  tables_.put(std::make_shared<UpstreamTable>(
      must(parse_upstreams("[[upstream]]\nname = \"new\"\nurls = [\"http://127.0.0.1:2\"]", {}))));
  EXPECT_EQ(&passage_->upstream(), &old);
  EXPECT_TRUE(old.is_retired());
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  EXPECT_EQ(gateway_.pass(request("GET", "/claim/x", t1_)), nullptr);
  EXPECT_EQ(admitted(request("GET", "/api/tenants/t1/orders", t1_)), 200);
  EXPECT_EQ(passage_->upstream().options().name, "new");
}

TEST_F(GatewayTest, FindsTheTenantInAClaim) {
  EXPECT_EQ(admitted(request("GET", "/claim/x", t1_)), 200);
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  EXPECT_EQ(calls().front().string_at("tenant_id"), "t1");
  EXPECT_EQ(admitted(request("GET", "/claim/x", provider_)), 401);
  EXPECT_EQ(admitted(request("GET", "/org/x", t1_)), 401) << "it has no claim org";
}

TEST_F(GatewayTest, FindsTheTenantByItsApiKey) {
  http::Request& asked = request("GET", "/key/x");
  EXPECT_EQ(admitted(asked), 401);
  asked.headers.emplace_back("x-api-key", "secret");
  ASSERT_EQ(to_hex(sha256("secret")),
            "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
  EXPECT_EQ(admitted(asked), 200);
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  EXPECT_EQ(calls().front().string_at("tenant_id"), "t1");
  asked.headers.emplace_back("x-api-key", "secret");
  EXPECT_EQ(admitted(asked), 401) << "twice is none";
  request("GET", "/key/x").headers.emplace_back("x-api-key", "other");
  EXPECT_EQ(admitted(request_), 401);
}

TEST_F(GatewayTest, FindsTheTenantByItsHost) {
  EXPECT_EQ(admitted(request("GET", "/host/x", t1_)), 200);
  EXPECT_EQ(admitted(request("GET", "/host/x", token(Scope::tenant, "t2"))), 403);
  request("GET", "/host/x", t1_).host = "unknown.example.com";
  EXPECT_EQ(admitted(request_), 404);
}

TEST_F(GatewayTest, TellsATenantHowItStands) {
  ASSERT_EQ(admitted(request("GET", "/api/tenants/t1/orders", t1_)), 200);
  const auto fields = passage_->answer_fields();
  const auto value_of = [&](std::string_view name) -> std::string {
    const auto found = std::ranges::find(fields, name, &http::Header::first);
    return found == fields.end() ? "" : found->second;
  };
  EXPECT_TRUE(value_of("RateLimit").starts_with("\"api_calls\";r=49999;"));
  EXPECT_EQ(value_of("X-Usage-Seq"), std::string(8, ' '));
  std::string head = "HTTP/1.1 200 OK\r\nX-Usage-Seq: " + value_of("X-Usage-Seq") + "\r\n\r\n";
  EXPECT_TRUE(finish(AnsweredBy::upstream, 200));
  passage_->complete_head(head);
  EXPECT_NE(head.find(std::to_string(world_.store->head()) + "\r\n"), std::string::npos);
}

TEST_F(GatewayTest, RefusesACallOverAHardLimitUnbilled) {
  const std::string plans =
      catalogue_of({{.name = "tight", .more = "[plan.effects]\napi_calls = \"hard\""}});
  ServicesWorld world{{}, "2026-03-10T12:00:00Z", plans};
  world.add("t3", "tight");
  Gateway tight{{.own = own_,
                 .serves = [](std::string_view) { return false; },
                 .tables = tables_,
                 .services = world.services}};
  const std::string t3 = token(Scope::tenant, "t3");
  const auto first = tight.pass(request("GET", "/api/tenants/t3/orders", t3));
  EXPECT_TRUE(first->admit());
  http::Request second_request = request_;
  const auto second = tight.pass(second_request);
  const Result<> refused = second->admit();
  ASSERT_FALSE(refused) << "the first is under way and has the place";
  EXPECT_EQ(second->failure(refused.error()).status, 429);
  ASSERT_TRUE(second->finish({.by = AnsweredBy::gateway, .status = 429}));
  EXPECT_EQ(world.documents(Collection::api_calls).front().bool_at("billable"), false);
}

}  // namespace
}  // namespace metergate::gateway
