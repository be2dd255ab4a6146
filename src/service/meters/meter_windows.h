// The windows that a query of a meter is cut into: minutes, hours, days, weeks and months of a time
// zone. Functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace metergate {

enum class WindowSize : std::uint8_t { minute, hour, day, week, month };

std::string_view to_text(WindowSize size);  // "MINUTE" …
std::optional<WindowSize> find_window_size(std::string_view name);
std::vector<std::string> window_size_names();

// The window that an instant is in. Windows tile time: those of a zone's hours and minutes are cut
// by the offset that is in force at the instant.
Window window_at(Timestamp at, WindowSize size, const TimeZone& zone);

}  // namespace metergate
