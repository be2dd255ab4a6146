// The clocks and the random source of the client, which shares no code with the server. Only this
// file reads a clock in this folder. Safe from any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace metergate::client {

using Steady = std::chrono::steady_clock;

Steady::time_point steady_now();
std::chrono::milliseconds since_epoch();
std::string utc_text(std::chrono::milliseconds since_epoch);  // 2026-03-05T10:30:00.123Z
std::uint64_t random_number();                                // from the system's random source

}  // namespace metergate::client
