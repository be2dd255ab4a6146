// DataFolder: the embedded engine's folder: who has it, and what it was made with.
//
//   LOCK      locked (flock) by the process that has the folder; says its process id
//   FORMAT    one JSON object: format, time_zone, id_key; made once
//   journal/  view/  events/
//
// Holds the lock as long as it lives. Values apart from that; any thread.
#pragma once

#include <filesystem>
#include <string>

#include "base/crypto.h"
#include "base/result.h"
#include "base/time.h"

namespace metergate {

class DataFolder {
 public:
  // Makes the folder where there is none. Errors as open_embedded_store().
  static Result<DataFolder> open(const std::filesystem::path& folder, const TimeZone& zone);
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  ~DataFolder();

  // How many of its files and folders others could read or write, and cannot any more; and how many
  // still can, because they are somebody else's. A folder that was just made is not counted.
  struct Tightened {
    std::int64_t done = 0;
    std::int64_t refused = 0;
  };
  Result<Tightened> tighten() const;

  const HashKey& id_key() const { return id_key_; }
  std::filesystem::path journal() const { return folder_ / "journal"; }
  std::filesystem::path view() const { return folder_ / "view"; }
  std::filesystem::path events() const { return folder_ / "events"; }

 private:
  DataFolder(std::filesystem::path folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  Result<> read_format(const TimeZone& zone);
  Result<> make_format(const TimeZone& zone);
  Result<> check_whole() const;

  std::filesystem::path folder_;
  int lock_ = -1;
  HashKey id_key_;
};

}  // namespace metergate
