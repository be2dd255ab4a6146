#include "calls/metered_call.h"

#include <utility>

#include "base/id.h"
#include "domain/event_source.h"
#include "http/words/rate_limit.h"
#include "service/metering/ingest.h"

namespace metergate::calls {

Result<> MeteredCall::admit(const TenantAdmission& admission, Enforcement::PastLimit past) {
  if (!admission.metered) return {};
  // The work of a call cannot be undone, so it must not begin if the call cannot be recorded.
  TRY(services_.ingest.admits_own());
  if (admission.metered->is_provider()) return {};
  admitted_ = TRY(services_.enforcement.admit_call(*admission.record, past));
  if (admitted_.refusal) return fail(*admitted_.refusal);
  return {};
}

void MeteredCall::append_standing(std::vector<http::Header>& fields) const {
  const auto& standing = admitted_.standing;
  if (!standing || !standing->limit) return;
  http::append_rate_limit({.name = row_of(Meter::api_calls).name,
                           .quota = *standing->limit,
                           .remaining = standing->remaining(),
                           .window = standing->window,
                           .resets_in = standing->resets_in},
                          fields);
}

Result<> MeteredCall::record(const TenantAdmission& admission, ApiCall call, bool is_billable) {
  if (!admission.metered) return {};
  UsageEvent event;
  event.tenant = admission.metered->tenant();
  event.source = kOwnSource;
  event.occurred_at = services_.clock.now();
  event.id = make_ulid(event.occurred_at);
  event.billable = is_billable && !admission.metered->is_provider() && !admission.is_suspended &&
                   admitted_.is_billable;
  event.is_ours = true;
  event.fact = std::move(call);
  return services_.enforcement.record(std::move(event), std::move(admitted_.place));
}

}  // namespace metergate::calls
