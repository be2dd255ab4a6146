// How much of what was sent on a socket its peer has taken. The kernel takes megabytes that a peer
// never reads, so bytes that were handed over say nothing of it. Any thread that owns the socket.
#pragma once

#include <cstdint>

namespace metergate::http {

// Bytes that the peer has acknowledged since the connection began (TCP); of a Unix socket, whose
// peer is on this machine, minus what waits in it. Only differences mean something.
std::int64_t acknowledged_bytes(int descriptor);

}  // namespace metergate::http
