// MeteredCall: conducts a metered call from its admission to its record, for both doors: our own
// routes and the gateway. They differ in how they answer, not in what is admitted and billed.
//
// One object a call; one thread at a time.
#pragma once

#include <vector>

#include "domain/usage_event.h"
#include "http/words/message.h"
#include "service/access/admission.h"
#include "service/metering/enforcement.h"
#include "service/wiring/services.h"

namespace metergate::calls {

class MeteredCall {
 public:
  // `services` outlives it.
  explicit MeteredCall(Services& services) : services_(services) {}

  // Checks, before anything is done for the call, that it can be recorded and that the limits of a
  // tenant that calls itself leave room for it. Admits a call that is not metered. ErrorCode::
  // limit_exceeded or rate_limit, and the errors of Ingest::admits_own().
  Result<> admit(const TenantAdmission& admission,
                 Enforcement::PastLimit past = Enforcement::PastLimit::refuse);
  // Appends the RateLimit fields, for a tenant with a limit of calls.
  void append_standing(std::vector<http::Header>& fields) const;
  // Records the call, whatever its outcome, and returns its place below the limit; does nothing if
  // the call is not metered. A provider's, a suspended tenant's and a refused call are never
  // billable.
  Result<> record(const TenantAdmission& admission, ApiCall call, bool is_billable = true);

 private:
  Services& services_;
  Enforcement::Admitted admitted_;  // set for a tenant's own call
};

}  // namespace metergate::calls
