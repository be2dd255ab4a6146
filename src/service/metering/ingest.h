// Ingest: usage events come in here, from every door. Checks them, gives each what it lacks,
// applies them as one batch. Any thread.
#pragma once

#include <string>
#include <vector>

#include "domain/event_source.h"
#include "domain/usage_event.h"
#include "service/shared/faults.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

class Ingest {
 public:
  Ingest(Store& store, const Directory& directory, const BillingRules& rules, const Clock& clock)
      : store_(store), directory_(directory), rules_(rules), clock_(clock) {}

  // All or nothing. Errors carry a Fault for each bad event (at most 20) with its index and field.
  // Their code is what all faults have in common: invalid (a field out of bounds, a time more than
  // 5 minutes ahead), period_closed, conflict (an id that exists with other content) or
  // tenant_not_found; invalid where they differ. Duplicates are successes. ErrorCode::disabled
  // where tracking is: what is sent on purpose is refused rather than lost in silence. A tenant's
  // own token sends only what cannot make its bill smaller: ErrorCode::permission, before all else.
  // What is recorded is durable once store.durable() reaches Commit::sequence.
  Result<Commit> record(std::vector<UsageEvent> events,
                        EventSender sender = EventSender::application);
  // Whether record() would be taken now; ErrorCode::overloaded or storage otherwise.
  Result<> admits() const { return store_.admits(); }
  // Whether record_own() would be, of what is served now: asked before it is done. Likewise, and
  // ErrorCode::period_closed.
  Result<> admits_own() const;
  // The checks of record() on one event, without the look-up of its id.
  // The checks of record() on one event, without the look-up of its id and of who sends it.
  void check(const UsageEvent& event, std::size_t index, Faults& faults) const;
  // Whether the meters that read the event can count what they find there, and may where a tenant
  // sends it.
  Result<> check_values(const UsageEvent& event, std::size_t index, EventSender sender,
                        Faults& faults) const;
  // A request that Metergate served itself: no look-up, no check; dropped where tracking is
  // disabled.
  Result<> record_own(UsageEvent event);

 private:
  // What the checks of one batch have in common.
  struct Moment {
    Timestamp now{};
    Timestamp open_from{};  // an event before it is in a closed period
  };
  Moment moment() const;
  void check(const UsageEvent& event, std::size_t index, const Moment& moment, bool is_known_tenant,
             Faults& faults) const;
  Result<> check_permission(const std::vector<UsageEvent>& events) const;
  Result<> check_all(const std::vector<UsageEvent>& events, EventSender sender) const;
  Result<> forgive_repeats(const std::vector<UsageEvent>& events, Faults& faults) const;
  void settle_names_and_times(std::vector<UsageEvent>& events, EventSender sender) const;
  Result<> add_recounts(std::vector<UsageEvent>& events) const;
  Store& store_;
  const Directory& directory_;
  const BillingRules& rules_;
  const Clock& clock_;
};

}  // namespace metergate
