#include "service/offer.h"

#include <fmt/format.h>

namespace metergate {

Result<Offer> find_offer(const Directory& directory, const Catalog& catalog,
                         const OfferQuestion& question) {
  const auto record = TRY(directory.get(question.tenant));
  const auto plans = catalog.plans();
  const Plan* plan = plans->at(record->subscription.plan(), question.at);
  if (plan == nullptr)
    return fail(ErrorCode::corrupt, "the catalogue lacks the plan " + record->subscription.plan());
  const Meter meter = question.meter;
  return Offer{apply_override(plan->limits[meter], record->subscription.own_limits[meter]),
               plan->request_rate};
}

std::string hard_limit_text(Meter meter, std::int64_t limit) {
  return fmt::format(
      "the plan's hard limit of {} {} is reached; a bigger plan, or the provider, can raise it",
      to_text(to_display(meter, limit)), row_of(meter).name);
}

}  // namespace metergate
