#include "base/settled_clock.h"

#include <algorithm>
#include <utility>

namespace metergate {
namespace {

bool are_near(Timestamp a, Timestamp b, Milliseconds tolerance) {
  return a - b <= tolerance && b - a <= tolerance;
}

}  // namespace

SettledClock::SettledClock(const Clock& wall, Listener listener)
    : wall_(wall), listener_(std::move(listener)), believed_{wall.now(), wall.steady()} {}

void SettledClock::begin_from(Timestamp known) {
  std::optional<ClockDoubt> began;
  {
    const std::lock_guard lock(mutex_);
    const Instant seen{wall_.now(), wall_.steady()};
    if (seen.wall <= known + kStartTolerance) return;
    believed_ = {known, seen.steady};
    begin_doubt(seen);
    began = ClockDoubt{seen.wall, known};
  }
  if (listener_) listener_(began);
}

bool SettledClock::is_settled(const Watched& watched, Instant seen) const {
  const auto kept = seen.steady - watched.begin.steady;
  if (!watched.newest) return kept >= kSettlesAlone;
  return kept >= kSettlesWithWitness && are_near(*watched.newest, seen.wall, kWitnessTolerance);
}

// The caller holds the lock.
Timestamp SettledClock::look(Instant seen) const {
  if (before_ && seen.steady - before_->steady > kSettlesAlone) before_.reset();
  const Timestamp expected = believed_.at(seen.steady);
  const bool is_back = seen.wall <= expected + kTolerance ||
                       (before_ && seen.wall <= before_->at(seen.steady) + kTolerance);
  if (watched_ && !is_back) {
    if (!are_near(seen.wall, watched_->begin.at(seen.steady), kTolerance)) begin_doubt(seen);
    if (!is_settled(*watched_, seen)) return std::min(expected, seen.wall);
  } else if (!is_back) {
    begin_doubt(seen);
    return expected;
  }
  watched_.reset();
  if (before_ && seen.wall >= before_->at(seen.steady) - kTolerance) before_.reset();
  if (!before_ && seen.wall < expected - kTolerance) before_ = believed_;
  believed_ = seen;
  return seen.wall;
}

Timestamp SettledClock::settled_now() const {
  std::unique_lock lock(mutex_);
  const bool was_doubted = watched_.has_value();
  const Instant seen{wall_.now(), wall_.steady()};
  const Timestamp settled = look(seen);
  const bool is_doubted = watched_.has_value();
  lock.unlock();
  if (listener_ && was_doubted != is_doubted)
    listener_(is_doubted ? std::optional{ClockDoubt{seen.wall, settled}} : std::nullopt);
  return settled;
}

std::optional<ClockDoubt> SettledClock::doubt() const {
  const Timestamp settled = settled_now();
  const std::lock_guard lock(mutex_);
  if (!watched_) return std::nullopt;
  return ClockDoubt{wall_.now(), settled};
}

void SettledClock::witness(Timestamp at) const {
  const std::lock_guard lock(mutex_);
  if (!watched_) return;
  if (!watched_->newest || *watched_->newest < at) watched_->newest = at;
}

}  // namespace metergate
