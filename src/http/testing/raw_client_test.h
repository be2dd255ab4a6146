// A client for tests that sends exactly the bytes it is told to and shows exactly what comes back.
// One thread.
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
  // One answer: head and, by its Content-Length or chunks, body; nothing where the server ended the
  // connection first. Gives up after 20 seconds.
  std::optional<std::string> answer(bool has_body = true);
  // The next answer's status; 0 where there is none.
  int status();
  // What has come up to and with this text; all there is, where the server ends before.
  std::string until(std::string_view text);
  // Everything until the server ends the connection.
  std::string rest();
  // Whether the server ends the connection without sending anything more.
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
// The value of a field of an answer; empty where it has none.
std::string field_of(std::string_view answer, std::string_view name);
std::string body_of(std::string_view answer);

}  // namespace metergate::http
