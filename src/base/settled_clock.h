// SettledClock: another clock, and the time by which what cannot be taken back may be done.
//
// Three witnesses must agree before the wall clock is believed for that: the wall clock itself, the
// monotonic clock, which shows how much time has really gone by since the wall clock was last
// believed, and the times that others send with what they report. One that is ahead of the
// monotonic clock is doubted; meanwhile settled_now() goes on by the monotonic clock from where it
// was. It is believed again as soon as it is back; or when it has kept its new course for ten
// minutes and what comes from outside agrees; or for a day, where nothing comes. A clock that was
// set back is believed at once: whatever is done later than it could be does no harm. Any thread.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "base/time.h"

namespace metergate {

class SettledClock final : public Clock {
 public:
  // How far the clocks may be apart, and how far the wall clock may be from a witness.
  static constexpr std::chrono::minutes kTolerance{2};
  static constexpr std::chrono::hours kWitnessTolerance{1};
  // How much later than it is known to have been a start may be without doubt.
  static constexpr std::chrono::hours kStartTolerance{6};
  static constexpr std::chrono::minutes kSettlesWithWitness{10};
  static constexpr std::chrono::hours kSettlesAlone{24};

  using Listener = std::function<void(const std::optional<ClockDoubt>& doubt)>;

  // `wall` outlives it. The listener is called when a doubt begins and when it ends, by whoever
  // looked, without a lock.
  explicit SettledClock(const Clock& wall, Listener listener = {});
  // The latest time that is known from before this process, before anybody asks.
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
    // What the wall clock should show when the monotonic one shows `later`.
    Timestamp at(Microseconds later) const {
      return wall + std::chrono::duration_cast<Milliseconds>(later - steady);
    }
  };
  struct Watched {
    Instant begin;                    // when the doubt began, by the doubted clock
    std::optional<Timestamp> newest;  // of the witnesses since then
  };
  Timestamp look(Instant seen) const;
  bool is_settled(const Watched& watched, Instant seen) const;
  void begin_doubt(Instant seen) const { watched_ = Watched{seen, std::nullopt}; }

  const Clock& wall_;
  const Listener listener_;
  mutable std::mutex mutex_;
  mutable Instant believed_;
  // The course before the clock was set back, for a day: it may come back to it.
  mutable std::optional<Instant> before_;
  mutable std::optional<Watched> watched_;
};

}  // namespace metergate
