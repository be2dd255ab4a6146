// The form of an answer once its content is made: its ETag, 304 where the caller has it already,
// and gzip or zstd where the caller asks for it.
//
// Only answers of 200 to GET and HEAD are touched: what makes or shows a secret, and every refusal,
// which repeats words of the request, goes out as it is. Functions; any thread.
#pragma once

#include "http/words/message.h"

namespace metergate::api {

// Streamed content is asked for as far as this; what is over by then is sent whole, with an ETag.
inline constexpr std::size_t kWholeBytesMax = 256 * 1024;
// Shorter content is not worth coding.
inline constexpr std::size_t kCodedBytesMin = 1024;

http::Response formed(http::Response response, const http::Request& request);

}  // namespace metergate::api
