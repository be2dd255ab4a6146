// Ingest's checks of events from outside; see ingest.h.
#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "domain/identity.h"
#include "service/metering/ingest.h"

namespace metergate {
namespace {

constexpr Sequence kEveryMeter = UINT64_MAX;  // counts events from now on

bool is_call(const Fact& fact) {
  return std::holds_alternative<ApiCall>(fact) || std::holds_alternative<WebhookCall>(fact);
}

// "$.usage.tokens" is the event's field data.usage.tokens.
std::string field_of(const OwnMeter& meter) {
  return "data" + meter.value_path.substr(std::min<std::size_t>(1, meter.value_path.size()));
}

// The form of a value in a message.
std::string shown_value(const std::string& json) {
  constexpr std::size_t kShownMax = 60;
  if (json.size() <= kShownMax) return json;
  return std::string{clipped(json, kShownMax)} + "…";
}

std::string value_rule(const OwnMeter& meter) {
  if (meter.aggregation == Folding::unique_count)
    return fmt::format("the meter '{}' counts texts, numbers and booleans", meter.slug);
  const bool is_percentile = row_of(meter.aggregation).permille > 0;
  return fmt::format("the meter '{}' counts numbers from {} to 10^12", meter.slug,
                     is_percentile ? "0" : "-10^12");
}

void check_source(const UsageEvent& event, std::size_t index, EventSender sender, Faults& faults) {
  const auto refuse = [&](std::string message) {
    faults.add(ErrorCode::invalid, Fault{index, "source", std::move(message)});
  };
  if (reads_as_own_source(event.source)) {
    refuse(
        fmt::format("is '{}', which is the server's own name, or reads like it: name what sent "
                    "the event",
                    event.source));
  } else if (sender == EventSender::application && event.source.starts_with(kTenantSources)) {
    refuse(
        fmt::format("is '{}'; sources that begin with '{}' are of events that tenants send "
                    "themselves",
                    event.source, kTenantSources));
  }
}

}  // namespace

// Checks the whole batch before anything else.
Result<> Ingest::check_permission(const std::vector<UsageEvent>& events) const {
  Faults faults;
  for (std::size_t i = 0; i < events.size() && !faults.is_full(); ++i) {
    const UsageEvent& event = events[i];
    if (is_call(event.fact)) continue;
    const std::vector<OwnReading> readings = TRY(store_.own_readings(event, kEveryMeter));
    const auto is_open = [](const OwnReading& reading) { return reading.meter.tenant_may_send; };
    if (!readings.empty() && std::ranges::all_of(readings, is_open)) continue;
    faults.add(ErrorCode::permission,
               Fault{i, "type",
                     fmt::format("is '{}'; a tenant's own token sends api.call, webhook.call and "
                                 "types of meters that say tenant_may_send: all others need "
                                 "events.write",
                                 type_of(event.fact))});
  }
  Result<> checked = faults.result();
  if (checked) return {};
  Error error = std::move(checked).error();
  error.message = fmt::format("{}: {}", kNoPermission, error.message);
  error.required = name_of(Permission::events_write);
  return std::unexpected(std::move(error));
}

Result<> Ingest::check_values(const UsageEvent& event, std::size_t index, EventSender sender,
                              Faults& faults) const {
  if (!std::holds_alternative<OtherFact>(event.fact)) return {};
  for (const OwnReading& own : TRY(store_.own_readings(event, kEveryMeter))) {
    if (!own.given) continue;  // a missing value is counted as such
    const auto refuse = [&](std::string_view rule) {
      faults.add(ErrorCode::invalid,
                 Fault{index, field_of(own.meter),
                       fmt::format("is {}; {}", shown_value(*own.given), rule)});
    };
    if (!own.reading.is_usable) {
      refuse(value_rule(own.meter));
    } else if (sender == EventSender::tenant && own.reading.value < Quantity{}) {
      refuse("a tenant's own token sends values from 0 up");
    }
  }
  return {};
}

// An event with a time in a closed period is only a repeat if it was counted before under another
// time.
Result<> Ingest::forgive_repeats(const std::vector<UsageEvent>& events, Faults& faults) const {
  Result<> looked_up;
  faults.forgive([&](const Fault& fault) {
    if (fault.kind != ErrorCode::period_closed || !fault.index) return false;
    const Result<bool> is_counted = store_.is_counted(events[*fault.index]);
    if (!is_counted) looked_up = fail(is_counted.error());
    return is_counted.value_or(false);
  });
  return looked_up;
}

Result<> Ingest::check_all(const std::vector<UsageEvent>& events, EventSender sender) const {
  Faults faults;
  const Moment moment = this->moment();
  {
    const Directory::Known known = directory_.known();
    for (std::size_t i = 0; i < events.size() && !faults.is_full(); ++i) {
      check(events[i], i, moment, known.has(events[i].tenant), faults);
      check_source(events[i], i, sender, faults);
    }
  }
  for (std::size_t i = 0; i < events.size() && !faults.is_full(); ++i)
    TRY(check_values(events[i], i, sender, faults));
  if (!faults.is_empty()) TRY(forgive_repeats(events, faults));
  return faults.result();
}

// If the clock is ahead, a report must not win over later ones, so it takes effect at the present
// time. It stays in its own day.
void Ingest::settle_names_and_times(std::vector<UsageEvent>& events, EventSender sender) const {
  const Timestamp now = clock_.now();
  for (UsageEvent& event : events) {
    if (sender == EventSender::tenant) event.source.insert(0, kTenantSources);
    const bool is_gauge = std::holds_alternative<StorageReport>(event.fact) ||
                          std::holds_alternative<CountReport>(event.fact);
    if (!is_gauge || event.occurred_at <= now) continue;
    event.occurred_at = std::max(now, rules_.zone.start_of(rules_.zone.day_of(event.occurred_at)));
  }
}

}  // namespace metergate
