// SettledClock: a clock with a second time, settled_now(), for actions that cannot be undone.
//
// Settled time follows the wall clock only if other witnesses agree with it: the monotonic clock,
// which shows the time elapsed since the wall clock was last trusted, and the times in events from
// outside. A wall clock ahead of the monotonic clock is doubted, and settled_now() then continues
// by the monotonic clock. The wall clock is trusted again when it is back in step; or after ten
// minutes without a further jump if times from outside agree; or after a day without any from
// outside. A clock that was set back is trusted at once, since acting later than possible does no
// harm. Safe from any thread.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "base/time.h"

namespace metergate {

class SettledClock final : public Clock {
 public:
  // The allowed distance between the clocks, and between the wall clock and a witness.
  static constexpr std::chrono::minutes kTolerance{2};
  static constexpr std::chrono::hours kWitnessTolerance{1};
  // The longest time between the last known instant and a start that raises no doubt.
  static constexpr std::chrono::hours kStartTolerance{6};
  static constexpr std::chrono::minutes kSettlesWithWitness{10};
  static constexpr std::chrono::hours kSettlesAlone{24};

  using Listener = std::function<void(const std::optional<ClockDoubt>& doubt)>;

  // `wall` outlives this clock. The listener is called when a doubt begins and when it ends, by the
  // calling thread, without a lock held.
  explicit SettledClock(const Clock& wall, Listener listener = {});
  // The latest time known from before this process. Called before any other use.
  void begin_from(Timestamp known);

  Timestamp now() const override { return wall_.now(); }
  Microseconds steady() const override { return wall_.steady(); }
  Timestamp settled_now() const override;
  std::optional<ClockDoubt> doubt() const override;
  void witness(Timestamp at) const override;

 private:
  struct Instant {
    Timestamp wall;
    Microseconds steady{0};
    // The wall clock's expected time when the monotonic clock shows `later`.
    Timestamp at(Microseconds later) const {
      return wall + std::chrono::duration_cast<Milliseconds>(later - steady);
    }
  };
  struct Watched {
    Instant begin;                    // when the doubt began, by the doubted clock
    std::optional<Timestamp> newest;  // the newest of the witnesses since then
  };
  Timestamp look(Instant seen) const;
  bool is_settled(const Watched& watched, Instant seen) const;
  void begin_doubt(Instant seen) const { watched_ = Watched{seen, std::nullopt}; }

  const Clock& wall_;
  const Listener listener_;
  mutable std::mutex mutex_;
  mutable Instant believed_;
  // The course before the clock was set back, kept for a day, in case the clock returns to it.
  mutable std::optional<Instant> before_;
  mutable std::optional<Watched> watched_;
};

}  // namespace metergate
