#include "base/scratch_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace metergate {
namespace {

std::unexpected<Error> refuse(const std::string& what, int reason) {
  return fail(ErrorCode::storage, what + ": " + std::strerror(reason) + "; free some room there");
}

}  // namespace

Result<ScratchFile> ScratchFile::make(const std::filesystem::path& folder) {
  // Not every file system makes files without a name, so it loses its name at once.
  std::string name = (folder / ".scratch-XXXXXX").string();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return refuse("no file can be made in " + folder.string(), errno);
  ::unlink(name.c_str());
  return ScratchFile{descriptor};
}

ScratchFile::~ScratchFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), read_to_(other.read_to_) {}

ScratchFile& ScratchFile::operator=(ScratchFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(read_to_, other.read_to_);
  return *this;
}

std::string ScratchFile::path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

Result<> ScratchFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return refuse("a file for an answer cannot be written", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::int64_t> ScratchFile::size() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return refuse("a scratch file is lost", errno);
  return static_cast<std::int64_t>(status.st_size);
}

Result<std::string> ScratchFile::read_some(std::size_t bytes_max) {
  std::string bytes(bytes_max, '\0');
  for (;;) {
    const ssize_t got = ::pread(descriptor_, bytes.data(), bytes.size(), read_to_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("a scratch file cannot be read", errno);
    bytes.resize(static_cast<std::size_t>(got));
    read_to_ += got;
    return bytes;
  }
}

}  // namespace metergate
