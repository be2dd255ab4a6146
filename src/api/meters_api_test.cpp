// /api/v1/meters, called as a client calls it.
#include <gtest/gtest.h>

#include <algorithm>

#include "api/testing/api_world_test.h"

namespace metergate::api {
namespace {

constexpr std::string_view kTokens =
    R"({"slug":"tokens","eventType":"prompt","aggregation":"SUM","valueProperty":"$.n",)"
    R"("groupBy":{"model":"$.model"}})";

class MetersApi : public testing::Test {
 protected:
  http::Response ask_as(const std::string& token, const std::string& line,
                        std::string_view body = {}, const std::string& accept = {}) {
    http::Request request = request_for(line, token);
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
    if (!accept.empty()) request.headers.emplace_back("accept", accept);
    auto response = api::ask(*dispatcher_, std::move(request));
    EXPECT_TRUE(response) << line;
    return std::move(response).value_or(http::Response{});
  }
  http::Response ask(const std::string& line, std::string_view body = {}) {
    return ask_as(provider_, line, body);
  }
  void send(const std::string& id, const std::string& data, const std::string& subject) {
    const http::Response sent =
        ask("POST /api/v1/events", R"({"specversion":"1.0","id":")" + id +
                                       R"(","source":"app","type":"prompt","subject":")" + subject +
                                       R"(","time":"2026-03-05T10:00:00Z","data":)" + data + "}");
    EXPECT_EQ(sent.status, 204) << sent.body;
  }
  std::string faults_of(const http::Response& response) {
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
    std::string fields;
    const Json problem = body_of(response);
    if (const Json* errors = problem.find("errors")) {
      for (const Json& error : errors->as_array())
        fields += error.string_at("field").value_or("?") + " ";
    }
    return fields;
  }

  ApiWorld world_;
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(all_routes(), world_.services).value();
  std::string provider_ = world_.provider_token({"*"});
};

TEST_F(MetersApi, TheListIsAnArrayWithoutAnEnvelope) {
  const http::Response list = ask("GET /api/v1/meters");
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(header_of(list, "Content-Type"), "application/json");
  const Json meters = body_of(list);
  ASSERT_TRUE(meters.is_array());
  ASSERT_EQ(meters.as_array().size(), 5U);
  EXPECT_EQ(meters.as_array()[2].string_at("slug"), "api_calls");
  EXPECT_EQ(meters.as_array()[2].string_at("aggregation"), "COUNT");
}

TEST_F(MetersApi, AMeterIsDefinedShownAndDeleted) {
  const http::Response made = ask("POST /api/v1/meters", kTokens);
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(body_of(made).string_at("slug"), "tokens");
  EXPECT_EQ(body_of(ask("GET /api/v1/meters/tokens")), body_of(made));
  EXPECT_EQ(ask("POST /api/v1/meters", kTokens).status, 409);
  EXPECT_EQ(ask("DELETE /api/v1/meters/tokens").status, 204);
  EXPECT_EQ(ask("GET /api/v1/meters/tokens").status, 404);
  EXPECT_EQ(ask("DELETE /api/v1/meters/tokens").status, 404);
}

TEST_F(MetersApi, AMeterThatCannotBeIsRefusedWithTheReason) {
  EXPECT_EQ(faults_of(ask("POST /api/v1/meters", R"({"slug":"x"})")), "eventType aggregation ");
  EXPECT_EQ(
      faults_of(ask("POST /api/v1/meters", R"({"slug":"x","eventType":"e","aggregation":"MODE"})")),
      "aggregation ");
  EXPECT_EQ(
      faults_of(ask("POST /api/v1/meters", R"({"slug":"x","eventType":"e","aggregation":"SUM"})")),
      "valueProperty ");
  EXPECT_EQ(faults_of(ask("POST /api/v1/meters",
                          R"({"slug":"x","eventType":"e","aggregation":"COUNT","groupBy":["a"]})")),
            "groupBy ");
  EXPECT_EQ(faults_of(ask("POST /api/v1/meters",
                          R"({"slug":"x","eventType":"e","aggregation":"COUNT","price":1})")),
            "price ");
}

TEST_F(MetersApi, UsageIsAnsweredAsJsonAndCsv) {
  ask("POST /api/v1/meters", kTokens);
  send("1", R"({"n":1.5,"model":"x"})", "tenant_1");
  send("2", R"({"n":2,"model":"y"})", "tenant_2");
  const std::string range = "from=2026-03-01T00:00:00Z&to=2026-03-06T00:00:00Z";
  const Json all = body_of(ask("GET /api/v1/meters/tokens/query?" + range));
  ASSERT_EQ(all.find("data")->as_array().size(), 1U) << to_text(all);
  const Json& row = all.find("data")->as_array()[0];
  EXPECT_EQ(*row.find("value"), Json(Decimal{35, 1}));
  EXPECT_TRUE(row.find("subject")->is_null());
  const http::Response csv =
      ask_as(provider_,
             "GET /api/v1/meters/tokens/query?windowSize=DAY&groupBy=subject&groupBy=model&" +
                 range + "&subject=tenant_1&subject=tenant_2&filterGroupBy[model]=y",
             {}, "text/csv");
  EXPECT_EQ(header_of(csv, "Content-Type"), "text/csv");
  EXPECT_EQ(csv.body,
            "window_start,window_end,subject,model,value\r\n"
            "2026-03-05T00:00:00.000Z,2026-03-06T00:00:00.000Z,tenant_2,y,2\r\n");
}

TEST_F(MetersApi, ABadQueryIsRefusedByName) {
  EXPECT_EQ(faults_of(ask("GET /api/v1/meters/api_calls/query?from=March&windowSize=YEAR"
                          "&windowTimeZone=Mars&subject=*")),
            "subject from windowSize windowTimeZone ");
  EXPECT_EQ(faults_of(ask("GET /api/v1/meters/api_calls/query?frm=x")), "frm ");
  EXPECT_EQ(faults_of(ask("GET /api/v1/meters/api_calls/query?filterGroupBy[]=x")),
            "filterGroupBy[] ");
  EXPECT_EQ(faults_of(ask("GET /api/v1/meters/api_calls/query?groupBy=model")), "groupBy ");
  EXPECT_EQ(ask("GET /api/v1/meters/nothing/query").status, 404);
}

TEST_F(MetersApi, ATenantSeesItselfOnly) {
  ask("POST /api/v1/meters", kTokens);
  send("1", R"({"n":1})", "tenant_1");
  send("2", R"({"n":2})", "tenant_2");
  const std::string own = world_.tenant_token("tenant_1");
  const Json usage = body_of(ask_as(own, "GET /api/v1/meters/tokens/query"));
  ASSERT_EQ(usage.find("data")->as_array().size(), 1U);
  EXPECT_EQ(usage.find("data")->as_array()[0].string_at("subject"), "tenant_1");
  const auto foreign = ask_as(own, "GET /api/v1/meters/tokens/query?subject=tenant_2");
  const auto absent = ask_as(own, "GET /api/v1/meters/tokens/query?subject=tenant_9");
  EXPECT_EQ(foreign.status, 403);
  EXPECT_EQ(foreign.body, absent.body);
  EXPECT_EQ(ask_as(own, "GET /api/v1/meters/tokens/subjects").status, 401);
  EXPECT_EQ(ask_as(own, "POST /api/v1/meters", kTokens).status, 401);
}

TEST_F(MetersApi, SubjectsAreListed) {
  ask("POST /api/v1/meters", kTokens);
  send("1", R"({"n":1})", "tenant_2");
  EXPECT_EQ(body_of(ask("GET /api/v1/meters/tokens/subjects")),
            Json(Json::Array{Json("tenant_2")}));
}

TEST_F(MetersApi, AMeterIsRenamedAndKeepsWhatItCounted) {
  ask("POST /api/v1/meters", kTokens);
  send("1", R"({"n":2,"model":"x"})", "tenant_2");
  const http::Response changed =
      ask("PUT /api/v1/meters/tokens", R"({"name":"Tokens","description":"of all models",)"
                                       R"("groupBy":{"model":"$.model"},"metadata":null})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(body_of(changed).string_at("name"), "Tokens");
  EXPECT_EQ(body_of(ask("GET /api/v1/meters/tokens")), body_of(changed));
  EXPECT_EQ(body_of(ask("PUT /api/v1/meters/tokens", "{}")), body_of(changed));
  send("2", R"({"n":3,"model":"x"})", "tenant_2");
  const Json usage = body_of(ask("GET /api/v1/meters/tokens/query"));
  EXPECT_EQ(usage.find("data")->as_array()[0].integer_at("value"), 5);
}

TEST_F(MetersApi, WhatAMeterCountsByIsFixed) {
  ask("POST /api/v1/meters", kTokens);
  EXPECT_EQ(faults_of(ask("PUT /api/v1/meters/tokens", R"({"groupBy":{"model":"$.m"}})")),
            "groupBy ");
  EXPECT_EQ(faults_of(ask("PUT /api/v1/meters/tokens", R"({"groupBy":{}})")), "groupBy ");
  EXPECT_EQ(faults_of(ask("PUT /api/v1/meters/tokens", R"({"aggregation":"MAX"})")),
            "aggregation ");
  EXPECT_EQ(faults_of(ask("PUT /api/v1/meters/tokens", R"({"metadata":{"a":5}})")), "metadata ");
  EXPECT_EQ(ask("PUT /api/v1/meters/api_calls", R"({"name":"x"})").status, 400);
  EXPECT_EQ(ask("PUT /api/v1/meters/nothing", R"({"name":"x"})").status, 404);
}

TEST_F(MetersApi, AQuestionAsABodyIsAnsweredAsOneInTheAddress) {
  ask("POST /api/v1/meters", kTokens);
  send("1", R"({"n":1,"model":"x"})", "tenant_1");
  send("2", R"({"n":2,"model":"y"})", "tenant_1");
  send("3", R"({"n":4,"model":"z"})", "tenant_2");
  const std::string range = "from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z&windowSize=DAY";
  const std::string as_body =
      R"("from":"2026-03-01T00:00:00Z","to":"2026-04-01T00:00:00Z","windowSize":"DAY",)"
      R"("clientId":"c")";
  const std::string post = "POST /api/v1/meters/tokens/query";
  const std::string get = "GET /api/v1/meters/tokens/query?clientId=c&" + range;
  EXPECT_EQ(ask(post, "{" + as_body + "}").body, ask(get).body);
  EXPECT_EQ(
      ask(post, "{" + as_body + R"(,"subject":["tenant_1"],"groupBy":["subject","model"]})").body,
      ask(get + "&subject=tenant_1&groupBy=subject&groupBy=model").body);
  EXPECT_EQ(ask(post, "{" + as_body + R"(,"filterGroupBy":{"model":["y"]}})").body,
            ask(get + "&filterGroupBy[model]=y").body);
  const Json either =
      body_of(ask(post, "{" + as_body + R"(,"filterGroupBy":{"model":["x","z"]}})"));
  EXPECT_EQ(either.find("data")->as_array().at(0).integer_at("value"), 5);
}

TEST_F(MetersApi, ABodyNamesWhatIsWrongWithIt) {
  ask("POST /api/v1/meters", kTokens);
  const std::string post = "POST /api/v1/meters/tokens/query";
  EXPECT_EQ(faults_of(ask(post, R"({"from":"March","windowSize":"YEAR","windowTimeZone":"Mars"})")),
            "from windowSize windowTimeZone ");
  EXPECT_EQ(faults_of(ask(post, R"({"filterGroupBy":{"model":"x"}})")), "filterGroupBy.model ");
  EXPECT_EQ(faults_of(ask(post, R"({"filterCustomerId":["c"]})")), "filterCustomerId ");
  EXPECT_EQ(faults_of(ask(post, R"({"advancedMeterGroupByFilters":{"model":{"$equ":"x"}}})")),
            "advancedMeterGroupByFilters.model ");
  EXPECT_EQ(faults_of(ask(post, R"({"colour":1})")), "colour ");
  const std::string own = world_.tenant_token("tenant_1");
  EXPECT_EQ(ask_as(own, post, R"({"subject":["tenant_2"]})").status,
            ask_as(own, post, R"({"subject":["tenant_9"]})").status);
  EXPECT_EQ(ask_as(own, post, R"({"subject":["tenant_2"]})").status, 403);
}

TEST_F(MetersApi, SubjectsAreTheTenants) {
  const Json all = body_of(ask("GET /api/v1/subjects"));
  ASSERT_TRUE(all.is_array());
  const Json one = body_of(ask("GET /api/v1/subjects/tenant_1"));
  EXPECT_EQ(one.string_at("key"), "tenant_1");
  EXPECT_NE(std::ranges::find(all.as_array(), one), all.as_array().end());
  EXPECT_EQ(ask("GET /api/v1/subjects/nobody").status, 404);
  const Json named = body_of(
      ask("POST /api/v1/subjects", R"([{"key":"tenant_1","displayName":"Uno","metadata":null}])"));
  EXPECT_EQ(named.as_array().at(0).string_at("displayName"), "Uno");
  EXPECT_EQ(body_of(ask("GET /api/v1/subjects/tenant_1")).string_at("displayName"), "Uno");
  EXPECT_EQ(faults_of(ask("POST /api/v1/subjects", R"([{"key":"tenant_1"},{"key":"nobody"}])")),
            "key ");
  EXPECT_EQ(faults_of(ask("POST /api/v1/subjects", R"([{"key":"tenant_1","metadata":{"a":1}}])")),
            "metadata ");
}

TEST_F(MetersApi, AMeterThatATenantIsBilledByIsNotDeleted) {
  ask("POST /api/v1/meters", kTokens);
  const auto limit = [&](const std::string& limits) {
    const std::string body = R"({"limits_override":)" + limits + R"(,"reason":"as agreed"})";
    EXPECT_EQ(ask("PATCH /provider/tenants/tenant_1", body).status, 200);
  };
  limit(R"({"meters":{"tokens":5}})");
  const http::Response refused = ask("DELETE /api/v1/meters/tokens");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("the tenant 'tenant_1' has a limit of 'tokens' in 2026-03"),
            std::string::npos)
      << refused.body;
  limit("{}");
  EXPECT_EQ(ask("DELETE /api/v1/meters/tokens").status, 204);
  EXPECT_EQ(ask("DELETE /api/v1/meters/tokens").status, 404);
  EXPECT_EQ(ask("DELETE /api/v1/meters/api_calls").status, 400);
}

TEST_F(MetersApi, TheEventsOfKongsGatewayAreTakenWhereItSendsThem) {
  ask("POST /api/v1/meters",
      R"({"slug":"kong","eventType":"kong.api_request","aggregation":"COUNT"})");
  const std::string event =
      R"({"specversion":"1.0","id":"k1","source":"kong","type":"kong.api_request",)"
      R"("subject":"tenant_1","time":"2026-03-05T10:00:00Z","datacontenttype":"application/json",)"
      R"("data":{"request_method":"GET","response_http_status":"200","route_name":"orders"}})";
  EXPECT_EQ(ask("POST /api/v3/openmeter/events", event).status, 204);
  EXPECT_EQ(ask("POST /api/v3/openmeter/events", "[" + event + "]").status, 204);
  const Json usage = body_of(ask("GET /api/v1/meters/kong/query"));
  EXPECT_EQ(usage.find("data")->as_array().at(0).integer_at("value"), 1);
  // The plugin writes "unknown" where it does not know whose a request is.
  const std::string unknown =
      R"({"specversion":"1.0","id":"k2","source":"kong","type":"kong.api_request",)"
      R"("subject":"unknown","time":"2026-03-05T10:00:00Z","data":{}})";
  const std::string other = R"({"specversion":"1.0","id":"k3","source":"kong",)"
                            R"("type":"kong.api_request","subject":"consumer:tenant_1",)"
                            R"("time":"2026-03-05T10:00:00Z","data":{}})";
  EXPECT_EQ(ask("POST /api/v3/openmeter/events", "[" + unknown + "," + other + "]").status, 204);
  EXPECT_EQ(body_of(ask("GET /api/v1/meters/kong/query"))
                .find("data")
                ->as_array()
                .at(0)
                .integer_at("value"),
            2);
  EXPECT_EQ(ask("POST /api/v3/openmeter/events", "[" + unknown + "]").status, 404);
  EXPECT_EQ(ask("POST /api/v1/events", "[" + unknown + "," + other + "]").status, 404);
  const http::Response refused = ask("POST /api/v3/openmeter/events", R"({"id":"x"})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(header_of(refused, "Content-Type"), "application/problem+json");
}

}  // namespace
}  // namespace metergate::api
