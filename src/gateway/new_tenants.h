// NewTenants: makes a tenant of the first valid token that names it, for an API whose tenants are
// known elsewhere. So many in a time, since whoever gives out tokens might be wrong.
//
// Any thread.
#pragma once

#include <mutex>
#include <string>

#include "base/changing.h"
#include "domain/token_bucket.h"
#include "service/shared/actor.h"
#include "service/wiring/services.h"

namespace metergate::gateway {

class NewTenants {
 public:
  // `plan`: the one that they are put on; empty: none is made.
  NewTenants(std::string plan, Services& services) : plan_(std::move(plan)), services_(services) {}

  bool is_on() const { return !plan_.get().empty(); }
  void set_plan(std::string plan) { plan_ = std::move(plan); }
  // Makes it, named by its id, with an audit record of who came. Nothing happens where it is there
  // already. ErrorCode::overloaded: too many came in a short time.
  Result<> make(const TenantId& tenant, const Actor& actor);

 private:
  Changing<std::string> plan_;
  Services& services_;
  std::mutex mutex_;
  TokenBucket bucket_;
};

}  // namespace metergate::gateway
