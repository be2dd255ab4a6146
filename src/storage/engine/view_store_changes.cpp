// Reports changes of a ViewStore; see view_store.h.
#include <algorithm>
#include <mutex>

#include "storage/engine/view_store.h"

namespace metergate {

ChangedNames ViewStore::changed_tenants(ChangeMark after) const {
  const std::shared_lock lock(mutex_);
  return changed_.after(after);
}

ChangeMark ViewStore::days_changed(Day first, Day last) const {
  const std::shared_lock lock(mutex_);
  ChangeMark mark = all_days_changed_;
  for (auto at = changed_days_.lower_bound(first); at != changed_days_.end() && at->first <= last;
       ++at)
    mark = std::max(mark, at->second);
  return mark;
}

void ViewStore::note_changes(const DecidedBatch& batch) {
  changed_.begin();
  if (batch.close_through || batch.reopen_from) changed_.note_all();
  note_documents(batch);
  const auto note = [this](const UsageEvent& event) {
    changed_.note(event.tenant.text());
    changed_days_[fold_.calendar().slot_of(event.occurred_at).day] = changed_.mark();
  };
  for (const UsageEvent& event : batch.events) note(event);
  if (batch.voided) note(batch.voided->kept.event);
  for (const BackfilledCell& cell : batch.backfilled) {
    changed_.note(cell.tenant.text());
    changed_days_[fold_.calendar().slot_of(cell.minute).day] = changed_.mark();
  }
  for (const DayTotal& total : batch.day_totals) {
    changed_.note(total.tenant.text());
    changed_days_[total.day] = changed_.mark();
  }
}

void ViewStore::note_documents(const DecidedBatch& batch) {
  if (batch.documents.empty()) return;
  // Levels are counted on the day of the batch, or in the first open month.
  Day day = options_.zone.day_of(batch.at);
  if (const auto& closed = view_->state().closed_through)
    day = std::max(day, closed->next().first_day());
  for (const DecidedDocument& write : batch.documents) {
    if (write.collection == Collection::meters) changed_.note_all();
    std::string tenant = write.key.tenant;
    if (write.collection == Collection::provider_audits && write.document)
      tenant = write.document->string_at("tenant_id").value_or("");
    if (tenant.empty()) continue;
    changed_.note(tenant);
    changed_days_[day] = changed_.mark();
  }
}

}  // namespace metergate
