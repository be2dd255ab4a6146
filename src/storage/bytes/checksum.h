// The checksum of everything on disk: 64-bit XXH3, as xxHash defines it. It detects damage, not
// forgery. Safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace metergate {

std::uint64_t checksum(std::string_view bytes);

}  // namespace metergate
