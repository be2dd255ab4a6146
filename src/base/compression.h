// Zstandard for whole texts of known bounds: blocks of an archive, stored documents.
//
// A compressed text carries its size and a checksum; what comes back is exactly what went in, or an
// error. Never allocates more than the caller allows. Safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

std::string zstd_compress(std::string_view bytes);
// ErrorCode::corrupt if the bytes are not one whole frame of zstd_compress; too_large if the text
// is longer than `size_max`.
Result<std::string> zstd_decompress(std::string_view bytes, std::size_t size_max);

}  // namespace metergate
