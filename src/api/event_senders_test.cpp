// The senders of events and their rights: a tenant's own token never reduces its bill, in any kind
// of body, and no sender uses the server's own source.
#include <gtest/gtest.h>

#include "api/testing/api_world_test.h"
#include "base/compression.h"

namespace metergate::api {
namespace {

class EventSenders : public testing::Test {
 protected:
  struct Reply {
    int status = 0;
    Json problem;
    std::string code() const { return problem.string_at("code").value_or(""); }
    // The index and type of each fault, such as "0 type".
    std::string places() const {
      std::string text;
      if (const Json* errors = problem.find("errors")) {
        for (const Json& error : errors->as_array())
          text += std::to_string(error.integer_at("index").value_or(-1)) + " " +
                  error.string_at("field").value_or("?") + ";";
      }
      return text;
    }
  };

  Reply send(const std::string& token, const std::string& body,
             std::vector<http::Header> headers = {{"content-type", "application/json"}}) {
    http::Request request = request_for("POST /api/v1/events", token);
    request.headers.insert(request.headers.end(), headers.begin(), headers.end());
    request.body = body;
    const http::Response response = ask(*dispatcher_, std::move(request)).value();
    return {response.status, response.body.empty() ? Json() : body_of(response)};
  }
  static std::string event(const std::string& id, const std::string& type, const std::string& data,
                           const std::string& source = "pos",
                           const std::string& time = "2026-03-05T10:00:00Z") {
    return R"({"specversion":"1.0","id":")" + id + R"(","source":")" + source + R"(","type":")" +
           type + R"(","subject":"tenant_1","time":")" + time + R"(","data":)" + data + "}";
  }
  static std::string call(const std::string& id, const std::string& source = "pos") {
    return event(id, "api.call",
                 R"({"method":"GET","endpoint":"/x","status":200,"request_bytes":1,)"
                 R"("response_bytes":2,"duration_ms":3})",
                 source);
  }
  void make_meter(const std::string& more) {
    http::Request request = request_for("POST /api/v1/meters", world_.provider_token({"*"}));
    request.headers.emplace_back("content-type", "application/json");
    request.body = R"({"slug":"tokens","eventType":"prompt","aggregation":"SUM",)"
                   R"("valueProperty":"$.usage.n")" +
                   more + "}";
    const http::Response made = ask(*dispatcher_, std::move(request)).value();
    EXPECT_EQ(made.status, 201) << made.body;
  }
  Counter counter() const { return world_.counter("tenant_1"); }

  ApiWorld world_;
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(all_routes(), world_.services).value();
  std::string app_ = world_.provider_token({"events.write"});
  std::string own_ = world_.tenant_token("tenant_1");
};

TEST_F(EventSenders, ATenantSendsCallsAndNothingThatItHas) {
  EXPECT_EQ(send(own_, call("1")).status, 204);
  EXPECT_EQ(
      send(own_, event("2", "webhook.call", R"({"webhook_id":"w","success":true,"duration_ms":1})"))
          .status,
      204);
  for (const auto& [type, data] :
       {std::pair{"storage.usage", R"({"bytes":0})"}, std::pair{"store.count", R"({"count":0})"},
        std::pair{"device.count", "{}"}, std::pair{"unknown", "{}"}}) {
    const Reply reply = send(own_, "[" + call("3") + "," + event("4", type, data) + "]");
    EXPECT_EQ(reply.status, 403) << type;
    ASSERT_NE(reply.problem.find("details"), nullptr) << type;
    EXPECT_EQ(reply.problem.find("details")->string_at("required"), "events.write") << type;
    EXPECT_EQ(reply.code(), "E_PERMISSION") << type;
    EXPECT_EQ(reply.places(), "1 type;") << type;
    EXPECT_TRUE(reply.problem.string_at("detail")->starts_with("Insufficient permissions"));
  }
  EXPECT_EQ(counter().calls.count, 1);
  EXPECT_FALSE(counter().gauges.reported_bytes.is_set());
}

TEST_F(EventSenders, NoOtherBodyLetsATenantPast) {
  const std::string gauge = event("1", "storage.usage", R"({"bytes":0})");
  for (const std::string_view type : {"application/cloudevents+json", "application/json"})
    EXPECT_EQ(send(own_, gauge, {{"content-type", std::string(type)}}).status, 403) << type;
  EXPECT_EQ(send(own_, "[" + gauge + "]", {{"content-type", "application/cloudevents-batch+json"}})
                .status,
            403);
  EXPECT_EQ(send(own_, gauge + "\n", {{"content-type", "application/x-ndjson"}}).status, 403);
  EXPECT_EQ(send(own_, zstd_compress(gauge),
                 {{"content-type", "application/json"}, {"content-encoding", "zstd"}})
                .status,
            403);
  EXPECT_EQ(send(own_, R"({"bytes":0})",
                 {{"content-type", "application/json"},
                  {"ce-specversion", "1.0"},
                  {"ce-id", "1"},
                  {"ce-source", "pos"},
                  {"ce-type", "\"storage.usage\""}})
                .status,
            403);
  EXPECT_FALSE(counter().gauges.reported_bytes.is_set());
}

TEST_F(EventSenders, ATenantSendsWhatTheProviderMarkedAndNoLessThanNothing) {
  make_meter("");
  const std::string good = event("1", "prompt", R"({"usage":{"n":5}})");
  EXPECT_EQ(send(own_, good).status, 403);
  EXPECT_EQ(send(app_, event("0", "prompt", R"({"usage":{"n":-1}})")).status, 204);
  world_.meters.remove("tokens", {}).value();
  make_meter(R"(,"tenant_may_send":true)");
  EXPECT_EQ(send(own_, good).status, 204);
  for (const std::string_view value : {"-5", "-0.000000001", "\"-5\"", "-1e-9"}) {
    const Reply reply =
        send(own_, "[" + call("2") + "," +
                       event("3", "prompt", R"({"usage":{"n":)" + std::string(value) + "}}") + "]");
    EXPECT_EQ(reply.status, 400) << value;
    EXPECT_EQ(reply.places(), "1 data.usage.n;") << value;
  }
  EXPECT_EQ(send(own_, event("4", "prompt", R"({"usage":{"n":0}})")).status, 204);
  EXPECT_EQ(counter().calls.count, 0);
}

// One meter of the type without the mark is enough to refuse.
TEST_F(EventSenders, EveryMeterOfTheTypeMustBeMarked) {
  make_meter(R"(,"tenant_may_send":true)");
  http::Request request = request_for("POST /api/v1/meters", world_.provider_token({"*"}));
  request.headers.emplace_back("content-type", "application/json");
  request.body = R"({"slug":"seats","eventType":"prompt","aggregation":"LATEST",)"
                 R"("valueProperty":"$.seats"})";
  EXPECT_EQ(ask(*dispatcher_, request)->status, 201);
  EXPECT_EQ(send(own_, event("1", "prompt", R"({"usage":{"n":1},"seats":0})")).status, 403);
  request.body = R"({"slug":"low","eventType":"x","aggregation":"MIN","valueProperty":"$.n",)"
                 R"("tenant_may_send":true})";
  const http::Response refused = ask(*dispatcher_, request).value();
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("tenant_may_send"), std::string::npos);
}

TEST_F(EventSenders, ATenantsEventsNeverTakeTheApplicationsIds) {
  EXPECT_EQ(send(own_, call("1")).status, 204);
  EXPECT_EQ(send(own_, call("1")).status, 204);
  EXPECT_EQ(counter().calls.count, 1);
  EXPECT_EQ(send(app_, event("1", "storage.usage", R"({"bytes":7})")).status, 204);
  EXPECT_EQ(counter().gauges.reported_bytes.last, 7);
  EXPECT_EQ(send(app_, call("2")).status, 204);
  EXPECT_EQ(counter().calls.count, 2);
  const std::vector<Json> calls = world_.all(Collection::api_calls);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].string_at("source"), "pos");  // the newest
  EXPECT_EQ(calls[1].string_at("source"), "tenant/pos");
  // Nor do other tenants' ids collide.
  const Reply reply = send(app_, "[" + call("3") + "," + call("1", "tenant/pos") + "]");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.places(), "1 source;");
  EXPECT_EQ(send(own_, call("4", "tenant/pos")).status, 204);
  EXPECT_EQ(counter().calls.count, 3);
}

TEST_F(EventSenders, NobodySpeaksAsTheServer) {
  for (const std::string_view name :
       {"metergate", "MeterGate", " metergate", "m\xD0\xB5tergate", "meter\xE2\x80\x8Bgate"}) {
    for (const std::string& token : {app_, own_}) {
      const Reply reply = send(token, "[" + call("1") + "," + call("2", std::string(name)) + "]");
      EXPECT_EQ(reply.status, 400) << name;
      EXPECT_EQ(reply.places(), "1 source;") << name;
    }
  }
  EXPECT_EQ(counter().calls.count, 0);
}

TEST_F(EventSenders, AReportFromAheadDoesNotWinOverTheNext) {
  const auto report = [&](const std::string& id, const std::string& time, int bytes) {
    return send(app_, event(id, "storage.usage", R"({"bytes":)" + std::to_string(bytes) + "}",
                            "pos", time))
        .status;
  };
  EXPECT_EQ(report("1", "2026-03-05T10:34:00Z", 0), 204);
  world_.clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(report("2", "2026-03-05T10:30:01Z", 500), 204);
  EXPECT_EQ(counter().gauges.reported_bytes.last, 500);
  // After midnight the event stays in the day and month of its own time.
  world_.clock.set(*parse_timestamp("2026-03-31T23:58:00Z"));
  app_ = world_.provider_token({"events.write"});
  EXPECT_EQ(report("3", "2026-04-01T00:01:00Z", 900), 204);
  EXPECT_EQ(report("4", "2026-03-31T23:58:00Z", 600), 204);
  EXPECT_EQ(counter().gauges.reported_bytes.last, 600);
  world_.clock.set(*parse_timestamp("2026-04-01T00:00:30Z"));
  EXPECT_EQ(counter().gauges.reported_bytes.last, 900);
  EXPECT_EQ(report("5", "2026-04-01T00:00:30Z", 700), 204);
  EXPECT_EQ(counter().gauges.reported_bytes.last, 700);
}

TEST_F(EventSenders, CorrectionsAreTheProvidersAlone) {
  EXPECT_EQ(send(own_, call("1")).status, 204);
  http::Request request = request_for("POST /api/v1/corrections", own_);
  request.headers.emplace_back("content-type", "application/json");
  request.body = R"({"tenant_id":"tenant_1","source":"tenant/pos","id":"1","action":"void",)"
                 R"("reason":"not mine"})";
  EXPECT_GE(ask(*dispatcher_, request)->status, 401);
  EXPECT_LE(ask(*dispatcher_, request)->status, 403);
  EXPECT_EQ(counter().calls.count, 1);
}

}  // namespace
}  // namespace metergate::api
