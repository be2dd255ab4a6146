#include "storage/engine/snapshot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "storage/bytes/files.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

constexpr std::string_view kFormatFile = "FORMAT";

std::filesystem::path snapshot_lock_path(const std::filesystem::path& data_folder) {
  return data_folder / "snapshot.lock";
}

std::unexpected<Error> not_copied(const std::filesystem::path& path, const std::error_code& why) {
  return fail(ErrorCode::storage, fmt::format("cannot copy {}: {}", path.string(), why.message()));
}

Result<> remove_snapshot(const std::filesystem::path& data_folder) {
  std::error_code error;
  const std::filesystem::path folder = snapshot_folder(data_folder);
  std::filesystem::remove_all(folder, error);
  if (error)
    return fail(ErrorCode::storage,
                fmt::format("cannot remove {}: {}", folder.string(), error.message()));
  return {};
}

// A file system without links gets a copy.
Result<> link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::create_hard_link(from, to, error);
  if (!error) return {};
  std::filesystem::copy_file(from, to, error);
  if (error) return not_copied(from, error);
  return {};
}

Result<int> lock_snapshot(const std::filesystem::path& data_folder) {
  const std::filesystem::path path = snapshot_lock_path(data_folder);
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (lock < 0)
    return fail(ErrorCode::storage,
                fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
  struct stat folder = {};
  // A backup by root must not keep the server's user from it.
  if (::geteuid() == 0 && ::stat(data_folder.c_str(), &folder) == 0 &&
      ::fchown(lock, folder.st_uid, folder.st_gid) != 0) {
    ::close(lock);
    return fail(ErrorCode::storage, fmt::format("cannot give {} to the folder's owner: {}",
                                                path.string(), std::strerror(errno)));
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  ::close(lock);
  return fail(ErrorCode::conflict,
              fmt::format("another backup of {} is under way; wait for it", data_folder.string()));
}

}  // namespace

std::filesystem::path snapshot_folder(const std::filesystem::path& data_folder) {
  return data_folder / "snapshot";
}

Result<> begin_snapshot(const std::filesystem::path& data_folder) {
  TRY(remove_snapshot(data_folder));
  const std::filesystem::path folder = snapshot_folder(data_folder);
  TRY(make_folder(folder));
  return link_or_copy(data_folder / kFormatFile, folder / kFormatFile);
}

Result<> link_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  if (!std::filesystem::exists(from, error)) return {};
  TRY(make_folder(to));
  for (const std::string& name : TRY(list_folder(from))) {
    if (name.ends_with(kUnfinishedSuffix)) continue;
    TRY(link_or_copy(from / name, to / name));
  }
  return {};
}

Result<std::uint64_t> copy_journal(const std::vector<JournalSegment>& segments,
                                   const std::filesystem::path& to) {
  TRY(make_folder(to));
  std::uint64_t last_sequence = 0;
  for (const JournalSegment& segment : segments) {
    const std::filesystem::path target = to / segment.path.filename();
    last_sequence = std::max(last_sequence, segment.last_sequence);
    if (segment.last_sequence == 0 && segment.first_sequence > 0)
      last_sequence = segment.first_sequence - 1;
    if (segment.is_full) {
      TRY(link_or_copy(segment.path, target));
      continue;
    }
    const File source = TRY(File::open(segment.path, File::Mode::read));
    const Bytes used = TRY(source.read(0, static_cast<std::size_t>(segment.bytes)));
    const File copy = TRY(File::open(target, File::Mode::make));
    TRY(copy.write(0, used.view()));
    std::error_code error;
    std::filesystem::resize_file(target, static_cast<std::uintmax_t>(TRY(source.size())), error);
    if (error) return not_copied(segment.path, error);
  }
  return last_sequence;
}

void remove_abandoned_snapshot(const std::filesystem::path& data_folder) {
  std::error_code error;
  if (!std::filesystem::exists(snapshot_folder(data_folder), error)) return;
  const auto lock = lock_snapshot(data_folder);
  if (!lock) return;
  // Harmless where it cannot be removed: the next cleanup tries again.
  [[maybe_unused]] const auto removed = remove_snapshot(data_folder);
  ::close(*lock);
}

Result<SnapshotLock> SnapshotLock::take(const std::filesystem::path& data_folder) {
  return SnapshotLock(data_folder, TRY(lock_snapshot(data_folder)));
}

SnapshotLock::SnapshotLock(SnapshotLock&& other) noexcept
    : data_folder_(std::move(other.data_folder_)), lock_(std::exchange(other.lock_, -1)) {}

SnapshotLock::~SnapshotLock() {
  if (lock_ < 0) return;
  [[maybe_unused]] const auto removed = remove_snapshot(data_folder_);  // as above
  ::close(lock_);
}

}  // namespace metergate
