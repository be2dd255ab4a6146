// The bodies in which events come: one CloudEvent, a batch, plain JSON, NDJSON, and one event in
// binary mode (attributes in ce- headers). Takes a body apart into elements; what they say is
// event_reader's. Values; no threads.
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

// What a body without coding and binary mode must be, by its media type.
struct PlainBody {
  BodyShape shape = BodyShape::either;
  bool needs_specversion = false;
};
// Nothing for lines, and for what is no media type of events.
std::optional<PlainBody> plain_body(const http::Request& request);

struct EventBody {
  std::vector<std::pair<std::size_t, Json>> elements;  // with the index that a fault names
  bool needs_specversion = false;
};

// Undoes gzip and zstd. ErrorCode::media_type for another kind or coding of body, too_large,
// invalid where it is no JSON or holds more than kBatchEventsMax events. A line of NDJSON that is
// no JSON is a fault and no element. A batch may be empty.
Result<EventBody> read_event_body(const http::Request& request, Faults& faults);

}  // namespace metergate::api
