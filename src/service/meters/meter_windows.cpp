#include "service/meters/meter_windows.h"

#include <algorithm>
#include <array>

#include "domain/period.h"

namespace metergate {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"MINUTE", "HOUR", "DAY", "WEEK", "MONTH"};

GroupBy group_of(WindowSize size) {
  if (size == WindowSize::week) return GroupBy::week;
  return size == WindowSize::month ? GroupBy::month : GroupBy::day;
}

}  // namespace

std::string_view to_text(WindowSize size) { return kNames[static_cast<std::size_t>(size)]; }

std::optional<WindowSize> find_window_size(std::string_view name) {
  const auto at = std::ranges::find(kNames, name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<WindowSize>(at - kNames.begin());
}

std::vector<std::string> window_size_names() { return {kNames.begin(), kNames.end()}; }

Window window_at(Timestamp at, WindowSize size, const TimeZone& zone) {
  if (size == WindowSize::minute) {
    const auto start = std::chrono::floor<std::chrono::minutes>(at);
    return {start, start + std::chrono::minutes{1}};
  }
  if (size == WindowSize::hour) {
    const auto offset = zone.offset_at(at);
    const auto start = std::chrono::floor<std::chrono::hours>(at + offset) - offset;
    return {start, start + std::chrono::hours{1}};
  }
  const Day first = group_start(zone.day_of(at), group_of(size));
  return {zone.start_of(first), zone.start_of(next_group(first, group_of(size)))};
}

}  // namespace metergate
