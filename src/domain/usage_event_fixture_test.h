// A valid usage event, which tests modify.
#pragma once

#include <gtest/gtest.h>

#include "domain/usage_event.h"

namespace metergate {

inline const Timestamp kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 5}};

inline UsageEvent event(Fact fact) {
  UsageEvent made;
  auto tenant = TenantId::parse("acme");
  EXPECT_TRUE(tenant.has_value());
  made.tenant = tenant.value_or(TenantId{});
  made.source = "pos";
  made.id = "e-1";
  made.occurred_at = kNow;
  made.fact = std::move(fact);
  return made;
}

inline ApiCall call() {
  ApiCall made;
  made.method = "GET";
  made.endpoint = "GET /api/tenants/{tenant_id}/stores";
  made.status = 200;
  return made;
}

}  // namespace metergate
