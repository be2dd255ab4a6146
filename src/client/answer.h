// The server's answers: parses an HTTP/1.1 response as its bytes arrive. Bounded: a head of at most
// 64 KiB, a body of at most 1 MiB. Handles Content-Length, chunked bodies, and bodies that end with
// the connection, since a proxy may be in between. Values; no threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace metergate::client {

struct Answer {
  int status = 0;
  std::optional<std::chrono::seconds> retry_after;
  std::string body;
};

class AnswerReader {
 public:
  enum class State { reading, complete, broken };

  State add(std::string_view bytes);
  State end();  // the server has closed the connection
  // Valid once the state is complete.
  const Answer& answer() const { return answer_; }
  bool keeps_connection() const { return keeps_connection_; }
  bool is_untouched() const { return is_untouched_; }  // no byte has arrived

 private:
  enum class Framing { length, chunked, until_close };
  State step();
  bool read_head(std::string_view head);
  bool read_field(std::string_view line);
  State read_body();
  State read_chunks();
  std::string input_;
  Answer answer_;
  State state_ = State::reading;
  Framing framing_ = Framing::until_close;
  std::size_t length_ = 0;
  bool has_head_ = false;
  bool keeps_connection_ = true;
  bool is_untouched_ = true;
};

// Reads "120" or "Thu, 05 Mar 2026 10:30:00 GMT"; at most an hour. Nothing for another text.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::milliseconds now_since_epoch);

}  // namespace metergate::client
