#include "app/backup_target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ostream>
#include <utility>

#include "app/backup_format.h"
#include "app/output_file.h"
#include "base/characters.h"
#include "storage/bytes/files.h"

namespace metergate {
namespace {

constexpr std::size_t kHoleBytes = 4096;

std::unexpected<Error> not_whole(const std::filesystem::path& path, int reason) {
  return fail(ErrorCode::storage,
              fmt::format("{} could not be written whole: {}; nothing is left of it, so make room "
                          "there or name another place",
                          path.string(), std::strerror(reason)));
}

bool is_tar_name(const std::string& name) {
  return name.ends_with(".tar") || name.ends_with(".tar.gz") || name.ends_with(".tar.zst");
}

class TarTarget final : public BackupTarget {
 public:
  TarTarget(std::unique_ptr<OutputFile> file, std::filesystem::path path, Timestamp now)
      : file_(std::move(file)), path_(std::move(path)), now_(now) {}

  Result<> begin_file(const TarEntry& entry) override {
    bytes_ = entry.bytes;
    return put(TRY(tar_header({std::string{kBackupRoot} + entry.name, entry.bytes}, now_)));
  }
  Result<> write(std::string_view piece) override { return put(piece); }
  Result<> end_file() override { return put(std::string(tar_padding(bytes_), '\0')); }
  Result<> finish() override {
    TRY(put(std::string(2 * kTarBlockBytes, '\0')));
    TRY(file_->finish());
    return sync_folder(std::filesystem::absolute(path_).parent_path());
  }

 private:
  Result<> put(std::string_view bytes) {
    file_->stream() << bytes;
    if (file_->stream().good()) return {};
    // It knows the reason.
    const auto finished = file_->finish();
    return finished ? not_whole(path_, EIO) : finished;
  }

  std::unique_ptr<OutputFile> file_;
  std::filesystem::path path_;
  Timestamp now_;
  std::int64_t bytes_ = 0;
};

class FolderTarget final : public BackupTarget {
 public:
  FolderTarget(std::filesystem::path path, std::filesystem::path part)
      : path_(std::move(path)), part_(std::move(part)) {}
  ~FolderTarget() override {
    std::error_code ignored;
    if (!is_finished_) std::filesystem::remove_all(part_, ignored);
  }
  FolderTarget(const FolderTarget&) = delete;
  FolderTarget& operator=(const FolderTarget&) = delete;

  Result<> begin_file(const TarEntry& entry) override {
    const std::filesystem::path path = part_ / entry.name;
    TRY(make_folder(path.parent_path()));
    file_.emplace(TRY(SparseFile::make(path)));
    return {};
  }
  Result<> write(std::string_view piece) override { return file_->write(piece); }
  Result<> end_file() override { return file_->finish(); }
  Result<> finish() override {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{part_, error})
      if (entry.is_directory()) TRY(sync_folder(entry.path()));
    TRY(sync_folder(part_));
    TRY(rename_file(part_, path_));
    is_finished_ = true;
    return sync_folder(path_.parent_path());
  }

 private:
  std::filesystem::path path_;
  std::filesystem::path part_;
  std::optional<SparseFile> file_;
  bool is_finished_ = false;
};

// The left-over of a killed backup is removed; a folder of anything else is not touched.
Result<> make_part_folder(const std::filesystem::path& part) {
  std::error_code error;
  if (std::filesystem::exists(part, error)) {
    const bool is_ours = std::filesystem::exists(part / kBackupAbout, error) ||
                         std::filesystem::is_empty(part, error);
    if (!is_ours)
      return fail(ErrorCode::invalid,
                  fmt::format("{} is in the way; move it, or name another place", part.string()));
    std::filesystem::remove_all(part, error);
  }
  return make_folder(part);
}

}  // namespace

Result<std::unique_ptr<BackupTarget>> BackupTarget::open(const std::filesystem::path& path,
                                                         Timestamp now) {
  std::error_code error;
  std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // it ended in '/'
  const std::string name = whole.filename().string();
  if (std::filesystem::exists(std::filesystem::symlink_status(whole, error)))
    return fail(ErrorCode::invalid,
                fmt::format("{} is there already, and a backup replaces nothing; name a path that "
                            "is free, such as {}-2.tar.zst",
                            path.string(), (whole.parent_path() / whole.stem().stem()).string()));
  if (!std::filesystem::is_directory(whole.parent_path(), error))
    return fail(ErrorCode::invalid,
                fmt::format("there is no folder {} to put the backup into; make it, or name "
                            "another place",
                            whole.parent_path().string()));
  if (is_tar_name(name)) {
    auto file = TRY(OutputFile::open(whole.string()));
    return std::unique_ptr<BackupTarget>(new TarTarget(std::move(file), whole, now));
  }
  const std::string lower = to_lower(name);
  for (const std::string_view ending :
       {".tar", ".zst", ".gz", ".tgz", ".zip", ".xz", ".bz2", ".json"}) {
    if (lower.ends_with(ending) || name == "-")
      return fail(ErrorCode::invalid,
                  fmt::format("a backup is a .tar, .tar.gz or .tar.zst file, or a folder; {} is "
                              "none of them",
                              path.string()));
  }
  const std::filesystem::path part = whole.string() + ".part";
  TRY(make_part_folder(part));
  return std::unique_ptr<BackupTarget>(new FolderTarget(whole, part));
}

Result<SparseFile> SparseFile::make(const std::filesystem::path& path) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return not_whole(path, errno);
  return SparseFile(path, descriptor);
}

SparseFile::SparseFile(SparseFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_(other.bytes_) {}

SparseFile::~SparseFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<> SparseFile::write(std::string_view piece) {
  while (!piece.empty()) {
    const std::string_view block = piece.substr(0, kHoleBytes);
    const bool is_hole = std::ranges::all_of(block, [](char c) { return c == '\0'; });
    const ssize_t put = is_hole ? static_cast<ssize_t>(block.size())
                                : ::pwrite(descriptor_, block.data(), block.size(), bytes_);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return not_whole(path_, put < 0 ? errno : EIO);
    bytes_ += put;
    piece.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<> SparseFile::finish() {
  if (::ftruncate(descriptor_, bytes_) != 0 || ::fsync(descriptor_) != 0)
    return not_whole(path_, errno);
  return {};
}

}  // namespace metergate
