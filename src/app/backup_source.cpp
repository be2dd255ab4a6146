#include "app/backup_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "app/backup_format.h"
#include "app/input_file.h"
#include "storage/bytes/files.h"

namespace metergate {
namespace {

std::unexpected<Error> is_no_backup(const std::string& name, std::string_view why) {
  return fail(ErrorCode::invalid,
              fmt::format("{} is no backup of Metergate: {}; name a folder or a tar file that "
                          "metergate backup made",
                          name, why));
}

std::unexpected<Error> is_cut(const std::string& name, std::string_view where) {
  return fail(ErrorCode::corrupt,
              fmt::format("{} is not whole: it ends {}; use another backup", name, where));
}

class TarSource final : public BackupSource {
 public:
  TarSource(std::unique_ptr<InputFile> file, std::string name)
      : file_(std::move(file)), name_(std::move(name)), piece_(kBackupPieceBytes, '\0') {}

  Result<std::optional<TarEntry>> next() override {
    if (left_ > 0) return is_cut(name_, "in the middle of " + entry_);
    TRY(skip(padding_));
    padding_ = 0;
    const std::string_view block = TRY(take(kTarBlockBytes));
    if (block.size() < kTarBlockBytes) return is_cut(name_, "after " + where());
    auto entry = read_tar_header(block);
    const bool is_ours = entry && (!*entry || (*entry)->name.starts_with(kBackupRoot));
    if (!is_ours && entry_.empty()) return is_no_backup(name_, "it begins with something else");
    if (!is_ours)
      return fail(ErrorCode::corrupt,
                  fmt::format("{} is damaged after {}; use another backup", name_, where()));
    if (!*entry) return std::optional<TarEntry>{};
    (*entry)->name.erase(0, kBackupRoot.size());
    entry_ = (*entry)->name;
    left_ = (*entry)->bytes;
    padding_ = tar_padding(left_);
    return *entry;
  }

  Result<std::string_view> read() override {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(left_, kBackupPieceBytes));
    if (wanted == 0) return std::string_view{};
    const std::string_view got = TRY(take(wanted));
    if (got.empty()) return is_cut(name_, "in the middle of " + entry_);
    left_ -= static_cast<std::int64_t>(got.size());
    return got;
  }

  std::int64_t bytes_read() const override { return file_->bytes_read(); }
  std::int64_t bytes_total() const override { return file_->bytes_total(); }

 private:
  std::string where() const { return entry_.empty() ? "nothing" : entry_; }

  // At most `size` bytes: fewer at the end only.
  Result<std::string_view> take(std::size_t size) {
    file_->stream().read(piece_.data(), static_cast<std::streamsize>(size));
    const auto got = static_cast<std::size_t>(file_->stream().gcount());
    if (got < size) {
      const auto whole = file_->finish();
      if (!whole) return fail(ErrorCode::corrupt, whole.error().message + "; use another backup");
    }
    return std::string_view{piece_}.substr(0, got);
  }

  Result<> skip(std::size_t size) {
    if (TRY(take(size)).size() < size) return is_cut(name_, "in the middle of " + entry_);
    return {};
  }

  std::unique_ptr<InputFile> file_;
  std::string name_;
  std::string piece_;
  std::string entry_;
  std::int64_t left_ = 0;
  std::size_t padding_ = 0;
};

class FolderSource final : public BackupSource {
 public:
  FolderSource(std::filesystem::path folder, std::vector<TarEntry> entries)
      : folder_(std::move(folder)), entries_(std::move(entries)) {
    for (const TarEntry& entry : entries_) total_ += entry.bytes;
  }

  Result<std::optional<TarEntry>> next() override {
    if (at_ == entries_.size()) return std::optional<TarEntry>{};
    const TarEntry& entry = entries_[at_++];
    file_ = TRY(File::open(folder_ / entry.name, File::Mode::read));
    offset_ = 0;
    left_ = entry.bytes;
    return entry;
  }

  Result<std::string_view> read() override {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(left_, kBackupPieceBytes));
    if (wanted == 0) return std::string_view{};
    piece_ = TRY(file_.read(offset_, wanted));
    offset_ += static_cast<std::int64_t>(wanted);
    left_ -= static_cast<std::int64_t>(wanted);
    read_ += static_cast<std::int64_t>(wanted);
    return piece_.view();
  }

  std::int64_t bytes_read() const override { return read_; }
  std::int64_t bytes_total() const override { return total_; }

 private:
  std::filesystem::path folder_;
  std::vector<TarEntry> entries_;
  std::size_t at_ = 0;
  File file_;
  Bytes piece_;
  std::int64_t offset_ = 0;
  std::int64_t left_ = 0;
  std::int64_t read_ = 0;
  std::int64_t total_ = 0;
};

Result<std::vector<TarEntry>> list_entries(const std::filesystem::path& folder) {
  std::vector<TarEntry> entries;
  std::error_code error;
  const std::filesystem::path data = folder / kBackupData;
  auto at = std::filesystem::recursive_directory_iterator{data, error};
  for (; !error && at != std::filesystem::recursive_directory_iterator{}; at.increment(error)) {
    if (at->is_directory(error)) continue;
    const auto bytes = static_cast<std::int64_t>(at->file_size(error));
    entries.push_back({at->path().lexically_relative(folder).string(), bytes});
  }
  if (error)
    return fail(ErrorCode::storage,
                fmt::format("{} cannot be read: {}", data.string(), error.message()));
  std::ranges::sort(entries, {}, &TarEntry::name);
  const auto size_of = [&](std::string_view name) {
    return static_cast<std::int64_t>(std::filesystem::file_size(folder / name, error));
  };
  entries.insert(entries.begin(), {std::string{kBackupAbout}, size_of(kBackupAbout)});
  entries.push_back({std::string{kBackupManifest}, size_of(kBackupManifest)});
  return entries;
}

Result<std::unique_ptr<BackupSource>> open_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const std::string name = folder.string();
  if (!std::filesystem::exists(folder / kBackupAbout, error)) {
    if (std::filesystem::exists(folder / "FORMAT", error))
      return is_no_backup(name, "it is a data folder");
    return is_no_backup(name, "it has no file backup.json");
  }
  if (!std::filesystem::exists(folder / kBackupManifest, error))
    return fail(ErrorCode::corrupt,
                fmt::format("{} is not whole: it has no {}, so its making was cut off; use another "
                            "backup",
                            name, kBackupManifest));
  auto entries = TRY(list_entries(folder));
  return std::unique_ptr<BackupSource>(new FolderSource(folder, std::move(entries)));
}

}  // namespace

Result<std::unique_ptr<BackupSource>> BackupSource::open(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return fail(ErrorCode::invalid,
                fmt::format("there is no {}; name a folder or a tar file that metergate backup "
                            "made",
                            path.string()));
  if (std::filesystem::is_directory(path, error)) return open_folder(path);
  auto file = TRY(InputFile::open(path.string()));
  if (file->head().empty()) return is_no_backup(path.string(), "it is empty");
  return std::unique_ptr<BackupSource>(new TarSource(std::move(file), path.string()));
}

}  // namespace metergate
