#include "app/restored_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "storage/bytes/files.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

constexpr std::string_view kLockName = "LOCK";
constexpr std::string_view kFormatName = "FORMAT";
constexpr std::array<std::string_view, 5> kOfADataFolder = {"FORMAT", "journal", "view", "events",
                                                            "archive-counters"};
// Files that never change; a trial may share them.
constexpr std::array<std::string_view, 3> kUnchanging = {".sst", ".mga", ".mgj"};

Result<> remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error)
    return fail(ErrorCode::storage,
                fmt::format("cannot remove {}: {}", path.string(), error.message()));
  return {};
}

// A folder that a restore has begun holds what that put there, and nothing else.
Result<> clear_unfinished(const std::filesystem::path& folder) {
  for (const std::string_view name : kOfADataFolder) TRY(remove_tree(folder / name));
  return remove_tree(folder / kUnfinishedRestore);
}

Result<> check_empty(const std::filesystem::path& folder) {
  for (const std::string& name : TRY(list_folder(folder))) {
    if (name == kLockName || name == "lost+found") continue;
    return fail(ErrorCode::invalid,
                fmt::format("{} is not empty (it has {}), and a restore replaces nothing; name an "
                            "empty or a new folder with --data-dir",
                            folder.string(), name));
  }
  return {};
}

}  // namespace

Result<RestoredFolder> RestoredFolder::begin(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::absolute(path, error);
  const bool is_there = std::filesystem::exists(folder, error);
  if (is_there && !std::filesystem::is_directory(folder, error))
    return fail(ErrorCode::invalid,
                fmt::format("{} is no folder; name another with --data-dir", folder.string()));
  if (is_there && is_folder_in_use(folder))
    return fail(ErrorCode::conflict,
                fmt::format("{} is in use by a server or a command; stop it, or name another "
                            "folder with --data-dir",
                            folder.string()));
  const bool is_left_over = std::filesystem::exists(folder / kUnfinishedRestore, error);
  if (is_there && !is_left_over) TRY(check_empty(folder));
  if (!is_there) TRY(make_folder(folder));
  RestoredFolder restored(folder, TRY(hold_folder(folder)), !is_there);
  if (is_left_over) TRY(clear_unfinished(folder));
  TRY(make_folder(restored.data()));
  return restored;
}

RestoredFolder::RestoredFolder(RestoredFolder&& other) noexcept
    : folder_(std::move(other.folder_)),
      lock_(std::exchange(other.lock_, -1)),
      is_made_(other.is_made_),
      is_placed_(other.is_placed_) {}

RestoredFolder::~RestoredFolder() {
  if (lock_ < 0) return;
  if (!is_placed_) {
    std::error_code ignored;
    std::filesystem::remove_all(unfinished(), ignored);
    std::filesystem::remove(folder_ / kLockName, ignored);
    if (is_made_) std::filesystem::remove(folder_, ignored);
  }
  ::close(lock_);
}

std::filesystem::path RestoredFolder::unfinished() const { return folder_ / kUnfinishedRestore; }

Result<> RestoredFolder::make_trial() const {
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{data(), error}) {
    const std::filesystem::path to = trial() / entry.path().lexically_relative(data());
    if (entry.is_directory(error)) continue;
    TRY(make_folder(to.parent_path()));
    const std::string ending = entry.path().extension().string();
    if (std::ranges::find(kUnchanging, ending) != kUnchanging.end())
      std::filesystem::create_hard_link(entry.path(), to, error);
    std::error_code not_looked_at;
    if (!std::filesystem::exists(to, not_looked_at))
      std::filesystem::copy_file(entry.path(), to, error);
    if (error)
      return fail(ErrorCode::storage,
                  fmt::format("{} could not be written whole: {}; make room there or name another "
                              "place",
                              to.string(), error.message()));
  }
  return {};
}

Result<> RestoredFolder::remove_trial() const { return remove_tree(trial()); }

// FORMAT comes last but one, restore.new last: a folder that was cut off before is refused by a
// server, and restored again.
Result<> RestoredFolder::place() {
  for (const std::string& name : TRY(list_folder(data())))
    if (name != kFormatName) TRY(rename_file(data() / name, folder_ / name));
  TRY(sync_folder(folder_));
  TRY(rename_file(data() / kFormatName, folder_ / kFormatName));
  TRY(sync_folder(folder_));
  is_placed_ = true;
  TRY(remove_tree(unfinished()));
  return sync_folder(folder_);
}

}  // namespace metergate
