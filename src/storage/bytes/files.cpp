#include "storage/bytes/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace metergate {
namespace {

std::unexpected<Error> refused(std::string_view what, const std::filesystem::path& path,
                               int reason) {
  return fail(ErrorCode::storage, fmt::format("cannot {} {}: {}", what, path.string(),
                                              std::system_category().message(reason)));
}

int flags_of(File::Mode mode) {
  switch (mode) {
    case File::Mode::read:
      return O_RDONLY;
    case File::Mode::write:
      return O_RDWR;
    case File::Mode::make:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

}  // namespace

Result<File> File::open(const std::filesystem::path& path, Mode mode) {
  const int descriptor = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0600);
  if (descriptor < 0) return refused("open", path, errno);
  return File{path, descriptor};
}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<File> File::duplicate() const {
  const int descriptor = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return refused("open again", path_, errno);
  return File{path_, descriptor};
}

Result<std::int64_t> File::size() const {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) return refused("look at", path_, errno);
  return status.st_size;
}

Result<Bytes> File::read(std::int64_t offset, std::size_t size) const {
  Bytes bytes{size};
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + done, size - done,
                                offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused("read", path_, errno);
    if (got == 0) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{} ends at byte {}, but {} bytes should follow", path_.string(),
                              offset + static_cast<std::int64_t>(done), size - done));
    }
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<> File::write(std::int64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return refused("write to", path_, put < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += put;
  }
  return {};
}

Result<> File::reserve(std::int64_t size) const {
  int reason = EINTR;
  while (reason == EINTR) reason = ::posix_fallocate(descriptor_, 0, size);
  if (reason != 0) return refused(fmt::format("reserve {} bytes for", size), path_, reason);
  return {};
}

Result<> File::sync_data() const {
  if (::fdatasync(descriptor_) != 0) return refused("sync", path_, errno);
  return {};
}

Result<> File::sync() const {
  if (::fsync(descriptor_) != 0) return refused("sync", path_, errno);
  return {};
}

Result<> File::forget_cached() const {
  const int reason = ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED);
  if (reason != 0) return refused("read anew", path_, reason);
  return {};
}

Result<Bytes> read_file(const std::filesystem::path& path) {
  const File file = TRY(File::open(path, File::Mode::read));
  const std::int64_t size = TRY(file.size());
  return file.read(0, static_cast<std::size_t>(size));
}

Result<> sync_folder(const std::filesystem::path& folder) {
  const File opened = TRY(File::open(folder, File::Mode::read));
  return opened.sync();
}

Result<> make_folder(const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return refused("make the folder", folder, code.value());
  return {};
}

Result<> rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return refused("rename", from, errno);
  return {};
}

Result<> remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return refused("remove", path, errno);
  return {};
}

Result<std::vector<std::string>> list_folder(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (auto at = std::filesystem::directory_iterator{folder, code};
       !code && at != std::filesystem::directory_iterator{}; at.increment(code)) {
    names.push_back(at->path().filename().string());
  }
  if (code) return refused("list", folder, code.value());
  std::ranges::sort(names);
  return names;
}

}  // namespace metergate
