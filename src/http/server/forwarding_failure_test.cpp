// Exchanges in which a side misbehaves or disconnects: at most one answer, always one record, and a
// connection to the upstream that is reused only if it is clean.
#include "http/testing/forwarding_fixture_test.h"

namespace metergate::http {
namespace {

using AnsweredBy = PassedOutcome::AnsweredBy;

TEST_F(ForwardingTest, RefusesWithoutAskingTheUpstream) {
  start_answering([](const std::string&) { return simple_answer("ok"); });
  RawClient client{port()};
  client.send(get("/up/refused"));
  EXPECT_EQ(client.status(), 403);
  client.send(get("/up/x"));
  EXPECT_EQ(client.status(), 200);
  EXPECT_EQ(passed_.outcome(0).by, AnsweredBy::gateway);
  EXPECT_FALSE(passed_.outcome(0).reached_upstream);
}

TEST_F(ForwardingTest, ClosesWhereItRefusesARequestWhoseBodyIsStillToCome) {
  start_answering([](const std::string&) { return simple_answer("ok"); });
  RawClient client{port()};
  client.send("POST /up/refused HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.status(), 403);
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ForwardingTest, IsBadGatewayWhereNobodyListens) {
  std::uint16_t unused = 0;
  {
    const FakeUpstream gone{[](UpstreamSide&, int) {}};
    unused = gone.port();
  }
  start_at("http://127.0.0.1:" + std::to_string(unused));
  EXPECT_EQ(status_of(ask(get("/up/x"))), 502);
  EXPECT_EQ(passed_.outcome(0).by, AnsweredBy::gateway);
  EXPECT_EQ(passed_.outcome(0).status, 502);
}

TEST_F(ForwardingTest, IsBadGatewayWhereTheUpstreamEndsOrResetsBeforeItsHead) {
  start_with([](UpstreamSide& side, int connection) {
    side.request();
    if (connection == 1) side.reset();
    if (connection == 2) side.send("HTTP/1.1 200 OK\r\nContent-Le");
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(ask(get("/up/x"))), 502) << i;
  EXPECT_EQ(passed_.count(), 3U);
  EXPECT_EQ(upstream_->connections(), 3);
}

TEST_F(ForwardingTest, CutsTheAnswerWhereTheUpstreamBreaksOffInItsMiddle) {
  start_with([](UpstreamSide& side, int connection) {
    side.request();
    side.send(connection == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
                              : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf");
  });
  for (std::size_t i = 0; i < 2; ++i) {
    RawClient client{port()};
    client.send(get("/up/x"));
    const std::string got = client.rest();
    EXPECT_NE(body_of(got).find("half"), std::string::npos) << got;
    EXPECT_FALSE(got.ends_with("0\r\n\r\n")) << "it must not look whole";
    EXPECT_EQ(passed_.outcome(i).by, AnsweredBy::upstream);
    EXPECT_EQ(passed_.outcome(i).status, 200);
  }
  EXPECT_EQ(passed_.count(), 2U);
}

TEST_F(ForwardingTest, IsBadGatewayForWhatIsNoAnswer) {
  const std::vector<std::string> rubbish = {
      "SSH-2.0-OpenSSH_9\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA b : c\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",  // incomplete: refused without waiting
      "HTTP/1.1 200 OK\r\nContent-Length: 0\nA",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n"};
  // By value: the upstream's threads end after this function.
  start_with([rubbish](UpstreamSide& side, int connection) {
    side.request();
    side.send(rubbish.at(static_cast<std::size_t>(connection)));
    side.more();
  });
  for (const std::string& answer : rubbish)
    EXPECT_EQ(status_of(ask(get("/up/x"))), 502) << answer.substr(0, 60);
  EXPECT_EQ(passed_.count(), rubbish.size());
}

TEST_F(ForwardingTest, TriesAgainOnceWhereAKeptConnectionWasClosed) {
  start_with([](UpstreamSide& side, int connection) {
    side.request();
    side.send(simple_answer("first"));
    // The second request is not answered, so it is unknown whether it was processed.
    if (connection == 0) {
      side.request();
    } else {
      side.more();
    }
  });
  RawClient client{port()};
  client.send(get("/up/x"));
  EXPECT_EQ(client.status(), 200);
  client.send(get("/up/x"));
  EXPECT_EQ(client.status(), 200);
  EXPECT_EQ(upstream_->connections(), 2);
  EXPECT_EQ(passed_.count(), 2U);
}

TEST_F(ForwardingTest, NeverSendsARequestWithABodyTwice) {
  start_with([](UpstreamSide& side, int connection) {
    side.request();
    side.send(simple_answer("first"));
    if (connection == 0) side.request();
  });
  RawClient client{port()};
  client.send(post("/up/x", "a"));
  EXPECT_EQ(client.status(), 200);
  client.send(post("/up/x", "b"));
  EXPECT_EQ(client.status(), 502);
  EXPECT_EQ(upstream_->connections(), 1);
}

TEST_F(ForwardingTest, NeverSendsAStreamedBodyTwiceEither) {
  std::promise<void> has_head;
  start_with([&](UpstreamSide& side, int connection) {
    side.request();
    side.send(simple_answer("first"));
    if (connection > 0) return;
    side.head();
    has_head.set_value();
    side.more();
  });
  RawClient client{port()};
  client.send(get("/up/x"));
  EXPECT_EQ(client.status(), 200);
  client.send("PUT /up/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  has_head.get_future().wait();
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.status(), 502);
  EXPECT_EQ(upstream_->connections(), 1);
}

TEST_F(ForwardingTest, LeavesAConnectionOnWhichSomethingCameUnasked) {
  start_with([](UpstreamSide& side, int connection) {
    side.request();
    side.send(simple_answer("right") + (connection == 0 ? simple_answer("poison") : ""));
    side.more();
  });
  RawClient client{port()};
  for (int i = 0; i < 2; ++i) {
    client.send(get("/up/x"));
    EXPECT_EQ(body_of(client.answer().value_or("")), "right");
  }
  EXPECT_EQ(upstream_->connections(), 2);
}

TEST_F(ForwardingTest, IsGatewayTimeoutWhereNoHeadComes) {
  start_with([](UpstreamSide& side, int) {
    side.request();
    side.more();
  });
  RawClient client{port()};
  client.send(get("/up/x"));
  pass_round();
  while (passed_.count() == 0) clock_.advance(std::chrono::seconds{10});
  EXPECT_EQ(client.status(), 504);
  EXPECT_EQ(passed_.outcome(0).status, 504);
}

TEST_F(ForwardingTest, CutsAnAnswerThatStandsStill) {
  start_with([](UpstreamSide& side, int) {
    side.request();
    side.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    side.more();
  });
  RawClient client{port()};
  client.send(get("/up/x"));
  EXPECT_TRUE(client.until("half").ends_with("half"));
  while (passed_.count() == 0) clock_.advance(std::chrono::seconds{10});
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(passed_.outcome(0).status, 200);
}

TEST_F(ForwardingTest, RecordsACallerThatLeftBeforeTheAnswer) {
  std::promise<void> is_asked;
  start_with([&](UpstreamSide& side, int) {
    side.request();
    is_asked.set_value();
    EXPECT_EQ(side.more(), "");  // ended by the other side
  });
  {
    RawClient client{port()};
    client.send(get("/up/x"));
    is_asked.get_future().wait();
  }
  clock_.advance(std::chrono::seconds{2});
  EXPECT_EQ(passed_.outcome(0).by, AnsweredBy::nobody);
  EXPECT_TRUE(passed_.outcome(0).reached_upstream);
  upstream_->wait_for_ended(1);
  EXPECT_EQ(passed_.count(), 1U);
}

TEST_F(ForwardingTest, RecordsACallerThatLeftWithinItsBody) {
  std::promise<void> is_asked;
  start_with([&](UpstreamSide& side, int) {
    side.head();
    is_asked.set_value();
    while (!side.more().empty()) {
    }
  });
  {
    RawClient client{port()};
    client.send("POST /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    is_asked.get_future().wait();
  }
  EXPECT_EQ(passed_.outcome(0).by, AnsweredBy::nobody);
  upstream_->wait_for_ended(1);
}

TEST_F(ForwardingTest, RefusesABodyThatTurnsOutToBeNone) {
  std::string seen;
  start_with([&](UpstreamSide& side, int) {
    seen = side.head() + side.more();
    for (std::string more = side.more(); !more.empty(); more = side.more()) seen += more;
  });
  RawClient client{port()};
  client.send("POST /up/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  pass_round();
  client.send("zz\r\n");
  EXPECT_EQ(client.status(), 400);
  EXPECT_TRUE(client.is_ended());
  upstream_->wait_for_ended(1);
  EXPECT_TRUE(body_of(seen).ends_with("2\r\nab\r\n")) << "the upstream sees no end of it";
  EXPECT_EQ(passed_.count(), 1U);
}

TEST_F(ForwardingTest, RefusesABadFirstPieceBeforeTheUpstreamIsAsked) {
  start_answering([](const std::string&) { return simple_answer("ok"); });
  EXPECT_EQ(
      status_of(ask("POST /up/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")),
      400);
  EXPECT_EQ(upstream_->connections(), 0);
  EXPECT_EQ(passed_.count(), 0U);
}

TEST_F(ForwardingTest, BoundsBodiesEitherWay) {
  upstream_options_.request_bytes_max = 10;
  upstream_options_.response_bytes_max = 20;
  start_answering([](const std::string& request) {
    return simple_answer(std::string(request.find("big") == std::string::npos ? 20 : 21, 'x'));
  });
  EXPECT_EQ(status_of(ask(post("/up/x", std::string(11, 'b')))), 413);
  EXPECT_EQ(status_of(ask("POST /up/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "b\r\nbbbbbbbbbbb\r\n0\r\n\r\n")),
            413);
  EXPECT_EQ(upstream_->connections(), 0);
  EXPECT_EQ(status_of(ask(post("/up/x", std::string(10, 'b')))), 200);
  EXPECT_EQ(status_of(ask(get("/up/big"))), 502);
}

TEST_F(ForwardingTest, HoldsTheEndOfAnAnswerUntilItsRecordIsKept) {
  passed_.holds = true;
  start_answering([](const std::string&) { return simple_answer("ok"); });
  RawClient client{port()};
  client.send(get("/up/x"));
  passed_.outcome(0);
  RawClient other{port()};
  other.send(get("/own"));
  EXPECT_EQ(other.status(), 200) << "nobody else waits for it";
  passed_.release();
  EXPECT_EQ(client.status(), 200);
}

TEST_F(ForwardingTest, SaysSoWhereTheRecordCannotBeKept) {
  passed_.refuses_record = true;
  start_answering([](const std::string&) { return simple_answer("ok"); });
  EXPECT_EQ(status_of(ask(get("/up/x"))), 503);
}

TEST_F(ForwardingTest, LetsRequestsWaitForAConnectionAndRefusesBeyond) {
  upstream_options_.connections_max = 1;
  upstream_options_.waiting_max = 1;
  std::promise<void> is_asked;
  std::promise<void> may_answer;
  start_with([&](UpstreamSide& side, int) {
    side.request();
    is_asked.set_value();
    may_answer.get_future().wait();
    side.send(simple_answer("one"));
    side.request();
    side.send(simple_answer("two"));
    side.more();
  });
  RawClient first{port()};
  first.send(get("/up/x"));
  is_asked.get_future().wait();
  RawClient second{port()};
  second.send(get("/up/x"));
  pass_round();
  EXPECT_EQ(status_of(ask(get("/up/x"))), 503);
  may_answer.set_value();
  EXPECT_EQ(body_of(first.answer().value_or("")), "one");
  EXPECT_EQ(body_of(second.answer().value_or("")), "two");
  EXPECT_EQ(upstream_->connections(), 1);
}

// Four connections: t1 takes three, and the last stays free for others.
TEST_F(ForwardingTest, OneTenantNeverTakesTheLastConnections) {
  options_.threads = 1;
  upstream_options_.connections_max = 4;
  std::promise<void> may_answer;
  std::shared_future<void> answering = may_answer.get_future().share();
  std::atomic<int> asked = 0;
  start_with([&](UpstreamSide& side, int) {
    for (std::string head = side.request(); !head.empty(); head = side.request()) {
      ++asked;
      if (head.find("/up/t2/") == std::string::npos) answering.wait();
      side.send(simple_answer("ok"));
    }
  });
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 6; ++i) {
    slow.push_back(std::make_unique<RawClient>(port()));
    slow.back()->send(get("/up/t1/x"));
  }
  while (asked < 3) std::this_thread::yield();
  pass_round();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(status_of(ask(get("/up/t2/x"))), 200);
  EXPECT_EQ(asked, 13) << "the other three wait";
  may_answer.set_value();
  for (const auto& client : slow) EXPECT_EQ(status_of(client->answer().value_or("")), 200);
}

TEST_F(ForwardingTest, OneTenantNeverTakesTheLastPlacesToWait) {
  options_.threads = 1;
  upstream_options_.connections_max = 1;
  upstream_options_.waiting_max = 4;
  std::promise<void> may_answer;
  std::promise<void> is_asked;
  start_with([&](UpstreamSide& side, int) {
    side.request();
    is_asked.set_value();
    may_answer.get_future().wait();
    side.send(simple_answer("ok"));
    while (!side.request().empty()) side.send(simple_answer("ok"));
  });
  RawClient first{port()};
  first.send(get("/up/t1/x"));
  is_asked.get_future().wait();
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (const char* path : {"/up/t1/a", "/up/t1/b", "/up/t1/c"}) {
    waiting.push_back(std::make_unique<RawClient>(port()));
    waiting.back()->send(get(path));
    pass_round();
  }
  EXPECT_EQ(status_of(ask(get("/up/t1/d"))), 503) << "the last place is another's";
  waiting.push_back(std::make_unique<RawClient>(port()));
  waiting.back()->send(get("/up/t2/x"));
  pass_round();
  EXPECT_EQ(status_of(ask(get("/up/t3/x"))), 503) << "now it is full";
  may_answer.set_value();
  EXPECT_EQ(status_of(first.answer().value_or("")), 200);
  for (const auto& client : waiting) EXPECT_EQ(status_of(client->answer().value_or("")), 200);
}

TEST_F(ForwardingTest, EndsWhatIsUnderWayWhereTheServerStops) {
  options_.stop_timeout = std::chrono::seconds{0};
  std::promise<void> is_asked;
  start_with([&](UpstreamSide& side, int) {
    side.request();
    is_asked.set_value();
    side.more();
  });
  RawClient client{port()};
  client.send(get("/up/x"));
  is_asked.get_future().wait();
  server_.reset();
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(passed_.count(), 1U);
}

}  // namespace
}  // namespace metergate::http
