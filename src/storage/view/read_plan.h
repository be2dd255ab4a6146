// ReadPlan: the plan of a query over stored documents: the index, the range of keys, and whether
// they come in the requested order. Pure functions; safe from any thread.
#pragma once

#include <optional>
#include <vector>

#include "storage/kv/kv.h"
#include "storage/shapes/query.h"

namespace metergate {

// The comparisons in a filter's "and" parts, which every matching document satisfies.
class Conjunction {
 public:
  explicit Conjunction(const Filter& filter) { add(filter); }
  // The single value that a field must equal, or nullptr.
  const Json* equal(std::string_view field) const;
  // The lower or upper bound of a field, or nullptr.
  const Filter* lower(std::string_view field) const;
  const Filter* upper(std::string_view field) const;

 private:
  void add(const Filter& filter);
  std::vector<const Filter*> parts_;  // borrowed from the filter
};

// The half-open window of a field's timestamps that the filter allows.
Window window_of(const Conjunction& filter, std::string_view field);

// True if a filter consists only of a tenant and bounds on `field`, or of fewer of these:
// equal("tenant_id") and window_of() then express all of it.
bool is_tenant_and_window(const Filter& filter, std::string_view field);

struct ReadPlan {
  KeyRange range;
  bool by_index = false;
  bool falling = false;
  bool is_sorted = false;
};

ReadPlan plan_for(const Query& query);

}  // namespace metergate
