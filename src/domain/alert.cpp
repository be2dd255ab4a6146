#include "domain/alert.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/check.h"
#include "domain/each_line.h"
#include "domain/wide.h"

namespace metergate {
namespace {

// A resolved alert reopens once an overage has grown by this part of its limit.
constexpr std::int64_t kReopenPercent = 10;

struct AlertStatusRow {
  AlertStatus status;
  std::string_view name;
};

constexpr std::array<AlertStatusRow, 3> kAlertStatuses = {{
    {AlertStatus::open, "open"},
    {AlertStatus::acknowledged, "acknowledged"},
    {AlertStatus::resolved, "resolved"},
}};

template <class Line>
std::vector<Line> lines_over(const std::vector<Line>& lines) {
  std::vector<Line> over;
  std::ranges::copy_if(lines, std::back_inserter(over),
                       [](const Line& line) { return is_over(line); });
  return over;
}

template <class Line>
bool has_more_overage(const std::vector<Line>& seen, const std::vector<Line>& now) {
  return std::ranges::any_of(now, [&seen](const Line& line) {
    const auto before = std::ranges::find(seen, line.meter, &Line::meter);
    return before == seen.end() ? is_over(line) : line.overage > before->overage;
  });
}

bool has_more_overage(const Alert& alert, const Statement& now_true) {
  return has_more_overage(alert.own_lines, now_true.rated.own_lines) ||
         has_more_overage(alert.lines, now_true.rated.lines);
}

// A meter that the plan no longer names is a change too.
bool are_own_terms_changed(const Alert& alert, const Statement& now_true) {
  return std::ranges::any_of(alert.own_lines, [&](const OwnLineItem& line) {
    const auto term = std::ranges::find(now_true.terms.own, line.meter, &OwnTerm::meter);
    return term == now_true.terms.own.end() || term->limit != line.included;
  });
}

bool are_terms_changed(const Alert& alert, const Statement& now_true) {
  return alert.plan != now_true.terms.plan || are_own_terms_changed(alert, now_true) ||
         std::ranges::any_of(alert.lines, [&](const LineItem& line) {
           return line.included != now_true.terms.limits[line.meter].units;
         });
}

bool has_own_grown_since_resolved(const Alert& alert, const Statement& now_true) {
  return std::ranges::any_of(now_true.rated.own_lines, [&](const OwnLineItem& line) {
    const auto before = std::ranges::find(alert.own_overage_resolved, line.meter,
                                          [](const auto& named) { return named.first; });
    Quantity growth = line.overage;
    if (before != alert.own_overage_resolved.end()) growth -= before->second;
    // The limit is divided instead of multiplied, so that nothing can overflow.
    const Wide least = line.included.value_or(Quantity{}).billionths / (100 / kReopenPercent);
    return growth.billionths > 0 && growth.billionths >= least;
  });
}

bool has_grown_since_resolved(const Alert& alert, const Statement& now_true) {
  if (has_own_grown_since_resolved(alert, now_true)) return true;
  return std::ranges::any_of(now_true.rated.lines, [&](const LineItem& line) {
    const Wide growth = Wide{line.overage} - alert.overage_resolved[line.meter];
    return growth > 0 && growth * 100 >= Wide{line.included.value_or(0)} * kReopenPercent;
  });
}

// Copies the figures that an alert shows; the same for every step with overage.
void take_figures(Alert& alert, const Statement& now_true, Timestamp now) {
  alert.plan = now_true.terms.plan;
  alert.tenant_name = now_true.tenant_name;
  alert.billing_error = now_true.rated.billing_error;
  alert.lines = lines_over(now_true.rated.lines);
  alert.own_lines = lines_over(now_true.rated.own_lines);
  alert.last_seen = now;
}

Alert opened(const Statement& now_true, Timestamp now, NewAlert wanted) {
  Alert alert;
  alert.kind = wanted.kind;
  alert.alert_id = std::move(wanted.alert_id);
  alert.tenant = now_true.tenant;
  alert.period = now_true.period;
  alert.first_seen = now;
  alert.created_at = now;
  take_figures(alert, now_true, now);
  return alert;
}

void reopen(Alert& alert) {
  alert.status = AlertStatus::open;
  alert.acknowledged_at.reset();
  alert.acknowledged_by.clear();
  alert.acknowledge_reason.clear();
  alert.resolved_at.reset();
  alert.resolved_by.clear();
  alert.resolution_reason.clear();
  alert.overage_resolved = {};
  alert.own_overage_resolved.clear();
  ++alert.count;
}

std::string why_resolved(const Alert& alert, const std::string& plan) {
  if (alert.kind == AlertKind::error) return "What the tenant owes can be said again";
  const std::string what = alert.plan == plan
                               ? "The limits on plan " + plan + " were changed"
                               : "The plan was changed from " + alert.plan + " to " + plan;
  return what + "; no meter is over its limit any more";
}

void resolve(Alert& alert, const Statement& now_true, Timestamp now) {
  alert.resolution_reason = why_resolved(alert, now_true.terms.plan);
  alert.status = AlertStatus::resolved;
  alert.resolved_at = now;
  alert.resolved_by = kAlertResolver;
  alert.overage_resolved = {};
  alert.own_overage_resolved.clear();
}

}  // namespace

std::string_view to_text(AlertStatus status) {
  return kAlertStatuses[static_cast<std::size_t>(status)].name;
}

std::optional<AlertStatus> find_alert_status(std::string_view text) {
  const auto row = std::ranges::find(kAlertStatuses, text, &AlertStatusRow::name);
  if (row == kAlertStatuses.end()) return std::nullopt;
  return row->status;
}

AlertStep next_step(const std::optional<Alert>& known, const Statement& now_true) {
  const bool is_over = now_true.rated.has_overages;
  if (!known) return is_over ? AlertStep::open : AlertStep::nothing;
  if (known->status == AlertStatus::resolved) {
    return is_over && has_grown_since_resolved(*known, now_true) ? AlertStep::reopen
                                                                 : AlertStep::nothing;
  }
  const bool changed = are_terms_changed(*known, now_true);
  if (!is_over) return changed ? AlertStep::resolve : AlertStep::nothing;
  return changed || has_more_overage(*known, now_true) ? AlertStep::update : AlertStep::nothing;
}

AlertStep next_error_step(const std::optional<Alert>& known, const Statement& now_true) {
  const std::string& reason = now_true.rated.billing_error;
  const bool is_there = !reason.empty();
  if (!known) return is_there ? AlertStep::open : AlertStep::nothing;
  if (known->status == AlertStatus::resolved) {
    const bool by_itself = known->resolved_by == kAlertResolver;
    return is_there && by_itself ? AlertStep::reopen : AlertStep::nothing;
  }
  if (!is_there) return AlertStep::resolve;
  return known->billing_error == reason ? AlertStep::nothing : AlertStep::update;
}

Alert after_step(AlertStep step, std::optional<Alert> known, const Statement& now_true,
                 Timestamp now, NewAlert wanted) {
  CHECK(step != AlertStep::nothing);
  CHECK(known.has_value() == (step != AlertStep::open));
  Alert alert = known ? *std::move(known) : opened(now_true, now, std::move(wanted));
  switch (step) {
    case AlertStep::nothing:
    case AlertStep::open:
      break;
    case AlertStep::update:
      if (has_more_overage(alert, now_true)) ++alert.count;
      take_figures(alert, now_true, now);
      break;
    case AlertStep::reopen:
      reopen(alert);
      take_figures(alert, now_true, now);
      break;
    case AlertStep::resolve:
      resolve(alert, now_true, now);
      break;
  }
  alert.updated_at = now;
  return alert;
}

}  // namespace metergate
