#include "storage/embedded_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/json.h"
#include "storage/files.h"
#include "storage/open_store.h"

namespace metergate {
namespace {

constexpr std::int64_t kFormatVersion = 1;

// What the file holds without its checksum, as it is hashed.
Json format_of(const TimeZone& zone, const HashKey& key) {
  const std::string_view bytes(reinterpret_cast<const char*>(key.bytes), sizeof(key.bytes));
  return Json::object(
      {{"format", kFormatVersion}, {"time_zone", zone.name()}, {"hash_key", base64url(bytes)}});
}

std::string checksum_of(const Json& format) { return to_hex(sha256(to_text(format))); }

std::unexpected<Error> damaged(const std::filesystem::path& path) {
  return fail(ErrorCode::corrupt,
              fmt::format("{} is damaged; restore the folder from a backup", path.string()));
}

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "unknown";
}

int open_lock(const std::filesystem::path& folder, int flags) {
  return ::open((folder / "LOCK").c_str(), flags | O_CLOEXEC, 0600);
}

}  // namespace

bool is_folder_in_use(const std::filesystem::path& folder) {
  const int descriptor = open_lock(folder, O_RDONLY);
  if (descriptor < 0) return false;
  const bool is_held = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return is_held;
}

Result<EmbeddedFolder> EmbeddedFolder::open(const std::filesystem::path& folder,
                                            const TimeZone& zone) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) {
    return fail(
        ErrorCode::storage,
        fmt::format("the folder {} cannot be made ({}); choose another with --data-dir or DATA_DIR",
                    folder.string(), code.message()));
  }
  const int descriptor = open_lock(folder, O_RDWR | O_CREAT);
  if (descriptor < 0) {
    return fail(ErrorCode::storage, fmt::format("the folder {} cannot be written ({}); give this "
                                                "user the right to write there, or choose "
                                                "another with --data-dir or DATA_DIR",
                                                folder.string(), std::strerror(errno)));
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = holder_of(descriptor);
    ::close(descriptor);
    return fail(
        ErrorCode::conflict,
        fmt::format("the folder {} is in use by process {}; stop it first, or choose another "
                    "with --data-dir or DATA_DIR",
                    folder.string(), holder));
  }
  EmbeddedFolder opened(folder, descriptor);
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
    return fail(ErrorCode::storage, fmt::format("the folder {} cannot be written ({})",
                                                folder.string(), std::strerror(errno)));
  }
  TRY(opened.read_or_write_format(zone));
  for (const auto& part : {opened.journal(), opened.view(), opened.archive()})
    TRY(make_folder(part));
  return opened;
}

EmbeddedFolder::EmbeddedFolder(EmbeddedFolder&& other) noexcept
    : folder_(std::move(other.folder_)),
      lock_(std::exchange(other.lock_, -1)),
      hash_key_(other.hash_key_) {}

EmbeddedFolder::~EmbeddedFolder() {
  if (lock_ >= 0) ::close(lock_);
}

Result<> EmbeddedFolder::read_or_write_format(const TimeZone& zone) {
  const std::filesystem::path path = folder_ / "FORMAT";
  if (!std::filesystem::exists(path)) {
    if (std::filesystem::exists(journal()) || std::filesystem::exists(view())) return damaged(path);
    const std::string random = random_bytes(sizeof(hash_key_.bytes));
    std::ranges::copy(random, std::begin(hash_key_.bytes));
    Json format = format_of(zone, hash_key_);
    format.set("checksum", checksum_of(format));
    const std::filesystem::path temporary = folder_ / "FORMAT.new";
    const File file = TRY(File::open(temporary, File::Mode::make));
    TRY(file.write(0, to_text(format) + "\n"));
    TRY(file.sync());
    TRY(rename_file(temporary, path));
    return sync_folder(folder_);
  }
  const Bytes bytes = TRY(read_file(path));
  auto format = parse_json(bytes.view());
  if (!format || !format->is_object()) return damaged(path);
  const std::string checksum = format->string_at("checksum").value_or("");
  format->remove("checksum");
  if (checksum != checksum_of(*format)) return damaged(path);
  const std::int64_t version = format->integer_at("format").value_or(0);
  if (version != kFormatVersion) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} says format {}, and this program knows {}; start the version of "
                            "metergate that made it, or a newer one",
                            path.string(), version, kFormatVersion));
  }
  const std::string made_with = format->string_at("time_zone").value_or("");
  if (made_with != zone.name()) {
    return fail(
        ErrorCode::invalid,
        fmt::format("BILLING_TIMEZONE={}: the folder {} was made with {}, and its periods are "
                    "cut by it; set BILLING_TIMEZONE={} or use another folder",
                    zone.name(), folder_.string(), made_with, made_with));
  }
  const auto key = parse_base64url(format->string_at("hash_key").value_or(""));
  if (!key || key->size() != sizeof(hash_key_.bytes)) return damaged(path);
  std::ranges::copy(*key, std::begin(hash_key_.bytes));
  return {};
}

}  // namespace metergate
