#include "service/metering/raw_events.h"

#include <algorithm>
#include <tuple>

#include "service/metering/event_shapes.h"

namespace metergate {
namespace {

template <class Value, class Wanted>
bool is_among(const std::vector<Value>& values, const Wanted& wanted) {
  return values.empty() || std::ranges::find(values, wanted) != values.end();
}

bool matches(const RawFilter& filter, const RawEvent& raw) {
  const UsageEvent& event = raw.kept.event;
  return event.id.contains(filter.id_part) && is_among(filter.tenants, event.tenant.text()) &&
         is_among(filter.types, type_of(event.fact)) && is_among(filter.sources, event.source) &&
         is_among(filter.ids, event.id) && is_among(filter.fates, raw.fate);
}

RawPosition position_of(const KeptEvent& kept) {
  return {kept.event.occurred_at, kept.sequence, kept.index};
}

bool is_older(const KeptEvent& kept, const RawPosition& position) {
  return std::tie(kept.event.occurred_at, kept.sequence, kept.index) <
         std::tie(position.at, position.sequence, position.index);
}

}  // namespace

std::optional<EventFate> find_fate(std::string_view name) {
  for (const EventFate fate : {EventFate::counted, EventFate::unmatched, EventFate::voided})
    if (name_of(fate) == name) return fate;
  return std::nullopt;
}

Json raw_event_json(const RawEvent& raw) {
  Json event = event_json(raw.kept.event);
  event.set("tenant_id", raw.kept.event.tenant.text());
  event.set("billable", raw.kept.event.billable);
  event.set("outcome", name_of(raw.fate));
  event.set("sequence", static_cast<std::int64_t>(raw.kept.sequence));
  return event;
}

Result<RawPage> list_raw_events(const Store& store, const RawFilter& filter,
                                const std::optional<RawPosition>& after, std::size_t limit) {
  RawRange range{std::nullopt, filter.window};
  if (filter.tenants.size() == 1) {
    const Result<TenantId> tenant = TenantId::parse(filter.tenants.front());
    if (!tenant) return RawPage{};  // no tenant has such an id
    range.tenant = *tenant;
  }
  if (after) range.window.end = std::min(range.window.end, after->at + Milliseconds{1});
  RawPage page;
  std::size_t scanned = 0;
  TRY(store.raw_events(range, [&](const RawEvent& raw) {
    if (after && !is_older(raw.kept, *after)) return true;
    const bool is_match = matches(filter, raw);
    if (is_match && page.events.size() == limit) {
      page.next = position_of(page.events.back().kept);
      return false;
    }
    if (is_match) page.events.push_back(raw);
    if (++scanned < kScannedMax) return true;
    page.next = position_of(raw.kept);
    return false;
  }));
  return page;
}

}  // namespace metergate
