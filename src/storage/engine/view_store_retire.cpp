// Removes expired data from a ViewStore; see view_store.h.
#include <algorithm>
#include <mutex>

#include "storage/engine/view_store.h"
#include "storage/view/row_retention.h"

namespace metergate {
namespace {

constexpr std::int64_t kRemovedMax = 20'000;  // rows in one call

}  // namespace

Result<RetentionDone> ViewStore::retire(const RetentionCut& cut) {
  RetentionDone done;
  TRY(retire_rows(cut, done));
  if (!cut.events_before || done.more) return done;
  bool is_later = false;
  {
    const std::unique_lock lock(mutex_);
    Timestamp& removed_before = view_->state().events_removed_before;
    is_later = removed_before < *cut.events_before;
    removed_before = std::max(removed_before, *cut.events_before);
    view_->account(sizeof(removed_before));
  }
  // The loss of events must be recorded, also for a start after a crash, before the first one is
  // removed.
  if (is_later) {
    TRY(checkpoint());
    TRY(view_->flush());
  }
  done.events_removed = TRY(remove_events(*cut.events_before));
  done.more = done.events_removed > 0;
  return done;
}

// One tenant at a time, so that others get the lock in between.
Result<> ViewStore::retire_rows(const RetentionCut& cut, RetentionDone& done) {
  for (std::string tenant;;) {
    const std::unique_lock lock(mutex_);
    const auto at = view_->tenants().upper_bound(tenant);
    if (at == view_->tenants().end()) return {};
    tenant = *at;
    changed_.begin();
    changed_.note_all();
    all_days_changed_ = changed_.mark();
    RowRetention retention(*view_, options_.zone);
    if (const auto period = last_removable(cut); period)
      done.counters_removed += TRY(retention.remove_counters(tenant, *period));
    const std::int64_t left = kRemovedMax - done.counters_removed - done.metrics_removed;
    if (cut.events_before && left > 0) {
      done.metrics_removed +=
          TRY(retention.remove_metrics(tenant, *cut.events_before, static_cast<std::size_t>(left)));
      done.metrics_removed += TRY(retention.remove_meter_minutes(tenant, *cut.events_before,
                                                                 static_cast<std::size_t>(left)));
    }
    if (const auto period = last_removable(cut); period)
      done.metrics_removed +=
          TRY(retention.remove_meter_days(tenant, *period, static_cast<std::size_t>(kRemovedMax)));
    done.more = done.counters_removed + done.metrics_removed >= kRemovedMax;
    if (done.more) return {};
  }
}

// A month that can still change is kept in any case.
std::optional<Period> ViewStore::last_removable(const RetentionCut& cut) const {
  const auto& closed = view_->state().closed_through;
  if (!cut.counters_before || !closed) return std::nullopt;
  return std::min(*cut.counters_before, closed->next());
}

}  // namespace metergate
