// The windows of a meter query: minutes, hours, days, weeks and months of a time zone. Plain
// functions; safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace metergate {

enum class WindowSize : std::uint8_t { minute, hour, day, week, month };

inline constexpr std::array<std::string_view, 5> kWindowSizeNames = {"MINUTE", "HOUR", "DAY",
                                                                     "WEEK", "MONTH"};
std::string_view to_text(WindowSize size);  // "MINUTE" …
std::optional<WindowSize> find_window_size(std::string_view name);
std::vector<std::string> window_size_names();

// The window that contains an instant. Windows tile time: hours and minutes of a zone are cut by
// the offset in force at the instant.
Window window_at(Timestamp at, WindowSize size, const TimeZone& zone);

}  // namespace metergate
