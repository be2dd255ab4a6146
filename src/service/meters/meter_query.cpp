#include "service/meters/meter_query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest.h"
#include "service/meters/meter_tally.h"
#include "service/shared/faults.h"

namespace metergate {
namespace {

using std::chrono::minutes;

bool is_call(Meter meter) { return meter == Meter::api_calls || meter == Meter::webhook_calls; }

std::vector<std::string_view> names_of(const OwnMeter& meter) {
  std::vector<std::string_view> names = {"subject"};
  for (const Dimension& dimension : meter.group_by) names.push_back(dimension.name);
  return names;
}

std::optional<std::size_t> place_of(const OwnMeter& meter, const std::string& name) {
  const auto at = std::ranges::find(meter.group_by, name, &Dimension::name);
  if (at == meter.group_by.end()) return std::nullopt;
  return static_cast<std::size_t>(at - meter.group_by.begin());
}

Result<> read_groups(const MeterQuery& query, MeterPlan& plan) {
  const OwnMeter& meter = plan.meter.record.meter;
  Faults faults;
  const auto unknown = [&](const std::string& field, const std::string& name) {
    const std::vector<std::string_view> known = names_of(meter);
    faults.add(field, fmt::format("'{}' is nothing that the meter {} groups by; it has: {}{}", name,
                                  meter.slug, fmt::join(known, ", "), did_you_mean(name, known)));
  };
  for (const std::string& name : query.group_by) {
    const auto place = place_of(meter, name);
    if (!place) {
      unknown("groupBy", name);
    } else if (std::ranges::find(plan.group_places, *place) == plan.group_places.end()) {
      plan.group_places.push_back(*place);
    }
  }
  for (const auto& [name, filter] : query.group_filters) {
    const auto place = place_of(meter, name);
    if (!place) {
      unknown("filterGroupBy[" + name + "]", name);
    } else {
      plan.group_filters.emplace_back(*place, filter);
    }
  }
  return faults.result();
}

Decimal show(const MeterPlan& plan, Quantity value) {
  if (!plan.meter.built_in) return value.shown();
  return to_display(*plan.meter.built_in, saturate(value.billionths / Quantity::kPerWhole));
}

// Figures by day are kept longer than those by minute.
Result<Timestamp> earliest(const Store& store, const BillingRules& rules, Period current,
                           bool is_days) {
  const Period least = Period::from_ordinal(current.ordinal() - rules.usage_retention_months);
  Period period = current;
  while (period > least) {
    if (!is_days && !TRY(store.has_all_events(period.previous()))) break;
    period = period.previous();
  }
  return period.window(rules.zone).start;
}

}  // namespace

Result<MeterResult> MeterQueries::run(const MeterQuery& query) const {
  MeterPlan plan;
  plan.meter = TRY(meters_.get(query.slug));
  plan.size = query.size;
  plan.zone = query.zone.value_or(rules_.zone);
  plan.by_subject = query.by_subject || !query.subjects.empty();
  TRY(read_groups(query, plan));
  const Timestamp now = clock_.now();
  const Timestamp to = query.to.value_or(now);
  plan.range.end = std::chrono::ceil<minutes>(to);
  if (query.from) {
    plan.range.start = std::chrono::floor<minutes>(*query.from);
  } else {
    const Period current = Period::of(std::min(to, now), rules_.zone);
    plan.range.start = TRY(earliest(store_, rules_, current, fits_days(plan, rules_)));
  }
  if (is_empty(plan.range)) {
    const std::string message = "must lie after 'from', " + to_text(plan.range.start);
    return fail(Error{ErrorCode::invalid, "to " + message, {Fault{std::nullopt, "to", message}}});
  }
  plan.tenants = query.subjects;
  if (plan.tenants.empty()) {
    for (const auto& record : directory_.all_tenants()) plan.tenants.push_back(record->tenant.id);
  }
  std::ranges::sort(plan.tenants);
  plan.tenants.erase(std::ranges::unique(plan.tenants).begin(), plan.tenants.end());

  const std::optional<Meter> built_in = plan.meter.built_in;
  const bool is_gauge = built_in && !is_call(*built_in);
  // A level of several tenants is their sum.
  MeterTally tally(plan, is_gauge ? Folding::sum : plan.meter.record.meter.aggregation);
  const TallySources sources{store_, directory_, rules_, clock_};
  if (is_gauge) {
    TRY(tally_gauge(sources, plan, tally));
  } else if (built_in) {
    TRY(tally_calls(sources, plan, tally));
  } else {
    TRY(tally_own(sources, plan, tally));
  }
  return tally.result(show);
}

Result<std::vector<std::string>> MeterQueries::subjects(std::string_view slug_or_id) const {
  MeterQuery query;
  query.slug = slug_or_id;
  query.by_subject = true;
  std::vector<std::string> subjects;
  for (const MeterResultRow& row : TRY(run(query)).rows) {
    if (row.subject) subjects.push_back(*row.subject);
  }
  return subjects;
}

}  // namespace metergate
