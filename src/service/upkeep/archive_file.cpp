#include "service/upkeep/archive_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/compression.h"

namespace metergate {

namespace {

std::unexpected<Error> failed(std::string_view verb, const std::filesystem::path& path) {
  const std::string reason = std::generic_category().message(errno);
  return fail(ErrorCode::storage,
              "cannot " + std::string{verb} + " " + path.string() + ": " + reason);
}

// Owns a file descriptor. The writer has synced before it is closed, so errors of close are
// ignored.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (is_open()) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Result<> write_synced(const std::filesystem::path& path, std::string_view bytes) {
  const Descriptor file{path, O_WRONLY | O_CREAT | O_TRUNC};
  if (!file.is_open()) return failed("create", path);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.fd(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.fd()) != 0) return failed("sync", path);
  return {};
}

Result<std::optional<std::string>> read_whole(const std::filesystem::path& path) {
  const Descriptor file{path, O_RDONLY};
  if (!file.is_open() && errno == ENOENT) return std::nullopt;
  if (!file.is_open()) return failed("open", path);
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return failed("read", path);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(file.fd(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

Result<> sync_folder(const std::filesystem::path& folder) {
  const Descriptor file{folder, O_RDONLY | O_DIRECTORY};
  if (!file.is_open()) return failed("open", folder);
  if (::fsync(file.fd()) != 0) return failed("sync", folder);
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_archive_file(const std::filesystem::path& path,
                                                     std::size_t size_max) {
  const std::optional<std::string> bytes = TRY(read_whole(path));
  if (!bytes) return std::nullopt;
  Result<std::string> text = zstd_decompress(*bytes, size_max);
  if (text) return *std::move(text);
  return fail(text.error().code, path.string() + ": " + text.error().message);
}

Result<> write_archive_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code code;
  const std::filesystem::path folder = path.parent_path();
  std::filesystem::create_directories(folder, code);
  if (code) {
    return fail(ErrorCode::storage, "cannot make " + folder.string() + ": " + code.message());
  }
  if (std::filesystem::exists(path, code)) {
    return fail(ErrorCode::duplicate, path.string() + " is there already");
  }
  std::filesystem::path beside = path;
  beside += ".part";
  TRY(write_synced(beside, zstd_compress(text)));
  const std::optional<std::string> back = TRY(read_archive_file(beside, text.size()));
  if (!back || *back != text) {
    return fail(ErrorCode::storage, beside.string() + " reads back as something else");
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed("rename", beside);
  return sync_folder(folder);
}

}  // namespace metergate
