// Instants, clocks and time zones.
//
// A Timestamp is an instant in UTC with millisecond precision; a Day is a calendar date without a
// zone. Only time.cpp reads the machine's clock and the tz database; everything else is handed a
// Clock and a TimeZone. TimeZone values are cheap to copy and safe from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate {

using Milliseconds = std::chrono::milliseconds;
using Microseconds = std::chrono::microseconds;
using Timestamp = std::chrono::sys_time<Milliseconds>;
using Day = std::chrono::local_days;

// What texts can say: the years 1970 to 9999.
inline constexpr Timestamp kTimestampMin{Milliseconds{0}};
inline constexpr Timestamp kTimestampMax{Milliseconds{253'402'300'799'999}};

// Half-open: start is in, end is out.
struct Window {
  Timestamp start;
  Timestamp end;
  bool contains(Timestamp at) const { return start <= at && at < end; }
  friend bool operator==(const Window&, const Window&) = default;
};

// What the machine's clock says, and what other witnesses make of it.
struct ClockDoubt {
  Timestamp now;
  Timestamp settled_now;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  // Never goes back; only differences mean something.
  virtual Microseconds steady() const = 0;
  // For what cannot be taken back (closing a period, removing what is old): never ahead of now(),
  // and behind it as long as it is doubted; see settled_clock.h.
  virtual Timestamp settled_now() const { return now(); }
  virtual std::optional<ClockDoubt> doubt() const { return std::nullopt; }
  // Somebody outside, who has a clock of its own, says that it is about this time.
  virtual void witness(Timestamp /*at*/) const {}
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  Microseconds steady() const override;
};

// A clock that stands still until it is told otherwise; for tests and for made-up history.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_ms_(start.time_since_epoch().count()) {}
  Timestamp now() const override { return Timestamp{Milliseconds{now_ms_.load()}}; }
  Microseconds steady() const override { return Milliseconds{now_ms_ - jumped_ms_}; }
  void set(Timestamp at) { now_ms_ = at.time_since_epoch().count(); }
  void advance(Milliseconds by) { now_ms_ += by.count(); }
  // As somebody who sets the clock: no time goes by.
  void jump(Milliseconds by) {
    now_ms_ += by.count();
    jumped_ms_ += by.count();
  }

 private:
  std::atomic<std::int64_t> now_ms_;
  std::atomic<std::int64_t> jumped_ms_{0};
};

class TimeZone {
 public:
  // An IANA name of the system's tz database ("Asia/Kathmandu"); ErrorCode::invalid where there is
  // none.
  static Result<TimeZone> find(std::string_view name);
  static TimeZone utc();
  static std::vector<std::string> all_names();

  const std::string& name() const { return name_; }
  // The date that a clock on the wall shows; consistent with start_of: start_of(day_of(t)) <= t.
  Day day_of(Timestamp at) const;
  // The first instant of a date: where midnight is skipped, the end of the gap; where it comes
  // twice, the first. Days therefore tile without gap or overlap, a skipped date having no length.
  Timestamp start_of(Day day) const;
  std::chrono::seconds offset_at(Timestamp at) const;

 private:
  TimeZone(std::string name, const void* zone) : name_(std::move(name)), zone_(zone) {}
  std::string name_;
  const void* zone_;  // the tz library's own immutable record, alive for the whole process
};

// RFC 3339 with millisecond precision in UTC: "2026-03-05T10:30:00.000Z".
std::string to_text(Timestamp at);
// RFC 3339 with seconds and the zone's offset in whole minutes: "2026-03-05T10:30:00+00:00".
std::string to_text(Timestamp at, const TimeZone& zone);
// "2026-03-05".
std::string to_text(Day day);
// RFC 3339 with any offset and up to nine digits of a second (cut to milliseconds); strict, of the
// years 1970 to 9999 in UTC, and without leap seconds, which no clock here can show.
Result<Timestamp> parse_timestamp(std::string_view text);
// "YYYY-MM-DD" of a date that exists, years 1970 to 9999; strict.
Result<Day> parse_day(std::string_view text);

}  // namespace metergate
