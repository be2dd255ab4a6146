// ReadPlan: how a query over stored documents is answered: by which index, over which keys, and
// whether they come in the order asked for. Pure functions; any thread.
#pragma once

#include <optional>
#include <vector>

#include "storage/kv/kv.h"
#include "storage/shapes/query.h"

namespace metergate {

// The comparisons that every document found must satisfy, out of a filter's "and" parts.
class Conjunction {
 public:
  explicit Conjunction(const Filter& filter) { add(filter); }
  // The single value that a field must equal, or nullptr.
  const Json* equal(std::string_view field) const;
  // A bound of a field, of one side, or nullptr.
  const Filter* lower(std::string_view field) const;
  const Filter* upper(std::string_view field) const;

 private:
  void add(const Filter& filter);
  std::vector<const Filter*> parts_;  // a loan of the filter
};

// The half-open window of a field's timestamps that the filter allows.
Window window_of(const Conjunction& filter, std::string_view field);

// Whether a filter says nothing but one tenant, a first time of `field` and a last, or less: then
// equal("tenant_id") and window_of() say all of it.
bool is_tenant_and_window(const Filter& filter, std::string_view field);

struct ReadPlan {
  KeyRange range;
  bool by_index = false;
  bool falling = false;
  bool is_sorted = false;
};

ReadPlan plan_for(const Query& query);

}  // namespace metergate
