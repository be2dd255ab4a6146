#include "api/overview_api.h"

#include "api/billing_query.h"
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
  return {"GET",
          "/provider/overview",
          provider_with(Permission::billing_read),
          show_overview,
          {"period"},
          true,
          "Show totals, health, cost, open alerts, top tenants and the usage of 13 months"};
}

}  // namespace metergate::api
