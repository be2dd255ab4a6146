// Enforcement: limits held in line, before a request is let through, with no overshoot in one
// process.
//
// A call under a hard limit takes a place and gives it back when it has been recorded, so that
// calls under way count too. Whatever else a hard limit bounds (records, storage) is written while
// the tenant's lane is held. Soft limits refuse nothing. Any thread.
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
#include "domain/period.h"
#include "domain/token_bucket.h"
#include "service/metering/ingest.h"
#include "service/shared/rules.h"
#include "service/tenants/offer.h"
#include "storage/shapes/store.h"

namespace metergate {

// How a tenant's API calls stand against its limit in the current period.
struct CallStanding {
  std::optional<std::int64_t> limit;  // nothing: unlimited
  std::int64_t used = 0;              // this call and those under way included
  std::chrono::seconds window{0};     // the period
  std::chrono::seconds resets_in{0};  // until it ends, at least 1
  // Calls that are left below the limit, where there is one.
  std::int64_t remaining() const { return std::max<std::int64_t>(0, limit.value_or(0) - used); }
};

// What a tenant may still use of one meter, as far as it is recorded.
struct Allowance {
  Period period;
  Decimal used;                        // as people read it, likewise the next two
  std::optional<Decimal> limit{};      // nothing: unlimited
  std::optional<Decimal> remaining{};  // up to the limit, where there is one
  std::optional<LimitEffect> effect{};
  bool is_allowed = true;                // false: more would be refused, webhooks held back
  std::optional<Timestamp> resets_at{};  // when it begins anew; nothing: never by itself
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
  // A call's place below a hard limit; empty where there is none. Given back when it is destroyed.
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
    std::optional<CallStanding> standing;  // nothing where tracking is disabled
    Place place;
    std::optional<Error> refusal;  // limit_exceeded or rate_limit, with retry_after
    bool is_billable = true;       // false: refused, or let through past a hard limit
  };
  // What becomes of a call that a hard limit leaves no room for.
  enum class PastLimit : std::uint8_t {
    refuse,
    let_through  // unbilled: what tells a tenant why it is refused is not refused itself
  };

  // One call of the tenant itself, about to be served, and recorded as it says.
  Result<Admitted> admit_call(const TenantRecord& tenant, PastLimit past = PastLimit::refuse);
  // Records the call and gives its place back in one step, as another call sees it.
  Result<> record(UsageEvent event, Place place);

  // Events that a tenant sent itself: as Ingest::record(), but for what a hard limit of a meter of
  // the provider's own keeps out. ErrorCode::limit_exceeded where the batch would lift such a meter
  // above its limit; what has been recorded before is not in its way.
  Result<Commit> record_sent(const TenantId& tenant, std::vector<UsageEvent> events);

  // Of a built-in meter by its name or the provider's own by its slug; takes no place. Own ones are
  // known where they are defined or in the tenant's plan. ErrorCode::not_found, tenant_not_found.
  Result<Allowance> allowance(const TenantId& tenant, std::string_view meter) const;

  // Holds the tenant's lane while more units of a gauge are written: stores, devices, bytes.
  // ErrorCode::limit_exceeded where a hard limit does not leave room for `added` more.
  class Hold {
   public:
    Hold() = default;
    explicit Hold(std::shared_ptr<Lane> lane);

   private:
    std::shared_ptr<Lane> lane_;
    std::unique_lock<std::mutex> lock_;
  };
  Result<Hold> hold_units(const TenantId& tenant, Meter meter, std::int64_t added);

 private:
  std::shared_ptr<Lane> lane_of(const TenantId& tenant);
  bool holds_limits() const;
  // The meters of the provider's own that are held to a hard limit in the period.
  Result<std::vector<OwnTerm>> hard_terms(const TenantRecord& tenant, Period period) const;
  // Whether the events fit below them.
  Result<> check_room(const TenantRecord& tenant, const std::vector<UsageEvent>& events) const;
  Result<std::int64_t> active_records(const TenantId& tenant, Meter meter) const;
  Result<Allowance> built_in_allowance(const TenantId& tenant, Meter meter, Timestamp now) const;
  Result<Allowance> own_allowance(const TenantId& tenant, const std::string& slug,
                                  Timestamp now) const;
  Parts parts_;
  std::mutex mutex_;
  std::unordered_map<TenantId, std::shared_ptr<Lane>> lanes_;  // at most one a tenant
};

}  // namespace metergate
