// ScratchFile: a file without a name, for what is too large for memory and must be whole before any
// of it is used. Gone when it is closed, also by a crash. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

class ScratchFile {
 public:
  // ErrorCode::storage names the folder and why none can be made there.
  static Result<ScratchFile> make(const std::filesystem::path& folder);
  ~ScratchFile();
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&& other) noexcept;

  // By which others in this process open it, for as long as it lives.
  std::string path() const;
  Result<> append(std::string_view bytes);
  Result<std::int64_t> size() const;
  // From where the last read ended, at first from the start; empty: that was all.
  Result<std::string> read_some(std::size_t bytes_max);

 private:
  explicit ScratchFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
  std::int64_t read_to_ = 0;
};

}  // namespace metergate
