#include "storage/fold/void_rule.h"

#include <fmt/format.h>

#include <algorithm>

namespace metergate {
namespace {

bool is_itself(const ArchivedEvent& archived, const KeptEvent& kept) {
  return archived.sequence == kept.sequence && archived.index == kept.index;
}

std::string label_of(const UsageEvent& event) {
  return fmt::format("the event '{}' from '{}' of tenant '{}'", event.id, event.source,
                     event.tenant.text());
}

}  // namespace

Result<std::string> counted_group(const View& view, const std::string& tenant, Period period,
                                  const CountedMeter& meter, const Json& data) {
  if (meter.group_paths.empty()) return std::string();
  std::string group = encode_group(group_of(meter, data));
  const auto known =
      TRY(view.read<EndpointRow>(tenant, keys::meter_groups_place(meter.key, period)));
  if (known && std::ranges::binary_search(known->endpoints, group)) return group;
  return std::string(kOtherGroup);
}

Result<DecidedVoid> VoidRule::settle(const KeptEvent& kept, Calendar& calendar) const {
  const UsageEvent& event = kept.event;
  const Slot slot = calendar.slot_of(event.occurred_at);
  const auto& closed = view_.state().closed_through;
  if (closed && slot.period <= *closed)
    return fail(ErrorCode::period_closed, label_of(event) + " lies in a period that is closed");
  if (TRY(view_.get(keys::voided(slot.period, kept))))
    return fail(ErrorCode::conflict, label_of(event) + " was voided before");
  if (std::holds_alternative<CountReport>(event.fact))
    return fail(ErrorCode::invalid,
                label_of(event) + " states a count: it is not voided, send a newer count instead");
  DecidedVoid decided{kept, {}, {}};
  if (std::holds_alternative<StorageReport>(event.fact))
    decided.day_bytes = TRY(remaining_bytes(kept, slot, calendar.zone()));
  const auto* fact = std::get_if<OtherFact>(&event.fact);
  const MeterTable::Group* meters = fact == nullptr ? nullptr : view_.meters().of_type(fact->type);
  if (meters == nullptr) return decided;
  for (const CountedMeter* meter : *meters) {
    if (!meter->counts(kept.sequence, event.occurred_at) ||
        is_subtractable(meter->meter.aggregation))
      continue;
    MeterCell minute = TRY(remaining_minute(kept, *meter, slot.period));
    decided.minutes.emplace_back(meter->meter.slug, std::move(minute));
  }
  return decided;
}

Result<bool> VoidRule::is_voided(const ArchivedEvent& archived, Period period) const {
  const KeptEvent place{archived.sequence, archived.index, {}};
  return TRY(view_.get(keys::voided(period, place))).has_value();
}

Result<Gauge> VoidRule::remaining_bytes(const KeptEvent& kept, const Slot& slot,
                                        const TimeZone& zone) const {
  Gauge bytes;
  Result<> read;
  const Window day{zone.start_of(slot.day), zone.start_of(slot.day + std::chrono::days{1})};
  TRY(history_.for_each({kept.event.tenant, day}, [&](const ArchivedEvent& archived) {
    const auto* report = std::get_if<StorageReport>(&archived.event.fact);
    if (report == nullptr || is_itself(archived, kept)) return true;
    const auto voided = is_voided(archived, slot.period);
    if (!voided) {
      read = fail(voided.error());
      return false;
    }
    if (!*voided) bytes.set(report->bytes, archived.event.occurred_at);
    return true;
  }));
  if (!read) return fail(read.error());
  return bytes;
}

Result<MeterCell> VoidRule::remaining_minute(const KeptEvent& kept, const CountedMeter& meter,
                                             Period period) const {
  const std::string& tenant = kept.event.tenant.text();
  const std::string& type = std::get<OtherFact>(kept.event.fact).type;
  const EventContent own = data_of(std::get<OtherFact>(kept.event.fact));
  const std::string group = TRY(counted_group(view_, tenant, period, meter, own.json));
  const auto start = std::chrono::floor<std::chrono::minutes>(kept.event.occurred_at);
  MeterCell cell;
  // Folds an event into the readings.
  const auto fold = [&](const ArchivedEvent& archived) -> Result<> {
    const auto* fact = std::get_if<OtherFact>(&archived.event.fact);
    if (fact == nullptr || fact->type != type ||
        !meter.counts(archived.sequence, archived.event.occurred_at))
      return {};
    if (is_itself(archived, kept) || TRY(is_voided(archived, period))) return {};
    const EventContent data = data_of(*fact);
    const std::string of = TRY(counted_group(view_, tenant, period, meter, data.json));
    if (of != group) return {};
    cell.fold(meter.meter.aggregation, reading_of(meter, data, archived.event.occurred_at, key_));
    return {};
  };
  Result<> read;
  TRY(history_.for_each({kept.event.tenant, {start, start + std::chrono::minutes{1}}},
                        [&](const ArchivedEvent& archived) {
                          read = fold(archived);
                          return read.has_value();
                        }));
  if (!read) return fail(read.error());
  return cell;
}

}  // namespace metergate
