// A server for tests of the client: one thread on a free port of 127.0.0.1, one connection at a
// time, plain or with TLS. A function of the request's body makes the answer; all bodies are kept.
// Safe from any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace metergate::client {

// A self-signed certificate made by a test, with its key. Valid for an hour.
class TestCertificate {
 public:
  // `names`: "DNS:a.example", "IP:127.0.0.1"
  explicit TestCertificate(const std::string& names);
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  const std::string& file() const { return file_; }  // PEM, without the key; for the client

 private:
  friend class ScriptedServer;
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::string file_;
};

// The server's behaviour after an answer.
enum class AfterAnswer { keeps, closes, cuts };  // cuts: closes without ending TLS

// The bytes of one accepted connection.
class ServerSide;

class ScriptedServer {
 public:
  // The answer to the n-th request; empty: the connection is closed instead.
  using Script = std::function<std::string(std::size_t n, const std::string& body)>;

  // Uses TLS if there is a certificate, which outlives the server.
  explicit ScriptedServer(Script script, int port = 0,
                          const TestCertificate* certificate = nullptr);
  ScriptedServer(Script script, const TestCertificate& certificate)
      : ScriptedServer(std::move(script), 0, &certificate) {}
  ~ScriptedServer();

  // From now on an answer is sent after a request's head, and the body is never read.
  void answer_before_body(const std::string& answer);
  void after_answer(AfterAnswer what);
  // From now on a connection's first bytes are answered with these, and the connection is closed.
  void answer_first_bytes(const std::string& answer);
  int port() const { return port_; }
  std::string url() const {
    return (certificate_ == nullptr ? "http://127.0.0.1:" : "https://127.0.0.1:") +
           std::to_string(port_);
  }
  // Waits for that many bodies.
  std::vector<std::string> bodies(std::size_t at_least = 0);
  std::vector<std::string> heads();
  std::size_t connections();
  // Waits for the end of a connection; true if the client ended TLS first.
  bool saw_tls_ended();

 private:
  void run();
  void serve(int socket);
  void serve_side(ServerSide& side);
  bool answers_early(ServerSide& side);
  bool answers_first_bytes(ServerSide& side);
  Script script_;
  const TestCertificate* certificate_;
  int listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::string> heads_;
  std::vector<std::string> bodies_;
  std::string early_answer_;
  AfterAnswer after_answer_ = AfterAnswer::keeps;
  std::optional<std::string> first_answer_;
  std::optional<bool> ended_tls_;  // how the last connection ended
  std::size_t connections_ = 0;
  int open_ = -1;
  bool is_over_ = false;
  std::thread thread_;
};

inline const std::string kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";
std::string answer_text(const std::string& status, const std::string& body,
                        const std::string& fields = "");
std::vector<std::string> ids_of(const std::string& body);

}  // namespace metergate::client
