// Files: the POSIX calls that durable things are made of, as Results that name the path and the
// system's reason. Reads go by pread, not by a mapping: a sector that cannot be read is then an
// Error and not a signal. A File closes itself; use one from one thread at a time.
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

// Of a file that gets its name once it is whole.
inline constexpr std::string_view kUnfinishedSuffix = ".new";

// Bytes that were read; of a size known beforehand and not zeroed first.
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
  enum class Mode : std::uint8_t { read, write, make };  // make: new and empty, replacing another

  static Result<File> open(const std::filesystem::path& path, Mode mode);
  File() = default;
  File(File&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  const std::filesystem::path& path() const { return path_; }
  // The same file, whatever has its name by now.
  Result<File> duplicate() const;
  Result<std::int64_t> size() const;
  // Exactly `size` bytes; ErrorCode::corrupt where the file ends before.
  Result<Bytes> read(std::int64_t offset, std::size_t size) const;
  Result<> write(std::int64_t offset, std::string_view bytes) const;
  // Makes sure that the disk has room for the first `size` bytes.
  Result<> reserve(std::int64_t size) const;
  Result<> sync_data() const;  // the bytes, and what is needed to find them
  Result<> sync() const;

 private:
  File(std::filesystem::path path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {}
  std::filesystem::path path_;
  int descriptor_ = -1;
};

Result<Bytes> read_file(const std::filesystem::path& path);
// Makes names durable: what was made, renamed or removed in the folder.
Result<> sync_folder(const std::filesystem::path& folder);
Result<> make_folder(const std::filesystem::path& folder);
Result<> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
// No error where there is none.
Result<> remove_file(const std::filesystem::path& path);
// The names in a folder, sorted.
Result<std::vector<std::string>> list_folder(const std::filesystem::path& folder);

}  // namespace metergate
