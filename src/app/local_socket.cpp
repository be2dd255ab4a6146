#include "app/local_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace metergate {
namespace {
constexpr const char* kSocketName = "control.sock";
}

Result<LocalSocket> LocalSocket::in(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    return fail(ErrorCode::storage,
                fmt::format("{} cannot be opened: {}", folder.string(), std::strerror(errno)));
  }
  // A socket's path holds 107 bytes; the path through /proc is short for a folder at any depth.
  return LocalSocket(descriptor, fmt::format("/proc/self/fd/{}/{}", descriptor, kSocketName));
}

LocalSocket::~LocalSocket() {
  if (folder_ >= 0) ::close(folder_);
}

LocalSocket::LocalSocket(LocalSocket&& other) noexcept
    : folder_(std::exchange(other.folder_, -1)), path_(std::move(other.path_)) {}

void LocalSocket::remove_left_over() const { ::unlinkat(folder_, kSocketName, 0); }

}  // namespace metergate
