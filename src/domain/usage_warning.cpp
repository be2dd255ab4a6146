#include "domain/usage_warning.h"

#include <algorithm>

#include "domain/each_line.h"
#include "domain/wide.h"

namespace metergate {
namespace {

// The figures of one meter, built-in or own, that warnings need.
struct MeterView {
  std::string_view meter;
  Quantity usage;
  std::optional<Quantity> limit;
  const LineItem* line = nullptr;
  const OwnLineItem* own_line = nullptr;

  bool is_over() const { return limit && usage > *limit; }
  // Exact. Never true for a limit of 0, which has no percentages.
  bool reaches(int percent) const {
    if (!limit || limit->billionths <= 0 || is_over()) return false;
    // The usage is at most the limit here, so 100 times the usage fits.
    return usage.billionths > 0 && usage.billionths * 100 >= limit->billionths * percent;
  }
};

std::vector<MeterView> meters_of(const Statement& statement) {
  std::vector<MeterView> meters;
  for (const LineItem& line : statement.rated.lines) {
    std::optional<Quantity> limit;
    if (line.included) limit = Quantity::of(*line.included);
    meters.push_back({row_of(line.meter).name, Quantity::of(line.usage), limit, &line, nullptr});
  }
  for (const OwnLineItem& line : statement.rated.own_lines)
    meters.push_back({line.meter, line.usage, line.included, nullptr, &line});
  return meters;
}

bool names(const Alert& over_limit, std::string_view meter) {
  return any_line(over_limit, [&](const auto& line) { return meter_of(line) == meter; });
}

std::optional<Quantity> limit_seen(const Alert& warning) {
  if (!warning.lines.empty()) {
    const auto& included = warning.lines.front().included;
    return included ? std::optional{Quantity::of(*included)} : std::nullopt;
  }
  return warning.own_lines.empty() ? std::nullopt : warning.own_lines.front().included;
}

class Warnings {
 public:
  Warnings(const WarningInput& input, Timestamp now)
      : input_(input), meters_(meters_of(input.now_true)), now_(now) {}

  std::vector<WarningChange> changes() && {
    for (const Alert& warning : input_.known) {
      if (warning.status == AlertStatus::resolved) continue;
      std::string reason = reason_gone(warning);
      if (!reason.empty()) resolve(warning, std::move(reason));
    }
    if (!input_.opens) return std::move(changes_);
    for (const MeterView& meter : meters_) {
      if (meter.is_over() || is_over_limit_open(meter.meter)) continue;
      open_near(meter);
      open_forecast(meter);
    }
    return std::move(changes_);
  }

 private:
  const MeterView* find(std::string_view name) const {
    const auto at = std::ranges::find(meters_, name, &MeterView::meter);
    return at == meters_.end() ? nullptr : &*at;
  }

  bool is_over_limit_open(std::string_view meter) const {
    return input_.over_limit != nullptr && input_.over_limit->status != AlertStatus::resolved &&
           names(*input_.over_limit, meter);
  }

  const MeterForecast* forecast_of(std::string_view meter) const {
    if (input_.forecasts == nullptr) return nullptr;
    const auto at = std::ranges::find(*input_.forecasts, meter, &MeterForecast::meter);
    return at == input_.forecasts->end() ? nullptr : &*at;
  }

  // Empty if the reason still holds.
  std::string reason_gone(const Alert& warning) const {
    const MeterView* meter = find(warning.meter);
    const std::string& name = warning.meter;
    if (meter == nullptr || !meter->limit)
      return "Plan " + input_.now_true.terms.plan + " has no limit of " + name;
    if (meter->is_over())
      return "The limit of " + name + " was passed: see " +
             std::string{row_of(AlertKind::over_limit).type};
    const std::string because =
        limit_seen(warning) != meter->limit ? " after a change of the limit" : "";
    if (warning.kind == AlertKind::near_limit) {
      if (meter->reaches(warning.threshold)) return {};
      return "Usage of " + name + " is below " + std::to_string(warning.threshold) +
             " % of its limit" + because;
    }
    if (input_.has_ended)
      return "The period " + input_.now_true.period.text() + " ended within the limit of " + name;
    if (input_.forecasts == nullptr) return {};
    const MeterForecast* forecast = forecast_of(name);
    if (forecast != nullptr && forecast->passes_on) return {};
    return "The forecast no longer says that the limit of " + name + " will be passed" + because;
  }

  void resolve(const Alert& warning, std::string reason) {
    Alert after = warning;
    after.status = AlertStatus::resolved;
    after.resolved_at = now_;
    after.resolved_by = kAlertResolver;
    after.resolution_reason = std::move(reason);
    after.updated_at = now_;
    changes_.push_back({AlertStep::resolve, std::move(after)});
  }

  void open_near(const MeterView& meter) {
    int highest = 0;
    for (const int threshold : input_.thresholds)
      if (meter.reaches(threshold)) highest = std::max(highest, threshold);
    const bool was_reached = std::ranges::any_of(input_.known, [&](const Alert& warning) {
      return warning.kind == AlertKind::near_limit && warning.meter == meter.meter &&
             warning.threshold >= highest;
    });
    if (highest == 0 || was_reached) return;
    changes_.push_back({AlertStep::open, opened(AlertKind::near_limit, meter, highest)});
  }

  void open_forecast(const MeterView& meter) {
    const MeterForecast* forecast = forecast_of(meter.meter);
    if (forecast == nullptr || !forecast->passes_on || input_.has_ended) return;
    const bool was_said = std::ranges::any_of(input_.known, [&](const Alert& warning) {
      return warning.kind == AlertKind::forecast_over && warning.meter == meter.meter;
    });
    if (was_said) return;
    Alert alert = opened(AlertKind::forecast_over, meter, 0);
    alert.expected = forecast->expected;
    alert.passes_on = forecast->passes_on;
    changes_.push_back({AlertStep::open, std::move(alert)});
  }

  Alert opened(AlertKind kind, const MeterView& meter, int threshold) const {
    const Statement& statement = input_.now_true;
    Alert alert;
    alert.kind = kind;
    alert.tenant = statement.tenant;
    alert.tenant_name = statement.tenant_name;
    alert.period = statement.period;
    alert.plan = statement.terms.plan;
    alert.meter = meter.meter;
    alert.threshold = threshold;
    if (meter.line != nullptr) alert.lines.push_back(*meter.line);
    if (meter.own_line != nullptr) alert.own_lines.push_back(*meter.own_line);
    alert.first_seen = alert.last_seen = alert.created_at = alert.updated_at = now_;
    alert.alert_id = alert_id_of({kind, alert.tenant, alert.period, alert.meter, alert.threshold});
    return alert;
  }

  const WarningInput& input_;
  const std::vector<MeterView> meters_;
  const Timestamp now_;
  std::vector<WarningChange> changes_;
};

}  // namespace

std::vector<WarningChange> warning_changes(const WarningInput& input, Timestamp now) {
  return Warnings(input, now).changes();
}

Alert after_period_closed(Alert warning, Timestamp now) {
  warning.status = AlertStatus::resolved;
  warning.resolved_at = now;
  warning.resolved_by = kAlertResolver;
  warning.resolution_reason = "The period " + warning.period.text() + " is closed";
  warning.updated_at = now;
  return warning;
}

}  // namespace metergate
