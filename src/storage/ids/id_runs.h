// IdRuns: the ids of counted events in the base, for periods that are open: sorted runs, a page of
// ids a key, and in memory each run's filter and where its pages begin. An id that is new is ruled
// out without reading.
//
// A checkpoint writes one run for each period; four runs of about one size become one, some at each
// checkpoint, so that there are few, and an id is copied once for every fourfold growth. A run is
// there once its head is: pages without one are what is left of a merge that was cut off. find()
// and close_through() from any thread; everything else from one at a time.
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

  // Reads which runs there are in `base`, which outlives this.
  static Result<std::unique_ptr<IdRuns>> open(KeyValues& base);
  ~IdRuns();

  // The fingerprints under which the ids were counted.
  Result<std::vector<std::optional<std::uint64_t>>> find(std::span<const EventId> ids) const;

  // Puts ids into a write of the base; publish() shows them to find() after it, and comes before
  // the next merge, which removes pages of no run.
  Runs write(const EventIds& ids, KeyWriter& to);
  void publish(const Runs& written);
  // The ids of these periods are not found any more; the next write is to remove them.
  void close_through(std::int32_t period);
  static void remove_through(std::int32_t period, KeyWriter& to);
  // Writes ids of periods that are closed, to be found once these are open again.
  Result<> recall(const EventIds& ids);
  // The ids of these periods that stand in the base are found again.
  Result<> reopen_from(std::int32_t period);
  // Makes runs of the ids as older builds wrote them, a key each. The keys stay, and are to be
  // removed by who calls this. After a crash it is done again: an id that stands there twice does
  // no harm.
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
