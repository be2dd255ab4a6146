// Catalog: the plans on offer, kept as versions in the store and read from the catalogue file at
// start.
//
// A plan whose limits, effects, rates or request rate in the file differ from its newest version
// gets a new version, valid from now; a plan that left the file keeps its versions and is no longer
// offered to new tenants. Never changes after open(). Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/plan.h"
#include "storage/shapes/store.h"

namespace metergate {

// The catalogue file (TOML, see catalogue/plans.toml): plans in order, with no version or date yet.
// ErrorCode::invalid names the plan and key that is wrong and what is allowed.
Result<std::vector<Plan>> parse_catalogue(std::string_view toml);

Json to_document(const Plan& plan);
Result<Plan> plan_from(const Json& document);

// A version that this start of the server made, since the file differs from the newest one: what of
// its offer was and is now; `before` is null where the plan is new beside others.
struct PlanRevision {
  std::string plan;
  std::int64_t version = 1;
  Json before;
  Json after;
};

class Catalog {
 public:
  static Result<std::unique_ptr<Catalog>> open(Store& store, const Clock& clock,
                                               std::string_view toml);
  // For the log; the same stands in the audit trail. Nothing on the first start of all.
  const std::vector<PlanRevision>& revisions() const { return revisions_; }
  // With the plans that are no longer offered, which come last.
  std::shared_ptr<const Catalogue> plans() const;
  // The newest version of each plan of the file, in its order.
  std::vector<Plan> offered() const;
  bool is_offered(std::string_view plan) const;
  // "Invalid plan. Must be one of: free, basic, premium, enterprise" as ErrorCode::invalid, where
  // it is not offered.
  Result<> check_offered(std::string_view plan) const;

 private:
  Catalog(Catalogue all, std::vector<std::string> offered, std::vector<PlanRevision> revisions);
  std::shared_ptr<const Catalogue> all_;
  std::vector<std::string> offered_;
  std::vector<PlanRevision> revisions_;
};

}  // namespace metergate
