// NewTenants: creates a tenant from the first valid token that names it, for an API whose tenants
// are managed elsewhere. The rate is limited, in case the issuer of tokens is wrong.
//
// Safe from any thread.
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
  // Creates the tenant, named by its id, with an audit record of the caller. Does nothing if it
  // exists. ErrorCode::overloaded if too many were created in a short time.
  Result<> make(const TenantId& tenant, const Actor& actor);

 private:
  Changing<std::string> plan_;
  Services& services_;
  std::mutex mutex_;
  TokenBucket bucket_;
};

}  // namespace metergate::gateway
