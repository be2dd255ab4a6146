// Zstandard for whole texts of known bounds: blocks of an archive, stored documents.
//
// A compressed text carries its size; what comes back is exactly what went in, or an error, where
// the checksum is within. Never allocates more than the caller allows. Each thread keeps a context,
// which costs more to make than a block. Safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

// The checksum of what was compressed: in the frame, or kept beside it by the one that keeps the
// frame.
enum class ZstdChecksum { within, beside };

std::string zstd_compress(std::string_view bytes, ZstdChecksum checksum = ZstdChecksum::within);
// ErrorCode::corrupt if the bytes are not one whole frame of zstd_compress; too_large if the text
// is longer than `size_max`.
Result<std::string> zstd_decompress(std::string_view bytes, std::size_t size_max);
// ErrorCode::corrupt where the bytes are damaged or do not become exactly `size`.
Result<std::string> zstd_decompress_exactly(std::string_view bytes, std::size_t size);

}  // namespace metergate
