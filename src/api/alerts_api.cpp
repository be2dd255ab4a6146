// Alerts: the list, acknowledging and resolving.
#include "api/alerts_fields.h"
#include "api/billing_query.h"
#include "service/alerts/alerting.h"

namespace metergate::api {

namespace {

Result<AlertQuery> read_alert_query(const Call& call) {
  QueryReader reader{call};
  AlertQuery query;
  const PageRequest page = read_page(reader);
  query.page = page.page;
  query.limit = page.limit;
  query.type = reader.choices("type").value_or("");
  query.status = reader.choices("status").value_or("");
  query.severity = reader.choices("severity").value_or("");
  query.tenant_id = reader.text("tenant_id").value_or("");
  query.period = read_periods(reader, "period");
  query.sort = reader.sort();
  TRY(reader.finish());
  return query;
}

Result<Answer> list_alerts(Call& call) {
  const AlertQuery query = TRY(read_alert_query(call));
  AlertPage page = TRY(call.services.alerting.list(query));
  return answer_of(
      page_json("alerts", std::move(page.alerts), {query.page, query.limit}, page.total));
}

Result<Answer> acknowledge_alert(Call& call) {
  Alerting& alerting = call.services.alerting;
  const std::string& id = call.path_value("alert_id");
  std::string reason;
  if (!call.request.body.empty()) {
    TRY(alerting.get(id));
    BodyReader body = TRY(BodyReader::open(call));
    reason = body.text("reason");
    TRY(body.finish());
  }
  return answer_of(TRY(alerting.acknowledge(id, reason, call.actor)));
}

Result<Answer> resolve_alert(Call& call) {
  Alerting& alerting = call.services.alerting;
  const std::string& id = call.path_value("alert_id");
  TRY(alerting.get(id));
  BodyReader body = TRY(BodyReader::open(call));
  const std::string reason = body.text("reason");
  TRY(body.finish());
  return answer_of(TRY(alerting.resolve(id, reason, call.actor)));
}

}  // namespace

std::vector<Route> alerts_routes() {
  constexpr Access updates = provider_with(Permission::alerts_update);
  const auto error = [](ErrorCode more) {
    return std::vector<ErrorCode>{ErrorCode::alert_not_found, more};
  };
  return {
      {.method = "GET",
       .path = "/provider/alerts",
       .access = provider_with(Permission::alerts_read),
       .handler = list_alerts,
       .query = kAlertsQuery,
       .is_slow = true,
       .summary = "List alerts, the newest first",
       .name = "list_alerts",
       .answers = {{&kAlertList}}},
      {.method = "POST",
       .path = "/provider/alerts/{alert_id}/ack",
       .access = updates,
       .handler = acknowledge_alert,
       .query = {},
       .summary = "Acknowledge an open alert; a reason is optional",
       .name = "acknowledge_alert",
       .body = {.shape = &kAcknowledgeBody,
                .example = R"({"reason":"Called the tenant"})",
                .is_optional = true},
       .answers = {{&kAlertShape}},
       .errors = error(ErrorCode::alert_already_resolved)},
      {.method = "POST",
       .path = "/provider/alerts/{alert_id}/resolve",
       .access = updates,
       .handler = resolve_alert,
       .query = {},
       .summary = "Resolve an alert, with a reason",
       .name = "resolve_alert",
       .body = {.shape = &kResolveBody, .example = R"({"reason":"The plan was changed"})"},
       .answers = {{&kAlertShape}},
       .errors = error(ErrorCode::alert_already_resolved)},
  };
}

}  // namespace metergate::api
