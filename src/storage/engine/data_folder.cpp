#include "storage/engine/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "storage/bytes/files.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

constexpr std::int64_t kFormat = 1;

std::filesystem::path lock_path(const std::filesystem::path& folder) { return folder / "LOCK"; }
std::filesystem::path format_path(const std::filesystem::path& folder) { return folder / "FORMAT"; }

std::unexpected<Error> unusable(const std::filesystem::path& folder, std::string_view why) {
  return fail(ErrorCode::storage,
              fmt::format("the data folder {} cannot be used: {}; name another with DATA_DIR or "
                          "--data-dir, or mend its permissions",
                          folder.string(), why));
}

// The holding process has written its id into the lock file.
std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  std::erase_if(holder, [](char c) { return c < '0' || c > '9'; });
  return holder.empty() ? "another process" : "process " + holder;
}

Result<bool> is_there(const std::filesystem::path& path) {
  std::error_code error;
  const bool found = std::filesystem::exists(path, error);
  if (error) return fail(ErrorCode::storage, path.string() + ": " + error.message());
  return found;
}

// Written beside its name first, so that a crash leaves either none or all of it.
Result<> write_whole(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path beside = path.string() + std::string{kUnfinishedSuffix};
  {
    const File file = TRY(File::open(beside, File::Mode::make));
    TRY(file.write(0, text));
    TRY(file.sync());
  }
  TRY(rename_file(beside, path));
  return sync_folder(path.parent_path());
}

// A folder is not moved from one journal to another: what it has counted would be counted beside
// what that journal holds.
Result<> check_owner(const std::filesystem::path& folder, bool follows, const HashKey& key,
                     const std::optional<HashKey>& shared_key) {
  if (follows && !shared_key)
    return fail(ErrorCode::invalid,
                fmt::format("the data folder {} follows the journal of a database: set MONGO_URI "
                            "to it, or name another folder with DATA_DIR",
                            folder.string()));
  if (!follows && shared_key)
    return fail(ErrorCode::invalid,
                fmt::format("the data folder {} was made without MONGO_URI and has a journal of "
                            "its own: name another with DATA_DIR, or leave out MONGO_URI",
                            folder.string()));
  if (shared_key && !std::ranges::equal(key.bytes, shared_key->bytes))
    return fail(ErrorCode::invalid,
                fmt::format("the data folder {} follows the journal of another database than the "
                            "one that MONGO_URI names: name another with DATA_DIR",
                            folder.string()));
  return {};
}

}  // namespace

Result<int> hold_folder(const std::filesystem::path& folder) {
  const int descriptor =
      ::open(lock_path(folder).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return unusable(folder, std::strerror(errno));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = holder_of(descriptor);
    ::close(descriptor);
    return fail(ErrorCode::conflict,
                fmt::format("the data folder {} is in use by {}; stop it, or name another folder",
                            folder.string(), holder));
  }
  const std::string id = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    const std::string why = std::strerror(errno);
    ::close(descriptor);
    return unusable(folder, why);
  }
  return descriptor;
}

Result<DataFolder> DataFolder::open(const std::filesystem::path& path, const TimeZone& zone,
                                    const std::optional<HashKey>& shared_key) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::absolute(path, error);
  const bool is_made = !error && std::filesystem::create_directories(folder, error);
  if (is_made)
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all,
                                 std::filesystem::perm_options::replace, error);
  if (error) return unusable(path, error.message());
  const int lock = TRY(hold_folder(folder));
  DataFolder opened(folder, lock);
  if (TRY(is_there(folder / kUnfinishedRestore)))
    return fail(ErrorCode::storage,
                fmt::format("a restore into {} was cut off; run metergate restore again, into the "
                            "same folder",
                            folder.string()));
  if (TRY(is_there(format_path(folder)))) {
    TRY(opened.read_format(zone, shared_key));
    TRY(opened.check_whole());
  } else if (TRY(is_there(opened.journal()))) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is missing, but there is a journal beside it; restore the folder "
                            "from a backup",
                            format_path(folder).string()));
  } else {
    TRY(opened.make_format(zone, shared_key));
  }
  return opened;
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : folder_(std::move(other.folder_)),
      lock_(std::exchange(other.lock_, -1)),
      id_key_(other.id_key_) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

Result<> DataFolder::read_format(const TimeZone& zone, const std::optional<HashKey>& shared_key) {
  const std::string path = format_path(folder_).string();
  const auto damaged = [&path] {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is damaged; restore the folder from a backup", path));
  };
  const Bytes bytes = TRY(read_file(path));
  auto format = parse_json(bytes.view());
  if (!format || !format->is_object()) return damaged();
  const std::string checksum = format->string_at("checksum").value_or("");
  format->remove("checksum");
  if (checksum != to_hex(sha256(to_text(*format)))) return damaged();
  const auto version = format->integer_at("format");
  if (!version) return damaged();
  if (*version != kFormat)
    return fail(ErrorCode::corrupt,
                fmt::format("the data folder {} has format {}, this version of metergate reads "
                            "format {}; use the version that made it, or a newer one",
                            folder_.string(), *version, kFormat));
  const auto made_with = format->string_at("time_zone");
  const auto key = parse_base64url(format->string_at("id_key").value_or(""));
  if (!made_with || !key || key->size() != sizeof(id_key_.bytes)) return damaged();
  if (*made_with != zone.name())
    return fail(ErrorCode::invalid,
                fmt::format("BILLING_TIMEZONE is '{}', but the data folder {} was made with '{}': "
                            "its days and periods are cut by that, so it cannot be changed",
                            zone.name(), folder_.string(), *made_with));
  std::ranges::copy(*key, std::begin(id_key_.bytes));
  return check_owner(folder_, format->find("follows") != nullptr, id_key_, shared_key);
}

// The archive's folder is created after the view's and before the journal's. If it is there alone,
// the other two were removed, and a start would count from zero beside events that were counted.
Result<> DataFolder::check_whole() const {
  if (!TRY(is_there(events()))) return {};
  if (TRY(is_there(view())) || TRY(is_there(journal()))) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("{} and {} are missing, but the archive {} is there, and cannot be read "
                          "without them; restore the whole folder from a backup, or name another "
                          "with DATA_DIR to begin anew",
                          view().string(), journal().string(), events().string()));
}

Result<DataFolder::Tightened> DataFolder::tighten() const {
  constexpr auto kOfOthers = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  Tightened tightened;
  const auto look = [&](const std::filesystem::path& path, std::filesystem::perms found) {
    if ((found & kOfOthers) == std::filesystem::perms::none) return;
    std::error_code refused;
    std::filesystem::permissions(path, kOfOthers, std::filesystem::perm_options::remove, refused);
    ++(refused ? tightened.refused : tightened.done);
  };
  std::error_code error;
  look(folder_, std::filesystem::status(folder_, error).permissions());
  auto at = std::filesystem::recursive_directory_iterator{folder_, error};
  for (; !error && at != std::filesystem::recursive_directory_iterator{}; at.increment(error)) {
    // The target of a link is not ours, and files may disappear meanwhile.
    std::error_code gone;
    if (!at->is_symlink(gone)) look(at->path(), at->status(gone).permissions());
  }
  if (error) return unusable(folder_, error.message());
  return tightened;
}

Result<> DataFolder::make_format(const TimeZone& zone, const std::optional<HashKey>& shared_key) {
  std::string key = random_bytes(sizeof(id_key_.bytes));
  if (shared_key) std::ranges::copy(shared_key->bytes, key.begin());
  std::ranges::copy(key, std::begin(id_key_.bytes));
  Json format =
      Json::object({{"format", kFormat}, {"time_zone", zone.name()}, {"id_key", base64url(key)}});
  if (shared_key) format.set("follows", "shared");
  // A flipped bit in the key would let counted events be counted again.
  format.set("checksum", to_hex(sha256(to_text(format))));
  return write_whole(format_path(folder_), to_text(format) + "\n");
}

bool is_folder_in_use(const std::filesystem::path& folder) {
  const int descriptor = ::open(lock_path(folder).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return is_held;
}

}  // namespace metergate
