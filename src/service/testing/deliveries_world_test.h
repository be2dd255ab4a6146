// A tenant with webhooks, and a sender that is given the outcome of each attempt. For tests.
#pragma once

#include "service/metering/records.h"
#include "service/testing/core_world_test.h"

namespace metergate::core_world {

struct DeliveryWorld : TestWorld {
  Records& records() const { return set->services().records; }
  TenantAccess access = Caller::of_tenant("till", tenant_id("tenant_1"))
                            .access(tenant_id("tenant_1"), Permission::tenants_update)
                            .value();
  WebhookOwner own = WebhookOwner::of(access);

  std::string hook(std::vector<std::string> events = {"*"}) {
    return webhooks->add(own, {"https://hooks.example/", std::move(events), {}}, actor)
        .value()
        .string_at("webhook_id")
        .value();
  }
  void sale(const std::string& id) {
    NewTrade wanted;
    wanted.id = id;
    EXPECT_TRUE(records().add_sale(access, wanted, actor)) << id;
  }
  std::optional<Attempt> claim() { return deliveries->claim(clock.now()).value(); }
  Attempt must_claim() {
    auto attempt = claim();
    EXPECT_TRUE(attempt);
    return attempt ? *std::move(attempt) : Attempt{};
  }
  void end(const Attempt& attempt, int status) {
    AttemptOutcome outcome;
    outcome.end = status == 0 ? AttemptEnd::failed : AttemptEnd::answered;
    outcome.status = status;
    outcome.duration = Milliseconds{12};
    EXPECT_TRUE(deliveries->record(attempt, outcome));
  }
  void end(const Attempt& attempt, AttemptEnd how) {
    AttemptOutcome outcome;
    outcome.end = how;
    EXPECT_TRUE(deliveries->record(attempt, outcome));
  }
  static std::string sale_of(const Attempt& attempt) {
    const Json payload = parse_json(attempt.delivery.payload).value();
    return payload.find("data")->string_at("sale_id").value_or("");
  }
  std::vector<Json> calls() const { return all(Collection::webhook_calls); }
  Json only_delivery() const {
    const auto found = all(Collection::webhook_deliveries);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? Json() : found[0];
  }
};

}  // namespace metergate::core_world
