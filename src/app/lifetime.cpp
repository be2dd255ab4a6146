#include "app/lifetime.h"

#include <fmt/format.h>

#include <charconv>

namespace metergate {
namespace {

constexpr std::chrono::seconds kLongest = std::chrono::days{3650};

std::chrono::seconds unit_of(char letter) {
  switch (letter) {
    case 's':
      return std::chrono::seconds{1};
    case 'm':
      return std::chrono::minutes{1};
    case 'h':
      return std::chrono::hours{1};
    case 'd':
      return std::chrono::days{1};
    default:
      return std::chrono::seconds{0};
  }
}

}  // namespace

Result<std::chrono::seconds> parse_lifetime(std::string_view text) {
  std::int64_t count = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool has_one_unit = code == std::errc{} && rest + 1 == text.data() + text.size();
  const std::chrono::seconds unit = has_one_unit ? unit_of(*rest) : std::chrono::seconds{0};
  if (unit.count() == 0 || count < 1 || count > kLongest / unit) {
    return fail(ErrorCode::invalid,
                fmt::format("{:.40} is no span of time: write 90s, 30m, 1h or 7d", text));
  }
  return unit * count;
}

}  // namespace metergate
