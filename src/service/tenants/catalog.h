// Catalog: the plans on offer, kept as versions in the store and read from the catalogue file at
// start.
//
// A plan whose limits, effects, rates or request rate in the file differ from its newest version
// gets a new version, valid from now. A plan that left the file keeps its versions and is not
// offered to new tenants. Changes after open() only by reload(). Safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/plan.h"
#include "storage/shapes/store.h"

namespace metergate {

// Reads the catalogue file (TOML, see catalogue/plans.toml): plans in order, without versions or
// dates. ErrorCode::invalid names the plan, the key and the allowed values.
Result<std::vector<Plan>> parse_catalogue(std::string_view toml);

Json to_document(const Plan& plan);
Result<Plan> plan_from(const Json& document);

// A version that this start created because the file differs from the newest one, with the offer's
// values before and after; `before` is null for a new plan.
struct PlanRevision {
  std::string plan;
  std::int64_t version = 1;
  Json before;
  Json after;
};

class Catalog {
 public:
  // A file that differs from the newest versions: the server makes new ones of it; a command leaves
  // it alone, since a report that is read with another file must not change a price.
  enum class IfFileDiffers : std::uint8_t { make_versions, leave };
  static Result<std::unique_ptr<Catalog>> open(
      Store& store, const Clock& clock, std::string_view toml,
      IfFileDiffers if_file_differs = IfFileDiffers::make_versions);
  // For the log; the audit trail has the same. Empty on the very first start.
  const std::vector<PlanRevision>& revisions() const { return revisions_; }
  // Reads the versions again, to which another process may have added one.
  Result<> reload();
  // Includes the plans that are no longer offered, which come last.
  std::shared_ptr<const Catalogue> plans() const;
  // The newest version of each plan in the file that has one, in the file's order.
  std::vector<Plan> offered() const;
  bool is_offered(std::string_view plan) const;
  // ErrorCode::invalid, "Invalid plan. Must be one of: free, basic, premium, enterprise", if the
  // plan is not offered.
  Result<> check_offered(std::string_view plan) const;

 private:
  Catalog(Store& store, Catalogue all, std::vector<std::string> offered,
          std::vector<PlanRevision> revisions);
  Store& store_;
  std::atomic<std::shared_ptr<const Catalogue>> all_;
  std::vector<std::string> offered_;
  std::vector<PlanRevision> revisions_;
};

}  // namespace metergate
