#include "service/alerting.h"

#include <algorithm>
#include <array>

#include "service/text_rules.h"

namespace metergate {

namespace {

constexpr std::size_t kTouchedPerStep = 1000;
constexpr int kWriteTriesMax = 5;
constexpr Milliseconds kUpdateEvery{1000};

// What becomes of an alert is told to webhooks, and people's part in it audited, by these names.
constexpr std::string_view kOpened = "alert.opened";
constexpr std::string_view kAcknowledged = "alert.acknowledged";
constexpr std::string_view kResolved = "alert.resolved";

DocumentKey key_of(const TenantPeriod& which) {
  return {which.tenant.text(), std::string{kOverLimitType} + "|" + which.period.text()};
}

constexpr std::string_view kIdPrefix = "alert-";
constexpr std::size_t kPeriodLength = 7;

// An alert's id says which alert it is, so that it is found without a search.
std::string id_of(const TenantPeriod& which) {
  return std::string{kIdPrefix} + which.period.text() + "-" + which.tenant.text();
}

std::optional<TenantPeriod> parse_id(std::string_view id) {
  if (!id.starts_with(kIdPrefix)) return std::nullopt;
  id.remove_prefix(kIdPrefix.size());
  if (id.size() <= kPeriodLength || id[kPeriodLength] != '-') return std::nullopt;
  const Result<Period> period = Period::parse(id.substr(0, kPeriodLength));
  Result<TenantId> tenant = TenantId::parse(id.substr(kPeriodLength + 1));
  if (!period || !tenant) return std::nullopt;
  return TenantPeriod{*std::move(tenant), *period};
}

DocumentWrite write_of(const Alert& alert, std::optional<std::int64_t> revision,
                       const Currency& currency) {
  DocumentWrite write;
  write.collection = Collection::provider_alerts;
  write.key = key_of({alert.tenant, alert.period});
  write.document = to_document(alert, currency);
  write.expect = revision ? Expect::revision : Expect::absent;
  write.revision = revision.value_or(0);
  return write;
}

constexpr std::string_view kLimitExceeded = "usage.limit_exceeded";

// What a tenant is told of its alert: its own figures, not what the provider's people do with them.
Json exceeded_json(const Alert& alert, const Json& shown) {
  const Json* metadata = shown.find("metadata");
  return Json::object({{"tenant_id", alert.tenant.text()},
                       {"alert_id", alert.alert_id},
                       {"period", alert.period.text()},
                       {"first_seen", alert.first_seen},
                       {"last_seen", alert.last_seen},
                       {"metadata", metadata == nullptr ? Json() : *metadata}});
}

}  // namespace

Result<Alerting::Known> Alerting::find(const TenantPeriod& which) const {
  const std::optional<Json> document = TRY(store_.get(Collection::provider_alerts, key_of(which)));
  Known known;
  if (!document) return known;
  known.alert = TRY(alert_from(*document));
  known.revision = document->integer_at("revision").value_or(0);
  return known;
}

Result<bool> Alerting::evaluate_once(const TenantPeriod& which, Pace pace) {
  const Statement now_true = TRY(billing_.statement(which.tenant, which.period));
  Known known = TRY(find(which));
  const AlertStep step = next_step(known.alert, now_true);
  const bool opens = step == AlertStep::open || step == AlertStep::reopen;
  if (step == AlertStep::nothing || (opens && !rules_.overage_alerts)) return false;
  const Timestamp now = clock_.now();
  const bool is_soon = step == AlertStep::update && now - known.alert->last_seen < kUpdateEvery;
  if (is_soon && pace == Pace::once_a_second) {
    const std::lock_guard lock{mutex_};
    waiting_.insert(which);
    return false;
  }
  const bool is_there = known.alert.has_value();
  const Alert next = after_step(step, std::move(known.alert), now_true, now, id_of(which));
  Batch batch;
  batch.at = now;
  batch.documents.push_back(
      write_of(next, is_there ? std::optional{known.revision} : std::nullopt, rules_.currency));
  Announced announced;
  if (opens) announced = announce(kOpened, next, batch);
  if (step == AlertStep::resolve) announced = announce(kResolved, next, batch);
  TRY(store_.apply(std::move(batch)));
  deliveries_.committed(announced);
  return true;
}

// A conflict means that somebody else wrote the alert meanwhile: what they wrote decides anew.
Result<bool> Alerting::evaluate_at(const TenantPeriod& which, Pace pace) {
  for (int attempt = 1;; ++attempt) {
    Result<bool> changed = evaluate_once(which, pace);
    const bool is_conflict = !changed && changed.error().code == ErrorCode::conflict;
    if (!is_conflict || attempt == kWriteTriesMax) return changed;
  }
}

Result<bool> Alerting::evaluate(const TenantPeriod& which) {
  return evaluate_at(which, Pace::at_once);
}

// The provider hears of every turn of an alert, the tenant of its opening.
Announced Alerting::announce(std::string_view type, const Alert& alert, Batch& batch) {
  const Json shown = alert_json(to_document(alert, rules_.currency));
  Announced announced = deliveries_.announce({"", std::string{type}, shown}, batch);
  if (type != kOpened) return announced;
  const Announced told = deliveries_.announce(
      {alert.tenant.text(), std::string{kLimitExceeded}, exceeded_json(alert, shown)}, batch);
  announced.insert(announced.end(), told.begin(), told.end());
  return announced;
}

std::vector<TenantPeriod> Alerting::take_work() {
  std::vector<TenantPeriod> work = store_.take_touched(kTouchedPerStep);
  const std::lock_guard lock{mutex_};
  for (const TenantPeriod& touched : work) waiting_.erase(touched);
  work.insert(work.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  return work;
}

Result<TickReport> Alerting::watch_step() {
  TickReport report;
  const std::vector<TenantPeriod> work = take_work();
  for (std::size_t at = 0; at < work.size(); ++at) {
    const TenantPeriod& which = work[at];
    const bool is_future = !billing_.check_not_future(which.period).has_value();
    // An event a few minutes ahead of the clock can lie in the next period: looked at when it has
    // begun.
    if (is_future) {
      const std::lock_guard lock{mutex_};
      waiting_.insert(which);
      continue;
    }
    if (billing_.is_closed(which.period) || !directory_.find(which.tenant)) continue;
    const Result<bool> changed = evaluate_at(which, Pace::once_a_second);
    if (!changed) {
      // Nothing that was taken is forgotten: it is looked at again in the next step.
      const std::lock_guard lock{mutex_};
      waiting_.insert(work.begin() + static_cast<std::ptrdiff_t>(at), work.end());
      return std::unexpected(changed.error());
    }
    if (*changed) ++report.done;
  }
  report.more = work.size() >= kTouchedPerStep;
  return report;
}

Result<TickReport> Alerting::sweep() {
  TickReport report;
  const Period current = billing_.current_period();
  for (const std::shared_ptr<const TenantRecord>& record : directory_.all_tenants()) {
    for (Period period = current; !billing_.is_closed(period); period = period.previous()) {
      if (record->tenant.created_at >= period.window(rules_.zone).end) break;
      if (TRY(evaluate_at({record->tenant.id, period}, Pace::at_once))) ++report.done;
    }
  }
  return report;
}

Result<Alerting::Known> Alerting::find_by_id(const std::string& alert_id) const {
  const std::optional<TenantPeriod> which = parse_id(alert_id);
  Known known;
  if (which) known = TRY(find(*which));
  if (!known.alert) {
    return fail(ErrorCode::alert_not_found, "There is no alert \"" + alert_id + "\"");
  }
  return known;
}

Result<Json> Alerting::get(const std::string& alert_id) const {
  const Known known = TRY(find_by_id(alert_id));
  return alert_json(to_document(*known.alert, rules_.currency));
}

Result<Json> Alerting::write_change(const PersonalChange& change, const Actor& actor) {
  const auto status_json = [](const Alert& alert) {
    return Json::object({{"alert_id", alert.alert_id}, {"status", to_text(alert.status)}});
  };
  Batch batch;
  batch.at = change.after.updated_at;
  batch.documents.push_back(write_of(change.after, change.before.revision, rules_.currency));
  AuditRecord audit = audit_of(actor, change.action, batch.at);
  audit.tenant_id = change.after.tenant.text();
  audit.reason = change.reason;
  audit.before = status_json(*change.before.alert);
  audit.after = status_json(change.after);
  batch.audits.push_back(std::move(audit));
  const Announced announced = announce(change.action, change.after, batch);
  TRY(store_.apply(std::move(batch)));
  deliveries_.committed(announced);
  return alert_json(to_document(change.after, rules_.currency));
}

Result<Json> Alerting::acknowledge(const std::string& alert_id, const Actor& actor) {
  for (int attempt = 1;; ++attempt) {
    Known known = TRY(find_by_id(alert_id));
    PersonalChange change{std::string{kAcknowledged}, "", std::move(known), {}};
    change.after = *change.before.alert;
    if (change.after.status == AlertStatus::resolved) {
      return fail(ErrorCode::alert_already_resolved,
                  "Alert " + alert_id + " is resolved: only an open one can be acknowledged");
    }
    if (change.after.status == AlertStatus::acknowledged) {
      return fail(ErrorCode::conflict, "Alert " + alert_id + " was acknowledged by " +
                                           change.after.acknowledged_by + " already");
    }
    change.after.status = AlertStatus::acknowledged;
    change.after.acknowledged_at = clock_.now();
    change.after.acknowledged_by = actor.name;
    change.after.updated_at = clock_.now();
    Result<Json> written = write_change(change, actor);
    const bool is_conflict = !written && written.error().code == ErrorCode::conflict;
    if (!is_conflict || attempt == kWriteTriesMax) return written;
  }
}

Result<Json> Alerting::resolve(const std::string& alert_id, const std::string& reason,
                               const Actor& actor) {
  for (int attempt = 1;; ++attempt) {
    Known known = TRY(find_by_id(alert_id));
    PersonalChange change{std::string{kResolved}, reason, std::move(known), {}};
    Alert& after = change.after = *change.before.alert;
    Faults faults;
    check_reason(reason, faults);
    TRY(faults.result());
    if (after.status == AlertStatus::resolved) {
      return fail(ErrorCode::alert_already_resolved,
                  "Alert " + alert_id + " was resolved by " + after.resolved_by + " already");
    }
    // From here on only growth beyond what is true now opens it again.
    const Statement now_true = TRY(billing_.statement(after.tenant, after.period));
    for (const LineItem& line : now_true.rated.lines) {
      after.overage_resolved[line.meter] = line.overage;
    }
    after.own_overage_resolved.clear();
    for (const OwnLineItem& line : now_true.rated.own_lines)
      after.own_overage_resolved.emplace_back(line.meter, line.overage);
    after.status = AlertStatus::resolved;
    after.resolved_at = clock_.now();
    after.resolved_by = actor.name;
    after.resolution_reason = reason;
    after.updated_at = clock_.now();
    Result<Json> written = write_change(change, actor);
    const bool is_conflict = !written && written.error().code == ErrorCode::conflict;
    if (!is_conflict || attempt == kWriteTriesMax) return written;
  }
}

}  // namespace metergate
