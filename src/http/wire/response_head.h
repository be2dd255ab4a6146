// The head of an upstream's answer: parses it strictly, and determines the length of the body.
//
// Views into the parsed bytes. Ambiguous input is an error: such an answer must not be passed on.
// Functions and values; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate::http {

// The bound on interim answers (1xx) before the final one.
inline constexpr int kInterimsMax = 8;

struct ResponseField {
  std::string_view name;  // as sent
  std::string_view value;
};

struct ResponseHead {
  int status = 0;
  int version_minor = 1;
  std::string_view reason;
  std::vector<ResponseField> fields;
};

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

struct ResponseFraming {
  BodyKind body = BodyKind::none;
  std::int64_t length = 0;  // for BodyKind::length
  bool keep_alive = true;   // the upstream takes another request on this connection
  // A length without a body: the answer to HEAD, and 304.
  std::optional<std::int64_t> said_length;
};

// Parses a whole head, from the status line to the empty line.
Result<> parse_response_head(std::string_view bytes, ResponseHead& head);

Result<ResponseFraming> framing_of(const ResponseHead& head, bool answers_head);

// True if a list field ("close, Upgrade") contains the word, in any case.
bool has_list_word(std::string_view list, std::string_view word);

}  // namespace metergate::http
