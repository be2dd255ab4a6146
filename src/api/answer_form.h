// The form of an answer once its content is made: its ETag, 304 if the caller already has the
// content, and gzip or zstd if the caller accepts it.
//
// Changes only answers of 200 to GET and HEAD. Answers that create or show a secret, and refusals,
// which repeat words of the request, are left alone. Plain functions; safe from any thread.
#pragma once

#include "http/words/message.h"

namespace metergate::api {

// Streamed content up to this size is collected and sent whole, with an ETag.
inline constexpr std::size_t kWholeBytesMax = 256 * 1024;
// Shorter content is not compressed.
inline constexpr std::size_t kCodedBytesMin = 1024;

http::Response formed(http::Response response, const http::Request& request);

}  // namespace metergate::api
