// A client for tests that sends exactly the given bytes and returns exactly the received ones. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace metergate::http {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  explicit RawClient(const std::string& unix_path);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool is_connected() const { return connected_; }
  void send(std::string_view bytes);
  // One answer: its head and, by its Content-Length or chunks, its body; nothing if the server
  // ended the connection first. Gives up after 20 seconds.
  std::optional<std::string> answer(bool has_body = true);
  // The next answer's status; 0 if there is none.
  int status();
  // The bytes up to and including this text; all, if the server ends before.
  std::string until(std::string_view text);
  // Everything until the server ends the connection.
  std::string rest();
  // True if the server ends the connection without sending more.
  bool is_ended() { return rest().empty() && !timed_out_; }
  void close();

 private:
  bool fill();
  void set_timeout();
  int fd_;
  bool connected_ = false;
  bool timed_out_ = false;
  std::string buffer_;
};

// "HTTP/1.1 200 OK…" → 200.
int status_of(std::string_view answer);
// The value of a field of an answer; empty if absent.
std::string field_of(std::string_view answer, std::string_view name);
std::string body_of(std::string_view answer);

}  // namespace metergate::http
