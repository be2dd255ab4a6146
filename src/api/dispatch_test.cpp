#include "api/dispatch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "api/testing/api_world_test.h"

namespace metergate::api {
namespace {

Result<Answer> show_call(Call& call) {
  Answer answer;
  answer.data = Json::object({{"actor", call.actor.name},
                              {"ip", call.actor.ip},
                              {"user_agent", call.actor.user_agent},
                              {"x", call.query("x")},
                              {"has_access", call.access.has_value()}});
  answer.headers = {{"X-Extra", "1"}};
  return answer;
}
Result<Answer> make(Call&) {
  Answer answer;
  answer.status = 201;
  answer.data = Json::object();
  return answer;
}
Result<Answer> download(Call&) {
  Answer answer;
  answer.whole.emplace().body = "a,b";
  return answer;
}
Result<Answer> break_down(Call&) { return fail(ErrorCode::corrupt, "block 7 of /data is bad"); }
Result<Answer> refuse(Call&) { return fail(ErrorCode::conflict, "it exists"); }

constexpr std::array<Field, 2> kOpenQuery = {Field{.name = "x"}, Field{.name = "y"}};
constexpr std::array<Field, 1> kStoreQuery = {Field{.name = "x"}};

std::vector<Route> test_routes() {
  const Access provider = provider_with(Permission::billing_read);
  const Access tenant = tenant_or_provider_with(Permission::tenants_read);
  const Access sender = sender_or_provider_with(Permission::events_write);
  return {
      {"GET", "/open", open_to_everybody(), show_call, kOpenQuery, false, ""},
      {"GET", "/download", open_to_everybody(), download, {}, true, ""},
      {"GET", "/broken", open_to_everybody(), break_down, {}, false, ""},
      {"GET", "/provider/figures", provider, show_call, {}, false, ""},
      {"GET", "/api/tenants/{tenant_id}/stores/{store_id}", tenant, show_call, kStoreQuery, false,
       ""},
      {"POST", "/api/tenants/{tenant_id}/stores", tenant, make, {}, false, ""},
      {"GET", "/api/tenants/{tenant_id}/conflict", tenant, refuse, {}, false, ""},
      {"POST", "/api/v1/events", sender, make, {}, false, ""},
  };
}

class DispatchTest : public testing::Test {
 protected:
  http::Response send(http::Request request) {
    std::optional<http::Response> answer = ask(*dispatcher_, std::move(request));
    EXPECT_TRUE(answer);
    return std::move(answer).value_or(http::Response{});
  }
  http::Response send(const std::string& line, const std::string& token = {}) {
    return send(request_for(line, token));
  }
  std::vector<Json> calls() const { return world_.all(Collection::api_calls); }

  ApiWorld world_;
  std::string provider_ = world_.provider_token({"billing.read", "tenants.read"});
  std::string tenant_ = world_.tenant_token("tenant_1");
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(test_routes(), world_.services).value();
};

TEST_F(DispatchTest, GivesTheAnswerAnEnvelope) {
  http::Request request = request_for("GET /open?x=7");
  request.headers.emplace_back("user-agent", "curl/8");
  const http::Response response = send(std::move(request));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"server_time":"2026-03-05T10:30:00+00:00","request_id":"req_test",)"
            R"("data":{"actor":"anonymous","ip":"192.0.2.9","user_agent":"curl/8","x":"7",)"
            R"("has_access":false},"error":null})");
  EXPECT_EQ(header_of(response, "X-Extra"), "1");
  EXPECT_EQ(header_of(response, "Cache-Control"), "private, no-cache");
}

TEST_F(DispatchTest, LeavesAWholeAnswerAsItIs) {
  const http::Response response = send("GET /download");
  EXPECT_EQ(response.body, "a,b");
  EXPECT_EQ(header_of(response, "Cache-Control"), "private, no-cache");
}

TEST_F(DispatchTest, KnowsWhichRoutesAreSlow) {
  EXPECT_TRUE(dispatcher_->is_slow(request_for("GET /download")));
  EXPECT_FALSE(dispatcher_->is_slow(request_for("GET /open")));
  EXPECT_FALSE(dispatcher_->is_slow(request_for("GET /nowhere")));
}

TEST_F(DispatchTest, AnswersAnUnknownPathWith404) {
  const http::Response response = send("GET /nowhere");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(error_of(response), "E_NOT_FOUND");
}

TEST_F(DispatchTest, AnswersAnotherMethodWith405AndWhatIsAllowed) {
  const http::Response response = send("DELETE /open");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(error_of(response), "E_METHOD");
  EXPECT_EQ(header_of(response, "Allow"), "GET, HEAD");
}

TEST_F(DispatchTest, AnswersHeadLikeGet) { EXPECT_EQ(send("HEAD /open").status, 200); }

TEST_F(DispatchTest, RefusesUnknownQueryParametersByName) {
  const http::Response response = send("GET /open?x=1&z=2&w=3");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(message_of(response), "z is unknown; allowed: x, y; w is unknown; allowed: x, y");
}

TEST_F(DispatchTest, RefusesAQueryParameterThatStandsTwice) {
  const http::Response response = send("GET /open?x=1&x=1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(message_of(response), "x stands in the query more than once");
}

TEST_F(DispatchTest, TellsATenantHowItStands) {
  const http::Response first = send("GET /api/tenants/tenant_1/stores/s", tenant_);
  EXPECT_EQ(header_of(first, "RateLimit-Policy"), R"("api_calls";q=50000;w=2678400)");
  EXPECT_EQ(header_of(first, "RateLimit"), R"("api_calls";r=49999;t=2295000)");
  const http::Response second = send("GET /api/tenants/tenant_1/nowhere/", tenant_);
  EXPECT_EQ(second.status, 404);
  EXPECT_EQ(header_of(second, "RateLimit"), R"("api_calls";r=49998;t=2295000)");
  const http::Response by_provider = send("GET /api/tenants/tenant_1/stores/s", provider_);
  EXPECT_EQ(header_of(by_provider, "RateLimit"), "") << "a provider's calls are not counted";
}

TEST_F(DispatchTest, NamesTheSequenceThatAnAnswerReflects) {
  const std::string before = header_of(send("GET /provider/figures", provider_), "X-Usage-Seq");
  const std::string after =
      header_of(send("GET /api/tenants/tenant_1/stores/s", tenant_), "X-Usage-Seq");
  EXPECT_EQ(std::stoll(after), std::stoll(before) + 1);
  EXPECT_EQ(after.size(), before.size()) << "the length of a head does not depend on it";
  EXPECT_EQ(std::stoull(after), world_.store->head());
  EXPECT_EQ(header_of(send("GET /open"), "X-Usage-Seq"), "") << "nothing for strangers";
}

TEST_F(DispatchTest, AReadAfterASequenceThatIsThereIsAnsweredAtOnce) {
  const std::string reached = std::to_string(world_.store->head());
  const http::Request read = request_for("GET /provider/figures?after_seq=" + reached, provider_);
  EXPECT_FALSE(dispatcher_->is_slow(read));
  EXPECT_EQ(send(read).status, 200);
  const http::Response wrong = send("GET /provider/figures?after_seq=soon", provider_);
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(message_of(wrong), "after_seq: 'soon' is no sequence number");
  EXPECT_EQ(send("POST /api/tenants/tenant_1/stores?after_seq=1", tenant_).status, 400)
      << "for reads only";
}

// Such reads must not hold a thread: many at once would keep all others out.
TEST_F(DispatchTest, AReadAfterASequenceToComeIsRefusedAtOnce) {
  for (const std::uint64_t ahead : {std::uint64_t{1}, std::uint64_t{1'000'000}}) {
    const std::uint64_t wanted = world_.store->head() + ahead;
    const http::Request read =
        request_for("GET /provider/figures?after_seq=" + std::to_string(wanted), provider_);
    EXPECT_FALSE(dispatcher_->is_slow(read));
    const http::Response response = send(read);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(error_of(response), "E_VALIDATION");
    EXPECT_NE(message_of(response).find("the newest number is"), std::string::npos);
  }
  EXPECT_EQ(send("GET /provider/figures?after_seq=18446744073709551616", provider_).status, 400)
      << "no number of 64 bits";
}

TEST_F(DispatchTest, ManyReadsAfterASequenceToComeLeaveRoomForTheRest) {
  const std::uint64_t ahead = world_.store->head() + 1;
  for (int i = 0; i < 100; ++i) {
    const http::Request read =
        request_for("GET /provider/figures?after_seq=" + std::to_string(ahead), provider_);
    ASSERT_EQ(send(read).status, 400);
  }
  send("GET /api/tenants/tenant_1/stores/s", tenant_);
  EXPECT_EQ(send("GET /provider/figures?after_seq=" + std::to_string(ahead), provider_).status, 200)
      << "once it has been given out";
}

TEST_F(DispatchTest, NeedsAToken) {
  for (const char* line : {"GET /provider/figures", "GET /api/tenants/tenant_1/stores/s",
                           "POST /api/tenants/tenant_1/stores"}) {
    const http::Response response = send(line);
    EXPECT_EQ(response.status, 401) << line;
    EXPECT_EQ(header_of(response, "WWW-Authenticate"), "Bearer");
  }
}

TEST_F(DispatchTest, RefusesHeadersThatAreNoToken) {
  for (const std::string& value :
       {std::string{"Bearer"}, std::string{"Bearer "}, std::string{"Basic YTpi"},
        "Bearer " + provider_ + " x", provider_, "Token " + provider_, "Bearer  " + provider_,
        "Bearer " + provider_ + "x", "Bearer " + std::string(10'000, 'a')}) {
    http::Request request = request_for("GET /provider/figures");
    request.headers.emplace_back("authorization", value);
    EXPECT_EQ(send(std::move(request)).status, 401) << value.substr(0, 40);
  }
  http::Request twice = request_for("GET /provider/figures", provider_);
  twice.headers.emplace_back("authorization", "Bearer " + provider_);
  EXPECT_EQ(send(std::move(twice)).status, 401);
}

TEST_F(DispatchTest, TakesTheSchemeInAnyCase) {
  http::Request request = request_for("GET /provider/figures");
  request.headers.emplace_back("authorization", "bEARER " + provider_);
  EXPECT_EQ(send(std::move(request)).status, 200);
}

TEST_F(DispatchTest, RefusesATenantsTokenOnAProvidersRoute) {
  const http::Response response = send("GET /provider/figures", tenant_);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(error_of(response), "E_UNAUTHORIZED");
}

TEST_F(DispatchTest, RefusesAProviderWithoutThePermission) {
  const http::Response response =
      send("GET /provider/figures", world_.provider_token({"tenants.read"}));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(message_of(response), "Insufficient permissions");
}

TEST_F(DispatchTest, LetsATenantReachItsOwnOnly) {
  EXPECT_EQ(send("GET /api/tenants/tenant_1/stores/s", tenant_).status, 200);
  const http::Response foreign = send("GET /api/tenants/tenant_2/stores/s", tenant_);
  const http::Response absent = send("GET /api/tenants/tenant_9/stores/s", tenant_);
  const http::Response malformed = send("GET /api/tenants/-/stores/s", tenant_);
  for (const http::Response* response : {&foreign, &absent, &malformed}) {
    EXPECT_EQ(response->status, 403);
    EXPECT_EQ(response->body, foreign.body);
  }
}

TEST_F(DispatchTest, LetsAProviderReachTenantsThatThereAre) {
  EXPECT_EQ(send("GET /api/tenants/tenant_2/stores/s", provider_).status, 200);
  const http::Response absent = send("GET /api/tenants/tenant_9/stores/s", provider_);
  EXPECT_EQ(absent.status, 404);
  EXPECT_EQ(error_of(absent), "E_TENANT_NOT_FOUND");
  EXPECT_EQ(send("GET /api/tenants/-/stores/s", provider_).status, 400);
}

TEST_F(DispatchTest, TellsAProviderWithoutThePermissionNothingOfTenants) {
  const std::string token = world_.provider_token({"billing.read"});
  for (const char* tenant : {"tenant_1", "tenant_9", "-"}) {
    EXPECT_EQ(send(std::string{"GET /api/tenants/"} + tenant + "/stores/s", token).status, 403);
  }
}

TEST_F(DispatchTest, RefusesASuspendedTenantButNotItsProvider) {
  ASSERT_TRUE(world_.directory->change(core_world::tenant_id("tenant_1"),
                                       {.name = {}, .status = "suspended", .own_limits = {}},
                                       world_.actor));
  const std::pair<const char*, const char*> expected[] = {
      {"GET /api/tenants/tenant_1/stores/s", "tenants.read"},
      {"GET /api/tenants/tenant_1/nowhere", "tenants.read"},
      {"POST /api/v1/events", "events.write"}};
  for (const auto& [line, required] : expected) {
    const http::Response refused = send(line, tenant_);
    EXPECT_EQ(refused.status, 403) << line;
    const Json body = body_of(refused);
    const Json* error = body.find("error");
    const Json* details = (error == nullptr ? body : *error).find("details");
    ASSERT_NE(details, nullptr) << line;
    EXPECT_EQ(details->string_at("required"), required) << line;
  }
  EXPECT_EQ(send("GET /api/tenants/tenant_1/stores/s", provider_).status, 200);
}

TEST_F(DispatchTest, RecordsARefusedSuspendedTenantUnbilled) {
  ASSERT_TRUE(world_.directory->change(core_world::tenant_id("tenant_1"),
                                       {.name = {}, .status = "suspended", .own_limits = {}},
                                       world_.actor));
  const std::vector<std::string> lines = {"GET /api/tenants/tenant_1/stores/s",
                                          "POST /api/tenants/tenant_1/stores",
                                          "GET /api/tenants/tenant_1/nowhere"};
  for (const std::string& line : lines) EXPECT_EQ(send(line, tenant_).status, 403) << line;
  ASSERT_EQ(calls().size(), lines.size());
  for (const Json& call : calls()) EXPECT_EQ(call.bool_at("billable"), false);
  EXPECT_EQ(world_.counter("tenant_1").calls.count, 0);
}

TEST_F(DispatchTest, LooksACallerUpOnce) {
  http::Request request = request_for("POST /api/v1/events", tenant_);
  request.known_caller = dispatcher_->receive(request).known_caller;
  ASSERT_NE(request.known_caller, nullptr);
  request.headers.clear();  // so that only the first look can have found the caller
  EXPECT_EQ(send(std::move(request)).status, 201);
  const http::Request other = request_for("POST /api/v1/events", tenant_ + "x");
  EXPECT_EQ(dispatcher_->receive(other).known_caller, nullptr);
}

TEST_F(DispatchTest, LetsSendersInByTokenOrPermission) {
  EXPECT_EQ(send("POST /api/v1/events", tenant_).status, 201);
  EXPECT_EQ(send("POST /api/v1/events", world_.provider_token({"events.write"})).status, 201);
  EXPECT_EQ(send("POST /api/v1/events", provider_).status, 403);
  EXPECT_EQ(send("POST /api/v1/events").status, 401);
}

TEST_F(DispatchTest, TellsProblemsBelowApiV1AsProblemJson) {
  for (const http::Response& response :
       {send("POST /api/v1/events"), send("GET /api/v1/events"), send("GET /api/v1/nowhere")}) {
    EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
    EXPECT_EQ(body_of(response).integer_at("status"), response.status);
  }
}

TEST_F(DispatchTest, HidesWhatBrokeInside) {
  const http::Response response = send("GET /broken");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(error_of(response), "E_INTERNAL");
  EXPECT_EQ(response.body.find("block 7"), std::string::npos);
}

TEST_F(DispatchTest, RefusesInTheEnvelopeOfTheApi) {
  const http::Response response =
      dispatcher_->refusal({ErrorCode::too_large, "too much"}, "req_2", "/provider/tenants");
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(body_of(response).string_at("request_id"), "req_2");
}

TEST_F(DispatchTest, RefusesUnderApiV1AsAProblem) {
  for (const char* target : {"/api/v1/events", "/api/v1/events?x=1", "/api/v1/none"}) {
    const http::Response response =
        dispatcher_->refusal({ErrorCode::too_large, "too much"}, "req_2", target);
    EXPECT_EQ(response.status, 413);
    EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json") << target;
    EXPECT_EQ(body_of(response).string_at("code"), "E_TOO_LARGE");
  }
  for (const char* target : {"", "/api/v1", "/api/v1x/", "/provider/api/v1/"}) {
    const http::Response response =
        dispatcher_->refusal({ErrorCode::too_large, "too much"}, "req_2", target);
    EXPECT_EQ(header_of(response, "Content-Type"), "application/json") << target;
  }
}

TEST_F(DispatchTest, MetersARequestOfATenant) {
  http::Request request = request_for("GET /api/tenants/tenant_1/stores/s_7?x=1", tenant_);
  const http::Response response = send(std::move(request));
  ASSERT_EQ(calls().size(), 1U);
  const Json call = calls().front();
  EXPECT_EQ(call.string_at("tenant_id"), "tenant_1");
  EXPECT_EQ(call.string_at("source"), "metergate");
  EXPECT_EQ(call.string_at("method"), "GET");
  EXPECT_EQ(call.string_at("endpoint"), "GET /api/tenants/{tenant_id}/stores/{store_id}");
  EXPECT_EQ(call.string_at("path"), "/api/tenants/tenant_1/stores/s_7");
  EXPECT_EQ(call.integer_at("status"), 200);
  EXPECT_EQ(call.integer_at("request_bytes"), 100);
  EXPECT_EQ(call.string_at("store_id"), "s_7");
  EXPECT_EQ(call.string_at("ip"), "192.0.2.9");
  EXPECT_EQ(call.string_at("caller"), "till");
  EXPECT_EQ(call.bool_at("billable"), true);
  const http::HeadContext context{.request_id = "req_test", .now = world_.clock.now()};
  EXPECT_EQ(call.integer_at("response_bytes"),
            static_cast<std::int64_t>(http::serialize_head(response, context).size() +
                                      response.body.size()));
  EXPECT_EQ(world_.counter("tenant_1").calls.count, 1);
}

TEST_F(DispatchTest, MetersWhateverTheStatus) {
  send("GET /api/tenants/tenant_1/conflict", tenant_);
  send("GET /api/tenants/tenant_1/stores/s?unknown=1", tenant_);
  send("GET /api/tenants/tenant_1/nowhere/12345", tenant_);
  send("DELETE /api/tenants/tenant_1/stores", tenant_);
  std::vector<std::int64_t> statuses;
  std::vector<std::string> endpoints;
  for (const Json& call : calls()) {
    statuses.push_back(call.integer_at("status").value());
    endpoints.push_back(call.string_at("endpoint").value());
  }
  std::ranges::sort(statuses);
  std::ranges::sort(endpoints);
  EXPECT_EQ(statuses, (std::vector<std::int64_t>{400, 404, 405, 409}));
  EXPECT_EQ(endpoints,
            (std::vector<std::string>{"DELETE /api/tenants/{tenant_id}/stores",
                                      "GET /api/tenants/{tenant_id}/conflict",
                                      "GET /api/tenants/{tenant_id}/nowhere/{id}",
                                      "GET /api/tenants/{tenant_id}/stores/{store_id}"}));
}

TEST_F(DispatchTest, MetersAHeadRequestWithoutTheBodyThatItDoesNotGet) {
  send("HEAD /api/tenants/tenant_1/stores/s", tenant_);
  const std::int64_t without_body = calls().at(0).integer_at("response_bytes").value();
  EXPECT_EQ(calls().at(0).string_at("method"), "HEAD");
  const http::Response whole = send("GET /api/tenants/tenant_1/stores/s", tenant_);
  std::int64_t with_body = 0;
  for (const Json& call : calls())
    with_body = std::max(with_body, call.integer_at("response_bytes").value());
  EXPECT_GT(whole.body.size(), 100U);
  EXPECT_LT(without_body, with_body - static_cast<std::int64_t>(whole.body.size()) / 2);
}

TEST_F(DispatchTest, MetersAProvidersRequestButDoesNotBillIt) {
  send("GET /api/tenants/tenant_1/stores/s", provider_);
  send("GET /api/tenants/tenant_1/nowhere", provider_);
  ASSERT_EQ(calls().size(), 2U);
  for (const Json& call : calls()) EXPECT_EQ(call.bool_at("billable"), false);
  EXPECT_EQ(world_.counter("tenant_1").calls.count, 0);
}

TEST_F(DispatchTest, DoesNotMeterWithoutATokenForTheTenant) {
  send("GET /api/tenants/tenant_1/stores/s");
  send("GET /api/tenants/tenant_1/stores/s", "nonsense");
  send("GET /api/tenants/tenant_2/stores/s", tenant_);
  send("GET /api/tenants/tenant_2/nowhere", tenant_);
  send("GET /api/tenants/tenant_1/nowhere");
  send("GET /api/tenants/tenant_9/nowhere", provider_);
  send("GET /api/tenants/tenant_1", tenant_);
  send("GET /provider/figures", provider_);
  send("POST /api/v1/events", tenant_);
  send("GET /open", tenant_);
  EXPECT_TRUE(calls().empty());
}

TEST_F(DispatchTest, AnswersNothingThatItCouldNotMeter) {
  world_.store->faults().refuse_writes = true;
  const http::Response response = send("GET /api/tenants/tenant_1/stores/s", tenant_);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(error_of(response), "E_STORAGE");
  EXPECT_FALSE(header_of(response, "Retry-After").empty());
}

TEST_F(DispatchTest, AnswersOnlyWhenItIsDurable) {
  world_.store->faults().hold_durable = true;
  std::vector<int> answers;
  const auto keep = [&answers](const http::Response& response) {
    answers.push_back(response.status);
  };
  dispatcher_->handle(request_for("POST /api/tenants/tenant_1/stores", tenant_), keep);
  dispatcher_->handle(request_for("GET /api/tenants/tenant_1/stores/s", tenant_), keep);
  dispatcher_->settle();
  EXPECT_TRUE(answers.empty());
  world_.store->faults().hold_durable = false;
  world_.store->release();
  EXPECT_EQ(answers, (std::vector{201, 200}));
}

TEST_F(DispatchTest, SaysHowItIsToThoseWhoWatch) {
  const auto all = Dispatcher::create(all_routes(), world_.services).value();
  world_.clock.advance(std::chrono::seconds{90});
  const Json health = body_of(ask(*all, request_for("GET /health")).value());
  EXPECT_EQ(health.find("data")->string_at("status"), "ok");
  EXPECT_EQ(health.find("data")->string_at("version"), "1.2.3");
  EXPECT_EQ(health.find("data")->integer_at("uptime_seconds"), 90);
  EXPECT_EQ(ask(*all, request_for("GET /healthz"))->body, "ok\n");
  EXPECT_EQ(ask(*all, request_for("GET /readyz"))->status, 200);
  world_.store->faults().refuse_writes = true;
  EXPECT_EQ(ask(*all, request_for("GET /readyz"))->status, 503);
  EXPECT_EQ(ask(*all, request_for("GET /healthz"))->status, 200);
  EXPECT_EQ(
      body_of(ask(*all, request_for("GET /health")).value()).find("data")->string_at("status"),
      "degraded");
}

TEST(Dispatcher, DoesNotStartWithAWrongTable) {
  ApiWorld world;
  EXPECT_FALSE(Dispatcher::create({{"GET", "a", open_to_everybody(), show_call, {}, false, ""}},
                                  world.services));
}

}  // namespace
}  // namespace metergate::api
