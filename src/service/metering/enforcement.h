// Enforcement: limits checked before a request is let through, without overshoot in one process.
//
// A call under a hard limit takes a place and returns it when it has been recorded, so calls under
// way count too. Other usage that a hard limit bounds (records, storage) is written while the
// tenant's lane is held. Soft limits refuse nothing. Safe from any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/decimal.h"
#include "base/tally.h"
#include "domain/period.h"
#include "domain/token_bucket.h"
#include "service/metering/ingest.h"
#include "service/shared/rules.h"
#include "service/tenants/offer.h"
#include "storage/shapes/store.h"

namespace metergate {

// A tenant's API calls and their limit in the current period.
struct CallStanding {
  std::optional<std::int64_t> limit;  // nothing: unlimited
  std::int64_t used = 0;              // this call and those under way included
  std::chrono::seconds window{0};     // the period
  std::chrono::seconds resets_in{0};  // until the period ends, at least 1
  // The calls left below the limit, if there is one.
  std::int64_t remaining() const { return std::max<std::int64_t>(0, limit.value_or(0) - used); }
};

// The remaining usage of one meter for a tenant, as far as it is recorded.
struct Allowance {
  Period period;
  Decimal used;                        // as shown to people, like the next two
  std::optional<Decimal> limit{};      // nothing: unlimited
  std::optional<Decimal> remaining{};  // up to the limit, if there is one
  std::optional<LimitEffect> effect{};
  bool is_allowed = true;                // false: more would be refused, or webhooks held back
  std::optional<Timestamp> resets_at{};  // when it restarts; nothing: never by itself
};

// Calls that were held against a limit.
struct LimitTallies {
  Tally admitted;
  Tally over_limit;
  Tally too_fast;
  Tally passed;  // one of these two, let through all the same
};

class Enforcement {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    const Catalog& catalog;
    Ingest& ingest;
    const BillingRules& rules;
    const Clock& clock;
  };
  explicit Enforcement(const Parts& parts) : parts_(parts) {}

  class Lane;  // of one tenant
  // A call's place below a hard limit; empty if there is none. Returned on destruction.
  class Place {
   public:
    Place() = default;
    explicit Place(std::shared_ptr<Lane> lane) : lane_(std::move(lane)) {}
    ~Place();
    Place(Place&& other) noexcept = default;
    Place& operator=(Place&& other) noexcept;

   private:
    friend class Enforcement;
    std::shared_ptr<Lane> lane_;
  };

  struct Admitted {
    std::optional<CallStanding> standing;  // nothing if tracking is disabled
    Place place;
    std::optional<Error> refusal;  // limit_exceeded or rate_limit, with retry_after
    bool is_billable = true;       // false: refused, or let through past a hard limit
  };
  // The treatment of a call for which a hard limit leaves no room.
  enum class PastLimit : std::uint8_t {
    refuse,
    let_through  // unbilled, for routes that tell a tenant why it is refused
  };

  // Admits a call of the tenant's about to be served; it must be recorded as the result says.
  Result<Admitted> admit_call(const TenantRecord& tenant, PastLimit past = PastLimit::refuse);
  // Records the call and returns its place in one step for other calls.
  Result<> record(UsageEvent event, Place place);

  // Records events that a tenant sent itself: as Ingest::record(), but within hard limits of the
  // provider's own meters. ErrorCode::limit_exceeded if the batch would raise such a meter above
  // its limit; duplicates count nothing.
  Result<Commit> record_sent(const TenantId& tenant, std::vector<UsageEvent> events);

  // The allowance of a built-in meter by name, or an own one by slug; takes no place. Own meters
  // must be defined or in the tenant's plan. ErrorCode::not_found, tenant_not_found.
  Result<Allowance> allowance(const TenantId& tenant, std::string_view meter) const;

  // Holds the tenant's lane while more units of a level are written: stores, devices, bytes.
  // ErrorCode::limit_exceeded if a hard limit does not leave room for `added` more.
  class Hold {
   public:
    Hold() = default;
    explicit Hold(std::shared_ptr<Lane> lane);

   private:
    std::shared_ptr<Lane> lane_;
    std::unique_lock<std::mutex> lock_;
  };
  Result<Hold> hold_units(const TenantId& tenant, Meter meter, std::int64_t added);

  const LimitTallies& tallies() const { return tallies_; }

 private:
  std::shared_ptr<Lane> lane_of(const TenantId& tenant);
  void count(bool is_past_limit, const Admitted& admitted);
  bool holds_limits() const;
  // The own meters with a hard limit in the period.
  Result<std::vector<OwnTerm>> hard_terms(const TenantRecord& tenant, Period period) const;
  // Checks that the events fit below these limits.
  Result<> check_room(const TenantRecord& tenant, const std::vector<UsageEvent>& events) const;
  Result<std::int64_t> active_records(const TenantId& tenant, Meter meter) const;
  Result<Allowance> built_in_allowance(const TenantId& tenant, Meter meter, Timestamp now) const;
  Result<Allowance> own_allowance(const TenantId& tenant, const std::string& slug,
                                  Timestamp now) const;
  Parts parts_;
  std::mutex mutex_;
  std::unordered_map<TenantId, std::shared_ptr<Lane>> lanes_;  // at most one for each tenant
  LimitTallies tallies_;
};

}  // namespace metergate
