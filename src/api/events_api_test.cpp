// POST /api/v1/events, called as a client calls it.
#include <gtest/gtest.h>

#include "api/testing/api_world_test.h"

namespace metergate::api {
namespace {

class EventsApi : public testing::Test {
 protected:
  struct Reply {
    int status = 0;
    std::string text;
    Json problem;
    std::string code() const { return problem.string_at("code").value_or(""); }
    const Json::Array& errors() const { return problem.find("errors")->as_array(); }
  };

  Reply send_as(const std::string& token, const std::string& body,
                const std::string& type = "application/json") {
    http::Request request = request_for("POST /api/v1/events", token);
    request.headers.emplace_back("content-type", type);
    request.body = body;
    const auto response = api::ask(*dispatcher_, std::move(request));
    EXPECT_TRUE(response);
    if (!response) return {};
    Reply reply{response->status, response->body, Json()};
    if (!response->body.empty()) {
      EXPECT_EQ(header_of(*response, "Content-Type"), "application/problem+json");
      reply.problem = body_of(*response);
    }
    return reply;
  }
  Reply send(const std::string& body, const std::string& type = "application/json") {
    return send_as(sender_, body, type);
  }
  http::Response send_for_receipts(const std::string& prefer, const std::string& lines) {
    http::Request request = request_for("POST /api/v1/events", sender_);
    request.headers.emplace_back("content-type", "application/x-ndjson");
    request.headers.emplace_back("prefer", prefer);
    request.body = lines;
    return api::ask(*dispatcher_, std::move(request)).value();
  }
  std::int64_t calls() const { return world_.counter("tenant_1").calls.count; }

  static std::string event(const std::string& id, const std::string& subject = "tenant_1",
                           const std::string& status = "200") {
    return R"({"specversion":"1.0","id":")" + id + R"(","source":"pos","type":"api.call",)" +
           (subject.empty() ? "" : R"("subject":")" + subject + "\",") +
           R"("time":"2026-03-05T10:00:00Z","data":{"method":"GET","endpoint":"/x","status":)" +
           status + R"(,"request_bytes":1,"response_bytes":2,"duration_ms":3.5}})";
  }

  // A hard limit of two a month.
  void must_define_tokens() {
    NewMeter tokens{{"tokens", "prompt", Folding::sum, "$.n", {}}, "", ""};
    tokens.meter.tenant_may_send = true;
    ASSERT_TRUE(world_.meters.add(tokens, world_.actor));
    LimitsOverride own;
    own.own_meters = {{"tokens", Quantity::of(2)}};
    own.effects = {{"tokens", LimitEffect::hard}};
    ASSERT_TRUE(world_.directory->change(core_world::tenant_id("tenant_1"), {{}, {}, own, "agreed"},
                                         world_.actor));
  }

  ApiWorld world_;
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(events_routes(), world_.services).value();
  std::string sender_ = world_.provider_token({"events.write"});
};

TEST_F(EventsApi, RecordedEventsAre204WithoutABody) {
  const Reply reply = send("[" + event("1") + "," + event("2") + "]");
  EXPECT_EQ(reply.status, 204) << reply.text;
  EXPECT_TRUE(reply.text.empty());
  EXPECT_EQ(calls(), 2);
}

TEST_F(EventsApi, ABatchThatCannotBeKeptIsNotEvenRead) {
  world_.store->faults().refuse_writes = true;
  const Reply reply = send("this is no event");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.code(), "E_STORAGE");
}

TEST_F(EventsApi, EveryKindOfBodyIsTaken) {
  EXPECT_EQ(send(event("1"), "application/cloudevents+json").status, 204);
  EXPECT_EQ(send("[" + event("2") + "]", "application/cloudevents-batch+json").status, 204);
  EXPECT_EQ(send(event("3")).status, 204);
  EXPECT_EQ(send(event("4") + "\n" + event("5") + "\n", "application/x-ndjson").status, 204);
  http::Request binary = request_for("POST /api/v1/events", sender_);
  binary.headers.insert(binary.headers.end(), {{"content-type", "application/json"},
                                               {"ce-specversion", "1.0"},
                                               {"ce-id", "6"},
                                               {"ce-source", "pos"},
                                               {"ce-type", "storage.usage"},
                                               {"ce-subject", "tenant_1"}});
  binary.body = R"({"bytes":1024})";
  EXPECT_EQ(api::ask(*dispatcher_, std::move(binary))->status, 204);
  EXPECT_EQ(calls(), 5);
  EXPECT_EQ(world_.counter("tenant_1").gauges.reported_bytes.last, 1024);
}

TEST_F(EventsApi, DuplicateIsASuccessAndOtherContentAConflict) {
  EXPECT_EQ(send(event("1")).status, 204);
  EXPECT_EQ(send(event("1")).status, 204);
  EXPECT_EQ(calls(), 1);
  const Reply conflict = send("[" + event("2") + "," + event("1", "tenant_1", "404") + "]");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.code(), "E_CONFLICT");
  ASSERT_EQ(conflict.errors().size(), 1u);
  EXPECT_EQ(conflict.errors()[0].integer_at("index"), 1);
  EXPECT_EQ(conflict.errors()[0].string_at("field"), "id");
  EXPECT_EQ(calls(), 1);
}

// OpenMeter's SDK sends a retry with the time of the retry.
TEST_F(EventsApi, AnotherTimeAloneIsADuplicate) {
  const std::string first = event("1");
  std::string again = first;
  again.replace(again.find("10:00:00"), 8, "10:00:07");
  EXPECT_EQ(send(first).status, 204);
  EXPECT_EQ(send(again).status, 204);
  const Json body = body_of(send_for_receipts("return=representation", again));
  const Json& receipt = body.find("data")->find("receipts")->as_array()[0];
  EXPECT_EQ(receipt.string_at("status"), "duplicate");
  EXPECT_EQ(calls(), 1);
  // While the first one's period is open, the time of the repeat has no effect.
  std::string long_ago = first;
  long_ago.replace(long_ago.find("2026-03-05"), 10, "2025-12-05");
  EXPECT_EQ(send(long_ago).status, 204);
  std::string other = long_ago;
  other.replace(other.find("200"), 3, "404");
  EXPECT_EQ(send(other).code(), "E_PERIOD_CLOSED");
  EXPECT_EQ(calls(), 1);
}

TEST_F(EventsApi, AnEventThatNoMeterKnowsIsUnmatched) {
  const std::string own = R"({"id":"o","source":"pos","type":"prompt","subject":"tenant_1"})";
  const Json body =
      body_of(send_for_receipts("return=representation", own + "\n" + event("1") + "\n" + own));
  const auto& receipts = body.find("data")->find("receipts")->as_array();
  ASSERT_EQ(receipts.size(), 3u);
  EXPECT_EQ(receipts[0].string_at("status"), "unmatched");
  EXPECT_EQ(receipts[1].string_at("status"), "accepted");
  EXPECT_EQ(receipts[2].string_at("status"), "duplicate");
}

TEST_F(EventsApi, QuotedHeadersAreWhatStandsBetweenTheQuotes) {
  const auto send_binary = [&](const std::string& type, const std::string& id) {
    http::Request request = request_for("POST /api/v1/events", sender_);
    request.headers.insert(request.headers.end(),
                           {{"content-type", "application/json; charset=utf-8"},
                            {"ce-specversion", "\"1.0\""},
                            {"ce-id", id},
                            {"ce-source", "pos"},
                            {"ce-type", type},
                            {"ce-subject", "tenant_1"},
                            {"ce-traceparent", "00-1-2-3"}});
    request.body = R"({"method":"GET","endpoint":"/x","status":200,"request_bytes":1,)"
                   R"("response_bytes":2,"duration_ms":3})";
    return api::ask(*dispatcher_, std::move(request))->status;
  };
  EXPECT_EQ(send_binary("\"api.call\"", "\"o 1\""), 204);
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(send_binary("api.call", "o%201"), 204);
  EXPECT_EQ(send_binary("\"api%2Ecall\"", "\"o%20\\1\""), 204);
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(send_binary("api.call", "\"o 1"), 400);
  EXPECT_EQ(send_binary("api.call", "\"o\" 1"), 400);
  EXPECT_EQ(send_binary("api.call", "\""), 400);
}

TEST_F(EventsApi, AReceiptForEachEventWhereItIsAskedFor) {
  ASSERT_EQ(send(event("1")).status, 204);
  const http::Response answer =
      send_for_receipts("respond-async, return=representation", event("1") + "\n" + event("2"));
  EXPECT_EQ(answer.status, 200);
  const Json body = body_of(answer);
  const auto& receipts = body.find("data")->find("receipts")->as_array();
  ASSERT_EQ(receipts.size(), 2u);
  EXPECT_EQ(receipts[0].string_at("id"), "1");
  EXPECT_EQ(receipts[0].string_at("status"), "duplicate");
  EXPECT_EQ(receipts[1].string_at("status"), "accepted");
  EXPECT_EQ(receipts[1].integer_at("sequence"), static_cast<std::int64_t>(world_.store->head()));
  EXPECT_EQ(send_for_receipts("return=minimal", event("3")).status, 204);
}

TEST_F(EventsApi, ReceiptsOfARefusedBatchSayThatNothingWasRecorded) {
  ASSERT_EQ(send(event("1")).status, 204);
  const http::Response answer =
      send_for_receipts("return=representation", event("2") + "\n" + event("1", "tenant_1", "404"));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(header_of(answer, "Content-Type"), "application/problem+json");
  const Json body = body_of(answer);
  const auto& receipts = body.find("receipts")->as_array();
  ASSERT_EQ(receipts.size(), 2u);
  EXPECT_EQ(receipts[0].string_at("status"), "rejected");
  EXPECT_EQ(receipts[1].string_at("status"), "conflict");
  EXPECT_EQ(calls(), 1);
}

TEST_F(EventsApi, AllFaultsOfABatchAreToldAndNothingIsRecorded) {
  const Reply reply = send("[" + event("1") + ",{},\"x\"," + event("2", "nobody") + "," +
                           event("3", "tenant_1", "99") + "]");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.code(), "E_VALIDATION");
  std::vector<std::int64_t> indexes;
  for (const Json& error : reply.errors()) indexes.push_back(*error.integer_at("index"));
  EXPECT_EQ(indexes, (std::vector<std::int64_t>{1, 1, 1, 1, 2, 3, 4}));
  EXPECT_EQ(calls(), 0);
}

TEST_F(EventsApi, OneKindOfFaultHasItsOwnCode) {
  const Reply unknown = send(event("1", "nobody"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.code(), "E_TENANT_NOT_FOUND");
  std::string late = event("1");
  late.replace(late.find("2026-03-05"), 10, "2026-01-05");
  const Reply closed = send(late);
  EXPECT_EQ(closed.status, 400);
  EXPECT_EQ(closed.code(), "E_PERIOD_CLOSED");
  std::string early = event("1");
  early.replace(early.find("10:00:00"), 8, "10:35:01");
  EXPECT_EQ(send(early).code(), "E_VALIDATION");
}

TEST_F(EventsApi, AtMostTwentyFaultsAreTold) {
  std::string body = "[{}";
  for (int i = 0; i < 30; ++i) body += ",{}";
  EXPECT_EQ(send(body + "]").errors().size(), 20u);
}

TEST_F(EventsApi, AnEmptyBatchIsASuccess) {
  EXPECT_EQ(send("[]").status, 204);
  EXPECT_EQ(send(" [ ] ", "application/cloudevents-batch+json").status, 204);
  EXPECT_EQ(send("\n \n", "application/x-ndjson").status, 204);
  const http::Response answer = send_for_receipts("return=representation", "");
  EXPECT_EQ(answer.status, 200);
  const Json body = body_of(answer);
  EXPECT_TRUE(body.find("data")->find("receipts")->as_array().empty());
}

TEST_F(EventsApi, BodiesThatAreNoEventsAreRefused) {
  EXPECT_EQ(send("").status, 400);
  EXPECT_EQ(send("{").status, 400);
  EXPECT_EQ(send(event("1"), "text/plain").status, 415);
  EXPECT_EQ(send(event("1"), "text/plain").code(), "E_MEDIA_TYPE");
  EXPECT_EQ(send("[" + event("1") + "]", "application/cloudevents+json").status, 400);
}

TEST_F(EventsApi, TenantSpeaksForItselfOnly) {
  const std::string own = world_.tenant_token("tenant_1");
  EXPECT_EQ(send_as(own, event("1")).status, 204);
  EXPECT_EQ(send_as(own, event("2", "")).status, 204);
  EXPECT_EQ(calls(), 2);
  const Reply foreign = send_as(own, "[" + event("3") + "," + event("4", "tenant_2") + "]");
  const Reply absent = send_as(own, "[" + event("3") + "," + event("4", "nobody") + "]");
  EXPECT_EQ(foreign.status, 403);
  EXPECT_EQ(foreign.code(), "E_PERMISSION");
  EXPECT_EQ(foreign.text, absent.text);
  EXPECT_EQ(calls(), 2);
}

TEST_F(EventsApi, ProviderNeedsThePermissionAndASubject) {
  EXPECT_EQ(send_as(world_.provider_token({"billing.read"}), event("1")).status, 403);
  EXPECT_EQ(send_as("", event("1")).status, 401);
  EXPECT_EQ(send(event("1", "")).errors()[0].string_at("field"), "subject");
}

TEST_F(EventsApi, DisabledTrackingRefusesRatherThanLoses) {
  world_.rules.tracking_enabled = false;
  const Reply reply = send(event("1"));
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.code(), "E_DISABLED");
}

// A hard limit on an own meter refuses the tenant's own events, however their body is read, and not
// the provider's, which report usage that has happened.
TEST_F(EventsApi, ATenantsOwnEventsAreHeldToAHardLimit) {
  must_define_tokens();
  const std::string till = world_.tenant_token("tenant_1");
  const auto prompt = [](const std::string& id) {
    return R"({"specversion":"1.0","id":")" + id + R"(","source":"pos","type":"prompt",)" +
           R"("subject":"tenant_1","time":"2026-03-05T10:00:00Z","data":{"n":1}})";
  };
  EXPECT_EQ(send_as(till, "[" + prompt("1") + "," + prompt("2") + "]").status, 204);
  for (const char* type : {"application/json", "application/x-ndjson"}) {
    const Reply refused = send_as(till, prompt("3"), type);
    EXPECT_EQ(refused.status, 429) << type;
    EXPECT_EQ(refused.code(), "E_LIMIT_EXCEEDED");
  }
  EXPECT_EQ(send_as(till, prompt("1")).status, 204) << "recorded before";
  EXPECT_EQ(send(prompt("4")).status, 204) << "the provider's";
  EXPECT_EQ(
      to_text(world_.enforcement.allowance(core_world::tenant_id("tenant_1"), "tokens")->used),
      "3");
}

}  // namespace
}  // namespace metergate::api
