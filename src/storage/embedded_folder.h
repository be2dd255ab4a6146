// The engine's folder: taken by one process at a time, and marked with what must not change under
// it. Owns the lock on LOCK and the file FORMAT. One thread.
#pragma once

#include <filesystem>

#include "base/crypto.h"
#include "base/result.h"
#include "base/time.h"

namespace metergate {

class EmbeddedFolder {
 public:
  // Makes the folder where there is none. Errors as open_embedded_store().
  static Result<EmbeddedFolder> open(const std::filesystem::path& folder, const TimeZone& zone);
  EmbeddedFolder(EmbeddedFolder&& other) noexcept;
  EmbeddedFolder& operator=(EmbeddedFolder&& other) = delete;
  ~EmbeddedFolder();

  std::filesystem::path journal() const { return folder_ / "journal"; }
  std::filesystem::path view() const { return folder_ / "view"; }
  std::filesystem::path archive() const { return folder_ / "archive"; }
  const std::filesystem::path& root() const { return folder_; }
  const HashKey& hash_key() const { return hash_key_; }

 private:
  EmbeddedFolder(std::filesystem::path folder, int lock)
      : folder_(std::move(folder)), lock_(lock) {}
  Result<> read_or_write_format(const TimeZone& zone);
  std::filesystem::path folder_;
  int lock_;
  HashKey hash_key_;
};

}  // namespace metergate
