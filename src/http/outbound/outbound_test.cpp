#include "http/outbound/outbound.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include "http/testing/outbound_receiver_test.h"

namespace metergate::http {
namespace {

class OutboundTest : public testing::Test {
 protected:
  OutboundTest() {
    options_.rules = DestinationRules{AllowList::parse("127.0.0.0/8").value(), true};
    options_.timeout = Milliseconds{400};
  }
  Outbound& outbound() {
    if (outbound_ == nullptr) outbound_ = Outbound::create(options_, clock_).value();
    return *outbound_;
  }
  std::future<OutboundAnswer> post(std::string url) {
    std::promise<OutboundAnswer> promise;
    auto future = promise.get_future();
    OutboundRequest request{std::move(url), {{"webhook-id", "msg_1"}}, R"({"a":1})"};
    outbound().post(std::move(request),
                    [promise = std::move(promise)](OutboundAnswer answer) mutable {
                      promise.set_value(std::move(answer));
                    });
    return future;
  }
  OutboundAnswer ask(std::string url) { return post(std::move(url)).get(); }
  OutboundAnswer ask(const Receiver& receiver) { return ask(url_of(receiver)); }
  static std::string url_of(const Receiver& receiver) {
    return fmt::format("http://127.0.0.1:{}/in?x=1", receiver.port());
  }

  SystemClock clock_;
  OutboundOptions options_;
  std::unique_ptr<Outbound> outbound_;
};

TEST_F(OutboundTest, SendsOneWholeRequestAndReadsTheAnswer) {
  Receiver receiver{answering("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")};
  const OutboundAnswer answer = ask(receiver);
  EXPECT_EQ(answer.end, OutboundEnd::answered);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.excerpt, "ok");
  EXPECT_EQ(receiver.requests(1).at(0),
            fmt::format("POST /in?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUser-Agent: Metergate\r\n"
                        "Accept: */*\r\nContent-Length: 7\r\nConnection: close\r\n"
                        "webhook-id: msg_1\r\n\r\n{{\"a\":1}}",
                        receiver.port()));
}

TEST_F(OutboundTest, ToldToWaitItSaysHowLong) {
  Receiver receiver{answering("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")};
  EXPECT_EQ(ask(receiver).retry_after, Milliseconds{7000});
}

TEST_F(OutboundTest, RedirectIsAnAnswerAndNotFollowed) {
  Receiver target{answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")};
  Receiver receiver{answering(
      fmt::format("HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{}/\r\nContent-Length: 0\r\n\r\n",
                  target.port()))};
  EXPECT_EQ(ask(receiver).status, 307);
  EXPECT_EQ(target.connections(), 0);
}

TEST_F(OutboundTest, ReceiverThatHangsTimesOut) {
  Receiver receiver{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.wait_for_end();
  }};
  const OutboundAnswer answer = ask(receiver);
  EXPECT_EQ(answer.end, OutboundEnd::timed_out);
  EXPECT_GE(answer.duration, Milliseconds{390});
  EXPECT_LE(answer.duration, Milliseconds{5000});
}

TEST_F(OutboundTest, HeadThatDripsDoesNotStretchTheTime) {
  Receiver receiver{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nX-A: ");
    peer.wait_for_end();
  }};
  EXPECT_EQ(ask(receiver).end, OutboundEnd::timed_out);
}

TEST_F(OutboundTest, ReceiverThatResetsOrClosesHasFailed) {
  Receiver resets{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.reset();
  }};
  EXPECT_EQ(ask(resets).end, OutboundEnd::failed);
  Receiver closes{[](ReceiverPeer& peer, int) { peer.read_request(); }};
  const OutboundAnswer answer = ask(closes);
  EXPECT_EQ(answer.end, OutboundEnd::failed);
  EXPECT_FALSE(answer.problem.empty());
}

TEST_F(OutboundTest, WhatIsNoHttpHasFailed) {
  Receiver receiver{answering("SSH-2.0-OpenSSH_9.2\r\n")};
  EXPECT_EQ(ask(receiver).end, OutboundEnd::failed);
}

TEST_F(OutboundTest, OfALargeAnswerLittleIsRead) {
  Receiver receiver{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n");
    peer.send(std::string(10 << 20, 'x'));
  }};
  const OutboundAnswer answer = ask(receiver);
  EXPECT_EQ(answer.end, OutboundEnd::answered);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.excerpt.size(), 256U);
}

TEST_F(OutboundTest, StatusStandsAlsoWhereTheBodyNeverEnds) {
  Receiver receiver{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
    peer.wait_for_end();
  }};
  const OutboundAnswer answer = ask(receiver);
  EXPECT_EQ(answer.end, OutboundEnd::answered);
  EXPECT_EQ(answer.excerpt, "some");
}

TEST_F(OutboundTest, NobodyListensIsAFailure) {
  std::uint16_t port = 0;
  {
    Receiver receiver{answering("")};
    port = receiver.port();
  }
  EXPECT_EQ(ask(fmt::format("http://127.0.0.1:{}/", port)).end, OutboundEnd::failed);
}

TEST_F(OutboundTest, AddressThatIsNotAllowedIsNeverConnectedTo) {
  options_.rules = DestinationRules{{}, true};
  Receiver receiver{answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")};
  for (const char* host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.0.0.2",
                           "0.0.0.0", "0x7f000001", "2130706433"}) {
    const OutboundAnswer answer = ask(fmt::format("http://{}:{}/", host, receiver.port()));
    EXPECT_EQ(answer.end, OutboundEnd::refused) << host;
    EXPECT_FALSE(answer.problem.empty()) << host;
  }
  EXPECT_EQ(receiver.connections(), 0);
}

TEST_F(OutboundTest, NameIsHeldAgainstTheRulesByWhatItIsFoundAt) {
  options_.rules = DestinationRules{AllowList::parse("localhost").value(), true};
  Receiver receiver{answering("HTTP/1.1 204 No\r\n\r\n")};
  EXPECT_EQ(ask(fmt::format("http://localhost:{}/", receiver.port())).status, 204);
  EXPECT_EQ(ask(url_of(receiver)).end, OutboundEnd::refused);
}

// Else a tenant could ask for the names and addresses of the network behind this server.
TEST_F(OutboundTest, AProblemSaysNothingOfWhatAnInnerNameResolvesTo) {
  options_.rules = DestinationRules{{}, true};
  const auto problem_of = [&](const std::string& host) {
    std::string problem = ask(fmt::format("http://{}:8080/", host)).problem;
    const std::size_t at = problem.find(host);
    EXPECT_NE(at, std::string::npos) << problem;
    if (at != std::string::npos) problem.replace(at, host.size(), "HOST");
    return problem;
  };
  const std::string inner = problem_of("localhost");
  EXPECT_EQ(inner.find("127."), std::string::npos) << inner;
  EXPECT_EQ(inner.find("::1"), std::string::npos) << inner;
  EXPECT_EQ(inner, problem_of("nobody.invalid")) << "nor whether there is such a name";
  // A name that is not allowed tells neither.
  options_.rules = DestinationRules{AllowList::parse("localhost").value(), true};
  outbound_.reset();
  std::uint16_t port = 0;
  {
    Receiver receiver{answering("")};
    port = receiver.port();
  }
  const std::string closed = ask(fmt::format("http://localhost:{}/", port)).problem;
  EXPECT_EQ(closed.find("127."), std::string::npos) << closed;
  EXPECT_NE(closed.find("localhost"), std::string::npos) << closed;
}

TEST_F(OutboundTest, NameThatHasNoAddressIsNotSentTo) {
  EXPECT_EQ(ask("http://nobody.invalid:8080/").end, OutboundEnd::refused);
}

TEST_F(OutboundTest, HttpAndReservedPortsNeedTheirRules) {
  options_.rules = DestinationRules{AllowList::parse("127.0.0.0/8").value(), false};
  Receiver receiver{answering("HTTP/1.1 204 No\r\n\r\n")};
  EXPECT_EQ(ask(url_of(receiver)).end, OutboundEnd::refused);
  EXPECT_EQ(ask("https://hooks.example:22/").end, OutboundEnd::refused);
}

TEST_F(OutboundTest, ProxyOfTheEnvironmentIsNotUsed) {
  Receiver proxy{answering("HTTP/1.1 204 No\r\n\r\n")};
  Receiver receiver{answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")};
  const std::string url = fmt::format("http://127.0.0.1:{}", proxy.port());
  ::setenv("HTTP_PROXY", url.c_str(), 1);
  ::setenv("http_proxy", url.c_str(), 1);
  EXPECT_EQ(ask(receiver).status, 200);
  ::unsetenv("HTTP_PROXY");
  ::unsetenv("http_proxy");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(OutboundTest, ASlowReceiverHoldsNobodyElse) {
  options_.timeout = Milliseconds{15'000};
  Receiver slow{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.wait_for_end();
  }};
  Receiver quick{answering("HTTP/1.1 204 No\r\n\r\n")};
  std::vector<std::future<OutboundAnswer>> hanging;
  for (int i = 0; i < 100; ++i) hanging.push_back(post(url_of(slow)));
  slow.requests(100);
  EXPECT_EQ(ask(quick).status, 204);
  outbound().stop();
  for (auto& one : hanging) EXPECT_EQ(one.get().end, OutboundEnd::stopped);
}

TEST_F(OutboundTest, AfterStopEveryRequestIsToldSo) {
  outbound().stop();
  EXPECT_EQ(ask("http://127.0.0.1:8080/").end, OutboundEnd::stopped);
}

class OutboundTlsTest : public OutboundTest {
 protected:
  ~OutboundTlsTest() override { std::filesystem::remove(path_); }
  void trust(const Receiver& receiver) {
    std::ofstream{path_} << receiver.certificate_pem();
    options_.ca_file = path_;
    options_.timeout = Milliseconds{5000};
  }
  static std::string url_at(const std::string& host, const Receiver& receiver) {
    return fmt::format("https://{}:{}/", host, receiver.port());
  }
  std::string path_ = testing::TempDir() + "outbound_ca.pem";
};

TEST_F(OutboundTlsTest, ReceiverWithATrustedCertificateForItsNameIsSentTo) {
  Receiver receiver{answering("HTTP/1.1 204 No\r\n\r\n"), "localhost"};
  trust(receiver);
  const OutboundAnswer answer = ask(url_at("localhost", receiver));
  EXPECT_EQ(answer.status, 204) << answer.problem;
}

TEST_F(OutboundTlsTest, CertificateOfAnotherNameIsRefused) {
  Receiver receiver{answering("HTTP/1.1 204 No\r\n\r\n"), "other.example"};
  trust(receiver);
  EXPECT_EQ(ask(url_at("localhost", receiver)).end, OutboundEnd::failed);
  EXPECT_EQ(ask(url_at("127.0.0.1", receiver)).end, OutboundEnd::failed);
}

TEST_F(OutboundTlsTest, CertificateThatNobodyVouchesForIsRefused) {
  Receiver receiver{answering("HTTP/1.1 204 No\r\n\r\n"), "localhost"};
  options_.timeout = Milliseconds{5000};
  const OutboundAnswer answer = ask(url_at("localhost", receiver));
  EXPECT_EQ(answer.end, OutboundEnd::failed);
  EXPECT_NE(answer.problem.find("TLS"), std::string::npos) << answer.problem;
}

TEST_F(OutboundTlsTest, FileWithoutCertificatesIsRefusedAtTheStart) {
  std::ofstream{path_} << "nothing";
  options_.ca_file = path_;
  const auto made = Outbound::create(options_, clock_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid);
}

TEST(RetryAfter, IsSecondsOrADate) {
  const Timestamp now = parse_timestamp("2026-03-05T10:30:00Z").value();
  EXPECT_EQ(parse_retry_after("0", now), Milliseconds{0});
  EXPECT_EQ(parse_retry_after("120", now), std::chrono::seconds{120});
  EXPECT_EQ(parse_retry_after("99999999999999", now), std::chrono::seconds{1'000'000'000});
  EXPECT_EQ(parse_retry_after("99999999999999999999", now), std::chrono::seconds{1'000'000'000});
  EXPECT_EQ(parse_retry_after("Thu, 05 Mar 2026 10:31:00 GMT", now), std::chrono::seconds{60});
  EXPECT_EQ(parse_retry_after("Thu, 05 Mar 2026 10:29:00 GMT", now), Milliseconds{0});
  for (const char* text : {"", "soon", "-1", "+5", "1.5", "12 ", "Thu, 05 Foo 2026 10:31:00 GMT",
                           "Thu, 32 Mar 2026 10:31:00 GMT", "Thu, 05 Mar 2026 25:31:00 GMT",
                           "Thu, 05 Mar 2026 10:31:00 UTC", "9999999999999999999x"}) {
    EXPECT_FALSE(parse_retry_after(text, now)) << text;
  }
}

}  // namespace
}  // namespace metergate::http
