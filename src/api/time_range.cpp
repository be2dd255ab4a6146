#include "api/time_range.h"

#include <chrono>
#include <string>

namespace metergate::api {
namespace {

constexpr std::size_t kDayLength = 10;  // "2026-03-05"

std::optional<Timestamp> read_end(QueryReader& reader, std::string_view name, const TimeZone& zone,
                                  std::chrono::days whole_day) {
  const std::optional<std::string> text = reader.text(name);
  if (!text) return std::nullopt;
  if (text->size() == kDayLength) {
    if (const Result<Day> day = parse_day(*text)) return zone.start_of(*day + whole_day);
  } else if (const Result<Timestamp> instant = parse_timestamp(*text)) {
    return *instant;
  }
  reader.fault(name, "'" + *text +
                         "' is neither a day like 2026-03-05 nor an instant like "
                         "2026-03-05T10:30:00Z");
  return std::nullopt;
}

}  // namespace

TimeRange read_range(QueryReader& reader, const RangeNames& names, const TimeZone& zone) {
  TimeRange range;
  range.from = read_end(reader, names.from, zone, std::chrono::days{0});
  range.to = read_end(reader, names.to, zone, std::chrono::days{1});
  // The day before `from` ends where `from` begins.
  const bool is_day = reader.text(names.to).value_or("").size() == kDayLength;
  if (range.from && range.to && (*range.from > *range.to || (is_day && *range.from == *range.to))) {
    reader.fault(names.to, "must not lie before '" + std::string(names.from) + "'");
  }
  return range;
}

}  // namespace metergate::api
