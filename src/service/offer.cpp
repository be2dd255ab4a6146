#include "service/offer.h"

#include <fmt/format.h>

namespace metergate {

Result<const Plan*> find_plan(const Catalogue& plans, const TenantRecord& tenant, Timestamp at) {
  const std::string& name = tenant.subscription.plan();
  const Plan* plan = plans.at(name, at);
  if (plan == nullptr) return fail(ErrorCode::corrupt, "the catalogue lacks the plan " + name);
  return plan;
}

Result<Offer> find_offer(const Catalog& catalog, const OfferQuestion& question) {
  const auto plans = catalog.plans();
  const Plan* plan = TRY(find_plan(*plans, question.tenant, question.at));
  const Meter meter = question.meter;
  return Offer{apply_override(plan->limits[meter], question.tenant.subscription.own_limits[meter]),
               plan->request_rate};
}

std::string hard_limit_text(Meter meter, std::int64_t limit) {
  return fmt::format(
      "the plan's hard limit of {} {} is reached; a bigger plan, or the provider, can raise it",
      to_text(to_display(meter, limit)), row_of(meter).name);
}

}  // namespace metergate
