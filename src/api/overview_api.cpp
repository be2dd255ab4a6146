#include "api/overview_api.h"

#include "api/billing_query.h"
#include "api/overview_fields.h"
#include "service/analytics/overview.h"

namespace metergate::api {
namespace {

Result<Answer> show_overview(Call& call) {
  QueryReader reader{call};
  const std::optional<Period> period = read_period(reader, "period");
  TRY(reader.finish());
  const Services& services = call.services;
  const OverviewResult result =
      TRY(Overview(services.store, services.billing, services.analytics).of(period));
  return answer_of(overview_json(result));
}

}  // namespace

Route overview_route() {
  return {
      .method = "GET",
      .path = "/provider/overview",
      .access = provider_with(Permission::billing_read),
      .handler = show_overview,
      .query = kPeriodQuery,
      .is_slow = true,
      .summary = "Show totals, health, cost, open alerts, top tenants and the usage of 13 months",
      .name = "show_overview",
      .answers = {{&kOverviewShape}}};
}

}  // namespace metergate::api
