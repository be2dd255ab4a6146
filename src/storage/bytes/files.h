// Files: the POSIX calls for durable files, as Results that name the path and the system's reason.
// Reads use pread instead of a mapping, so that an unreadable sector is an Error and not a signal.
// A File closes itself; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace metergate {

// The suffix of a file that is not complete yet.
inline constexpr std::string_view kUnfinishedSuffix = ".new";

// Bytes read from a file; of known size, not zeroed first.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::size_t size)
      : bytes_(std::make_unique_for_overwrite<char[]>(size)), size_(size) {}
  char* data() { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

class File {
 public:
  enum class Mode : std::uint8_t { read, write, make };  // make: new and empty, replaces another

  static Result<File> open(const std::filesystem::path& path, Mode mode);
  File() = default;
  File(File&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  const std::filesystem::path& path() const { return path_; }
  // The same file, whatever file has its name by now.
  Result<File> duplicate() const;
  Result<std::int64_t> size() const;
  // Exactly `size` bytes; ErrorCode::corrupt if the file is shorter.
  Result<Bytes> read(std::int64_t offset, std::size_t size) const;
  Result<> write(std::int64_t offset, std::string_view bytes) const;
  // Reserves disk space for the first `size` bytes.
  Result<> reserve(std::int64_t size) const;
  Result<> sync_data() const;  // the bytes, and the metadata needed to find them
  Result<> sync() const;
  // Lets the kernel drop its copy of synced bytes, so that the next read asks the disk.
  Result<> forget_cached() const;

 private:
  File(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  int descriptor_ = -1;
};

Result<Bytes> read_file(const std::filesystem::path& path);
// Makes names durable: files created, renamed or removed in the folder.
Result<> sync_folder(const std::filesystem::path& folder);
Result<> make_folder(const std::filesystem::path& folder);
Result<> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
// Succeeds if there is no such file.
Result<> remove_file(const std::filesystem::path& path);
// The names in a folder, sorted.
Result<std::vector<std::string>> list_folder(const std::filesystem::path& folder);

}  // namespace metergate
