#include "gateway/new_tenants.h"

#include <algorithm>

#include "service/tenants/directory.h"

namespace metergate::gateway {
namespace {

constexpr RequestRate kRate{.per_second = 10, .burst = 1'000};

}  // namespace

Result<> NewTenants::make(const TenantId& tenant, const Actor& actor) {
  {
    const std::lock_guard lock{mutex_};
    if (!bucket_.take(kRate, services_.clock.steady())) {
      return fail(Error{ErrorCode::overloaded,
                        "too many new tenants came in a short time; try again soon",
                        {},
                        std::chrono::seconds{1}});
    }
  }
  const std::string plan = plan_;
  const Result<Tenant> added = services_.directory.add(
      {.id = tenant, .name = tenant.text(), .plan = plan, .own_limits = {}}, actor);
  // Another call of the same tenant has just created it.
  if (!added && added.error().code == ErrorCode::duplicate) return {};
  if (!added) return fail(added.error());
  services_.log.info("gateway.tenant_made", {{"tenant", tenant.text()}, {"plan", plan}});
  return {};
}

}  // namespace metergate::gateway
