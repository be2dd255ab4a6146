// File descriptors of this process: the limit and the share of connections (for the main thread,
// before the server starts), and writing to a descriptor.
#pragma once

#include <cstddef>

namespace metergate {

// Raises the soft limit (RLIMIT_NOFILE) to the hard one; returns the new limit.
std::size_t raise_descriptor_limit();

// The number of callers that may be connected: `wanted`, or the rest of `descriptors` after the
// store's own and connections to upstreams; at least a few.
std::size_t connections_within(std::size_t descriptors, std::size_t to_upstreams,
                               std::size_t wanted);

// Writes all bytes, with as many calls as needed; false if a write fails, with the reason in errno.
bool write_all(int descriptor, const char* bytes, std::size_t count);

}  // namespace metergate
