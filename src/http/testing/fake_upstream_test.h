// An upstream for tests, plain or with TLS: follows the test's script on each connection, and keeps
// every received byte. One thread for each connection.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

struct ssl_st;

namespace metergate::http {

// The upstream's side of one connection.
class UpstreamSide {
 public:
  UpstreamSide(int fd, ssl_st* tls) : fd_(fd), tls_(tls) {}
  // The next request: its head and its body by its framing, as received; empty if the other side
  // ended the connection first.
  std::string request();
  // Only the next head; the body stays unread.
  std::string head();
  // More bytes; empty if the other side has ended or reset the connection.
  std::string more();
  void send(std::string_view bytes);
  void close();  // with TLS: without ending that first
  // Lets the other side see a reset instead of an end.
  void reset();
  bool is_last() const { return is_closed_; }

 private:
  bool fill();
  int fd_;
  ssl_st* tls_;  // null: plain
  std::string buffer_;
  bool is_closed_ = false;
};

class FakeUpstream {
 public:
  // Called for each connection, with its number from 0; the connection ends when it returns.
  using Serve = std::function<void(UpstreamSide& side, int connection)>;

  explicit FakeUpstream(Serve serve);
  // Uses TLS, with a certificate for these names: "localhost", "localhost,IP:127.0.0.1".
  FakeUpstream(Serve serve, const std::string& tls_names);
  ~FakeUpstream();
  FakeUpstream(const FakeUpstream&) = delete;
  FakeUpstream& operator=(const FakeUpstream&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const {
    return (tls_ == nullptr ? "http://127.0.0.1:" : "https://127.0.0.1:") + std::to_string(port_);
  }
  const std::string& certificate() const { return certificate_; }  // in PEM
  int connections() const { return connections_; }
  // Waits until that many connections have been served to their end.
  void wait_for_ended(int count);
  void stop();

 private:
  void accept_all();
  void serve(int fd, int number);
  struct Tls;
  const Serve serve_;
  std::unique_ptr<Tls> tls_;
  std::string certificate_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  int ended_ = 0;
  std::vector<int> open_;
  std::vector<std::jthread> threads_;
  std::jthread accepting_;
};

// "HTTP/1.1 200 OK" with a body and its length.
std::string simple_answer(std::string_view body);

}  // namespace metergate::http
