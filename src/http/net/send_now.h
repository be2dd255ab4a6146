// Sends as much as a socket takes at once: most writes need no waiting, and therefore no coroutine.
// For the thread that owns the socket.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/net/task.h"

namespace metergate::http {

// Sends `first` and then `second` as far as the socket takes them now; returns the number of bytes.
// If it is fewer than all, the socket is full or failed, which a waiting write finds out.
std::size_t send_now(Socket& socket, std::string_view first, std::string_view second);

}  // namespace metergate::http
