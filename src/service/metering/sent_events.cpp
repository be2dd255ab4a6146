// Checks a tenant's own events against hard limits of the provider's own meters; see enforcement.h.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "domain/event_source.h"
#include "service/metering/enforcement.h"

namespace metergate {
namespace {

constexpr Sequence kNow = std::numeric_limits<Sequence>::max();

bool feeds_own_meters(const UsageEvent& event) {
  return std::holds_alternative<OtherFact>(event.fact);
}

struct Room {
  OwnTerm term;
  Folding folding;
  Quantity before;
  MeterCell after;
};

using Rooms = std::map<std::pair<Period, std::string>, Room>;

std::unexpected<Error> no_room(Period period, const Room& room, Quantity after,
                               std::chrono::seconds retry_after) {
  const auto shown = [](Quantity quantity) { return to_text(quantity.shown()); };
  return fail(Error{ErrorCode::limit_exceeded,
                    fmt::format("{} has a hard limit of {} in {}, is at {}, and would be at {} "
                                "with these events: a bigger plan, or the provider, can raise it",
                                room.term.meter, shown(*room.term.limit), period.text(),
                                shown(room.before), shown(after)),
                    {},
                    retry_after});
}

}  // namespace

Result<std::vector<OwnTerm>> Enforcement::hard_terms(const TenantRecord& tenant,
                                                     Period period) const {
  const auto plans = parts_.catalog.plans();
  Terms terms = TRY(
      terms_for(tenant.subscription, *plans, period.window(parts_.rules.zone), parts_.clock.now()));
  std::erase_if(terms.own, [](const OwnTerm& term) {
    return !term.limit || term.effect == LimitEffect::soft;
  });
  return std::move(terms.own);
}

// The meters are folded forward with the batch, so that each aggregation is compared by its result:
// an event that does not raise its meter is never refused, and a duplicate adds nothing.
Result<> Enforcement::check_room(const TenantRecord& tenant,
                                 const std::vector<UsageEvent>& events) const {
  const TimeZone& zone = parts_.rules.zone;
  std::map<Period, std::vector<OwnTerm>> terms;
  std::set<std::pair<std::string_view, std::string_view>> seen;
  Rooms rooms;
  for (const UsageEvent& event : events) {
    if (!feeds_own_meters(event) || !seen.emplace(event.source, event.id).second) continue;
    const Period period = Period::of(event.occurred_at, zone);
    const auto known = terms.find(period);
    const std::vector<OwnTerm>& hard =
        known != terms.end() ? known->second
                             : terms.emplace(period, TRY(hard_terms(tenant, period))).first->second;
    if (hard.empty()) continue;
    const Window within{period.previous().window(zone).start, kTimestampMax};
    const std::string source = std::string{kTenantSources} + event.source;
    if (TRY(parts_.store.find_event({event.tenant, source, event.id}, within))) continue;
    for (const OwnReading& own : TRY(parts_.store.own_readings(event, kNow))) {
      const std::string& slug = own.meter.slug;
      const auto term = std::ranges::find(hard, slug, &OwnTerm::meter);
      if (term == hard.end()) continue;
      auto room = rooms.find({period, slug});
      if (room == rooms.end()) {
        MeterCell cell =
            TRY(parts_.store.meter_total(event.tenant, slug, period)).value_or(MeterCell{});
        const Quantity before = cell.value(own.meter.aggregation).value_or(Quantity{});
        room = rooms
                   .emplace(std::pair(period, slug),
                            Room{*term, own.meter.aggregation, before, std::move(cell)})
                   .first;
      }
      room->second.after.fold(own.meter.aggregation, own.reading);
    }
  }
  for (const auto& [key, room] : rooms) {
    const Quantity after = room.after.value(room.folding).value_or(Quantity{});
    if (after <= *room.term.limit || after <= room.before) continue;
    const Timestamp end = key.first.window(zone).end;
    return no_room(key.first, room, after,
                   std::max(std::chrono::seconds{1},
                            std::chrono::ceil<std::chrono::seconds>(end - parts_.clock.now())));
  }
  return {};
}

Result<Commit> Enforcement::record_sent(const TenantId& tenant, std::vector<UsageEvent> events) {
  const auto record = parts_.directory.find(tenant);
  if (record == nullptr || !holds_limits() || std::ranges::none_of(events, feeds_own_meters))
    return parts_.ingest.record(std::move(events), EventSender::tenant);
  // One batch of the tenant's after the other, so that two cannot share the same room.
  const Hold hold(lane_of(tenant));
  TRY(check_room(*record, events));
  return parts_.ingest.record(std::move(events), EventSender::tenant);
}

}  // namespace metergate
