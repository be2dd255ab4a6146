#include "api/terms_preview.h"

#include <array>

#include "service/alerts/alerting.h"
#include "service/billing/billing.h"
#include "service/tenants/directory.h"
#include "service/tenants/limits_override.h"

namespace metergate::api {
namespace {

constexpr std::array<std::string_view, 4> kShown = {"limits", "overages", "overage_cost",
                                                    "health_status"};

Json old_and_new(Json before, Json after) {
  return Json::object({{"old", std::move(before)}, {"new", std::move(after)}});
}

Json member_of(const Json& billing, std::string_view name) {
  const Json* found = billing.find(name);
  return found == nullptr ? Json() : *found;
}

}  // namespace

Result<Json> terms_preview(const Services& services, const Subscription& after) {
  const Billing& billing = services.billing;
  const auto record = TRY(services.directory.get(after.tenant));
  const Currency& currency = services.rules.currency;
  // The members are made as in every list, so that the change does exactly what was shown.
  const Json now =
      tenant_billing_json(TRY(billing.statement(after.tenant, billing.current_period())));
  const Json then = tenant_billing_json(TRY(billing.statement_with(after)));
  Json preview = Json::object();
  for (const std::string_view name : kShown)
    preview.set(name, old_and_new(member_of(now, name), member_of(then, name)));
  preview.set("currency", currency.code());
  preview.set("limits_override",
              old_and_new(to_json(record->subscription.own_limits()), to_json(after.own_limits())));
  return preview;
}

Json texts_json(const std::vector<std::string>& texts) {
  Json json = Json::array();
  for (const std::string& text : texts) json.push_back(text);
  return json;
}

void look_at_alert(const Services& services, const TenantId& tenant) {
  const Result<bool> alert =
      services.alerting.evaluate({tenant, services.billing.current_period()});
  if (alert) return;
  services.log.warn("alert.postponed",
                    {{"tenant_id", tenant.text()}, {"problem", alert.error().message}});
}

}  // namespace metergate::api
