// Directory: the tenants and their subscriptions. Writes go to the store with their audit record in
// the same batch; reads are answered from memory, loaded at start and replaced by each write. Any
// thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "domain/plan.h"
#include "service/actor.h"
#include "service/catalog.h"
#include "service/rules.h"
#include "storage/store.h"

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
};

struct PlanChange {
  TenantId tenant;
  std::string plan;
  std::string reason;  // 3 to 500 characters
};

struct PlanChanged {
  TenantId tenant;
  std::string old_plan;
  std::string new_plan;
  Limits new_limits;
  Timestamp updated_at{};
};

class Directory {
 public:
  static Result<std::unique_ptr<Directory>> open(Store& store, const Catalog& catalog,
                                                 const Clock& clock);

  // nullptr where there is no such tenant.
  std::shared_ptr<const TenantRecord> find(const TenantId& id) const;
  // ErrorCode::tenant_not_found where there is none.
  Result<std::shared_ptr<const TenantRecord>> get(const TenantId& id) const;
  // All tenants, by id.
  std::vector<std::shared_ptr<const TenantRecord>> all_tenants() const;
  std::size_t size() const;

  // ErrorCode::duplicate where the id is taken, invalid for a plan that is not offered or a bad
  // name.
  Result<Tenant> add(const NewTenant& wanted, const Actor& actor);
  Result<Tenant> change(const TenantId& id, const TenantPatch& patch, const Actor& actor);
  // Takes effect at once. ErrorCode::invalid: the plan is not offered, is the tenant's already, or
  // the reason is missing or of the wrong length; what `extra` makes of the outcome travels in the
  // same batch (an idempotency record).
  using Extra = std::function<Result<std::vector<DocumentWrite>>(const PlanChanged&)>;
  Result<PlanChanged> change_plan(const PlanChange& change, const Actor& actor,
                                  const Extra& extra = {});
  // The checks of change_plan without the change.
  Result<> check_plan_change(const PlanChange& change) const;

 private:
  Directory(Store& store, const Catalog& catalog, const Clock& clock);
  Result<> load();
  Result<> write(std::shared_ptr<TenantRecord> record, Batch batch);
  Store& store_;
  const Catalog& catalog_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<TenantId, std::shared_ptr<const TenantRecord>> tenants_;
};

// What limits_override looks like in a body and a document: { "max_stores": 7,
// "max_api_calls_per_month": null }.
Result<LimitsOverride> parse_override(const Json& value);
Json to_json(const LimitsOverride& own);
Json limits_json(const Limits& limits);  // { "max_stores": 5, …, "max_storage_gb": null }

}  // namespace metergate
