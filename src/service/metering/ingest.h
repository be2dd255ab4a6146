// Ingest: the entry for usage events from every door. Checks them, completes them, and applies them
// as one batch. Safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "base/tally.h"
#include "domain/event_source.h"
#include "domain/usage_event.h"
#include "service/shared/faults.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

// Events that were sent, by what became of them.
struct IngestTallies {
  Tally accepted;
  Tally unmatched;
  Tally duplicate;
  Tally refused;  // with all others of their batch
};

class Ingest {
 public:
  Ingest(Store& store, const Directory& directory, const BillingRules& rules, const Clock& clock)
      : store_(store), directory_(directory), rules_(rules), clock_(clock) {}

  // Records all events or none. Errors carry a Fault for each bad event (at most 20), with its
  // index and field. Their code is the one that all faults share: invalid (a field out of bounds, a
  // time more than 5 minutes ahead), period_closed, conflict (an id that exists with other content)
  // or tenant_not_found; if they differ, invalid. Duplicates succeed. ErrorCode::disabled if
  // tracking is off, so that no event is lost silently. Events with a tenant's own token must not
  // be able to reduce its bill: ErrorCode::permission, checked before all else. The events are
  // durable once store.durable() reaches Commit::sequence.
  Result<Commit> record(std::vector<UsageEvent> events,
                        EventSender sender = EventSender::application);
  // Checks that record() would be accepted now; otherwise ErrorCode::overloaded or storage.
  Result<> admits() const { return store_.admits(); }
  // Checks, before a request is served, that record_own() would be accepted now. Errors as above,
  // and ErrorCode::period_closed.
  Result<> admits_own() const;
  // The checks of record() on one event, except for its id and its sender.
  void check(const UsageEvent& event, std::size_t index, Faults& faults) const;
  // Checks that the meters that read the event can count its values, and may do so if a tenant sent
  // it.
  Result<> check_values(const UsageEvent& event, std::size_t index, EventSender sender,
                        Faults& faults) const;
  // Records a request that Metergate served itself, without look-up or checks; dropped if tracking
  // is disabled.
  Result<> record_own(UsageEvent event);
  const IngestTallies& tallies() const { return tallies_; }

 private:
  Result<Commit> record_counted(std::vector<UsageEvent> events, EventSender sender);

  // The values that the checks of one batch share.
  struct Moment {
    Timestamp now{};
    Timestamp open_from{};  // earlier events are in a closed period
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
  IngestTallies tallies_;
};

}  // namespace metergate
