// Requests, one after another on a connection. The same requests come out however the bytes are cut
// into reads, and an accepted head has its framing.
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "http/wire/parser.h"
#include "http/words/url.h"

namespace metergate::fuzz {
namespace {

struct Seen {
  std::vector<std::string> requests;
  bool is_refused = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::string text_of(const http::RequestHead& head) {
  std::string text = head.method + " " + head.target + "\n";
  for (const http::Header& field : head.headers) text += field.first + "=" + field.second + "\n";
  return text;
}

Seen read(std::string_view bytes, std::size_t piece) {
  http::RequestParser parser({.head_bytes_max = 1024, .body_bytes_max = 4096});
  Seen seen;
  std::string waiting;
  std::string body;
  while (true) {
    const Result<std::size_t> taken = parser.take(waiting);
    if (!taken) {
      seen.is_refused = true;
      return seen;
    }
    waiting.erase(0, *taken);
    body += parser.take_body();
    if (parser.is_complete()) {
      const http::RequestHead head = parser.take_head();
      static_cast<void>(http::parse_target(head.target));
      seen.requests.push_back(text_of(head) + body);
      body.clear();
      parser.reset();
      continue;
    }
    if (*taken > 0) continue;
    if (bytes.empty()) return seen;
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
}

}  // namespace
}  // namespace metergate::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate::fuzz;
  const std::string_view text = text_of(bytes, size);
  const Seen at_once = read(text, size + 1);
  claim(read(text, 1) == at_once);
  claim(read(text, 7) == at_once);
  return 0;
}
