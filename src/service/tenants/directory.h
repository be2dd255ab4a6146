// Directory: the tenants and their subscriptions. Writes go to the store, with their audit record
// in the same batch; reads are answered from memory, which is loaded at start and updated by each
// write. Safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "domain/plan.h"
#include "service/shared/actor.h"
#include "service/shared/rules.h"
#include "service/tenants/catalog.h"
#include "storage/shapes/store.h"

namespace metergate {

struct Tenant {
  TenantId id;
  std::string name;
  std::string status = "active";  // active, suspended
  Timestamp created_at{};
  std::int64_t revision = 0;
};

struct TenantRecord {
  Tenant tenant;
  Subscription subscription;
  std::int64_t subscription_revision = 0;
  // The stored values: the start of the next period, and the version of the plan.
  Timestamp renew_on{};
  std::int64_t plan_version = 1;
};

struct NewTenant {
  TenantId id;
  std::string name;
  std::string plan = "free";
  LimitsOverride own_limits;
};

struct TenantPatch {
  std::optional<std::string> name;
  std::optional<std::string> status;
  std::optional<LimitsOverride> own_limits;
  std::string reason{};  // 3 to 500 characters; may be empty without own_limits
};

struct PlanChange {
  TenantId tenant;
  std::string plan;
  std::string reason;         // 3 to 500 characters
  bool drops_limits = false;  // the own limits end with the old plan
};

struct PlanChanged {
  TenantId tenant;
  std::string old_plan;
  std::string new_plan;
  Terms new_terms;
  LimitsOverride own_limits;          // those that remain
  std::vector<std::string> warnings;  // one for each own limit below the new plan's
  Timestamp updated_at{};
};

struct TenantQuery {
  std::string search{};  // in id or name, ignoring case; empty: any; also below
  std::string plan{};
  std::string status{};
  std::string sort = "tenant_id";  // or with -: tenant_id, name, plan, status, created_at
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

struct TenantPage {
  std::int64_t total = 0;  // the number that match
  std::vector<std::shared_ptr<const TenantRecord>> tenants;
};

class Directory {
 public:
  // `zone` is the billing time zone, in which subscriptions are renewed.
  static Result<std::unique_ptr<Directory>> open(Store& store, const Catalog& catalog,
                                                 const Clock& clock,
                                                 const TimeZone& zone = TimeZone::utc());

  // nullptr if the tenant does not exist.
  std::shared_ptr<const TenantRecord> find(const TenantId& id) const;
  // ErrorCode::tenant_not_found if the tenant does not exist.
  Result<std::shared_ptr<const TenantRecord>> get(const TenantId& id) const;
  // The set of tenants, unchanged while this lives: for looking up many at once. The same thread
  // must not call other functions of the directory meanwhile.
  class Known {
    using Tenants = std::unordered_map<TenantId, std::shared_ptr<const TenantRecord>>;

   public:
    bool has(const TenantId& id) const { return tenants_.contains(id); }

   private:
    friend class Directory;
    Known(std::shared_mutex& mutex, const Tenants& tenants) : lock_(mutex), tenants_(tenants) {}
    std::shared_lock<std::shared_mutex> lock_;
    const Tenants& tenants_;
  };
  Known known() const { return {mutex_, tenants_}; }
  // All tenants, by id.
  std::vector<std::shared_ptr<const TenantRecord>> all_tenants() const;
  // The tenants that were added or changed after a mark, as shown here.
  ChangedNames changed_tenants(ChangeMark after) const;
  std::size_t size() const;
  TenantPage list(const TenantQuery& query) const;

  // ErrorCode::duplicate if the id is taken; invalid for a plan that is not offered or a bad name.
  Result<Tenant> add(const NewTenant& wanted, const Actor& actor);
  // A patch without a difference writes nothing. ErrorCode::invalid: own limits without a reason,
  // or a reason of the wrong length, among others.
  Result<Tenant> change(const TenantId& id, const TenantPatch& patch, const Actor& actor);
  // Checks as change() does, and returns the resulting subscription.
  Result<Subscription> subscription_after(const TenantId& id, const TenantPatch& patch) const;
  // Takes effect at once. ErrorCode::invalid: the plan is not offered, or is the tenant's already,
  // or the reason is missing or of the wrong length. The writes that `extra` makes from the outcome
  // are part of the same batch (an idempotency record).
  using Extra = std::function<Result<std::vector<DocumentWrite>>(const PlanChanged&)>;
  Result<PlanChanged> change_plan(const PlanChange& change, const Actor& actor,
                                  const Extra& extra = {});
  // Moves renew_on of at most `max` subscriptions to the start of the present next period,
  // suspended tenants included, and records the plan's version if a start has made a new one;
  // returns their number. For a worker. The recorded values price nothing.
  Result<std::size_t> renew(std::size_t max);
  // Checks as change_plan does, without the change, and returns the resulting subscription.
  Result<Subscription> subscription_after(const PlanChange& change) const;
  // Reads a tenant's record again, which another process may have changed.
  Result<> reload(const TenantId& id);
  // A text for each of the tenant's own limits that is below its plan's at an instant.
  std::vector<std::string> warnings_of(const Subscription& subscription, Timestamp at) const;

 private:
  struct Changed {  // the documents of a record that a change writes
    bool tenant = false;
    bool subscription = false;
  };
  Directory(Store& store, const Catalog& catalog, const Clock& clock, TimeZone zone);
  Result<> load();
  Result<> check_meters(const LimitsOverride& own) const;
  // A tenant's record after a patch; the same one if nothing changes.
  Result<TenantRecord> patched(const TenantRecord& current, const TenantPatch& patch) const;
  Result<Subscription> moved(const Subscription& current, const PlanChange& change) const;
  // Writes the record with the batch and then shows it. ErrorCode::conflict if the stored record is
  // not the one that the change began from; the present one has then been read again.
  Result<> write(std::shared_ptr<TenantRecord> record, Changed changed, Batch batch);
  void show(std::shared_ptr<const TenantRecord> record);
  Timestamp renewal_after(Timestamp now) const;
  Store& store_;
  const Catalog& catalog_;
  const Clock& clock_;
  const TimeZone zone_;
  // Held alone while a subscription is renewed and together by changes, so that no change meets a
  // renewal and is refused for it. Taken before mutex_.
  std::shared_mutex renewing_;
  mutable std::shared_mutex mutex_;
  Known::Tenants tenants_;
  ChangeBook changed_;
  mutable std::mutex sorting_;  // guards the next
  // All of tenants_, by id; nothing if that has changed since.
  mutable std::shared_ptr<const std::vector<std::shared_ptr<const TenantRecord>>> sorted_;
};

inline constexpr std::size_t kTenantNameMax = 200;        // characters
inline constexpr std::size_t kPlanChangesMax = 10'000;    // of one tenant, in all
inline constexpr std::size_t kLimitsChangesMax = 10'000;  // of one tenant; the number kept

}  // namespace metergate
