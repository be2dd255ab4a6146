// The number of sent bytes that the peer has taken. The kernel buffers megabytes that a peer may
// never read, so bytes passed to it prove nothing. For the thread that owns the socket.
#pragma once

#include <cstdint>

namespace metergate::http {

// Bytes that the peer has acknowledged since the connection began (TCP). For a Unix socket, whose
// peer is on this machine, minus the bytes that wait in it. Only differences have a meaning.
std::int64_t acknowledged_bytes(int descriptor);

}  // namespace metergate::http
