// File descriptors of this process: how many it may have, how many of those connections get (for
// the main thread, before the server starts), and writing to one.
#pragma once

#include <cstddef>

namespace metergate {

// Raises the soft limit (RLIMIT_NOFILE) to the hard one; how many may be open from then on.
std::size_t raise_descriptor_limit();

// How many callers may be connected: `wanted`, or what is left of `descriptors` beside the store's
// own and connections to upstreams; at least a few.
std::size_t connections_within(std::size_t descriptors, std::size_t to_upstreams,
                               std::size_t wanted);

// All of it, however many writes that takes; false: refused, and errno says why.
bool write_all(int descriptor, const char* bytes, std::size_t count);

}  // namespace metergate
