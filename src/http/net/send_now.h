// What a socket takes at once: most writes need no waiting, and so no coroutine. Any thread that
// owns the socket.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/net/task.h"

namespace metergate::http {

// Sends `first` and then `second` as far as the socket takes them now. How many bytes went; fewer
// than there are: it is full, or it failed, and a write that waits finds out which.
std::size_t send_now(Socket& socket, std::string_view first, std::string_view second);

}  // namespace metergate::http
