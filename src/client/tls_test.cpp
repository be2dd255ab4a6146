// The client and its connection over TLS, against a real OpenSSL server.
#include "client/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <future>
#include <thread>

#include "client/connection.h"
#include "client/scripted_server_test.h"
#include "metergate/client.h"

namespace metergate::client {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kLong{20'000};

std::string always_recorded(std::size_t, const std::string&) { return kNoContent; }

// A connection to the url that trusts the file's certificates.
std::unique_ptr<Connection> connection_to(const std::string& url, const std::string& ca_file) {
  Endpoint endpoint;
  EXPECT_EQ(parse_endpoint(url, endpoint), "");
  std::string why;
  auto tls = TlsContext::create(ca_file, why);
  EXPECT_EQ(why, "");
  return std::make_unique<Connection>(endpoint, "token", std::move(tls));
}

ClientOptions options_for(const std::string& url, const std::string& ca_file) {
  ClientOptions options;
  options.url = url;
  options.ca_file = ca_file;
  options.token = "mg_live_test";
  options.batch_delay = milliseconds{5};
  options.retry_first = milliseconds{1};
  options.retry_max = milliseconds{5};
  options.on_problem = [](const Problem&) {};
  return options;
}

class Tls : public testing::Test {
 protected:
  const TestCertificate certificate_{"IP:127.0.0.1,DNS:localhost"};
};

TEST_F(Tls, EventsAreRecordedOverOneConnection) {
  ScriptedServer server(always_recorded, certificate_);
  std::string why;
  const auto client = Client::create(options_for(server.url(), certificate_.file()), why);
  ASSERT_NE(client, nullptr) << why;
  for (int n = 0; n < 5; ++n) {
    ASSERT_TRUE(client->track_storage_usage("acme", n));
    ASSERT_TRUE(client->flush(kLong));
  }
  EXPECT_EQ(client->counts().recorded, 5U);
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_THAT(server.heads().at(0), HasSubstr("Host: 127.0.0.1:"));
}

TEST_F(Tls, AHostIsVerifiedByItsName) {
  ScriptedServer server(always_recorded, certificate_);
  const std::string url = "https://localhost:" + std::to_string(server.port());
  const Exchange exchange = connection_to(url, certificate_.file())->post("[]", kLong);
  ASSERT_TRUE(exchange.answer) << exchange.why;
  EXPECT_EQ(exchange.answer->status, 204);
}

TEST_F(Tls, ALargeBodyAndALargeAnswerPassWhole) {
  const std::string detail(900'000, 'd');
  ScriptedServer server(
      [&](std::size_t, const std::string&) { return answer_text("400 Bad Request", detail); },
      certificate_);
  const auto connection = connection_to(server.url(), certificate_.file());
  const std::string body(8'000'000, 'b');
  const Exchange exchange = connection->post(body, kLong);
  ASSERT_TRUE(exchange.answer) << exchange.why;
  EXPECT_TRUE(exchange.answer->body == detail);
  EXPECT_TRUE(server.bodies(1).at(0) == body);
}

TEST_F(Tls, ACertificateForAnotherHostIsNotAccepted) {
  const TestCertificate other("DNS:other.example,IP:127.0.0.2");
  ScriptedServer server(always_recorded, other);
  const Exchange by_address = connection_to(server.url(), other.file())->post("[]", kLong);
  EXPECT_THAT(by_address.why, HasSubstr("certificate is not accepted: IP address mismatch"));
  const std::string url = "https://localhost:" + std::to_string(server.port());
  const Exchange by_name = connection_to(url, other.file())->post("[]", kLong);
  EXPECT_THAT(by_name.why, HasSubstr("certificate is not accepted: hostname mismatch"));
  EXPECT_THAT(by_name.why, HasSubstr("localhost:"));
  EXPECT_TRUE(server.bodies().empty());
}

TEST_F(Tls, ACertificateThatNobodyKnownHasSignedIsNotAccepted) {
  ScriptedServer server(always_recorded, certificate_);
  const TestCertificate other("IP:127.0.0.1");
  const Exchange by_file = connection_to(server.url(), other.file())->post("[]", kLong);
  EXPECT_THAT(by_file.why, HasSubstr("certificate is not accepted: self-signed certificate"));
  const Exchange by_system = connection_to(server.url(), {})->post("[]", kLong);
  EXPECT_THAT(by_system.why, HasSubstr("certificate is not accepted: self-signed certificate"));
  EXPECT_TRUE(server.bodies().empty());
}

TEST_F(Tls, AHandshakeHasToEndInTime) {
  ScriptedServer silent(always_recorded);  // waits for an HTTP head
  const std::string url = "https://127.0.0.1:" + std::to_string(silent.port());
  const auto connection = connection_to(url, certificate_.file());
  const auto before = steady_now();
  const Exchange exchange = connection->post("[]", milliseconds{50});
  EXPECT_THAT(exchange.why, HasSubstr("the TLS handshake did not end in time"));
  EXPECT_LT(steady_now() - before, kLong);
}

TEST_F(Tls, AHandshakeCanBeInterrupted) {
  ScriptedServer silent(always_recorded);
  const std::string url = "https://127.0.0.1:" + std::to_string(silent.port());
  const auto connection = connection_to(url, certificate_.file());
  std::future<Exchange> exchange =
      std::async(std::launch::async, [&] { return connection->post("[]", std::chrono::hours{1}); });
  while (silent.connections() == 0) std::this_thread::yield();
  connection->interrupt();
  EXPECT_THAT(exchange.get().why, HasSubstr("interrupted"));
}

TEST_F(Tls, AnAnswerHasToComeInTime) {
  std::promise<void> is_over;
  std::shared_future<void> over = is_over.get_future().share();
  ScriptedServer server(
      [over](std::size_t, const std::string&) {
        over.wait();
        return std::string();
      },
      certificate_);
  const auto connection = connection_to(server.url(), certificate_.file());
  EXPECT_EQ(connection->post("[]", milliseconds{300}).why, "no answer in time");
  is_over.set_value();
}

TEST_F(Tls, AServerThatHangsUpInTheHandshakeIsToldOf) {
  ScriptedServer plain(always_recorded);
  plain.answer_first_bytes("");
  const std::string url = "https://127.0.0.1:" + std::to_string(plain.port());
  const Exchange exchange = connection_to(url, certificate_.file())->post("[]", kLong);
  EXPECT_THAT(exchange.why, HasSubstr("no TLS: the server closed the connection in the middle"));
}

TEST_F(Tls, AServerThatSpeaksNoTlsIsToldOf) {
  ScriptedServer plain(always_recorded);
  plain.answer_first_bytes("HTTP/1.1 400 Bad Request\r\n\r\n");
  const std::string url = "https://127.0.0.1:" + std::to_string(plain.port());
  const Exchange exchange = connection_to(url, certificate_.file())->post("[]", kLong);
  EXPECT_THAT(exchange.why, HasSubstr("no TLS: the server speaks no TLS there"));
}

TEST_F(Tls, AnAnswerThatBreaksOffIsToldOf) {
  ScriptedServer server(
      [](std::size_t, const std::string&) {
        return std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nsome");
      },
      certificate_);
  server.after_answer(AfterAnswer::closes);
  const auto connection = connection_to(server.url(), certificate_.file());
  EXPECT_THAT(connection->post("[]", kLong).why, HasSubstr("cut off"));
  server.after_answer(AfterAnswer::cuts);
  EXPECT_EQ(connection->post("[]", kLong).why, "the server closed the connection in the middle");
}

TEST_F(Tls, AnAnswerThatEndsWithTheConnectionIsWholeOnlyWhereTlsEnds) {
  ScriptedServer server(
      [](std::size_t, const std::string&) { return std::string("HTTP/1.0 500 Ill\r\n\r\nsome"); },
      certificate_);
  server.after_answer(AfterAnswer::closes);
  const auto connection = connection_to(server.url(), certificate_.file());
  const Exchange whole = connection->post("[]", kLong);
  ASSERT_TRUE(whole.answer) << whole.why;
  EXPECT_EQ(whole.answer->body, "some");
  server.after_answer(AfterAnswer::cuts);
  EXPECT_FALSE(connection->post("[]", kLong).answer);
}

TEST_F(Tls, AKeptConnectionThatWasClosedMeanwhileIsNoProblem) {
  for (const AfterAnswer end : {AfterAnswer::closes, AfterAnswer::cuts}) {
    ScriptedServer server(always_recorded, certificate_);
    server.after_answer(end);
    const auto connection = connection_to(server.url(), certificate_.file());
    for (int n = 0; n < 3; ++n) {
      const Exchange exchange = connection->post("[]", kLong);
      EXPECT_TRUE(exchange.answer) << exchange.why;
    }
    EXPECT_EQ(server.connections(), 3U);
  }
}

TEST_F(Tls, AServerThatAnswersWithoutReadingTheWholeBodyIsHeard) {
  ScriptedServer server(always_recorded, certificate_);
  server.answer_before_body(answer_text("413 Content Too Large", "{}"));
  const auto connection = connection_to(server.url(), certificate_.file());
  const Exchange exchange = connection->post(std::string(8'000'000, 'b'), kLong);
  ASSERT_TRUE(exchange.answer) << exchange.why;
  EXPECT_EQ(exchange.answer->status, 413);
}

// By default this signal ends the process.
TEST_F(Tls, AServerThatIsGoneRaisesNoSignal) {
  ASSERT_EQ(signal(SIGPIPE, SIG_DFL), SIG_DFL);
  for (int n = 0; n < 10; ++n) {
    ScriptedServer server(always_recorded, certificate_);
    server.after_answer(AfterAnswer::cuts);
    const auto connection = connection_to(server.url(), certificate_.file());
    EXPECT_TRUE(connection->post("[]", kLong).answer);
    EXPECT_TRUE(connection->post(std::string(1'000'000, 'b'), kLong).answer);
  }
}

TEST_F(Tls, AClientThatEndsTellsTheServer) {
  ScriptedServer server(always_recorded, certificate_);
  auto connection = connection_to(server.url(), certificate_.file());
  ASSERT_TRUE(connection->post("[]", kLong).answer);
  connection.reset();
  EXPECT_TRUE(server.saw_tls_ended());
}

TEST_F(Tls, ACaFileThatHoldsNoneIsRefusedInWords) {
  std::string why;
  EXPECT_EQ(Client::create(options_for("https://a", "/no/such/file.pem"), why), nullptr);
  EXPECT_THAT(why, HasSubstr("ca_file '/no/such/file.pem': No such file or directory"));
  const std::string empty = certificate_.file() + ".empty";
  std::ofstream{empty} << "no certificate\n";
  EXPECT_EQ(Client::create(options_for("https://a", empty), why), nullptr);
  EXPECT_THAT(why, HasSubstr("no certificate"));
  std::remove(empty.c_str());
}

}  // namespace
}  // namespace metergate::client
