// Acknowledging and resolving alerts, and announcing their changes; see alerting.h.
#include <algorithm>

#include "service/alerts/alert_shapes.h"
#include "service/alerts/alerting.h"
#include "service/shared/text_rules.h"

namespace metergate {

namespace {

constexpr std::string_view kLimitExceeded = "usage.limit_exceeded";
constexpr std::string_view kNearLimit = "usage.near_limit";

// The tenant's view of its alert: its own figures, without the provider's handling.
Json exceeded_json(const Alert& alert, const Json& shown) {
  const Json* metadata = shown.find("metadata");
  return Json::object({{"tenant_id", alert.tenant.text()},
                       {"alert_id", alert.alert_id},
                       {"period", alert.period.text()},
                       {"first_seen", alert.first_seen},
                       {"last_seen", alert.last_seen},
                       {"metadata", metadata == nullptr ? Json() : *metadata}});
}

// The same for a warning.
Json near_limit_json(const Alert& alert, const Json& shown) {
  Json told = exceeded_json(alert, shown);
  told.set("type", row_of(alert.kind).type);
  told.set("meter", alert.meter);
  if (alert.threshold > 0) told.set("threshold", alert.threshold);
  return told;
}

}  // namespace

// Webhooks of the provider get every change of an alert; those of the tenant get the opening of one
// about its usage.
Announced Alerting::announce(std::string_view type, const Alert& alert, Batch& batch) {
  const Json shown = alert_json(to_document(alert, rules_.currency));
  Announced announced = deliveries_.announce({"", std::string{type}, shown}, batch);
  if (type != kAlertOpened || alert.kind == AlertKind::error) return announced;
  const bool is_over = alert.kind == AlertKind::over_limit;
  const Announced told =
      deliveries_.announce({alert.tenant.text(), std::string{is_over ? kLimitExceeded : kNearLimit},
                            is_over ? exceeded_json(alert, shown) : near_limit_json(alert, shown)},
                           batch);
  announced.insert(announced.end(), told.begin(), told.end());
  return announced;
}

Result<Alerting::Known> Alerting::find_by_id(const std::string& alert_id) const {
  const std::optional<AlertName> name = parse_alert_id(alert_id);
  Known known;
  if (name) known = TRY(find(*name));
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
  batch.documents.push_back(alert_write(change.after, change.before.revision, rules_.currency));
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

Result<Json> Alerting::acknowledge(const std::string& alert_id, const std::string& reason,
                                   const Actor& actor) {
  for (int attempt = 1;; ++attempt) {
    Known known = TRY(find_by_id(alert_id));
    PersonalChange change{std::string{kAlertAcknowledged}, reason, std::move(known), {}};
    if (!reason.empty()) TRY(check_reason(reason));
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
    change.after.acknowledge_reason = reason;
    change.after.updated_at = clock_.now();
    Result<Json> written = write_change(change, actor);
    const bool is_conflict = !written && written.error().code == ErrorCode::conflict;
    if (!is_conflict || attempt == kAlertWriteTriesMax) return written;
  }
}

Result<> Alerting::keep_overage(Alert& alert) const {
  const Statement now_true = TRY(billing_.statement(alert.tenant, alert.period));
  for (const LineItem& line : now_true.rated.lines)
    alert.overage_resolved[line.meter] = line.overage;
  alert.own_overage_resolved.clear();
  for (const OwnLineItem& line : now_true.rated.own_lines)
    alert.own_overage_resolved.emplace_back(line.meter, line.overage);
  return {};
}

Result<Json> Alerting::resolve(const std::string& alert_id, const std::string& reason,
                               const Actor& actor) {
  for (int attempt = 1;; ++attempt) {
    Known known = TRY(find_by_id(alert_id));
    PersonalChange change{std::string{kAlertResolved}, reason, std::move(known), {}};
    Alert& after = change.after = *change.before.alert;
    TRY(check_reason(reason));
    if (after.status == AlertStatus::resolved) {
      return fail(ErrorCode::alert_already_resolved,
                  "Alert " + alert_id + " was resolved by " + after.resolved_by + " already");
    }
    // Only growth beyond the present figures reopens it; a warning never reopens.
    if (after.kind == AlertKind::over_limit) TRY(keep_overage(after));
    after.status = AlertStatus::resolved;
    after.resolved_at = clock_.now();
    after.resolved_by = actor.name;
    after.resolution_reason = reason;
    after.updated_at = clock_.now();
    Result<Json> written = write_change(change, actor);
    const bool is_conflict = !written && written.error().code == ErrorCode::conflict;
    if (!is_conflict || attempt == kAlertWriteTriesMax) return written;
  }
}

}  // namespace metergate
