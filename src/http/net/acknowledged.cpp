#include "http/net/acknowledged.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>

namespace metergate::http {

std::int64_t acknowledged_bytes(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  constexpr std::size_t kNeeded = offsetof(tcp_info, tcpi_bytes_acked) + sizeof(std::uint64_t);
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && size >= kNeeded)
    return static_cast<std::int64_t>(info.tcpi_bytes_acked);
  int waiting = 0;
  return ::ioctl(descriptor, SIOCOUTQ, &waiting) == 0 ? -std::int64_t{waiting} : 0;
}

}  // namespace metergate::http
