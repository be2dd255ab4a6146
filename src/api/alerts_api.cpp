// Alerts: the list, acknowledging and resolving.
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
  std::vector<std::string> types;
  for (const AlertKindRow& row : kAlertKinds) types.emplace_back(row.type);
  query.type = reader.choices("type", types).value_or("");
  query.status = reader.choices("status", {"open", "acknowledged", "resolved"}).value_or("");
  query.severity = reader.choices("severity", {"low", "medium", "high", "critical"}).value_or("");
  query.tenant_id = reader.text("tenant_id").value_or("");
  query.period = read_periods(reader, "period");
  query.sort = reader.choice("sort", Alerting::sorts()).value_or(query.sort);
  TRY(reader.finish());
  return query;
}

Result<Answer> list_alerts(Call& call) {
  const AlertQuery query = TRY(read_alert_query(call));
  AlertPage page = TRY(call.services.alerting.list(query));
  return answer_of(Json::object({
      {"alerts", std::move(page.alerts)},
      {"pagination", pagination_json({query.page, query.limit}, page.total)},
  }));
}

Result<Answer> acknowledge_alert(Call& call) {
  Alerting& alerting = call.services.alerting;
  const std::string& id = call.path_value("alert_id");
  std::string reason;
  if (!call.request.body.empty()) {
    TRY(alerting.get(id));
    BodyReader body = TRY(BodyReader::open(call.request));
    reason = body.optional_text("reason", 3, 500).value_or("");
    TRY(body.finish());
  }
  return answer_of(TRY(alerting.acknowledge(id, reason, call.actor)));
}

Result<Answer> resolve_alert(Call& call) {
  Alerting& alerting = call.services.alerting;
  const std::string& id = call.path_value("alert_id");
  TRY(alerting.get(id));
  BodyReader body = TRY(BodyReader::open(call.request));
  const std::string reason = body.required_text("reason", 3, 500);
  TRY(body.finish());
  return answer_of(TRY(alerting.resolve(id, reason, call.actor)));
}

}  // namespace

std::vector<Route> alerts_routes() {
  constexpr Access updates = provider_with(Permission::alerts_update);
  return {
      {"GET",
       "/provider/alerts",
       provider_with(Permission::alerts_read),
       list_alerts,
       {"type", "status", "severity", "tenant_id", "period", "page", "limit", "sort"},
       true,
       "List alerts, the newest first"},
      {"POST",
       "/provider/alerts/{alert_id}/ack",
       updates,
       acknowledge_alert,
       {},
       false,
       "Acknowledge an open alert; a reason is optional"},
      {"POST",
       "/provider/alerts/{alert_id}/resolve",
       updates,
       resolve_alert,
       {},
       false,
       "Resolve an alert, with a reason"},
  };
}

}  // namespace metergate::api
