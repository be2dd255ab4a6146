// RestoredFolder: a data folder on its way back. Everything lies in its folder restore.new until it
// is whole and verified; until then no server opens the folder. One thread.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace metergate {

class RestoredFolder {
 public:
  // A missing folder is made; one that holds anything is refused (ErrorCode::invalid), but for what
  // an earlier restore left when it was cut off. ErrorCode::conflict if a process holds it.
  static Result<RestoredFolder> begin(const std::filesystem::path& folder);
  RestoredFolder(RestoredFolder&& other) noexcept;
  RestoredFolder& operator=(RestoredFolder&&) = delete;
  ~RestoredFolder();  // without place(): the folder is as it was before

  std::filesystem::path data() const { return unfinished() / "data"; }
  // A copy of data() to open and verify, since opening a folder writes to it.
  std::filesystem::path trial() const { return unfinished() / "trial"; }
  Result<> make_trial() const;
  Result<> remove_trial() const;
  Result<> place();

 private:
  RestoredFolder(std::filesystem::path folder, int lock, bool is_made)
      : folder_(std::move(folder)), lock_(lock), is_made_(is_made) {}
  std::filesystem::path unfinished() const;

  std::filesystem::path folder_;
  int lock_;
  bool is_made_;
  bool is_placed_ = false;
};

}  // namespace metergate
