// An upstream for tests, on plain sockets: does on each connection exactly what the test says, and
// keeps every byte that it was sent. One thread for each connection.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace metergate::http {

// The upstream's side of one connection.
class UpstreamSide {
 public:
  explicit UpstreamSide(int fd) : fd_(fd) {}
  // The next request: its head and what its framing says of a body, as they came; empty where the
  // other side ended the connection first.
  std::string request();
  // The next head alone; the body stays unread.
  std::string head();
  // More bytes, or nothing where the other side has ended or reset the connection.
  std::string more();
  void send(std::string_view bytes);
  void close();
  // So that the other side sees a reset and no end.
  void reset();
  bool is_last() const { return is_closed_; }

 private:
  bool fill();
  int fd_;
  std::string buffer_;
  bool is_closed_ = false;
};

class FakeUpstream {
 public:
  // Called for each connection, with its number from 0; the connection ends when it returns.
  using Serve = std::function<void(UpstreamSide& side, int connection)>;

  explicit FakeUpstream(Serve serve);
  ~FakeUpstream();
  FakeUpstream(const FakeUpstream&) = delete;
  FakeUpstream& operator=(const FakeUpstream&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  // Blocks until so many connections have been served to their end.
  void wait_for_ended(int count);
  void stop();

 private:
  void accept_all();
  const Serve serve_;
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
