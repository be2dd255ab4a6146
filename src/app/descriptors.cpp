#include "app/descriptors.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace metergate {
namespace {

// RocksDB keeps at most 256 files open; the others are for the journal, the archive, webhooks, the
// control socket, and 256 connections that are refused because there are too many.
constexpr std::size_t kOwn = 768;
constexpr std::size_t kConnectionsMin = 64;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

std::size_t connections_within(std::size_t descriptors, std::size_t to_upstreams,
                               std::size_t wanted) {
  const std::size_t others = kOwn + to_upstreams;
  const std::size_t left = descriptors > others ? descriptors - others : 0;
  return std::min(wanted, std::max(left, kConnectionsMin));
}

bool write_all(int descriptor, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(descriptor, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    if (written == 0) errno = EIO;
    if (written == 0) return false;
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace metergate
