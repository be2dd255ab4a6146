// Content codings of request bodies (RFC 9110): gzip and zstd, decoded in memory.
//
// Bounded: the output never exceeds the caller's maximum, so a small body cannot fill the memory.
// Safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

// `coding` is gzip, x-gzip, zstd or identity, in any case. ErrorCode::media_type for other codings,
// too_large if the content is longer than `size_max`, invalid if the bytes are not exactly one
// whole gzip member or zstd frame.
Result<std::string> decode_content(std::string_view coding, std::string_view bytes,
                                   std::size_t size_max);

}  // namespace metergate
