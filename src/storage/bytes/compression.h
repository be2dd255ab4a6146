// Compression of the archive's parts: zstd behind two functions. Safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

std::string compress(std::string_view bytes);
// ErrorCode::corrupt if the bytes are damaged or do not decompress to exactly `size`.
Result<std::string> decompress(std::string_view bytes, std::size_t size);

}  // namespace metergate
