#include <deque>

#include "http/testing/server_fixture_test.h"

namespace metergate::http {
namespace {

TEST_F(ServerTest, AnswersARequest) {
  start();
  const std::string answer =
      ask("POST /a%20b?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "/a b|hi");
  EXPECT_EQ(field_of(answer, "Connection"), "keep-alive");
  EXPECT_EQ(field_of(answer, "Date"), "Thu, 05 Mar 2026 10:30:00 GMT");
  EXPECT_TRUE(field_of(answer, "X-Request-Id").starts_with("req_"));
  const Request seen = echo_.last();
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.remote_ip, "127.0.0.1");
  EXPECT_EQ(seen.query.at(0).second, "1");
  EXPECT_EQ(seen.bytes, 58);
}

TEST_F(ServerTest, EchoesTheCallersSaneRequestIdOnly) {
  start();
  const auto id_for = [&](const std::string& id) {
    return field_of(ask("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: " + id + "\r\n\r\n"),
                    "X-Request-Id");
  };
  EXPECT_EQ(id_for("a.B-9_z"), "a.B-9_z");
  EXPECT_EQ(id_for(std::string(64, 'a')), std::string(64, 'a'));
  for (const std::string& bad : {std::string(65, 'a'), std::string("a b"), std::string("a\"b"),
                                 std::string(""), std::string("a\r\nX-Request-Id: b")}) {
    EXPECT_TRUE(id_for(bad).starts_with("req_")) << bad;
    EXPECT_EQ(id_for(bad).size(), 30U);
  }
}

TEST_F(ServerTest, SettlesOnceForRequestsThatAreReadyTogether) {
  start();
  std::deque<RawClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(port());
    clients.back().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(clients.back().answer());
  }
  clients.front().send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(5);
  for (std::size_t i = 1; i < 4; ++i) clients[i].send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.release();
  for (RawClient& client : clients) EXPECT_EQ(status_of(client.answer().value_or("")), 200);
  EXPECT_EQ(echo_.settled(), std::vector<std::size_t>{3});
}

TEST_F(ServerTest, TellsTheHandlerWhatItFoundUnlessItHasWaited) {
  start();
  const auto known_for = [this](std::string_view path, bool in_pieces) {
    RawClient client{port()};
    const std::string head =
        fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nX-Holder: h\r\nContent-Length: 3\r\n{}\r\n",
                    path, in_pieces ? "Expect: 100-continue\r\n" : "");
    client.send(in_pieces ? head : head + "abc");
    if (in_pieces) {
      EXPECT_EQ(client.status(), 100);
      client.send("abc");
    }
    EXPECT_EQ(client.status(), 200);
    const auto known = echo_.last().known_caller;
    return known == nullptr ? "" : *static_cast<const std::string*>(known.get());
  };
  EXPECT_EQ(known_for("/", false), "h");
  EXPECT_EQ(known_for("/", true), "") << "it may have been locked out meanwhile";
  EXPECT_EQ(known_for("/slow", false), "") << "likewise";
  ask("GET / HTTP/1.1\r\nHost: a\r\nX-Holder: h\r\n\r\n");
  EXPECT_EQ(echo_.last().known_caller, nullptr) << "nothing was asked before";
}

TEST_F(ServerTest, SettlesWhatASlowThreadHandled) {
  start();
  EXPECT_EQ(status_of(ask("GET /slow-later HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
}

TEST_F(ServerTest, KeepsTheConnectionForTheNextRequest) {
  start();
  RawClient client{port()};
  for (int i = 0; i < 3; ++i) {
    client.send(fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i));
    EXPECT_EQ(body_of(client.answer().value_or("")), fmt::format("/{}|", i));
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client{port()};
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += fmt::format("POST /{}{} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                       i % 2 == 0 ? "slow" : "", i);
  }
  client.send(all);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(body_of(client.answer().value_or("")),
              fmt::format("/{}{}|abc", i % 2 == 0 ? "slow" : "", i));
  }
}

TEST_F(ServerTest, EndsTheConnectionWhereTheCallerOrTheHandlerWantsIt) {
  start();
  for (const char* request : {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                              "GET / HTTP/1.0\r\n\r\n", "GET /close HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    RawClient client{port()};
    client.send(request);
    EXPECT_EQ(field_of(client.answer().value_or(""), "Connection"), "close");
    EXPECT_TRUE(client.is_ended());
  }
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  start();
  RawClient client{port()};
  client.send("HEAD /four HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.answer(false).value_or("");
  EXPECT_EQ(field_of(answer, "Content-Length"), "6");
  client.send("HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(client.answer(false).value_or(""), "Transfer-Encoding"), "chunked");
  client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/next|");
}

TEST_F(ServerTest, SendsNoBodyAndNoLengthWith204) {
  start();
  RawClient client{port()};
  client.send("GET /empty HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(client.answer().value_or(""), "Content-Length"), "");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/next|");
}

TEST_F(ServerTest, StreamsASourceInChunks) {
  start();
  RawClient client{port()};
  client.send("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.answer().value_or("")),
            "6\r\npiece3\r\n6\r\npiece2\r\n6\r\npiece1\r\n0\r\n\r\n");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/next|");
}

TEST_F(ServerTest, StreamsASourceToAnOldClientUntilTheConnectionEnds) {
  start();
  RawClient client{port()};
  client.send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = client.rest();
  EXPECT_EQ(field_of(all, "Connection"), "close");
  EXPECT_EQ(field_of(all, "Transfer-Encoding"), "");
  EXPECT_EQ(body_of(all), "piece3piece2piece1");
}

TEST_F(ServerTest, CutsABodyShortWhereItsSourceFails) {
  options_.stop_timeout = std::chrono::seconds{1};
  start();
  RawClient client{port()};
  client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(client.rest()), "");
}

TEST_F(ServerTest, SendsALargeBodyWhole) {
  start();
  EXPECT_EQ(body_of(ask("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")).size(), 300'000U);
}

TEST_F(ServerTest, LetsNoHeaderOfAHandlerSplitTheAnswer) {
  start();
  EXPECT_EQ(ask("GET /split HTTP/1.1\r\nHost: a\r\n\r\n").find("Injected"), std::string::npos);
}

TEST_F(ServerTest, AsksForABodyThatWaitsForIt) {
  start();
  RawClient client{port()};
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.answer(false), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_EQ(body_of(client.answer().value_or("")), "/|abc");
}

TEST_F(ServerTest, DoesNotAskForABodyThatIsThereOrTooLarge) {
  start();
  EXPECT_EQ(status_of(ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                          "Content-Length: 3\r\n\r\nabc")),
            200);
  EXPECT_EQ(status_of(ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                          "Content-Length: 99999999\r\n\r\n")),
            413);
}

TEST_F(ServerTest, RefusesWhatIsAmbiguousAndEndsTheConnection) {
  start();
  RawClient client{port()};
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.answer().value_or("");
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_EQ(field_of(answer, "Connection"), "close");
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerTest, SkipsAnEmptyLineBehindABody) {
  start();
  RawClient client{port()};
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\n");
  EXPECT_EQ(client.status(), 200);
  client.send("GET http://b:1/b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.status(), 200);
  EXPECT_EQ(echo_.last().path, "/b");
  EXPECT_EQ(echo_.last().host, "b:1");
}

TEST_F(ServerTest, RefusesABadTarget) {
  start();
  for (const char* target : {"/../etc/passwd", "/a%2Fb", "/%00", "/a#b", "/%zz", "/?a=%ff"}) {
    RawClient client{port()};
    client.send(fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", target));
    EXPECT_EQ(client.status(), 400) << target;
    EXPECT_TRUE(client.is_ended());
  }
}

TEST_F(ServerTest, RunsSlowHandlersElsewhere) {
  start();
  ask("GET /fast HTTP/1.1\r\nHost: a\r\n\r\n");
  ask("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(echo_.ran_slow_elsewhere());
}

TEST_F(ServerTest, RefusesSlowRequestsWhenTooManyWait) {
  options_.slow_waiting_max = 1;
  start();
  const std::string request = "GET /slow-block HTTP/1.1\r\nHost: a\r\n\r\n";
  RawClient running{port()};
  running.send(request);
  echo_.wait_for(1);
  RawClient waiting{port()};
  waiting.send(request);
  RawClient fast{port()};
  fast.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(fast.status(), 200);
  // On the one server thread, `waiting` is read before this one.
  RawClient refused{port()};
  refused.send(request);
  EXPECT_EQ(refused.status(), 503);
  echo_.release();
  EXPECT_EQ(running.status(), 200);
  EXPECT_EQ(waiting.status(), 200);
}

TEST_F(ServerTest, TakesAReplyFromAnyThread) {
  start();
  RawClient client{port()};
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(1);
  std::jthread{[kept = echo_.take_kept()]() mutable {
    Response response;
    response.status = 201;
    kept.at(0)(std::move(response));
  }}.join();
  EXPECT_EQ(client.status(), 201);
}

TEST_F(ServerTest, AnswersForAHandlerThatDropsItsReply) {
  start();
  EXPECT_EQ(status_of(ask("GET /drop HTTP/1.1\r\nHost: a\r\n\r\n")), 500);
}

TEST_F(ServerTest, ForgetsACallerWhoLeftWhileItsAnswerWasMade) {
  start();
  {
    RawClient client{port()};
    client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    echo_.wait_for(1);
  }
  for (Reply& reply : echo_.take_kept()) reply({});
  EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
  server_->stop();  // would wait for a connection that leaked
}

TEST_F(ServerTest, LetsAReplyComeAfterItHasGone) {
  options_.stop_timeout = std::chrono::seconds{0};
  start();
  RawClient client{port()};
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(1);
  server_.reset();
  for (Reply& reply : echo_.take_kept()) reply({});
  EXPECT_TRUE(client.is_ended());
}

}  // namespace
}  // namespace metergate::http
