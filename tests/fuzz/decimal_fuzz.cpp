// Numbers and times as texts: the text of a value reads back as the same value.
#include "base/decimal.h"
#include "base/time.h"
#include "domain/quantity.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  if (const auto number = parse_decimal(text)) {
    const auto again = parse_decimal(to_text(*number));
    fuzz::claim(again && compare(*again, *number) == 0);
    fuzz::claim(compare(trimmed(*number), *number) == 0);
  }
  if (const auto quantity = Quantity::parse(text)) {
    const auto again = quantity_of_billionths(billionths_text(*quantity));
    fuzz::claim(again == quantity);
  }
  if (const auto at = parse_timestamp(text)) fuzz::claim(parse_timestamp(to_text(*at)) == *at);
  if (const auto day = parse_day(text)) fuzz::claim(parse_day(to_text(*day)) == *day);
  return 0;
}
