#include "http/testing/forwarding_fixture_test.h"

namespace metergate::http {
namespace {

using AnsweredBy = PassedOutcome::AnsweredBy;

TEST_F(ForwardingTest, PassesARequestAndItsAnswer) {
  std::string seen;
  start_answering([&](const std::string& request) {
    seen = request;
    return "HTTP/1.1 201 Made\r\nContent-Length: 2\r\nX-Own: yes\r\nDate: today\r\n\r\nhi";
  });
  const std::string request =
      "POST /up/a%20b?x=%31 HTTP/1.1\r\nHost: api.example\r\nX-Thing: 1\r\nContent-Length: 3\r\n"
      "X-Request-Id: r1\r\nX-Forwarded-For: 9.9.9.9\r\nConnection: x-hop\r\nX-Hop: 1\r\n"
      "Keep-Alive: 5\r\nTE: trailers\r\n\r\nabc";
  const std::string answer = ask(request);
  EXPECT_EQ(answer,
            "HTTP/1.1 201 Made\r\nX-Own: yes\r\nDate: today\r\nConnection: keep-alive\r\n"
            "X-Request-Id: r1\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(seen, "POST /up/a%20b?x=%31 HTTP/1.1\r\nHost: 127.0.0.1:" +
                      std::to_string(upstream_->port()) +
                      "\r\nx-thing: 1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
                      "X-Forwarded-Host: api.example\r\n"
                      "Forwarded: for=127.0.0.1;host=\"api.example\";proto=http\r\n"
                      "X-Request-Id: r1\r\nVia: 1.1 metergate\r\n"
                      "Content-Length: 3\r\n\r\nabc");
  const PassedOutcome outcome = passed_.outcome(0);
  EXPECT_EQ(outcome.by, AnsweredBy::upstream);
  EXPECT_EQ(outcome.status, 201);
  EXPECT_EQ(outcome.request_bytes, std::ssize(request));
  EXPECT_EQ(outcome.response_bytes, std::ssize(answer));
  EXPECT_EQ(passed_.count(), 1U);
}

// Its pool goes with it, and requests led there still get an answer.
TEST_F(ForwardingTest, GivesUpConnectionsToAnUpstreamThatIsRetired) {
  start_answering([](const std::string&) { return simple_answer("ok"); });
  EXPECT_EQ(status_of(ask(get("/up/a"))), 200);
  passed_.upstream->retire();
  upstream_->wait_for_ended(1);
  EXPECT_EQ(status_of(ask(get("/up/b"))), 200);
  upstream_->wait_for_ended(2);
}

TEST_F(ForwardingTest, KeepsTheConnectionToTheUpstreamAfterACleanExchange) {
  start_answering([](const std::string&) { return simple_answer("ok"); });
  RawClient client{port()};
  for (int i = 0; i < 5; ++i) {
    client.send(get("/up/x"));
    EXPECT_EQ(body_of(client.answer().value_or("")), "ok");
  }
  EXPECT_EQ(upstream_->connections(), 1);
  EXPECT_EQ(passed_.count(), 5U);
}

TEST_F(ForwardingTest, AnswersPipelinedRequestsInOrderBesideItsOwn) {
  start_answering([](const std::string& request) { return simple_answer(request.substr(0, 9)); });
  RawClient client{port()};
  client.send(get("/up/1") + get("/own") + post("/up/2", "abc") + get("/up/3"));
  EXPECT_EQ(body_of(client.answer().value_or("")), "GET /up/1");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/own|");
  EXPECT_EQ(body_of(client.answer().value_or("")), "POST /up/");
  EXPECT_EQ(body_of(client.answer().value_or("")), "GET /up/3");
}

TEST_F(ForwardingTest, StreamsALargeBodyEitherWay) {
  start_answering([](const std::string& request) { return simple_answer(body_of(request)); });
  const std::string body(5'000'000, 'b');
  const std::string answer = ask(post("/up/x", body));
  EXPECT_TRUE(body_of(answer) == body);
  EXPECT_EQ(passed_.outcome(0).response_bytes, std::ssize(answer));
}

TEST_F(ForwardingTest, PassesChunksOnAsTheyCome) {
  start_with([](UpstreamSide& side, int) {
    const std::string head = side.head();
    EXPECT_EQ(field_of(head, "Transfer-Encoding"), "chunked");
    std::string got = side.more();
    EXPECT_EQ(got, "3\r\nabc\r\n");
    side.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=1\r\nwiki\r\n");
    while (!got.ends_with("0\r\n\r\n")) got += side.more();
    EXPECT_EQ(got, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    side.send("5\r\npedia\r\n0\r\nX-Trailer: dropped\r\n\r\n");
    side.more();
  });
  RawClient client{port()};
  client.send("POST /up/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(body_of(client.until("wiki")), "4\r\nwiki");
  client.send("2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n");
  EXPECT_EQ(client.rest(), "\r\n5\r\npedia\r\n0\r\n\r\n");
}

}  // namespace
}  // namespace metergate::http
