// Instants, clocks and time zones.
//
// A Timestamp is an instant in UTC with millisecond precision; a Day is a calendar date without a
// zone. Only time.cpp reads the machine's clock and the tz database; all other code is handed a
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

// The range of the text format: the years 1970 to 9999.
inline constexpr Timestamp kTimestampMin{Milliseconds{0}};
inline constexpr Timestamp kTimestampMax{Milliseconds{253'402'300'799'999}};

// Half-open: start is in, end is out.
struct Window {
  Timestamp start;
  Timestamp end;
  bool contains(Timestamp at) const { return start <= at && at < end; }
  friend bool operator==(const Window&, const Window&) = default;
};

// The time of the machine's clock and the time that other witnesses support.
struct ClockDoubt {
  Timestamp now;
  Timestamp settled_now;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  // Never goes back; only differences have a meaning.
  virtual Microseconds steady() const = 0;
  // The time for actions that cannot be undone (closing a period, removing old records): never
  // ahead of now(), and behind it while the clock is doubted; see settled_clock.h.
  virtual Timestamp settled_now() const { return now(); }
  virtual std::optional<ClockDoubt> doubt() const { return std::nullopt; }
  // Reports the time that someone outside, with a clock of their own, sent just now.
  virtual void witness(Timestamp /*at*/) const {}
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  Microseconds steady() const override;
};

// A clock that moves only when it is told to; for tests and for invented history.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_ms_(start.time_since_epoch().count()) {}
  Timestamp now() const override { return Timestamp{Milliseconds{now_ms_.load()}}; }
  Microseconds steady() const override { return Milliseconds{now_ms_ - jumped_ms_}; }
  void set(Timestamp at) { now_ms_ = at.time_since_epoch().count(); }
  void advance(Milliseconds by) { now_ms_ += by.count(); }
  // Sets the clock as a person would: steady() does not move.
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
  // Finds a zone by its IANA name ("Asia/Kathmandu"); ErrorCode::invalid if the system's tz
  // database does not have it.
  static Result<TimeZone> find(std::string_view name);
  static TimeZone utc();
  static std::vector<std::string> all_names();

  const std::string& name() const { return name_; }
  // The local date, consistent with start_of: start_of(day_of(t)) <= t.
  Day day_of(Timestamp at) const;
  // The first instant of a date. If midnight is skipped, the end of the gap; if it occurs twice,
  // the first. Days therefore tile without gap or overlap; a skipped date has no length.
  Timestamp start_of(Day day) const;
  std::chrono::seconds offset_at(Timestamp at) const;

 private:
  TimeZone(std::string name, const void* zone) : name_(std::move(name)), zone_(zone) {}
  std::string name_;
  const void* zone_;  // a record of the tz library, immutable, alive for the whole process
};

// Writes RFC 3339 in UTC with milliseconds: "2026-03-05T10:30:00.000Z".
std::string to_text(Timestamp at);
// Writes RFC 3339 with seconds and the zone's offset in whole minutes: "2026-03-05T10:30:00+00:00".
std::string to_text(Timestamp at, const TimeZone& zone);
// Writes "2026-03-05".
std::string to_text(Day day);
// Reads RFC 3339 with any offset and up to nine decimals of a second (cut to milliseconds). Strict:
// years 1970 to 9999 in UTC, no leap seconds, which no clock here can show.
Result<Timestamp> parse_timestamp(std::string_view text);
// Reads "YYYY-MM-DD", an existing date in the years 1970 to 9999. Strict.
Result<Day> parse_day(std::string_view text);

}  // namespace metergate
