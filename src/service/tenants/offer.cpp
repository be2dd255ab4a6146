#include "service/tenants/offer.h"

#include <fmt/format.h>

namespace metergate {

Result<Offer> find_offer(const Catalog& catalog, const OfferQuestion& question) {
  const auto plans = catalog.plans();
  const InForce held = TRY(in_force_at(question.tenant.subscription, *plans, question.at));
  const Meter meter = question.meter;
  return Offer{apply_override(held.plan.limits[meter], meter, held.own_limits),
               held.plan.request_rate};
}

std::string hard_limit_text(Meter meter, std::int64_t limit) {
  return fmt::format(
      "the plan's hard limit of {} {} is reached; a bigger plan, or the provider, can raise it",
      to_text(to_display(meter, limit)), row_of(meter).name);
}

}  // namespace metergate
