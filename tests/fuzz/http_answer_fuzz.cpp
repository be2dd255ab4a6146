// Answers of upstreams and of webhook receivers. An upstream's body is the same however its bytes
// are cut into reads, and a receiver's answer ends with a status or a refusal.
#include <string>

#include "fuzz/fuzz.h"
#include "http/wire/answer_reader.h"
#include "http/wire/body_decoder.h"
#include "http/wire/head.h"

namespace metergate::fuzz {
namespace {

struct Body {
  std::string data;
  bool is_complete = false;
  bool is_refused = false;
  friend bool operator==(const Body&, const Body&) = default;
};

Body decode(const http::ResponseFraming& framing, std::string_view bytes, std::size_t piece) {
  http::BodyDecoder decoder{framing};
  Body body;
  std::string waiting;
  while (!decoder.is_complete()) {
    const auto step = decoder.take(waiting);
    if (!step) {
      body.is_refused = true;
      return body;
    }
    body.data += step->data;
    waiting.erase(0, step->taken);
    if (step->taken > 0) continue;
    if (bytes.empty()) return body;
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  body.is_complete = true;
  return body;
}

void read_upstream(std::string_view text) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return;
  http::ResponseHead head;
  if (!http::parse_response_head(text.substr(0, end + 4), head)) return;
  const auto framing = http::framing_of(head, false);
  if (!framing) return;
  const std::string_view rest = text.substr(end + 4);
  claim(decode(*framing, rest, 1) == decode(*framing, rest, rest.size() + 1));
}

void read_receiver(std::string_view text, std::size_t piece) {
  http::AnswerReader reader;
  while (!text.empty()) {
    if (!reader.take(text.substr(0, piece))) return;
    text.remove_prefix(std::min(piece, text.size()));
  }
  claim(!reader.has_head() || (reader.status() >= 100 && reader.status() <= 999));
  claim(reader.excerpt().size() <= http::AnswerReader::kExcerptBytesMax);
}

}  // namespace
}  // namespace metergate::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate::fuzz;
  const std::string_view text = text_of(bytes, size);
  read_upstream(text);
  read_receiver(text, size + 1);
  read_receiver(text, 3);
  return 0;
}
