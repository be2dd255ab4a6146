// /api/v1/corrections, called as a client calls it.
#include "api/testing/asking_test.h"

namespace metergate::api {
namespace {

class CorrectionsApi : public testing::Test {
 protected:
  CorrectionsApi() {
    EXPECT_EQ(ask("POST /api/v1/events",
                  R"({"id":"1","source":"app","type":"prompt","subject":"tenant_1",)"
                  R"("time":"2026-03-05T10:00:00Z","data":{"n":100}})")
                  .status,
              204);
  }
  http::Response ask(const std::string& line, const std::string& body, const std::string& token) {
    http::Request request = request_for(line, token);
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
    auto response = api::ask(*dispatcher_, std::move(request));
    EXPECT_TRUE(response) << line;
    return std::move(response).value_or(http::Response{});
  }
  http::Response ask(const std::string& line, const std::string& body = {}) {
    return ask(line, body, token_);
  }
  http::Response correct(const std::string& more, const std::string& action = "void") {
    return ask("POST /api/v1/corrections",
               R"({"tenant_id":"tenant_1","source":"app","id":"1","action":")" + action +
                   R"(","reason":"a typing error")" + more + "}");
  }
  static std::string code_of(const http::Response& response) {
    return body_of(response).string_at("code").value_or("");
  }
  std::string total() {
    const Json usage = body_of(ask("GET /api/v1/meters/tokens/query"));
    const Json& rows = *usage.find("data");
    return rows.as_array().empty() ? "nothing" : to_text(*rows.as_array()[0].find("value"));
  }

  ApiWorld world_;
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(all_routes(), world_.services).value();
  std::string token_ = world_.provider_token({"*"});
  // Must precede the event of the constructor.
  int made_ =
      ask("POST /api/v1/meters", R"({"slug":"tokens","eventType":"prompt","aggregation":"SUM",)"
                                 R"("valueProperty":"$.n"})")
          .status;
};

TEST_F(CorrectionsApi, AnEventIsVoidedOnce) {
  EXPECT_EQ(total(), "100");
  const http::Response made = correct("");
  EXPECT_EQ(made.status, 201) << made.body;
  const Json envelope = body_of(made);
  EXPECT_EQ(envelope.find("data")->string_at("created_by"), "ann");
  EXPECT_EQ(total(), "nothing");
  const http::Response again = correct("");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(code_of(again), "E_CONFLICT");
}

TEST_F(CorrectionsApi, AnEventIsReplacedByWhatTheBodySaysAndElseAsItWas) {
  const http::Response made = correct(R"(,"event":{"data":{"n":1.25}})", "replace");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(total(), "1.25");
  const Json envelope = body_of(made);
  const Json& replacement = *envelope.find("data")->find("replacement");
  EXPECT_EQ(replacement.string_at("type"), "prompt");
  EXPECT_EQ(to_text(*replacement.find("time")), "\"2026-03-05T10:00:00+00:00\"");
}

TEST_F(CorrectionsApi, TheEventSentAgainIsStillADuplicate) {
  correct("");
  EXPECT_EQ(
      ask("POST /api/v1/events", R"({"id":"1","source":"app","type":"prompt","subject":"tenant_1",)"
                                 R"("time":"2026-03-05T10:00:00Z","data":{"n":100}})")
          .status,
      204);
  EXPECT_EQ(total(), "nothing");
}

TEST_F(CorrectionsApi, WhatIsWrongWithTheRequestIsSaid) {
  EXPECT_EQ(correct("", "replace").status, 400) << "without an event";
  EXPECT_EQ(correct(R"(,"event":{})").status, 400) << "an event with a void";
  EXPECT_EQ(correct("", "erase").status, 400);
  EXPECT_EQ(correct(R"(,"event":{"id":"2"})", "replace").status, 400);
  EXPECT_EQ(correct(R"(,"event":{"type":"api.call"})", "replace").status, 400)
      << "its data is no call's";
  EXPECT_EQ(correct(R"(,"event":7)", "replace").status, 400);
  EXPECT_EQ(correct(R"(,"time":"March")").status, 400);
  EXPECT_EQ(code_of(correct(R"(,"time":"2026-01-05T10:00:00Z")")), "E_NOT_FOUND");
  EXPECT_EQ(code_of(ask("POST /api/v1/corrections",
                        R"({"tenant_id":"tenant_1","source":"app","id":"2","action":"void",)"
                        R"("reason":"a typing error"})")),
            "E_NOT_FOUND");
  EXPECT_EQ(total(), "100");
}

TEST_F(CorrectionsApi, AnEventOfAClosedPeriodIsCorrectedInALaterStatement) {
  EXPECT_EQ(ask("POST /api/v1/events",
                R"({"id":"h","source":"app","type":"webhook.call","subject":"tenant_1",)"
                R"("time":"2026-03-05T10:00:00Z","data":{"webhook_id":"w",)"
                R"("success":true,"duration_ms":5}})")
                .status,
            204);
  world_.clock.set(parse_timestamp("2026-04-10T12:00:00Z").value());
  token_ = world_.provider_token({"*"});
  const auto correct_call = [this](const std::string& more) {
    return ask("POST /api/v1/corrections",
               R"({"tenant_id":"tenant_1","source":"app","id":"h","action":"void",)"
               R"("reason":"a typing error")" +
                   more + "}");
  };
  EXPECT_EQ(code_of(correct_call("")), "E_NOT_FOUND");
  const http::Response made = correct_call(R"(,"time":"2026-03-05T10:00:00Z")");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(body_of(made).find("data")->string_at("billed_in"), "2026-04");
  EXPECT_EQ(code_of(correct_call(R"(,"time":"2026-03-05T10:00:00Z")")), "E_CONFLICT");
  const Json shown = body_of(ask("GET /provider/billing/tenants/tenant_1"));
  const Json* items = shown.find("data")->find("late_items");
  ASSERT_NE(items, nullptr);
  EXPECT_EQ(to_text(*items->as_array()[0].find("quantity")), "-1");
  EXPECT_EQ(items->as_array()[0].string_at("reason"), "a typing error");
  const Json list = body_of(ask("GET /provider/billing/tenants"));
  EXPECT_NE(list.find("data")->find("tenants")->as_array()[0].find("late_items"), nullptr);
}

TEST_F(CorrectionsApi, ATenantCorrectsNothing) {
  const std::string tenant = world_.tenant_token("tenant_1");
  EXPECT_EQ(ask("POST /api/v1/corrections", "{}", tenant).status, 401);
  EXPECT_EQ(ask("GET /api/v1/corrections", "", tenant).status, 401);
}

TEST_F(CorrectionsApi, CorrectionsAreListed) {
  correct("");
  const Json list = body_of(ask("GET /api/v1/corrections?tenant_id=tenant_1"));
  const Json& data = *list.find("data");
  ASSERT_EQ(data.find("corrections")->as_array().size(), 1U);
  EXPECT_EQ(data.find("corrections")->as_array()[0].string_at("reason"), "a typing error");
  EXPECT_EQ(data.find("pagination")->integer_at("total"), 1);
}

}  // namespace
}  // namespace metergate::api
