// Drift: recounts the open periods from their raw events, again and again, and says by how many
// units the counters differ. That must be 0.
//
// Events come in meanwhile, so each sum is read before the recount and after it, and the recount
// must lie between the two: what lies outside, by however little, is drift. Only where events were
// voided in between that proves nothing, and the tenant is looked at again by the next round. It
// takes at most a twentieth of one thread's time: after a round it rests. tick() is called by one
// worker at a time; state() from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "service/billing/billing.h"
#include "service/shared/tick.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

struct DriftState {
  std::int64_t units = 0;  // of the last round
  std::int64_t rounds = 0;
  std::optional<Timestamp> last_at;
  Microseconds last_duration{0};
  std::int64_t checked = 0;   // counters, likewise
  std::int64_t unproven = 0;  // likewise
};

// A counter before the recount, the recount, and the counter after it.
struct CountedAgain {
  const Counter& before;
  const Counter& again;
  const Counter& after;
};
struct FigureDrift {
  std::string_view figure;
  std::int64_t units = 0;
  std::int64_t counted = 0;  // after
  std::int64_t again = 0;
};
// The sums whose recount lies outside of what was read; empty: it may have been true at some moment
// in between.
std::vector<FigureDrift> drift_of(const CountedAgain& counters);

class Drift {
 public:
  struct Parts {
    Store& store;
    const Billing& billing;
    const Clock& clock;
    const Log& log;
  };
  explicit Drift(const Parts& parts) : parts_(parts) {}

  // One round, unless it rests from the last.
  Result<TickReport> tick();
  DriftState state() const;

  static constexpr int kRestTimes = 19;  // what a round took

 private:
  using Counters = std::map<TenantId, Counter>;
  Result<Counters> counters_of(Period period) const;
  Result<> check(Period period, DriftState& found);
  struct Comparison {
    std::int64_t counters = 0;
    std::int64_t units = 0;
  };
  Result<Comparison> compare_once(Period period, bool is_told) const;
  Parts parts_;
  std::optional<Microseconds> rests_until_;
  mutable std::mutex mutex_;
  DriftState state_;
};

}  // namespace metergate
