// Applies documents to the view: the document, its index entries, and the levels that count
// records. See fold.h.
#include <algorithm>
#include <map>

#include "storage/fold/fold.h"
#include "storage/view/documents.h"

namespace metergate {
namespace {

// A record count holds from the batch that changed it, even if the clock went back: the last change
// is the present count.
void set_count(Gauge& gauge, std::int64_t value, Timestamp at) {
  gauge.at = std::max(gauge.at, at);
  gauge.last = value;
  gauge.peak = std::max(gauge.peak, value);
}

}  // namespace

Result<std::optional<Json>> Fold::replace(const DecidedDocument& write) {
  const std::string tail = keys::tail_of(write.key);
  const std::string key = keys::document(write.collection, tail);
  const std::optional<std::string> bytes = TRY(view_.get(key));
  std::optional<Json> old;
  if (bytes) old = TRY(parse_document(*bytes));
  const auto indexes = row_of(write.collection).indexes;
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    const auto entry_of = [&](const Json& document) {
      return keys::index_entry(write.collection, i, document) + tail;
    };
    if (old) view_.put(entry_of(*old), std::nullopt);
    if (write.document) view_.put(entry_of(*write.document), tail);
  }
  std::optional<std::string> encoded;
  if (write.document) Encoder(encoded.emplace()).json(*write.document);
  view_.put(key, std::move(encoded));
  return old;
}

Result<> Fold::fold_documents(const DecidedBatch& batch) {
  if (batch.documents.empty()) return {};
  const Timestamp at = in_open_period(batch.at);
  Changes changes;
  for (const DecidedDocument& write : batch.documents) {
    const std::optional<Json> old = TRY(replace(write));
    TRY(count_record(write, old, changes));
    if (write.collection == Collection::meters)
      TRY(view_.meters().set(write.key.id, write.document));
    if (write.collection == Collection::late_lines) view_.add_late_tenant(write.key.tenant);
    touch_priced(write, calendar_.slot_of(at).period);
  }
  for (const auto& [tenant, change] : changes) TRY(set_gauges(tenant, change, at));
  return {};
}

Result<> Fold::count_record(const DecidedDocument& write, const std::optional<Json>& old,
                            Changes& changes) {
  const bool is_audit = write.collection == Collection::provider_audits;
  if (is_audit) {
    // The records of one batch come by their ids, which is not the order of the chain.
    AuditLink next = TRY(link_after(*write.document));
    if (next.sequence > view_.state().next_audit.sequence)
      view_.state().next_audit = std::move(next);
  }
  const std::string tenant =
      is_audit ? write.document->string_at("tenant_id").value_or("") : write.key.tenant;
  if (!TenantId::parse(tenant)) return {};
  const bool is_made = !old && write.document;
  const int difference = is_active(write.document) - is_active(old);
  const auto add = [&](std::int64_t TotalsRow::*total, bool Change::*flag, int amount) -> Result<> {
    if (amount == 0) return {};
    TRY(view_.touch<TotalsRow>(tenant, keys::totals_place())).row->*total += amount;
    changes[tenant].*flag = true;
    return {};
  };
  switch (write.collection) {
    case Collection::stores:
      return add(&TotalsRow::active_stores, &Change::stores, difference);
    case Collection::devices:
      return add(&TotalsRow::active_devices, &Change::devices, difference);
    case Collection::sales:
      return add(&TotalsRow::sales, &Change::sales, is_made ? 1 : 0);
    case Collection::tickets:
      return add(&TotalsRow::tickets, &Change::tickets, is_made ? 1 : 0);
    case Collection::provider_audits:
      return add(&TotalsRow::audits, &Change::audits, is_made ? 1 : 0);
    default:
      return {};
  }
}

// The levels of a reopened period may change, so later months carry them over again once it is
// closed.
Result<> Fold::reopen_from(Period period) {
  TRY(view_.reopen_from(period));
  const Period newest = view_.state().newest_period.value_or(period);
  for (const std::string& tenant : view_.tenants()) {
    for (Period at = period.next(); at <= newest; at = at.next()) {
      const auto row = TRY(view_.read<CounterRow>(tenant, keys::month_place(at)));
      if (!row || !row->is_carried) continue;
      TRY(view_.touch<CounterRow>(tenant, keys::month_place(at))).row->is_carried = false;
    }
  }
  return {};
}

// With another plan or limits, the tenants priced with them must be checked again.
void Fold::touch_priced(const DecidedDocument& write, Period period) {
  if (write.collection == Collection::subscriptions && view_.tenants().contains(write.key.tenant))
    touched_.add(write.key.tenant, period);
  if (write.collection != Collection::plans) return;
  for (const std::string& tenant : view_.tenants()) touched_.add(tenant, period);
}

Result<> Fold::set_gauges(const std::string& tenant, const Change& change, Timestamp at) {
  const Slot& slot = calendar_.slot_of(at);
  const TotalsRow totals = *TRY(view_.touch<TotalsRow>(tenant, keys::totals_place())).row;
  for (Counter* counter :
       {TRY(touch_month(tenant, slot.period)), TRY(touch_day(tenant, slot.day))}) {
    Gauges& gauges = counter->gauges;
    if (change.stores) set_count(gauges.stores, totals.active_stores, at);
    if (change.devices) set_count(gauges.devices, totals.active_devices, at);
    if (change.sales) set_count(gauges.sales, totals.sales, at);
    if (change.tickets) set_count(gauges.tickets, totals.tickets, at);
    if (change.audits) set_count(gauges.audits, totals.audits, at);
    counter->updated_at = std::max(counter->updated_at, at);
  }
  touched_.add(tenant, slot.period);
  return {};
}

// A change of a record never affects a closed period, however late it comes.
Timestamp Fold::in_open_period(Timestamp at) const {
  const auto& closed = view_.state().closed_through;
  if (!closed) return at;
  return std::max(at, closed->next().window(calendar_.zone()).start);
}

}  // namespace metergate
