#include "http/words/late_number.h"

#include <fmt/format.h>

#include <algorithm>

namespace metergate::http {
namespace {

constexpr std::size_t kWidthMin = 8;
constexpr std::string_view kFieldStart = "\r\nX-Usage-Seq: ";
static_assert(kFieldStart.find(kUsageSequence) != std::string_view::npos);

}  // namespace

std::string room_for(std::uint64_t number) {
  return std::string(std::max(kWidthMin, fmt::format_int(number).size() + 1), ' ');
}

void fill_room(std::string& room, std::uint64_t number) {
  const fmt::format_int digits{number};
  if (digits.size() > room.size()) room.resize(digits.size());
  std::ranges::fill(room, ' ');
  room.replace(room.size() - digits.size(), digits.size(), digits.data(), digits.size());
}

void fill_room_in_head(std::string& head, std::uint64_t number) {
  const std::size_t found = head.find(kFieldStart);
  if (found == std::string::npos) return;
  const std::size_t start = found + kFieldStart.size();
  const std::size_t end = head.find('\r', start);
  const bool is_room = end != std::string::npos && head.find_first_not_of(' ', start) == end;
  if (!is_room) return;
  std::string room = head.substr(start, end - start);
  fill_room(room, number);
  head.replace(start, end - start, room);
}

}  // namespace metergate::http
