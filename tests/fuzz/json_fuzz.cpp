// JSON: a value that was read is the same when it is written and read again, and the fast reader of
// usual events reads the same events as the general one.
#include "api/event_body.h"
#include "api/event_reader.h"
#include "api/event_scan.h"
#include "base/json.h"
#include "fuzz/fuzz.h"

namespace metergate::fuzz {
namespace {

std::optional<std::vector<UsageEvent>> read_generally(std::string_view text,
                                                      const api::EventContext& context) {
  http::Request request;
  request.headers.emplace_back("content-type", "application/json");
  request.body = text;
  Faults faults;
  const Result<api::EventBody> body = api::read_event_body(request, faults);
  if (!body) return std::nullopt;
  std::vector<UsageEvent> events;
  for (const auto& [index, element] : body->elements) {
    auto event = api::read_event(element, context, index, faults);
    if (!event) return std::nullopt;
    events.push_back(*std::move(event));
  }
  return events;
}

}  // namespace
}  // namespace metergate::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  if (const Result<Json> value = parse_json(text)) {
    const std::string written = to_text(*value);
    const Result<Json> again = parse_json(written);
    fuzz::claim(again && *again == *value && to_text(*again) == written);
  }
  static_cast<void>(parse_extended_json(text));
  api::EventContext context;
  context.now = Timestamp{Milliseconds{1'772'706'600'000}};
  if (const auto scanned = api::scan_events(text, api::BodyShape::either, context))
    fuzz::claim(scanned == fuzz::read_generally(text, context));
  return 0;
}
