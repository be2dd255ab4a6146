#include "http/send_now.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>

namespace metergate::http {
namespace {

// The system's call takes what it only reads as something that it could write to.
iovec part(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

std::size_t send_now(Socket& socket, std::string_view first, std::string_view second) {
  std::array<iovec, 2> parts{part(first), part(second)};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = second.empty() ? 1 : 2;
  const ssize_t sent = ::sendmsg(socket.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

}  // namespace metergate::http
