// Queries of operators and callers: filters in mongosh's loose JSON, sorts, request targets.
#include "app/loose_json.h"
#include "fuzz/fuzz.h"
#include "http/words/origin.h"
#include "http/words/url.h"
#include "storage/shapes/query.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  if (const Result<Json> document = parse_loose_json(text)) {
    if (const Result<Filter> filter = parse_filter(*document))
      static_cast<void>(filter->matches(*document));
    static_cast<void>(parse_sort(*document));
  }
  static_cast<void>(http::parse_target(text));
  static_cast<void>(http::parse_origin(text));
  return 0;
}
