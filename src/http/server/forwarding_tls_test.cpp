// An upstream with TLS.
#include <algorithm>
#include <atomic>
#include <memory>

#include "http/server/upstream_checks.h"
#include "http/testing/forwarding_fixture_test.h"

namespace metergate::http {
namespace {

using AnsweredBy = PassedOutcome::AnsweredBy;

constexpr const char* kNames = "localhost,IP:127.0.0.1";

class ForwardingTlsTest : public ForwardingTest {
 protected:
  // An upstream whose certificate, for these names, is the only trusted one.
  void start_tls(FakeUpstream::Serve serve, const std::string& names = kNames) {
    upstream_ = std::make_unique<FakeUpstream>(std::move(serve), names);
    trust(upstream_->certificate());
    start_at(upstream_->url());
  }
  void start_tls_answering(std::function<std::string(const std::string& request)> answer) {
    start_tls([answer = std::move(answer)](UpstreamSide& side, int) {
      for (std::string request = side.request(); !request.empty(); request = side.request())
        side.send(answer(request));
    });
  }
  void trust(const std::string& certificate) {
    upstream_options_.tls = trust_only(certificate).value();
  }
  std::string why_not_well() {
    const Result<> tried = try_target(*passed_.upstream, passed_.upstream->targets().front());
    return tried ? "" : tried.error().message;
  }
};

TEST_F(ForwardingTlsTest, PassesRequestsOverOneConnection) {
  start_tls_answering([](const std::string& request) { return simple_answer(body_of(request)); });
  RawClient client{port()};
  for (const std::string body : {"one", "two", "three"}) {
    client.send(post("/up/x", body));
    EXPECT_EQ(body_of(client.answer().value_or("")), body);
  }
  EXPECT_EQ(upstream_->connections(), 1);
  EXPECT_EQ(passed_.count(), 3U);
}

TEST_F(ForwardingTlsTest, NamesTheOriginAsItStandsInItsUrl) {
  std::string seen;
  upstream_ = std::make_unique<FakeUpstream>(
      [&](UpstreamSide& side, int) {
        seen = side.request();
        side.send(simple_answer("ok"));
      },
      kNames);
  trust(upstream_->certificate());
  const std::string authority = "localhost:" + std::to_string(upstream_->port());
  start_at("https://" + authority);
  EXPECT_EQ(status_of(ask(get("/up/x"))), 200);
  EXPECT_EQ(field_of(seen, "Host"), authority);
}

TEST_F(ForwardingTlsTest, StreamsALargeBodyEitherWay) {
  start_tls_answering([](const std::string& request) { return simple_answer(body_of(request)); });
  std::string body;
  for (int i = 0; body.size() < 5'000'000; ++i) body += fmt::format("{:08d}", i);
  const std::string answer = ask(post("/up/x", body));
  EXPECT_TRUE(body_of(answer) == body);
  EXPECT_EQ(passed_.outcome(0).response_bytes, std::ssize(answer));
}

TEST_F(ForwardingTlsTest, PassesALargeAnswerWholeToWhoReadsItLate) {
  std::string body;
  for (int i = 0; body.size() < 8'000'000; ++i) body += fmt::format("{:08d}", i);
  start_tls_answering([&](const std::string&) { return simple_answer(body); });
  RawClient late{port()};
  late.send(get("/up/x"));
  RawClient other{port()};
  other.send(get("/up/x"));
  EXPECT_TRUE(body_of(other.answer().value_or("")) == body);
  EXPECT_TRUE(body_of(late.answer().value_or("")) == body);
}

TEST_F(ForwardingTlsTest, PassesChunksOnAsTheyCome) {
  start_tls([](UpstreamSide& side, int) {
    EXPECT_EQ(field_of(side.head(), "Transfer-Encoding"), "chunked");
    std::string got = side.more();
    EXPECT_EQ(got, "3\r\nabc\r\n");
    side.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n");
    while (!got.ends_with("0\r\n\r\n")) got += side.more();
    EXPECT_EQ(got, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    side.send("5\r\npedia\r\n0\r\n\r\n");
    side.more();
  });
  RawClient client{port()};
  client.send("POST /up/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(body_of(client.until("wiki")), "4\r\nwiki");
  client.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(client.rest(), "\r\n5\r\npedia\r\n0\r\n\r\n");
}

TEST_F(ForwardingTlsTest, PassesEventsOnAtOnce) {
  std::promise<void> may_end;
  start_tls([&](UpstreamSide& side, int) {
    side.request();
    side.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    may_end.get_future().wait();
    side.send("data: 2\n\n");
  });
  RawClient client{port()};
  client.send(get("/up/events"));
  EXPECT_TRUE(client.until("data: 1\n\n").ends_with("data: 1\n\n"));
  EXPECT_EQ(passed_.count(), 0U);
  may_end.set_value();
  EXPECT_EQ(client.until("0\r\n\r\n"), "\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n");
  EXPECT_EQ(passed_.outcome(0).by, AnsweredBy::upstream);
}

TEST_F(ForwardingTlsTest, PassesAWebSocketBothWays) {
  start_tls([](UpstreamSide& side, int) {
    EXPECT_EQ(field_of(side.head(), "Upgrade"), "websocket");
    side.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello");
    for (std::string got = side.more(); !got.empty(); got = side.more()) side.send(got);
  });
  {
    RawClient client{port()};
    client.send(get("/up/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    EXPECT_EQ(status_of(client.until("hello")), 101);
    for (int i = 0; i < 100; ++i) {
      const std::string message = std::string(static_cast<std::size_t>(i) * 300, 'm') + "end";
      client.send(message);
      EXPECT_TRUE(client.until("end") == message) << i;
    }
  }
  EXPECT_EQ(passed_.outcome(0).status, 101);
  upstream_->wait_for_ended(1);
}

TEST_F(ForwardingTlsTest, PassesAWebSocketThatIsFullBothWaysAtOnce) {
  const std::string much(2'000'000, 'm');
  start_tls([&](UpstreamSide& side, int) {
    side.head();
    side.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello");
    side.send(much + "end");  // before it reads anything
    std::string got;
    while (got.size() < much.size()) got += side.more();
    EXPECT_TRUE(got == much);
    side.send("all");
    side.more();
  });
  RawClient client{port()};
  client.send(get("/up/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
  EXPECT_EQ(status_of(client.until("hello")), 101);
  std::thread sending{[&] { client.send(much); }};
  EXPECT_TRUE(client.until("end") == much + "end");
  EXPECT_EQ(client.until("all"), "all");
  sending.join();
}

TEST_F(ForwardingTlsTest, IsBadGatewayWhereTheCertificateIsNotTrusted) {
  upstream_ = std::make_unique<FakeUpstream>([](UpstreamSide&, int) { FAIL(); }, kNames);
  const FakeUpstream other{[](UpstreamSide&, int) {}, kNames};
  trust(other.certificate());
  start_at(upstream_->url());
  EXPECT_EQ(status_of(ask(get("/up/x"))), 502);
  EXPECT_EQ(passed_.outcome(0).by, AnsweredBy::gateway);
  EXPECT_FALSE(passed_.outcome(0).reached_upstream);
  EXPECT_FALSE(passed_.upstream->targets().front().is_healthy);
  EXPECT_EQ(why_not_well(), "no TLS: its certificate is not accepted: self-signed certificate");
}

TEST_F(ForwardingTlsTest, IsBadGatewayWhereTheCertificateIsForAnotherHost) {
  start_tls([](UpstreamSide&, int) { FAIL(); }, "other.example,IP:127.0.0.2");
  EXPECT_EQ(status_of(ask(get("/up/x"))), 502);
  EXPECT_EQ(why_not_well(), "no TLS: its certificate is not accepted: IP address mismatch");
}

TEST_F(ForwardingTlsTest, SaysOnceInTheLogWhyItLeavesATargetOut) {
  const Log heard{clock_, LogLevel::warn};
  start_tls([](UpstreamSide&, int) { FAIL(); }, "other.example");
  server_ = Server::create(options_, passing_, clock_, heard).value();
  server_->start();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(ask(get("/up/x"))), 502);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("no TLS: its certificate is not accepted: IP address mismatch"),
            std::string::npos);
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  server_.reset();
}

TEST_F(ForwardingTlsTest, IsBadGatewayWhereNoTlsIsSpoken) {
  upstream_ = std::make_unique<FakeUpstream>([](UpstreamSide& side, int) {
    side.more();
    side.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });
  const FakeUpstream other{[](UpstreamSide&, int) {}, kNames};
  trust(other.certificate());
  start_at("https://127.0.0.1:" + std::to_string(upstream_->port()));
  EXPECT_EQ(status_of(ask(get("/up/x"))), 502);
  EXPECT_EQ(why_not_well(), "no TLS: it speaks no TLS there");
}

TEST_F(ForwardingTlsTest, IsTooLateWhereTheHandshakeDoesNotEnd) {
  upstream_ = std::make_unique<FakeUpstream>([](UpstreamSide& side, int) {
    while (!side.more().empty()) {
    }
  });
  const FakeUpstream other{[](UpstreamSide&, int) {}, kNames};
  trust(other.certificate());
  start_at("https://127.0.0.1:" + std::to_string(upstream_->port()));
  RawClient client{port()};
  client.send(get("/up/x"));
  while (passed_.count() == 0) clock_.advance(std::chrono::seconds{6});
  EXPECT_EQ(client.status(), 504);
}

TEST_F(ForwardingTlsTest, GivesUpAHandshakeWhoseCallerHasGone) {
  upstream_ = std::make_unique<FakeUpstream>([](UpstreamSide& side, int) {
    while (!side.more().empty()) {
    }
  });
  const FakeUpstream other{[](UpstreamSide&, int) {}, kNames};
  trust(other.certificate());
  upstream_options_.connect_timeout = std::chrono::hours{1};
  start_at("https://127.0.0.1:" + std::to_string(upstream_->port()));
  {
    RawClient client{port()};
    client.send(get("/up/x"));
    while (upstream_->connections() == 0) std::this_thread::yield();
  }
  clock_.advance(std::chrono::seconds{2});
  EXPECT_EQ(passed_.outcome(0).by, AnsweredBy::nobody);
  upstream_->wait_for_ended(1);
}

TEST_F(ForwardingTlsTest, IsBadGatewayWhereTheUpstreamEndsBeforeItsHead) {
  start_tls([](UpstreamSide& side, int connection) {
    side.request();
    if (connection == 1) side.close();
    if (connection == 2) side.reset();
    if (connection == 3) side.send("HTTP/1.1 200 OK\r\nContent-Le");
  });
  for (int i = 0; i < 4; ++i) EXPECT_EQ(status_of(ask(get("/up/x"))), 502) << i;
  EXPECT_EQ(passed_.count(), 4U);
}

TEST_F(ForwardingTlsTest, CutsTheAnswerWhereTheUpstreamBreaksOffInItsMiddle) {
  start_tls([](UpstreamSide& side, int connection) {
    side.request();
    side.send(connection == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
                              : "HTTP/1.1 200 OK\r\n\r\nhalf");
    // An answer without a length is complete only if TLS was ended.
    if (connection == 1) side.close();
  });
  for (int i = 0; i < 3; ++i) {
    RawClient client{port()};
    client.send(get("/up/x", "Connection: close\r\n"));
    const std::string got = client.rest();
    EXPECT_NE(body_of(got).find("half"), std::string::npos) << got;
    EXPECT_EQ(got.ends_with("0\r\n\r\n"), i == 2) << got;
  }
  EXPECT_EQ(passed_.count(), 3U);
}

TEST_F(ForwardingTlsTest, TriesAgainOnceWhereAKeptConnectionWasClosed) {
  start_tls([](UpstreamSide& side, int connection) {
    side.request();
    side.send(simple_answer("first"));
    if (connection == 0) {
      side.request();
      side.close();
    } else {
      side.more();
    }
  });
  RawClient client{port()};
  for (int i = 0; i < 2; ++i) {
    client.send(get("/up/x"));
    EXPECT_EQ(client.status(), 200);
  }
  EXPECT_EQ(upstream_->connections(), 2);
}

TEST_F(ForwardingTlsTest, LeavesAKeptConnectionThatHasEndedOrSaysSomethingUnasked) {
  for (const bool speaks : {true, false}) {
    const auto has_spoken = std::make_shared<std::atomic<bool>>(false);
    start_tls([speaks, has_spoken](UpstreamSide& side, int) {
      side.request();
      side.send(simple_answer("ok"));
      if (!speaks) return;
      side.send("HTTP/1.1 408 Too Late\r\n\r\n");
      *has_spoken = true;
      has_spoken->notify_all();
      side.more();
    });
    RawClient client{port()};
    client.send(get("/up/x"));
    EXPECT_EQ(client.status(), 200);
    if (speaks) has_spoken->wait(false);
    if (!speaks) upstream_->wait_for_ended(1);
    pass_round();
    client.send(get("/up/x"));
    EXPECT_EQ(client.status(), 200);
    server_.reset();
  }
}

TEST_F(ForwardingTlsTest, PassesAnAnswerThatComesBeforeTheRequestHasEnded) {
  start_tls([](UpstreamSide& side, int) {
    side.head();
    side.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
  });
  RawClient client{port()};
  client.send("POST /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart");
  EXPECT_EQ(status_of(client.answer().value_or("")), 413);
  EXPECT_EQ(passed_.outcome(0).status, 413);
}

TEST_F(ForwardingTlsTest, EndsWhatIsUnderWayWhereTheServerStops) {
  options_.stop_timeout = std::chrono::seconds{0};
  std::promise<void> is_asked;
  start_tls([&](UpstreamSide& side, int) {
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

TEST_F(ForwardingTlsTest, ChecksSpeakTlsToo) {
  upstream_options_.health_path = "/well";
  start_tls([](UpstreamSide& side, int) {
    const std::string request = side.request();
    if (request.starts_with("GET /well HTTP/1.1\r\n")) side.send(simple_answer("ok"));
  });
  EXPECT_EQ(why_not_well(), "");
  upstream_options_.health_path = "/silent";
  passed_.upstream = std::make_unique<Upstream>(upstream_options_);
  EXPECT_EQ(why_not_well(), "the connection was ended");
}

TEST_F(ForwardingTlsTest, ChecksWithoutAPathShakeHands) {
  start_tls([](UpstreamSide&, int) {});
  EXPECT_EQ(why_not_well(), "");
}

}  // namespace
}  // namespace metergate::http
