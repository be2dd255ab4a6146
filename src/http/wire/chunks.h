// Lines of a chunked body, whichever way it goes. Functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace metergate::http {

inline constexpr std::size_t kChunkLineBytesMax = 1024;
inline constexpr std::size_t kTrailerBytesMax = 8 * 1024;

// A line that opens a chunk, without its CRLF: 1 to 8 hexadecimal digits, then perhaps extensions
// without control characters. The size. ErrorCode::invalid.
Result<std::uint32_t> check_chunk_line(std::string_view line);

// True if the text behind the size is a list of ";name=value" (RFC 9112, 7.1.1).
bool are_chunk_extensions(std::string_view text);

}  // namespace metergate::http
