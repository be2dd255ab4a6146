// The demo's history: twelve invented tenants and their usage in thirteen months, the same on every
// run except for the dates. Past days are recorded as totals, the last hours as single events.
//
// Uses the services' verbs, with a clock that it sets; nothing else may run meanwhile.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "service/wiring/services.h"

namespace metergate {

// The services' clock: shows the time of the history while that is filled, then real time.
class DemoClock final : public Clock {
 public:
  explicit DemoClock(Timestamp start) : past_(start) {}
  Timestamp now() const override { return is_live_ ? system_.now() : past_.now(); }
  Microseconds steady() const override { return system_.steady(); }
  // Never goes back: later events follow earlier ones.
  void advance_to(Timestamp at) {
    if (at > past_.now()) past_.set(at);
  }
  void go_live() { is_live_ = true; }

 private:
  SystemClock system_;
  ManualClock past_;
  std::atomic<bool> is_live_ = false;
};

inline constexpr int kDemoMonths = 13;                         // the current one included
inline constexpr std::string_view kDemoTenant = "tenant_456";  // the rules' worked example

// The first instant of the history that ends at `now`.
Timestamp demo_start(Timestamp now, const TimeZone& zone);

// Fills the empty store behind `services`, whose clock is `clock`, up to `now`.
Result<> fill_demo(Services& services, DemoClock& clock, Timestamp now);

// Splits `total` in proportion to `weights`; the parts add up to exactly `total`.
std::vector<std::int64_t> spread(std::int64_t total, std::span<const std::int64_t> weights);

}  // namespace metergate
