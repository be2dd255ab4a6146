#include "service/corrections/late_pricing.h"

#include <fmt/format.h>

#include <algorithm>

#include "service/billing/frozen_reports.h"

namespace metergate {

// The terms that the period was billed with.
struct LatePricing::Base {
  Statement statement;
  std::string currency;
  Timestamp closed_at{};  // earliest possible time of the closing
};

namespace {

std::unexpected<Error> no_late_line(Period period, std::string_view why) {
  return fail(ErrorCode::period_closed,
              fmt::format("the period {} is closed, and no later one can make this good: {}. Agree "
                          "on a credit outside of Metergate",
                          period.text(), why));
}

bool is_sum(Folding folding) { return folding == Folding::count || folding == Folding::sum; }

}  // namespace

// Events of a closed period cannot be voided any more, so the figures read here stay valid.
Result<> LatePricing::check_first(const KeptEvent& kept) const {
  const DocumentKey key{kept.event.tenant.text(), late_event_id(kept)};
  const bool is_late = TRY(store_.get(Collection::late_lines, key)).has_value();
  if (!is_late && !TRY(store_.is_voided(kept))) return {};
  return fail(ErrorCode::conflict,
              fmt::format("the event '{}' from '{}' of tenant '{}' was corrected before",
                          kept.event.id, kept.event.source, kept.event.tenant.text()));
}

Result<LatePricing::Base> LatePricing::base_of(const TenantId& tenant, Period period) const {
  Base base;
  base.closed_at = period.window(rules_.zone).end + rules_.grace;
  base.currency = rules_.currency.code();
  const FrozenReports reports(store_);
  std::optional<FrozenStatement> frozen = TRY(reports.closed_statement(period, tenant));
  if (!frozen) {
    // The worker closes a period a little late, or may be freezing it right now.
    TRY(reporting_.close(period));
    frozen = TRY(reports.closed_statement(period, tenant));
  }
  if (frozen) {
    base.statement = std::move(frozen->statement);
    base.currency = frozen->currency.code();
  } else {
    // If no reports are made, the statement is computed from counters, which no longer change.
    if (!billing_.is_kept(period))
      return no_late_line(period, "what was used in it is no longer kept");
    base.statement = TRY(billing_.statement(tenant, period));
  }
  if (base.currency == rules_.currency.code()) return base;
  return no_late_line(period, fmt::format("it was billed in {}, and statements are in {} now",
                                          base.currency, rules_.currency.code()));
}

// True if the meter with that name is the one that the frozen line was counted by.
Result<bool> LatePricing::counted_it(const OwnLineItem& line, const Base& base) const {
  const std::optional<Json> document = TRY(store_.get(Collection::meters, {"", line.meter}));
  if (document) {
    const MeterRecord record = TRY(meter_from(*document));
    if (record.created_at < base.closed_at) return true;
  }
  // A plan may name a meter before it exists; it had counted nothing then.
  if (line.usage == Quantity{}) return false;
  return no_late_line(
      base.statement.period,
      fmt::format("the meter '{}' that it was billed by was deleted since", line.meter));
}

Result<Quantities> LatePricing::own_quantities(const UsageEvent& event, Sequence sequence,
                                               const Base& base) const {
  Quantities quantities;
  const std::vector<OwnReading> readings = TRY(store_.own_readings(event, sequence));
  for (const OwnLineItem& line : base.statement.rated.own_lines) {
    if (!TRY(counted_it(line, base))) continue;
    const auto read = std::ranges::find_if(
        readings, [&](const OwnReading& one) { return one.meter.slug == line.meter; });
    if (read == readings.end()) continue;
    const Folding folding = read->meter.aggregation;
    if (!is_sum(folding))
      return no_late_line(base.statement.period,
                          fmt::format("'{}' is the {} of its events, which one of them does not "
                                      "change by an amount of its own",
                                      line.meter, row_of(folding).name));
    MeterCell cell;
    cell.fold(folding, read->reading);
    quantities[line.meter] += cell.value(folding).value_or(Quantity{});
  }
  return quantities;
}

Result<Quantities> LatePricing::quantities(const UsageEvent& event, Sequence sequence,
                                           const Base& base) const {
  const auto one_of = [](Meter meter) {
    return Quantities{{std::string(row_of(meter).name), Quantity::of(1)}};
  };
  if (std::holds_alternative<ApiCall>(event.fact))
    return event.billable ? one_of(Meter::api_calls) : Quantities{};
  if (std::holds_alternative<WebhookCall>(event.fact)) return one_of(Meter::webhook_calls);
  if (std::holds_alternative<OtherFact>(event.fact)) return own_quantities(event, sequence, base);
  if (std::holds_alternative<StorageReport>(event.fact))
    return no_late_line(base.statement.period,
                        "storage is billed by the latest amount reported, which is no sum");
  return fail(ErrorCode::invalid, fmt::format("the event '{}' from '{}' states a count: it is not "
                                              "corrected, send a newer count instead",
                                              event.id, event.source));
}

Result<LateEntry> LatePricing::price(const KeptEvent& kept,
                                     const std::optional<UsageEvent>& replacement) const {
  LateEntry entry;
  entry.tenant = kept.event.tenant;
  entry.event = late_event_id(kept);
  entry.period = Period::of(kept.event.occurred_at, rules_.zone);
  const Base base = TRY(base_of(entry.tenant, entry.period));
  TRY(check_first(kept));
  entry.billed_in = entry.period.next();
  while (billing_.is_closed(entry.billed_in)) entry.billed_in = entry.billed_in.next();
  entry.currency = base.currency;
  Quantities changes;
  for (const auto& [meter, quantity] : TRY(quantities(kept.event, kept.sequence, base)))
    changes[meter] -= quantity;
  if (replacement) {
    for (const auto& [meter, quantity] : TRY(quantities(*replacement, kept.sequence, base)))
      changes[meter] += quantity;
  }
  if (const auto last = TRY(last_late_entry(store_, entry.tenant, entry.period))) {
    entry.number = last->number + 1;
    entry.totals = last->totals;
  }
  for (const auto& [meter, quantity] : changes) {
    if (quantity == Quantity{}) continue;
    Quantity& total = entry.totals[meter];
    const Money cost = TRY(late_cost(base.statement.rated, meter, total, quantity));
    total += quantity;
    entry.lines.push_back({meter, entry.period, quantity, cost, "", "", 1, ""});
  }
  return entry;
}

}  // namespace metergate
