// BackupTarget: the place that a backup is written to: a folder, or a tar file by its ending
// (.tar, .tar.gz, .tar.zst). It has its name only once it is whole; until then it lies beside it as
// NAME.part. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tar.h"

namespace metergate {

class BackupTarget {
 public:
  // ErrorCode::invalid if the name is taken, or ends like a file of another kind.
  static Result<std::unique_ptr<BackupTarget>> open(const std::filesystem::path& path,
                                                    Timestamp now);
  virtual ~BackupTarget() = default;  // without finish(): nothing remains

  // One file after another; `entry.bytes` are written to each.
  virtual Result<> begin_file(const TarEntry& entry) = 0;
  virtual Result<> write(std::string_view piece) = 0;
  virtual Result<> end_file() = 0;
  // Everything is on disk and has its name.
  virtual Result<> finish() = 0;
};

// A file that leaves out blocks of zeros, so that they take no space on disk.
class SparseFile {
 public:
  static Result<SparseFile> make(const std::filesystem::path& path);
  SparseFile(SparseFile&& other) noexcept;
  SparseFile& operator=(SparseFile&&) = delete;
  ~SparseFile();

  Result<> write(std::string_view piece);
  Result<> finish();  // synced

 private:
  SparseFile(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  int descriptor_;
  std::int64_t bytes_ = 0;
};

}  // namespace metergate
