// The checksum of everything on disk: XXH3 of 64 bits, as xxHash defines it. It finds damage, not
// forgery. Safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace metergate {

std::uint64_t checksum(std::string_view bytes);

}  // namespace metergate
