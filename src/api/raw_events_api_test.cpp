// GET /provider/events, and meters that count kept events, called as a client calls them.
#include <gtest/gtest.h>

#include "api/testing/api_world_test.h"

namespace metergate::api {
namespace {

class RawEventsApi : public testing::Test {
 protected:
  RawEventsApi() {
    send(R"({"id":"1","source":"pos","type":"storage.usage","subject":"tenant_1",)"
         R"("time":"2026-03-05T10:00:00Z","data":{"bytes":5}})");
    send(R"({"id":"2","source":"web","type":"prompt","subject":"tenant_1",)"
         R"("time":"2026-03-05T10:02:00Z","data":{"n":2.5,"x":1e300}})");
    send(R"({"id":"3","source":"pos","type":"prompt","subject":"tenant_2",)"
         R"("time":"2026-03-05T10:01:00Z","data":{"n":4}})");
    send(R"({"id":"4,b","source":"pos","type":"prompt","subject":"tenant_2",)"
         R"("time":"2026-03-05T10:01:00Z","data":{"n":"x"}})");
  }
  http::Response ask(const std::string& line, const std::string& body = {},
                     const std::string& token = {}) {
    http::Request request = request_for(line, token.empty() ? token_ : token);
    request.body = body;
    if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
    return api::ask(*dispatcher_, std::move(request)).value();
  }
  void send(const std::string& event) {
    const http::Response sent = ask("POST /api/v1/events", event);
    EXPECT_EQ(sent.status, 204) << sent.body;
  }
  Json list(const std::string& query) {
    const http::Response answer = ask("GET /provider/events" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const Json body = parse_json(answer.body, JsonNumbers::any).value();
    const Json* data = body.find("data");
    return data == nullptr ? Json::object() : *data;
  }
  std::string ids(const std::string& query) {
    std::string text;
    const Json page = list(query);
    for (const Json& event : page.find("events")->as_array()) text += *event.string_at("id") + " ";
    return text;
  }
  std::string query_meter(const std::string& slug) {
    const Json usage = body_of(ask("GET /api/v1/meters/" + slug + "/query"));
    const Json& rows = *usage.find("data");
    return rows.as_array().empty() ? "nothing" : to_text(*rows.as_array()[0].find("value"));
  }

  ApiWorld world_;
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(all_routes(), world_.services).value();
  std::string token_ = world_.provider_token({"*"});
};

TEST_F(RawEventsApi, EventsOfEveryTypeAreListedNewestFirst) {
  EXPECT_EQ(ids(""), "2 4,b 3 1 ");
  EXPECT_EQ(ids("?tenant_id=tenant_2"), "4,b 3 ");
  EXPECT_EQ(ids("?tenant_id=tenant_1,tenant_2"), "2 4,b 3 1 ");
  EXPECT_EQ(ids("?type=prompt&source=pos"), "4,b 3 ");
  EXPECT_EQ(ids("?id=1,3"), "3 1 ");
  EXPECT_EQ(ids("?id=4,b"), "4,b ");
  EXPECT_EQ(ids("?outcome=counted"), "1 ");
  EXPECT_EQ(ids("?outcome=unmatched,voided"), "2 4,b 3 ");
  EXPECT_EQ(ids("?from=2026-03-05T10:01:00Z&to=2026-03-05T10:02:00Z"), "4,b 3 ");
  EXPECT_EQ(ids("?from=2026-03-05&to=2026-03-05"), "2 4,b 3 1 ");
  EXPECT_EQ(ids("?tenant_id=nobody"), "");
  const Json events = *list("?id=2").find("events");
  EXPECT_EQ(to_text(*events.as_array()[0].find("data")), R"({"n":2.5,"x":1e300})");
  EXPECT_EQ(events.as_array()[0].string_at("tenant_id"), "tenant_1");
}

TEST_F(RawEventsApi, ACursorGoesOnWithItsOwnQuestionOnly) {
  std::string seen;
  std::string query = "?limit=1";
  for (int pages = 0; pages < 10; ++pages) {
    const Json page = list(query);
    for (const Json& event : page.find("events")->as_array()) seen += *event.string_at("id") + " ";
    const auto next = page.string_at("next_cursor");
    if (!next) break;
    query = "?limit=1&cursor=" + *next;
  }
  EXPECT_EQ(seen, "2 4,b 3 1 ");
  const std::string cursor = *list("?limit=2").string_at("next_cursor");
  EXPECT_EQ(ids("?cursor=" + cursor), "3 1 ");
  std::string forged = cursor;
  forged[3] = forged[3] == 'A' ? 'B' : 'A';
  for (const std::string& bad :
       {"?type=prompt&cursor=" + cursor, "?tenant_id=tenant_1&cursor=" + cursor,
        "?cursor=" + forged, std::string("?cursor=x"), std::string("?cursor=")}) {
    const http::Response refused = ask("GET /provider/events" + bad);
    EXPECT_EQ(refused.status, 400) << bad;
    EXPECT_NE(refused.body.find("cursor"), std::string::npos);
  }
}

TEST_F(RawEventsApi, OnlyWhoMayReadEventsSeesThem) {
  const auto status = [&](const std::string& token) {
    return ask("GET /provider/events", {}, token).status;
  };
  EXPECT_EQ(status(world_.provider_token({"events.read"})), 200);
  EXPECT_EQ(status(world_.provider_token({"events.write", "billing.read"})), 403);
  EXPECT_NE(status(world_.tenant_token("tenant_1")), 200);
  EXPECT_EQ(ask("GET /provider/events?outcome=maybe").status, 400);
  EXPECT_EQ(ask("GET /provider/events?tenant=x").status, 400);
}

TEST_F(RawEventsApi, AMeterMadeAfterwardsCountsTheKeptEventsAndShowsItFirst) {
  const std::string body = R"({"slug":"tokens","eventType":"prompt","aggregation":"SUM",)"
                           R"("valueProperty":"$.n","from":"period_start"})";
  const http::Response shown = ask("POST /api/v1/meters?dry_run=true", body);
  EXPECT_EQ(shown.status, 200) << shown.body;
  const Json preview = body_of(shown);
  EXPECT_EQ(preview.integer_at("events"), 2);
  EXPECT_EQ(preview.integer_at("unusableEvents"), 1);
  EXPECT_EQ(to_text(*preview.find("value")), "6.5");
  EXPECT_EQ(preview.find("data")->as_array().size(), 2u);
  EXPECT_EQ(ask("GET /api/v1/meters/tokens").status, 404);
  EXPECT_EQ(ask("POST /api/v1/meters", body).status, 201);
  EXPECT_EQ(query_meter("tokens"), "6.5");
  EXPECT_EQ(ids("?outcome=counted"), "2 4,b 3 1 ");
  // Without "from" earlier events do not count.
  EXPECT_EQ(ask("POST /api/v1/meters", R"({"slug":"plain","eventType":"prompt",)"
                                       R"("aggregation":"COUNT"})")
                .status,
            201);
  EXPECT_EQ(query_meter("plain"), "nothing");
  EXPECT_EQ(ask("POST /api/v1/meters", R"({"slug":"p2","eventType":"prompt",)"
                                       R"("aggregation":"COUNT","from":"yesterday"})")
                .status,
            400);
}

TEST_F(RawEventsApi, AValueThatCannotBeCountedIsRefusedOnceAMeterReadsIt) {
  ASSERT_EQ(ask("POST /api/v1/meters", R"({"slug":"tokens","eventType":"prompt",)"
                                       R"("aggregation":"SUM","valueProperty":"$.n"})")
                .status,
            201);
  for (const std::string value : {"1e300", "\"many\"", "1000000000001", "-1e13", "true", "[1]"}) {
    const http::Response refused =
        ask("POST /api/v1/events", R"([{"id":"a","source":"s","type":"other","subject":"tenant_1",)"
                                   R"("data":{"n":1e300}},{"id":"b","source":"s","type":"prompt",)"
                                   R"("subject":"tenant_1","data":{"n":)" +
                                       value + "}}]");
    EXPECT_EQ(refused.status, 400) << value;
    EXPECT_NE(refused.body.find(R"("index":1,"field":"data.n")"), std::string::npos)
        << refused.body;
  }
  EXPECT_EQ(ids("?id=a"), "");
  send(R"({"id":"c","source":"s","type":"prompt","subject":"tenant_1","data":{"m":1}})");
  send(R"({"id":"d","source":"s","type":"prompt","subject":"tenant_1",)"
       R"("time":"2026-03-05T10:00:00Z","data":{"n":0.1000000000}})");
  EXPECT_EQ(query_meter("tokens"), "0.1");
}

}  // namespace
}  // namespace metergate::api
