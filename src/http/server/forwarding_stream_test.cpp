// Answers that come in pieces, before the end of their request, or without a known end: chunks,
// events, interim answers, WebSockets.
#include <charconv>

#include "http/testing/forwarding_fixture_test.h"

namespace metergate::http {
namespace {

using AnsweredBy = PassedOutcome::AnsweredBy;

TEST_F(ForwardingTest, PassesAnAnswerToHeadWithItsLengthAndNoBody) {
  start_answering([](const std::string& request) -> std::string {
    if (request.starts_with("HEAD")) return "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
    return simple_answer("ok");
  });
  RawClient client{port()};
  client.send("HEAD /up/x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/up/y"));
  EXPECT_EQ(field_of(client.answer(false).value_or(""), "Content-Length"), "99");
  EXPECT_EQ(body_of(client.answer().value_or("")), "ok");
  EXPECT_EQ(upstream_->connections(), 1);
}

TEST_F(ForwardingTest, PassesAnswersWithoutABody) {
  start_answering([](const std::string& request) -> std::string {
    if (request.find("/up/none") != std::string::npos) return "HTTP/1.1 204 No Content\r\n\r\n";
    return "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 7\r\n\r\n";
  });
  RawClient client{port()};
  client.send(get("/up/none") + get("/up/same") + get("/up/none"));
  EXPECT_EQ(status_of(client.answer(false).value_or("")), 204);
  const std::string same = client.answer(false).value_or("");
  EXPECT_EQ(status_of(same), 304);
  EXPECT_EQ(field_of(same, "ETag"), "\"a\"");
  EXPECT_EQ(status_of(client.answer(false).value_or("")), 204);
  EXPECT_EQ(upstream_->connections(), 1);
}

TEST_F(ForwardingTest, PassesHintsToWhoUnderstandsThem) {
  start_answering([](const std::string&) {
    return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" +
           simple_answer("ok");
  });
  RawClient client{port()};
  client.send(get("/up/x"));
  const std::string hint = client.answer(false).value_or("");
  EXPECT_EQ(status_of(hint), 103);
  EXPECT_EQ(field_of(hint, "Link"), "</a.css>");
  EXPECT_EQ(client.status(), 200);
  RawClient old{port()};
  old.send("GET /up/x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.status(), 200);
}

TEST_F(ForwardingTest, GivesUpOnHintsWithoutEnd) {
  start_with([](UpstreamSide& side, int) {
    side.request();
    for (int i = 0; i < 9; ++i) side.send("HTTP/1.1 103 Early Hints\r\n\r\n");
    side.more();
  });
  RawClient client{port()};
  client.send("GET /up/x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.status(), 502);
}

TEST_F(ForwardingTest, AnswersExpectContinueItself) {
  start_answering([](const std::string& request) {
    EXPECT_EQ(field_of(request, "Expect"), "");
    return simple_answer(body_of(request));
  });
  RawClient client{port()};
  client.send(
      "POST /up/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(status_of(client.answer(false).value_or("")), 100);
  client.send("abc");
  EXPECT_EQ(body_of(client.answer().value_or("")), "abc");
}

TEST_F(ForwardingTest, PassesAnAnswerThatComesBeforeTheRequestHasEnded) {
  start_with([](UpstreamSide& side, int) {
    side.head();
    side.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
  });
  RawClient client{port()};
  client.send("POST /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart");
  const std::string answer = client.answer().value_or("");
  EXPECT_EQ(status_of(answer), 413);
  EXPECT_EQ(field_of(answer, "Connection"), "close");
  EXPECT_EQ(passed_.outcome(0).status, 413);
  EXPECT_EQ(passed_.count(), 1U);
}

TEST_F(ForwardingTest, PassesEventsOnAtOnce) {
  std::promise<void> may_end;
  start_with([&](UpstreamSide& side, int) {
    side.request();
    side.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    may_end.get_future().wait();
    side.send("data: 2\n\n");
  });
  RawClient client{port()};
  client.send(get("/up/events"));
  const std::string first = client.until("data: 1\n\n");
  EXPECT_EQ(field_of(first, "Transfer-Encoding"), "chunked");
  EXPECT_EQ(passed_.count(), 0U) << "it is recorded at its end";
  may_end.set_value();
  EXPECT_EQ(client.until("0\r\n\r\n"), "\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n");
  EXPECT_EQ(passed_.outcome(0).by, AnsweredBy::upstream);
}

TEST_F(ForwardingTest, EndsTheConnectionForAnOldClientWhereTheLengthIsUnknown) {
  start_answering([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n";
  });
  RawClient client{port()};
  client.send("GET /up/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = client.rest();
  EXPECT_EQ(body_of(all), "abcd");
  EXPECT_EQ(field_of(all, "Connection"), "close");
}

TEST_F(ForwardingTest, LeavesAConnectionThatTheUpstreamWantsToEnd) {
  start_answering([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nConnection: close, X-Own\r\nX-Own: 1\r\nContent-Length: 2\r\n\r\nok";
  });
  RawClient client{port()};
  for (int i = 0; i < 2; ++i) {
    client.send(get("/up/x"));
    const std::string answer = client.answer().value_or("");
    EXPECT_EQ(field_of(answer, "Connection"), "keep-alive");
    EXPECT_EQ(field_of(answer, "X-Own"), "");
  }
  EXPECT_EQ(upstream_->connections(), 2);
}

TEST_F(ForwardingTest, PassesAWebSocketBothWays) {
  start_with([](UpstreamSide& side, int) {
    const std::string head = side.head();
    EXPECT_EQ(field_of(head, "Upgrade"), "websocket");
    EXPECT_EQ(field_of(head, "Connection"), "upgrade");
    EXPECT_EQ(field_of(head, "Sec-WebSocket-Key"), "k");
    side.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: a\r\n\r\nhello");
    EXPECT_EQ(side.more(), "ping");
    side.send("pong");
    EXPECT_EQ(side.more(), "");
  });
  {
    RawClient client{port()};
    client.send(get("/up/ws",
                    "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
                    "Sec-WebSocket-Key: k\r\n"));
    const std::string answer = client.until("hello");
    EXPECT_EQ(status_of(answer), 101);
    EXPECT_EQ(field_of(answer, "Sec-WebSocket-Accept"), "a");
    client.send("ping");
    EXPECT_EQ(client.until("pong"), "pong");
    EXPECT_EQ(passed_.count(), 0U);
  }
  EXPECT_EQ(passed_.outcome(0).status, 101);
  upstream_->wait_for_ended(1);
}

TEST_F(ForwardingTest, EndsAWebSocketThatTheUpstreamEndsAndOneThatStandsStill) {
  start_with([](UpstreamSide& side, int connection) {
    side.head();
    side.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nx");
    if (connection == 1) side.more();
  });
  const std::string request = get("/up/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
  RawClient ended{port()};
  ended.send(request);
  EXPECT_TRUE(ended.until("x").ends_with("x"));
  EXPECT_TRUE(ended.is_ended());
  RawClient still{port()};
  still.send(request);
  EXPECT_TRUE(still.until("x").ends_with("x"));
  while (passed_.count() < 2) clock_.advance(std::chrono::seconds{30});
  EXPECT_TRUE(still.is_ended());
}

// Upgrade is not passed on with a body that is still to come, so 101 is no answer to it.
TEST_F(ForwardingTest, OpensNoTunnelWhileABodyIsStillToCome) {
  start_with([](UpstreamSide& side, int) {
    EXPECT_EQ(field_of(side.head(), "Upgrade"), "");
    side.send("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello");
    side.more();
  });
  for (int times = 1; times <= 3; ++times) {
    RawClient client{port()};
    client.send(
        get("/up/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 9\r\n") +
        "part");
    EXPECT_EQ(status_of(client.until("\r\n\r\n")), 502);
    client.send("world");
  }
  EXPECT_EQ(passed_.outcome(2).status, 502);
}

TEST_F(ForwardingTest, PassesNoOtherUpgradeOn) {
  std::string seen;
  start_answering([&](const std::string& request) {
    seen = request;
    return simple_answer("ok");
  });
  EXPECT_EQ(status_of(ask(get("/up/x",
                              "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                              "HTTP2-Settings: AAMAAABkAAQ\r\n"))),
            200);
  EXPECT_EQ(field_of(seen, "Upgrade"), "");
  EXPECT_EQ(field_of(seen, "HTTP2-Settings"), "");
}

TEST_F(ForwardingTest, FillsTheRoomOfItsOwnFields) {
  passed_.fields = {{"X-Own", "ours"}, {std::string{kUsageSequence}, room_for(1)}};
  start_answering([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nX-Own: theirs\r\nX-Usage-Seq: 9\r\nContent-Length: 0\r\n\r\n";
  });
  const std::string answer = ask(get("/up/x"));
  EXPECT_EQ(answer.find("theirs"), std::string::npos);
  EXPECT_EQ(field_of(answer, "X-Own"), "ours");
  EXPECT_EQ(field_of(answer, "X-Usage-Seq"), "       1");
  EXPECT_EQ(passed_.outcome(0).response_bytes, std::ssize(answer));
}

// The bytes of an answer in chunks.
std::string without_chunks(std::string_view text) {
  std::string body;
  while (!text.empty()) {
    std::size_t size = 0;
    std::from_chars(text.data(), text.data() + text.size(), size, 16);
    const std::size_t start = text.find("\r\n") + 2;
    body += text.substr(start, size);
    text.remove_prefix(start + size + 2);
  }
  return body;
}

TEST_F(ForwardingTest, PassesALargeAnswerWholeToWhoReadsItLate) {
  std::string body;
  for (int i = 0; body.size() < 8'000'000; ++i) body += fmt::format("{:08d}", i);
  start_answering([&](const std::string& request) {
    if (request.find("/up/chunks") == std::string::npos) return simple_answer(body);
    return fmt::format(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n", body.size(),
        body);
  });
  RawClient late{port()};
  late.send(get("/up/length"));
  RawClient late_in_chunks{port()};
  late_in_chunks.send(get("/up/chunks", "Connection: close\r\n"));
  RawClient other{port()};
  other.send(get("/up/length"));
  EXPECT_TRUE(body_of(other.answer().value_or("")) == body);
  EXPECT_TRUE(body_of(late.answer().value_or("")) == body);
  EXPECT_TRUE(without_chunks(body_of(late_in_chunks.rest())) == body);
}

}  // namespace
}  // namespace metergate::http
