// IdRuns: the ids of counted events in the base, for open periods: sorted runs with a page of ids
// for each key, and in memory each run's filter and the first id of each page. A new id is usually
// ruled out without reading.
//
// A checkpoint writes one run for each period. Four runs of about the same size are merged into
// one, a part at each checkpoint, so there are few runs, and an id is copied once for each fourfold
// growth. A run exists once its head does: pages without one are left over from an interrupted
// merge. find() and close_through() from any thread; other functions from one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/ids/event_ids.h"
#include "storage/ids/id_run.h"
#include "storage/kv/kv.h"

namespace metergate {

class IdRuns {
 public:
  using Runs = std::vector<std::shared_ptr<const IdRun>>;

  // Reads the runs in `base`, which outlives this.
  static Result<std::unique_ptr<IdRuns>> open(KeyValues& base);
  ~IdRuns();

  // The fingerprints with which the ids were counted.
  Result<std::vector<std::optional<std::uint64_t>>> find(std::span<const EventId> ids) const;

  // Adds ids to a write of the base. publish() then shows them to find(); it must precede the next
  // merge, which removes pages that belong to no run.
  Runs write(const EventIds& ids, KeyWriter& to);
  void publish(const Runs& written);
  // The ids of these periods are no longer found; the next write must remove them.
  void close_through(std::int32_t period);
  static void remove_through(std::int32_t period, KeyWriter& to);
  // Writes ids of closed periods, to be found once these are open again.
  Result<> recall(const EventIds& ids);
  // Makes the ids of these periods in the base found again.
  Result<> reopen_from(std::int32_t period);
  // Makes runs of the ids that older builds wrote, with a key each. The caller must remove these
  // keys. After a crash it is done again, since an id that is there twice does no harm.
  Result<> take_over_single_ids();
  // A bounded part of the merging that is due.
  Result<> merge_some();

  std::size_t size() const { return snapshot()->size(); }

 private:
  struct Merge;
  explicit IdRuns(KeyValues& base);
  std::shared_ptr<const Runs> snapshot() const;
  bool is_open(std::int32_t period) const;
  Result<> load();
  void choose_merge();
  Result<> merge_until(std::size_t ids_max);
  Result<> finish_merge();
  KeyRange dead_pages_around(const IdRun& run) const;
  void replace(const Runs& removed, const Runs& added);

  KeyValues& base_;
  std::uint64_t next_number_ = 1;
  std::unique_ptr<Merge> merge_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Runs> runs_;
  std::int32_t closed_through_ = INT32_MIN;
};

}  // namespace metergate
