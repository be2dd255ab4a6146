#include "service/alerts/alerting.h"

#include <algorithm>
#include <array>
#include <utility>

#include "domain/usage_warning.h"
#include "service/alerts/alert_shapes.h"

namespace metergate {

namespace {

constexpr std::size_t kTouchedPerStep = 1000;
constexpr std::size_t kForecastsPerStep = 250;
constexpr std::ptrdiff_t kSweptPerStep = 1000;
constexpr std::int64_t kClosedPerSweep = 10'000;
constexpr Milliseconds kUpdateEvery{1000};

// True if the error is not the tenant's own, so that trying the next tenant is useless.
bool concerns_all(const Error& error) {
  return error.code == ErrorCode::overloaded || error.code == ErrorCode::storage;
}

}  // namespace

Result<Alerting::Known> Alerting::find(const AlertName& name) const {
  const std::optional<Json> document =
      TRY(store_.get(Collection::provider_alerts, alert_key(name)));
  Known known;
  if (!document) return known;
  known.alert = TRY(alert_from(*document));
  known.revision = document->integer_at("revision").value_or(0);
  return known;
}

Result<Alerting::Warnings> Alerting::find_warnings(const TenantPeriod& which) const {
  Warnings warnings;
  for (const AlertKind kind : {AlertKind::near_limit, AlertKind::forecast_over}) {
    Query query;
    query.collection = Collection::provider_alerts;
    query.filter = Filter::all({Filter::equal("tenant_id", which.tenant.text()),
                                Filter::equal("type", row_of(kind).type),
                                Filter::equal("period", which.period.text())});
    for (const Json& document : TRY(store_.find(query))) {
      warnings.alerts.push_back(TRY(alert_from(document)));
      warnings.revisions.push_back(document.integer_at("revision").value_or(0));
    }
  }
  return warnings;
}

// Nothing if the step comes too soon; it is taken later.
Result<std::optional<Alert>> Alerting::stage_standing(AlertKind kind, const Statement& now_true,
                                                      Pace pace, Pending& pending) {
  const TenantPeriod which{now_true.tenant, now_true.period};
  const AlertName name{kind, which.tenant, which.period};
  Known known = TRY(find(name));
  const AlertStep step = kind == AlertKind::error ? next_error_step(known.alert, now_true)
                                                  : next_step(known.alert, now_true);
  const bool opens = step == AlertStep::open || step == AlertStep::reopen;
  if (step == AlertStep::nothing || (opens && !rules_.overage_alerts)) return known.alert;
  const Timestamp now = pending.batch.at;
  const bool is_soon = step == AlertStep::update && now >= known.alert->last_seen &&
                       now - known.alert->last_seen < kUpdateEvery;
  if (is_soon && pace == Pace::once_a_second) {
    const std::lock_guard lock{mutex_};
    waiting_.insert(which);
    return known.alert;
  }
  const bool is_there = known.alert.has_value();
  const Alert next =
      after_step(step, std::move(known.alert), now_true, now, {kind, alert_id_of(name)});
  pending.batch.documents.push_back(
      alert_write(next, is_there ? std::optional{known.revision} : std::nullopt, rules_.currency));
  if (opens) pending.add(announce(kAlertOpened, next, pending.batch));
  if (step == AlertStep::resolve) pending.add(announce(kAlertResolved, next, pending.batch));
  return next;
}

Result<std::vector<MeterForecast>> Alerting::forecasts_of(const Statement& now_true) const {
  std::vector<MeterForecast> forecasts;
  const auto by_meter = TRY(billing_.forecast(now_true));
  for (const MeterRow& row : kMeters) {
    const auto& forecast = by_meter[row.meter];
    if (forecast && forecast->expected)
      forecasts.push_back(
          {std::string{row.name}, Quantity::of(*forecast->expected), forecast->passes_on});
  }
  for (const auto& [meter, forecast] : TRY(billing_.own_forecast(now_true))) {
    if (forecast && forecast->expected)
      forecasts.push_back({meter, *forecast->expected, forecast->passes_on});
  }
  return forecasts;
}

Result<> Alerting::stage_warnings(const Statement& now_true, const std::optional<Alert>& over_limit,
                                  Ahead ahead, Pending& pending) {
  const Warnings known = TRY(find_warnings({now_true.tenant, now_true.period}));
  std::optional<std::vector<MeterForecast>> forecasts;
  if (ahead == Ahead::looked_at && now_true.period == billing_.current_period())
    forecasts = TRY(forecasts_of(now_true));
  const Timestamp now = pending.batch.at;
  const WarningInput input{.now_true = now_true,
                           .known = known.alerts,
                           .over_limit = over_limit ? &*over_limit : nullptr,
                           .thresholds = rules_.alert_thresholds.get(),
                           .forecasts = forecasts ? &*forecasts : nullptr,
                           .has_ended = now >= now_true.period.window(rules_.zone).end,
                           .opens = rules_.overage_alerts};
  for (const WarningChange& change : warning_changes(input, now)) {
    std::optional<std::int64_t> revision;
    const auto at = std::ranges::find(known.alerts, change.alert.alert_id, &Alert::alert_id);
    if (at != known.alerts.end())
      revision = known.revisions[static_cast<std::size_t>(at - known.alerts.begin())];
    pending.batch.documents.push_back(alert_write(change.alert, revision, rules_.currency));
    const bool opens = change.step == AlertStep::open;
    pending.add(announce(opens ? kAlertOpened : kAlertResolved, change.alert, pending.batch));
  }
  return {};
}

Result<bool> Alerting::evaluate_once(const TenantPeriod& which, const Look& look) {
  const Statement now_true = TRY(billing_.statement(which.tenant, which.period));
  Pending pending;
  pending.batch.at = clock_.now();
  const auto over_limit = TRY(stage_standing(AlertKind::over_limit, now_true, look.pace, pending));
  TRY(stage_standing(AlertKind::error, now_true, look.pace, pending));
  TRY(stage_warnings(now_true, over_limit, look.ahead, pending));
  if (pending.batch.documents.empty()) return false;
  TRY(store_.apply(std::move(pending.batch)));
  deliveries_.committed(pending.announced);
  return true;
}

// On a conflict someone else has written the alert, so the decision is made again from the new
// state.
Result<bool> Alerting::evaluate_at(const TenantPeriod& which, const Look& look) {
  for (int attempt = 1;; ++attempt) {
    Result<bool> changed = evaluate_once(which, look);
    const bool is_conflict = !changed && changed.error().code == ErrorCode::conflict;
    if (!is_conflict || attempt == kAlertWriteTriesMax) return changed;
  }
}

Result<bool> Alerting::evaluate(const TenantPeriod& which) {
  return evaluate_at(which, {Pace::at_once, Ahead::looked_at});
}

std::vector<TenantPeriod> Alerting::take_work() {
  std::vector<TenantPeriod> work = store_.take_touched(kTouchedPerStep);
  const std::lock_guard lock{mutex_};
  for (const TenantPeriod& touched : work) {
    waiting_.erase(touched);
    ahead_.insert(touched);
  }
  work.insert(work.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  return work;
}

// A forecast reads a month of days, so only some tenants are taken at each step, in turn.
std::vector<TenantPeriod> Alerting::take_ahead() {
  const std::lock_guard lock{mutex_};
  std::vector<TenantPeriod> taken;
  while (!ahead_.empty() && taken.size() < kForecastsPerStep) {
    auto at = ahead_.upper_bound(last_ahead_);
    if (at == ahead_.end()) at = ahead_.begin();
    last_ahead_ = *at;
    taken.push_back(*at);
    ahead_.erase(at);
  }
  return taken;
}

bool Alerting::is_watched(const TenantPeriod& which) const {
  return !billing_.is_closed(which.period) && directory_.find(which.tenant) != nullptr;
}

Result<TickReport> Alerting::watch_step() {
  TickReport report;
  std::optional<Error> first_error;
  const std::vector<TenantPeriod> work = take_work();
  for (std::size_t at = 0; at < work.size(); ++at) {
    const TenantPeriod& which = work[at];
    const bool is_future = !billing_.check_not_future(which.period).has_value();
    // An event a few minutes ahead of the clock may be in the next period, which is checked once it
    // has begun.
    if (is_future) {
      const std::lock_guard lock{mutex_};
      waiting_.insert(which);
      continue;
    }
    if (!is_watched(which)) continue;
    const Result<bool> changed = evaluate_at(which, {Pace::once_a_second, Ahead::left_alone});
    if (changed) {
      if (*changed) ++report.done;
      continue;
    }
    // Tenants taken for this step are put back, to be checked in the next one; a fault of one
    // tenant does not delay the others.
    const std::lock_guard lock{mutex_};
    if (concerns_all(changed.error())) {
      waiting_.insert(work.begin() + static_cast<std::ptrdiff_t>(at), work.end());
      return std::unexpected(changed.error());
    }
    waiting_.insert(which);
    if (!first_error) first_error = changed.error();
  }
  report.done += TRY(look_ahead());
  if (first_error) return std::unexpected(*std::move(first_error));
  report.more = work.size() >= kTouchedPerStep;
  return report;
}

Result<std::int64_t> Alerting::look_ahead() {
  std::int64_t done = 0;
  std::optional<Error> first_error;
  const std::vector<TenantPeriod> taken = take_ahead();
  for (std::size_t at = 0; at < taken.size(); ++at) {
    if (taken[at].period != billing_.current_period() || !is_watched(taken[at])) continue;
    const Result<bool> changed = evaluate_at(taken[at], {Pace::once_a_second, Ahead::looked_at});
    if (changed) {
      if (*changed) ++done;
      continue;
    }
    const std::lock_guard lock{mutex_};
    if (concerns_all(changed.error())) {
      ahead_.insert(taken.begin() + static_cast<std::ptrdiff_t>(at), taken.end());
      return std::unexpected(changed.error());
    }
    ahead_.insert(taken[at]);
    if (!first_error) first_error = changed.error();
  }
  if (first_error) return std::unexpected(*std::move(first_error));
  return done;
}

Result<TickReport> Alerting::sweep() {
  TickReport report;
  const Period current = billing_.current_period();
  const auto records = directory_.all_tenants();
  const auto id_of = [](const auto& record) -> const TenantId& { return record->tenant.id; };
  const auto first = std::ranges::upper_bound(records, sweep_.last, {}, id_of);
  const auto end = first + std::min<std::ptrdiff_t>(kSweptPerStep, records.end() - first);
  for (auto at = first; at != end; ++at) {
    for (Period period = current; !billing_.is_closed(period); period = period.previous()) {
      if (!TRY(billing_.has_row(**at, period))) continue;
      const Result<bool> changed =
          evaluate_at({id_of(*at), period}, {Pace::at_once, Ahead::looked_at});
      if (changed && *changed) ++report.done;
      if (changed) continue;
      if (concerns_all(changed.error())) return std::unexpected(changed.error());
      if (!sweep_.first_error) sweep_.first_error = changed.error();
    }
    sweep_.last = id_of(*at);
  }
  if (end != records.end()) {
    report.more = true;
    return report;
  }
  const Sweep ended = std::exchange(sweep_, {});
  const TickReport closed = TRY(resolve_closed());
  report.done += closed.done;
  report.more = closed.more;
  if (ended.first_error) return std::unexpected(*ended.first_error);
  return report;
}

// Warnings of closed periods have lost their purpose.
Result<TickReport> Alerting::resolve_closed() {
  TickReport report;
  for (const AlertStatus status : {AlertStatus::open, AlertStatus::acknowledged}) {
    Query query;
    query.collection = Collection::provider_alerts;
    query.filter = Filter::all({Filter::equal("status", to_text(status)),
                                Filter::equal("severity", row_of(AlertKind::near_limit).severity),
                                Filter::compare("period", FilterOperator::less_or_equal,
                                                billing_.last_closed_period().text())});
    query.limit = kClosedPerSweep;
    const std::vector<Json> found = TRY(store_.find(query));
    report.more = report.more || std::ssize(found) == kClosedPerSweep;
    for (const Json& document : found) {
      const Alert warning = after_period_closed(TRY(alert_from(document)), clock_.now());
      Pending pending;
      pending.batch.at = warning.updated_at;
      pending.batch.documents.push_back(
          alert_write(warning, document.integer_at("revision").value_or(0), rules_.currency));
      pending.add(announce(kAlertResolved, warning, pending.batch));
      const Result<Commit> commit = store_.apply(std::move(pending.batch));
      // Someone else has just changed it; the next sweep checks again.
      if (!commit && commit.error().code == ErrorCode::conflict) continue;
      TRY(commit);
      deliveries_.committed(pending.announced);
      ++report.done;
    }
  }
  return report;
}

}  // namespace metergate
