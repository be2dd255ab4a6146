// The bodies that carry events: one CloudEvent, a batch, plain JSON, NDJSON, and one event in
// binary mode (attributes in ce- headers). Splits a body into elements; event_reader reads the
// elements. Values; no threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "http/words/message.h"
#include "service/shared/faults.h"

namespace metergate::api {

inline constexpr std::size_t kBatchEventsMax = 10'000;
inline constexpr std::size_t kBodyBytesMax = std::size_t{8} << 20;  // decoded

enum class BodyShape : std::uint8_t { one, batch, either };

// The shape of a body without coding and binary mode, by its media type.
struct PlainBody {
  BodyShape shape = BodyShape::either;
  bool needs_specversion = false;
};
// Nothing for NDJSON, and for a media type that carries no events.
std::optional<PlainBody> plain_body(const http::Request& request);

struct EventBody {
  std::vector<std::pair<std::size_t, Json>> elements;  // with the index that a fault names
  bool needs_specversion = false;
};

// Decodes gzip and zstd. ErrorCode::media_type for another type or coding; too_large; invalid if
// the body is not JSON or holds more than kBatchEventsMax events. A line of NDJSON that is not JSON
// becomes a fault instead of an element. A batch may be empty.
Result<EventBody> read_event_body(const http::Request& request, Faults& faults);

}  // namespace metergate::api
