#include "http/net/send_now.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>

namespace metergate::http {
namespace {

// The system's structure has a pointer to writable bytes, although they are only read.
iovec part(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

std::size_t send_now(Socket& socket, std::string_view first, std::string_view second) {
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (second.empty()) {
    const ssize_t sent = ::send(socket.native_handle(), first.data(), first.size(), kFlags);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  std::array<iovec, 2> parts{part(first), part(second)};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const ssize_t sent = ::sendmsg(socket.native_handle(), &message, kFlags);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

}  // namespace metergate::http
