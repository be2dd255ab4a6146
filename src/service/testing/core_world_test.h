// The environment for tests of services: every service over a store in memory, a manual clock, the
// shipped plans and two tenants. Each test makes its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "service/shared/rules.h"
#include "service/tenants/catalog.h"
#include "service/tenants/directory.h"
#include "service/testing/opened_services_test.h"
#include "service/testing/test_words_test.h"
#include "service/webhooks/deliveries.h"
#include "storage/engine/memory_store.h"

namespace metergate::core_world {

inline TenantId tenant_id(std::string_view text) { return TenantId::parse(text).value(); }

template <class T>
void expect_error(const Result<T>& result, ErrorCode code, std::string_view field = "") {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  if (field.empty()) return;
  ASSERT_FALSE(result.error().faults.empty());
  EXPECT_EQ(result.error().faults[0].field, field);
}

struct TestWorld {
  const std::string plans;  // the catalogue; has the plans basic and free
  BillingRules rules;
  ManualClock clock{at("2026-03-05T10:30:00Z")};
  std::unique_ptr<ControlledStore> store = make_memory_store(rules.zone);
  Log quiet_log{clock, LogLevel::error};
  Actor actor{"ann@example.com", "192.0.2.7", "curl/8", "req_1"};
  std::unique_ptr<ServiceSet> set;
  Catalog* catalog = nullptr;  // these four are of the latest start
  Directory* directory = nullptr;
  Webhooks* webhooks = nullptr;
  Deliveries* deliveries = nullptr;

  explicit TestWorld(std::string its_plans = std::string{catalogue_text()})
      : plans(std::move(its_plans)) {
    restart();
    add("tenant_1", "basic");
    add("tenant_2", "free");
  }

  void add(std::string_view id, std::string plan) {
    const Result<Tenant> added =
        directory->add(NewTenant{tenant_id(id), "Tenant " + std::string(id), plan, {}}, actor);
    ASSERT_TRUE(added) << added.error().message;
  }

  // Another start of the server on the same store; references to services end.
  void restart() {
    set.reset();
    set = opened_services(
        clock, quiet_log, rules, *store, plans, [](std::string_view url) -> Result<> {
          for (const std::string_view scheme : {"https://", "smtps://", "smtp://"})
            if (url.starts_with(scheme)) return {};
          return fail(ErrorCode::invalid, "must begin with https://");
        });
    Services& services = set->services();
    catalog = &services.catalog;
    directory = &services.directory;
    webhooks = &services.webhooks;
    deliveries = &services.deliveries;
  }

  std::vector<Json> all(Collection collection) const {
    Query query;
    query.collection = collection;
    return store->find(query).value();
  }
  std::vector<Json> audits(std::string_view action) const {
    Query query;
    query.collection = Collection::provider_audits;
    query.filter = Filter::equal("action", action);
    query.sort = {{"sequence", false}};
    return store->find(query).value();
  }
  Counter counter(std::string_view tenant) const {
    return store->counter(tenant_id(tenant), Period::of(clock.now(), rules.zone))
        .value()
        .value_or(Counter{});
  }
};

}  // namespace metergate::core_world
