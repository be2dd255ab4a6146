#include "domain/period.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate {
namespace {

using std::chrono::days;
using std::chrono::hours;

TimeZone zone(std::string_view name) {
  auto found = TimeZone::find(name);
  EXPECT_TRUE(found.has_value()) << name;
  return found ? *found : TimeZone::utc();
}

Timestamp instant(std::string_view text) {
  auto at = parse_timestamp(text);
  EXPECT_TRUE(at.has_value()) << text;
  return at.value_or(Timestamp{});
}

Day day(std::string_view text) {
  auto found = parse_day(text);
  EXPECT_TRUE(found.has_value()) << text;
  return found.value_or(Day{});
}

Period period(std::string_view text) {
  auto found = Period::parse(text);
  EXPECT_TRUE(found.has_value()) << text;
  return found.value_or(Period{});
}

TEST(Period, ReadsYearAndMonthExactly) {
  EXPECT_EQ(period("2026-03").text(), "2026-03");
  EXPECT_EQ(period("1970-01").text(), "1970-01");
  EXPECT_EQ(period("9999-12").text(), "9999-12");
}

TEST(Period, RefusesEverythingElse) {
  for (const char* text : {"", "2026", "2026-3", "2026-00", "2026-13", "1969-12", "2026-03-01",
                           "2026/03", " 2026-03", "+026-03", "2026-+3", "2026-0x", "20260-3"}) {
    const auto parsed = Period::parse(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid);
    EXPECT_NE(parsed.error().message.find("'" + std::string{text} + "'"), std::string::npos);
  }
}

TEST(Period, FollowsTheCalendar) {
  EXPECT_EQ(period("2026-12").next(), period("2027-01"));
  EXPECT_EQ(period("2027-01").previous(), period("2026-12"));
  EXPECT_EQ(period("2028-02").last_day(), day("2028-02-29"));
  EXPECT_EQ(period("2026-02").last_day(), day("2026-02-28"));
  EXPECT_EQ(period("2026-03").first_day(), day("2026-03-01"));
  EXPECT_LT(period("2026-12"), period("2027-01"));
}

RC_GTEST_PROP(Period, OrdinalComesBack, ()) {
  const auto ordinal = *rc::gen::inRange(1970 * 12, 9999 * 12 + 12);
  const Period there = Period::from_ordinal(ordinal);
  RC_ASSERT(there.ordinal() == ordinal);
  RC_ASSERT(there.next().ordinal() == ordinal + 1);
  RC_ASSERT(Period::parse(there.text()).value() == there);
}

TEST(Period, AnEventBelongsToThePeriodThatItsWallClockShows) {
  const Timestamp at = instant("2026-03-31T20:00:00Z");
  EXPECT_EQ(Period::of(at, TimeZone::utc()), period("2026-03"));
  EXPECT_EQ(Period::of(at, zone("Asia/Bangkok")), period("2026-04"));
  EXPECT_EQ(Period::of(instant("2026-04-01T03:59:59.999Z"), zone("America/New_York")),
            period("2026-03"));
  EXPECT_EQ(Period::of(instant("2026-04-01T04:00:00Z"), zone("America/New_York")),
            period("2026-04"));
}

TEST(Period, HalfHourOffsetsCutOnTheHalfHour) {
  EXPECT_EQ(period("2026-03").window(zone("Asia/Kathmandu")),
            (Window{instant("2026-02-28T18:15:00Z"), instant("2026-03-31T18:15:00Z")}));
  // Lord Howe changes its clocks by half an hour: from +11:00 to +10:30 on 5 April 2026.
  EXPECT_EQ(period("2026-04").window(zone("Australia/Lord_Howe")),
            (Window{instant("2026-03-31T13:00:00Z"), instant("2026-04-30T13:30:00Z")}));
}

TEST(Period, ADayWithoutMidnightBeginsAtTheEndOfTheGap) {
  EXPECT_EQ(zone("Asia/Beirut").start_of(day("2022-03-27")), instant("2022-03-26T22:00:00Z"));
  EXPECT_EQ(zone("America/Havana").start_of(day("2026-03-08")), instant("2026-03-08T05:00:00Z"));
  EXPECT_EQ(zone("Africa/Cairo").start_of(day("2026-04-24")), instant("2026-04-23T22:00:00Z"));
}

TEST(Period, ADayThatWasSkippedHasNoLength) {
  const TimeZone apia = zone("Pacific/Apia");
  EXPECT_EQ(apia.start_of(day("2011-12-30")), apia.start_of(day("2011-12-31")));
  const Window december = period("2011-12").window(apia);
  EXPECT_EQ(december.end - december.start, days{30});
  EXPECT_EQ(apia.day_of(apia.start_of(day("2011-12-31"))), day("2011-12-31"));
  EXPECT_EQ(apia.day_of(apia.start_of(day("2011-12-31")) - Milliseconds{1}), day("2011-12-29"));
}

// Checks one boundary between days: the instant before it belongs to an earlier day, the boundary
// itself to the day that begins there.
void expect_tiling_at(const TimeZone& where, Day later) {
  const Timestamp boundary = where.start_of(later);
  const Timestamp after = where.start_of(later + days{1});
  ASSERT_LE(boundary, after) << where.name() << " " << to_text(later);
  ASSERT_LT(where.day_of(boundary - Milliseconds{1}), later)
      << where.name() << " " << to_text(later);
  if (boundary < after) {
    ASSERT_EQ(where.day_of(boundary), later) << where.name() << " " << to_text(later);
    ASSERT_EQ(where.day_of(after - Milliseconds{1}), later)
        << where.name() << " " << to_text(later);
  }
}

void expect_period_tiling_at(const TimeZone& where, Period later) {
  const Window before = later.previous().window(where);
  const Window window = later.window(where);
  ASSERT_EQ(before.end, window.start) << where.name() << " " << later.text();
  ASSERT_LT(window.start, window.end) << where.name() << " " << later.text();
  ASSERT_EQ(Period::of(window.start, where), later) << where.name() << " " << later.text();
  ASSERT_EQ(Period::of(window.start - Milliseconds{1}, where), later.previous())
      << where.name() << " " << later.text();
}

// Between two clock changes all days are alike, so the first of each month and the days around each
// change are enough.
TEST(Period, DaysAndPeriodsTileTimeInEveryZoneFrom1990To2060) {
  const Day last = day("2060-12-31");
  const auto names = TimeZone::all_names();
  ASSERT_GT(names.size(), 300U);
  for (const std::string& name : names) {
    const TimeZone where = zone(name);
    std::chrono::seconds offset = where.offset_at(instant("1990-01-01T00:00:00Z"));
    for (Day at = day("1990-01-01"); at <= last; at += days{1}) {
      const auto noon = Timestamp{at.time_since_epoch() + hours{12}};
      const auto offset_now = where.offset_at(noon);
      if (offset_now != offset) {
        for (int i = -2; i <= 2; ++i)
          ASSERT_NO_FATAL_FAILURE(expect_tiling_at(where, at + days{i}));
      }
      offset = offset_now;
      if (Period::of(at).first_day() != at) continue;
      ASSERT_NO_FATAL_FAILURE(expect_tiling_at(where, at));
      ASSERT_NO_FATAL_FAILURE(expect_period_tiling_at(where, Period::of(at)));
    }
  }
}

TEST(Period, StaysOpenForTheGraceAfterItsEnd) {
  const Period march = period("2026-03");
  const TimeZone utc = TimeZone::utc();
  EXPECT_FALSE(is_closed_by_time(march, instant("2026-03-15T00:00:00Z"), utc, hours{72}));
  EXPECT_FALSE(is_closed_by_time(march, instant("2026-04-03T23:59:59.999Z"), utc, hours{72}));
  EXPECT_TRUE(is_closed_by_time(march, instant("2026-04-04T00:00:00Z"), utc, hours{72}));
  EXPECT_TRUE(is_closed_by_time(march, instant("2026-04-01T00:00:00Z"), utc, hours{0}));
  EXPECT_FALSE(is_closed_by_time(march, instant("2026-04-04T02:00:00Z"), zone("America/New_York"),
                                 hours{72}));
}

TEST(GroupBy, IsNamedDayWeekOrMonth) {
  for (const GroupBy group_by : {GroupBy::day, GroupBy::week, GroupBy::month})
    EXPECT_EQ(parse_group_by(to_text(group_by)), group_by);
  EXPECT_FALSE(parse_group_by("").has_value());
  EXPECT_FALSE(parse_group_by("Day").has_value());
  EXPECT_FALSE(parse_group_by("year").has_value());
}

TEST(GroupBy, WeeksBeginOnMonday) {
  EXPECT_EQ(group_start(day("2026-03-01"), GroupBy::week), day("2026-02-23"));
  EXPECT_EQ(group_start(day("2026-03-02"), GroupBy::week), day("2026-03-02"));
  EXPECT_EQ(group_start(day("2027-01-01"), GroupBy::week), day("2026-12-28"));
}

TEST(GroupBy, MonthsBeginOnTheFirst) {
  EXPECT_EQ(group_start(day("2028-02-29"), GroupBy::month), day("2028-02-01"));
  EXPECT_EQ(next_group(day("2026-12-01"), GroupBy::month), day("2027-01-01"));
  EXPECT_EQ(next_group(day("2026-12-28"), GroupBy::week), day("2027-01-04"));
  EXPECT_EQ(next_group(day("2026-12-31"), GroupBy::day), day("2027-01-01"));
}

RC_GTEST_PROP(GroupBy, EveryDayLiesInExactlyOneGroup, ()) {
  const Day at{days{*rc::gen::inRange(0, 60'000)}};
  for (const GroupBy group_by : {GroupBy::day, GroupBy::week, GroupBy::month}) {
    const Day start = group_start(at, group_by);
    RC_ASSERT(start <= at && at < next_group(start, group_by));
    RC_ASSERT(group_start(start, group_by) == start);
    RC_ASSERT(group_start(next_group(start, group_by), group_by) == next_group(start, group_by));
  }
}

}  // namespace
}  // namespace metergate
