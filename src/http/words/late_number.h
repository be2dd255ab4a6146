// A number in a head that is known only after the head is built: X-Usage-Seq. Its room is wide
// enough, so that the size of the head, which is metered, is known before the number. Plain
// functions; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace metergate::http {

inline constexpr std::string_view kUsageSequence = "X-Usage-Seq";

// Room for a number that is not much larger than this one.
std::string room_for(std::uint64_t number);
// Writes the number at the right of the room.
void fill_room(std::string& room, std::uint64_t number);
// The same in the bytes of a head; does nothing if it has no such field, or the room is filled.
void fill_room_in_head(std::string& head, std::uint64_t number);

}  // namespace metergate::http
