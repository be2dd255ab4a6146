// Usage events for the tests of this floor: random ones of every kind, and plain numbered ones.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <string_view>

#include "domain/usage_event.h"

namespace metergate::test_events {

inline TenantId tenant(std::string_view text) { return TenantId::parse(text).value(); }

// 0 to below `count`, equally likely at every size; inRange() alone prefers small numbers.
inline int one_of(int count) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, count));
}

inline rc::Gen<Fact> any_fact() {
  return rc::gen::exec([]() -> Fact {
    const auto text = rc::gen::arbitrary<std::string>();
    const auto number = rc::gen::arbitrary<std::int64_t>();
    const auto small = rc::gen::arbitrary<std::int32_t>();
    switch (one_of(5)) {
      case 0:
        return ApiCall{*text,
                       *text,
                       *text,
                       *small,
                       *number,
                       *number,
                       Microseconds{*number},
                       *text,
                       *text,
                       *text,
                       *rc::gen::arbitrary<bool>() ? *text : "",
                       *rc::gen::arbitrary<bool>() ? *text : ""};
      case 1:
        return WebhookCall{*text, *rc::gen::arbitrary<bool>(), *small, *small,
                           Microseconds{*number}};
      case 2:
        return StorageReport{*number};
      case 3: {
        CountReport report{*rc::gen::element(Meter::stores_count, Meter::devices_count), {}};
        if (*rc::gen::arbitrary<bool>()) report.count = *number;
        return report;
      }
      default:
        return OtherFact{*text, *text};
    }
  });
}

inline rc::Gen<UsageEvent> any_event() {
  return rc::gen::exec([] {
    UsageEvent event;
    event.tenant = tenant(*rc::gen::element<std::string>("acme", "b", "c-3", "Zed_9.x:y"));
    event.source = *rc::gen::arbitrary<std::string>();
    event.id = *rc::gen::arbitrary<std::string>();
    event.occurred_at = Timestamp{Milliseconds{*rc::gen::arbitrary<std::int64_t>()}};
    event.has_own_time = *rc::gen::arbitrary<bool>();
    event.billable = *rc::gen::arbitrary<bool>();
    event.is_ours = *rc::gen::arbitrary<bool>();
    event.fact = *any_fact();
    return event;
  });
}

// An API call at `ms` since the epoch.
inline UsageEvent call(std::string_view of_tenant, std::int64_t ms) {
  UsageEvent event;
  event.tenant = tenant(of_tenant);
  event.source = "app";
  event.id = "call-" + std::to_string(ms);
  event.occurred_at = Timestamp{Milliseconds{ms}};
  event.fact =
      ApiCall{"GET", "GET /api/things/{id}", "", 200, 0, 512, Microseconds{1500}, {}, {}, {}};
  return event;
}

}  // namespace metergate::test_events
