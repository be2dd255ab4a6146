// A number in a head that is known only when the head is built: X-Usage-Seq. Its place is as wide
// as it will need, so that the length of the head, which is metered, is known before the number is.
// Functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace metergate::http {

inline constexpr std::string_view kUsageSequence = "X-Usage-Seq";

// Room for a number that is not much larger than this one.
std::string room_for(std::uint64_t number);
// The number at the right of the room.
void fill_room(std::string& room, std::uint64_t number);
// The same in a head of bytes; nothing where it has no such field, or its room is filled.
void fill_room_in_head(std::string& head, std::uint64_t number);

}  // namespace metergate::http
