// DataFolder: the embedded engine's folder, its holder, and the settings it was created with.
//
// LOCK      locked (flock) by the process that holds the folder; has its process id
// FORMAT    one JSON object: format, time_zone, id_key, and whether its journal follows a shared
//           one; written once
// journal/  view/  events/
// snapshot/ snapshot.lock    a copy for a backup, and the lock of the backup that reads it
//
// Holds the lock as long as it lives. Otherwise a value; safe from any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/crypto.h"
#include "base/result.h"
#include "base/time.h"

namespace metergate {

class DataFolder {
 public:
  // Creates the folder if it is missing. Errors as open_embedded_store().
  // `shared_key`: the id_key of the shared journal that the folder follows; nothing: none.
  static Result<DataFolder> open(const std::filesystem::path& folder, const TimeZone& zone,
                                 const std::optional<HashKey>& shared_key = std::nullopt);
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  ~DataFolder();

  // The number of files and folders that were open to others and no longer are; and the number that
  // still are, because they belong to someone else. A folder that was just created is not counted.
  struct Tightened {
    std::int64_t done = 0;
    std::int64_t refused = 0;
  };
  Result<Tightened> tighten() const;

  const HashKey& id_key() const { return id_key_; }
  std::filesystem::path journal() const { return folder_ / "journal"; }
  std::filesystem::path view() const { return folder_ / "view"; }
  std::filesystem::path events() const { return folder_ / "events"; }
  // Where retention writes counters that it removes (BillingRules::archive_folder).
  std::filesystem::path counters() const { return folder_ / "archive-counters"; }
  const std::filesystem::path& root() const { return folder_; }

 private:
  DataFolder(std::filesystem::path folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  Result<> read_format(const TimeZone& zone, const std::optional<HashKey>& shared_key);
  Result<> make_format(const TimeZone& zone, const std::optional<HashKey>& shared_key);
  Result<> check_whole() const;

  std::filesystem::path folder_;
  int lock_ = -1;
  HashKey id_key_;
};

}  // namespace metergate
