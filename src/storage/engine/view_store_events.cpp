// Reads and recounts raw events of a ViewStore; see view_store.h.
#include <algorithm>
#include <map>
#include <mutex>

#include "domain/event_source.h"
#include "storage/engine/view_store.h"

namespace metergate {
namespace {

// Called with the view's lock held.
Result<VoidedEvents> voided_within(const View& view, const Window& window, const TimeZone& zone) {
  VoidedEvents voided;
  const Period last = Period::of(window.end - Milliseconds{1}, zone);
  for (Period at = Period::of(window.start, zone); at <= last; at = at.next())
    voided.merge(TRY(voided_events(view, at)));
  return voided;
}

}  // namespace

bool ViewStore::has_ids_of(const Window& window) const {
  const std::optional<Period> closed = closed_through();
  return !closed || window.start >= closed->window(options_.zone).end;
}

Result<bool> ViewStore::is_known(const EventName& name) const {
  if (name.source == kOwnSource) return true;
  UsageEvent event;
  event.tenant = name.tenant;
  event.source = name.source;
  event.id = name.id;
  const EventId id = id_of(event, options_.key);
  {
    const std::shared_lock lock(mutex_);
    if (view_->find_id(id.hash)) return true;
  }
  // If a checkpoint moved the id between the two look-ups, it is in the base by now.
  return TRY(view_->find_in_base(std::span(&id, 1))).front().has_value();
}

Result<bool> ViewStore::is_counted(const UsageEvent& event) const {
  const EventId id = id_of(event, options_.key);
  std::optional<std::uint64_t> counted;
  {
    const std::shared_lock lock(mutex_);
    counted = view_->find_id(id.hash);
  }
  if (!counted) counted = TRY(view_->find_in_base(std::span(&id, 1))).front();
  return counted && is_same_content(*counted, event, id, options_.key);
}

Result<std::optional<KeptEvent>> ViewStore::find_event(const EventName& name,
                                                       const Window& within) const {
  if (has_ids_of(within) && !TRY(is_known(name))) return std::optional<KeptEvent>();
  const auto cursor = TRY(history_->newest_first({name.tenant, within}));
  for (auto next = TRY(cursor->next()); next; next = TRY(cursor->next())) {
    if (next->event.source == name.source && next->event.id == name.id)
      return std::optional(KeptEvent{next->sequence, next->index, std::move(next->event)});
  }
  return std::optional<KeptEvent>();
}

Result<bool> ViewStore::is_voided(const KeptEvent& kept) const {
  const Period period = Period::of(kept.event.occurred_at, options_.zone);
  const std::shared_lock lock(mutex_);
  return TRY(view_->get(keys::voided(period, kept))).has_value();
}

Result<> ViewStore::counted_calls(const CallRange& range,
                                  const std::function<bool(Timestamp)>& visit) const {
  if (range.window.start >= range.window.end) return {};
  // Read with the first event; often there is none.
  std::optional<VoidedEvents> voided;
  Result<> read;
  TRY(history_->for_each({range.tenant, range.window}, [&](const ArchivedEvent& archived) {
    const UsageEvent& event = archived.event;
    const bool is_wanted = range.meter == Meter::api_calls
                               ? std::holds_alternative<ApiCall>(event.fact) && event.billable
                               : std::holds_alternative<WebhookCall>(event.fact);
    if (!is_wanted) return true;
    if (!voided) {
      const std::shared_lock lock(mutex_);
      auto found = voided_within(*view_, range.window, options_.zone);
      if (!found) read = fail(found.error());
      if (!found) return false;
      voided = *std::move(found);
    }
    return voided->contains({archived.sequence, archived.index}) || visit(event.occurred_at);
  }));
  return read;
}

// With the lock held: the outcome of an event that was not voided.
EventFate ViewStore::fate_of(const KeptEvent& kept) const {
  const auto* fact = std::get_if<OtherFact>(&kept.event.fact);
  if (fact == nullptr) return EventFate::counted;
  const MeterTable::Group* meters = view_->meters().of_type(fact->type);
  const auto counts = [&kept](const CountedMeter* meter) {
    return meter->counts(kept.sequence, kept.event.occurred_at);
  };
  const bool is_matched = meters != nullptr && std::ranges::any_of(*meters, counts);
  return is_matched ? EventFate::counted : EventFate::unmatched;
}

FateOf ViewStore::fates() const {
  // Keeps the voided events of the last period met.
  return [this, period = std::optional<Period>(),
          voided = VoidedEvents()](const KeptEvent& kept) mutable -> Result<EventFate> {
    const Period of = Period::of(kept.event.occurred_at, options_.zone);
    const std::shared_lock lock(mutex_);
    if (period != of) voided = TRY(voided_events(*view_, of));
    period = of;
    return voided.contains({kept.sequence, kept.index}) ? EventFate::voided : fate_of(kept);
  };
}

Result<> ViewStore::raw_events(const RawRange& range,
                               const std::function<bool(const RawEvent&)>& visit) const {
  const FateOf fate_of = fates();
  const auto cursor = TRY(history_->newest_first({range.tenant, range.window}));
  for (auto next = TRY(cursor->next()); next; next = TRY(cursor->next())) {
    RawEvent raw{{next->sequence, next->index, std::move(next->event)}, {}};
    raw.fate = TRY(fate_of(raw.kept));
    if (!visit(raw)) break;
  }
  return {};
}

Result<std::vector<std::pair<TenantId, Counter>>> ViewStore::recount(Period period) const {
  VoidedEvents voided;
  {
    const std::shared_lock lock(mutex_);
    voided = TRY(voided_events(*view_, period));
  }
  std::map<TenantId, Counter> counters;
  const EventRange range{std::nullopt, period.window(options_.zone)};
  TRY(history_->for_each(range, [&](const ArchivedEvent& archived) {
    if (!voided.contains({archived.sequence, archived.index}))
      counters[archived.event.tenant].fold(archived.event);
    return true;
  }));
  std::vector<std::string> tenants;
  {
    const std::shared_lock lock(mutex_);
    tenants.assign(view_->tenants().begin(), view_->tenants().end());
  }
  for (const std::string& tenant : tenants) {
    const std::shared_lock lock(mutex_);
    const auto backfilled = TRY(Figures(*view_, options_.zone).backfilled(tenant, period));
    if (!backfilled) continue;
    Counter& counter = counters[TRY(TenantId::parse(tenant))];
    counter.calls.merge(backfilled->calls);
    counter.webhooks.merge(backfilled->webhooks);
    counter.updated_at = std::max(counter.updated_at, backfilled->updated_at);
  }
  std::vector<std::pair<TenantId, Counter>> rows;
  for (auto& [tenant, counter] : counters) {
    counter.gauges = Gauges{};
    rows.emplace_back(tenant, std::move(counter));
  }
  return rows;
}

Result<std::vector<MeterTotal>> ViewStore::recount_meters(Period period) const {
  MeterTable table;
  VoidedEvents voided;
  {
    const std::shared_lock lock(mutex_);
    voided = TRY(voided_events(*view_, period));
    for (const auto& [slug, meter] : view_->meters().all()) table.add(meter);
  }
  std::map<std::pair<TenantId, std::string>, MeterCell> totals;
  const EventRange range{std::nullopt, period.window(options_.zone)};
  TRY(history_->for_each(range, [&](const ArchivedEvent& archived) {
    if (voided.contains({archived.sequence, archived.index})) return true;
    const auto* fact = std::get_if<OtherFact>(&archived.event.fact);
    const MeterTable::Group* meters = fact == nullptr ? nullptr : table.of_type(fact->type);
    if (meters == nullptr) return true;
    const EventContent data = data_of(*fact);
    for (const CountedMeter* meter : *meters) {
      if (!meter->counts(archived.sequence, archived.event.occurred_at)) continue;
      const MeterReading reading =
          reading_of(*meter, data, archived.event.occurred_at, options_.key);
      totals[{archived.event.tenant, meter->meter.slug}].fold(meter->meter.aggregation, reading);
    }
    return true;
  }));
  std::vector<MeterTotal> rows;
  for (auto& [of, cell] : totals) rows.push_back({of.first, of.second, std::move(cell)});
  return rows;
}

}  // namespace metergate
