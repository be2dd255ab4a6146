#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace metergate {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

Timestamp instant(std::string_view text) {
  const auto parsed = parse_timestamp(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Timestamp{});
}

Day date(std::string_view text) {
  const auto parsed = parse_day(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Day{});
}

TimeZone zone(std::string_view name) { return *TimeZone::find(name); }

TEST(ParseTimestamp, TakesEveryFormOfRfc3339) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"2026-03-05T10:30:00Z", "2026-03-05T10:30:00.000Z"},
      {"2026-03-05t10:30:00z", "2026-03-05T10:30:00.000Z"},
      {"2026-03-05T10:30:00.1Z", "2026-03-05T10:30:00.100Z"},
      {"2026-03-05T10:30:00.123999999Z", "2026-03-05T10:30:00.123Z"},
      {"2026-03-05T10:30:00+00:00", "2026-03-05T10:30:00.000Z"},
      {"2026-03-05T10:30:00-00:00", "2026-03-05T10:30:00.000Z"},
      {"2026-03-05T10:30:00+05:45", "2026-03-05T04:45:00.000Z"},
      {"2026-03-05T22:30:00.5-09:30", "2026-03-06T08:00:00.500Z"},
      {"2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"},
      {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
      {"2038-01-19T03:14:08Z", "2038-01-19T03:14:08.000Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
      {"1970-01-01T01:00:00+01:00", "1970-01-01T00:00:00.000Z"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(to_text(instant(text)), wanted) << text;
}

TEST(ParseTimestamp, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "now",
                                      "2026-03-05",
                                      "2026-03-05T10:30Z",
                                      "2026-03-05T10:30:00",
                                      "2026-03-05 10:30:00Z",
                                      "2026-3-5T10:30:00Z",
                                      "26-03-05T10:30:00Z",
                                      "2026-03-05T10:30:00.Z",
                                      "2026-03-05T10:30:00,5Z",
                                      "2026-03-05T10:30:00.1234567890Z",
                                      "2026-03-05T24:00:00Z",
                                      "2026-03-05T10:60:00Z",
                                      "2026-03-05T10:30:60Z",
                                      "2026-13-05T10:30:00Z",
                                      "2026-00-05T10:30:00Z",
                                      "2026-03-00T10:30:00Z",
                                      "2026-02-29T10:30:00Z",
                                      "2100-02-29T10:30:00Z",
                                      "2026-04-31T10:30:00Z",
                                      "2026-03-05T10:30:00+5:45",
                                      "2026-03-05T10:30:00+0545",
                                      "2026-03-05T10:30:00+05",
                                      "2026-03-05T10:30:00+24:00",
                                      "2026-03-05T10:30:00+05:60",
                                      "2026-03-05T10:30:00+05:45x",
                                      "2026-03-05T10:30:00ZZ",
                                      " 2026-03-05T10:30:00Z",
                                      "2026-03-05T10:30:00Z ",
                                      "2026-03-05T10:30:00 Z",
                                      "-026-03-05T10:30:00Z",
                                      "2026-+3-05T10:30:00Z",
                                      "2026-03-05T-1:30:00Z",
                                      "2026-03-05T10.30.00Z",
                                      "2026/03/05T10:30:00Z",
                                      "20260305T103000Z",
                                      "2026-03-05T10:30:00\xe2\x88\x92"
                                      "05:00",
                                      "1772706600",
                                      "2026-W10-4T10:30:00Z",
                                      "0000-01-01T00:00:00Z",
                                      "1969-12-31T23:59:59Z",
                                      "1970-01-01T00:00:00+00:01",
                                      "9999-12-31T23:59:59-00:01",
                                      "10000-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
  EXPECT_FALSE(parse_timestamp(std::string_view("2026-03-05T10:30:00Z\0", 21)));
}

TEST(ParseTimestamp, NamesTheTextThatItRefusesButNotAllOfALongOne) {
  const auto refused = parse_timestamp("tomorrow");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_NE(refused.error().message.find("'tomorrow'"), std::string::npos);
  EXPECT_LT(parse_timestamp(std::string(100'000, 'x')).error().message.size(), 200U);
}

RC_GTEST_PROP(ParseTimestamp, ComesBackAsItWas, ()) {
  const Timestamp at{Milliseconds{
      *rc::gen::inRange<std::int64_t>(0, kTimestampMax.time_since_epoch().count() + 1)}};
  RC_ASSERT(*parse_timestamp(to_text(at)) == at);
}

RC_GTEST_PROP(ParseTimestamp, ComesBackFromAnyZoneToTheSecond, ()) {
  static const auto names = TimeZone::all_names();
  const auto name = *rc::gen::elementOf(names);
  // From 1973 on, every zone's offset is a whole number of minutes.
  const Timestamp at{
      std::chrono::seconds{*rc::gen::inRange<std::int64_t>(94'694'400, 4'102'444'800)}};
  RC_ASSERT(*parse_timestamp(to_text(at, zone(name))) == at);
}

TEST(ParseDay, TakesDatesThatExistAndNoOthers) {
  EXPECT_EQ(to_text(date("2024-02-29")), "2024-02-29");
  EXPECT_EQ(to_text(date("1970-01-01")), "1970-01-01");
  EXPECT_EQ(to_text(date("9999-12-31")), "9999-12-31");
  for (const std::string_view text :
       {"", "2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-01", "2026-01-00",
        "2026-1-01", "26-01-01", "2026-01-01 ", " 2026-01-01", "2026/01/01", "20260101", "2026-01",
        "1969-12-31", "0000-01-01", "10000-01-01", "2026-01-+1", "2026-01-0x"}) {
    EXPECT_FALSE(parse_day(text)) << text;
  }
}

TEST(TextInAZone, CarriesTheOffsetOfThatMoment) {
  EXPECT_EQ(to_text(instant("2026-03-05T10:30:00.999Z"), TimeZone::utc()),
            "2026-03-05T10:30:00+00:00");
  EXPECT_EQ(to_text(instant("2026-03-05T10:30:00Z"), zone("America/St_Johns")),
            "2026-03-05T07:00:00-03:30");
  EXPECT_EQ(to_text(instant("2026-07-05T10:30:00Z"), zone("America/St_Johns")),
            "2026-07-05T08:00:00-02:30");
  EXPECT_EQ(to_text(instant("2026-03-05T20:30:00Z"), zone("Asia/Bangkok")),
            "2026-03-06T03:30:00+07:00");
}

TEST(TextInAZone, SaysTheSameInstantWhereTheOffsetHasSeconds) {
  // Liberia was 44 minutes and 30 seconds behind until 1972.
  const Timestamp at = instant("1971-06-01T12:00:00Z");
  EXPECT_EQ(instant(to_text(at, zone("Africa/Monrovia"))), at);
}

TEST(TimeZoneNames, AreThoseOfTheDatabase) {
  EXPECT_TRUE(TimeZone::find("Asia/Kathmandu"));
  EXPECT_EQ(TimeZone::find("Asia/Kathmandu")->name(), "Asia/Kathmandu");
  EXPECT_TRUE(TimeZone::find("UTC"));
  for (const std::string_view name :
       {"", "Asia", "asia/kathmandu", "Nowhere/City", "../../etc/passwd", "/etc/localtime",
        "Asia/../UTC", "UTC ", "+05:45"}) {
    const auto found = TimeZone::find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, ErrorCode::invalid);
  }
  EXPECT_FALSE(TimeZone::find(std::string_view("UTC\0x", 5)));
}

TEST(TimeZoneNames, AllCanBeFound) {
  const auto names = TimeZone::all_names();
  EXPECT_GT(names.size(), 300U);
  for (const std::string& name : names) EXPECT_TRUE(TimeZone::find(name)) << name;
}

TEST(StartOfDay, IsTheEndOfTheGapWhereMidnightIsSkipped) {
  // Clocks in Cairo went from 24:00 on 27 April 2023 straight to 01:00.
  const TimeZone cairo = zone("Africa/Cairo");
  EXPECT_EQ(cairo.start_of(date("2023-04-28")), instant("2023-04-27T22:00:00Z"));
  EXPECT_EQ(to_text(cairo.start_of(date("2023-04-28")), cairo), "2023-04-28T01:00:00+03:00");
}

TEST(StartOfDay, IsTheFirstMidnightWhereItComesTwice) {
  // In Havana 1:00 became 0:00 on 3 November 2024: the day has 25 hours.
  const TimeZone havana = zone("America/Havana");
  EXPECT_EQ(havana.start_of(date("2024-11-03")), instant("2024-11-03T04:00:00Z"));
  EXPECT_EQ(havana.start_of(date("2024-11-04")) - havana.start_of(date("2024-11-03")), hours{25});
}

TEST(StartOfDay, IsAfterTheRepeatedHourWhereMidnightBecomesEleven) {
  // In Beirut 24:00 on 26 October 2024 became 23:00 once more: that day has 25 hours.
  const TimeZone beirut = zone("Asia/Beirut");
  EXPECT_EQ(beirut.start_of(date("2024-10-27")), instant("2024-10-26T22:00:00Z"));
  EXPECT_EQ(beirut.day_of(instant("2024-10-26T21:30:00Z")), date("2024-10-26"));
}

TEST(StartOfDay, GivesASkippedDateNoLength) {
  const TimeZone apia = zone("Pacific/Apia");
  EXPECT_EQ(apia.start_of(date("2011-12-30")), apia.start_of(date("2011-12-31")));
  EXPECT_EQ(apia.day_of(apia.start_of(date("2011-12-31"))), date("2011-12-31"));
  EXPECT_EQ(apia.day_of(apia.start_of(date("2011-12-31")) - Milliseconds{1}), date("2011-12-29"));
}

TEST(DayOf, NeverGoesBackWhereClocksRepeatTheEndOfADay) {
  // In St. John's 0:01 on 7 November 2010 became 23:01 of the day before; that date had begun.
  const TimeZone st_johns = zone("America/St_Johns");
  const Timestamp midnight = st_johns.start_of(date("2010-11-07"));
  EXPECT_EQ(midnight, instant("2010-11-07T02:30:00Z"));
  for (Timestamp at = midnight; at < midnight + hours{3}; at += minutes{1})
    EXPECT_EQ(st_johns.day_of(at), date("2010-11-07"));
  EXPECT_EQ(st_johns.day_of(midnight - Milliseconds{1}), date("2010-11-06"));
}

TEST(Days, TileWithoutGapOrOverlapInEveryZone) {
  for (const std::string& name : TimeZone::all_names()) {
    const TimeZone where = zone(name);
    Timestamp start = where.start_of(date("2009-12-31"));
    for (Day day = date("2009-12-31"); day < date("2027-01-01"); day += days{1}) {
      const Timestamp end = where.start_of(day + days{1});
      ASSERT_LE(start, end) << name << " " << to_text(day);
      if (start < end) {
        ASSERT_EQ(where.day_of(start), day) << name << " " << to_text(day);
        ASSERT_EQ(where.day_of(end - Milliseconds{1}), day) << name << " " << to_text(day);
      }
      start = end;
    }
  }
}

RC_GTEST_PROP(Days, EveryInstantLiesInTheDayThatItIsGiven, ()) {
  static const auto names = TimeZone::all_names();
  const TimeZone where = zone(*rc::gen::elementOf(names));
  const Timestamp at{Milliseconds{*rc::gen::inRange<std::int64_t>(0, 4'102'444'800'000)}};
  const Day day = where.day_of(at);
  RC_ASSERT(where.start_of(day) <= at);
  RC_ASSERT(at < where.start_of(day + days{1}));
}

TEST(WindowBounds, AreHalfOpen) {
  const Window window{Timestamp{Milliseconds{10}}, Timestamp{Milliseconds{20}}};
  EXPECT_FALSE(window.contains(Timestamp{Milliseconds{9}}));
  EXPECT_TRUE(window.contains(Timestamp{Milliseconds{10}}));
  EXPECT_TRUE(window.contains(Timestamp{Milliseconds{19}}));
  EXPECT_FALSE(window.contains(Timestamp{Milliseconds{20}}));
}

TEST(ManualClock, StandsStillUntilItIsMoved) {
  ManualClock clock{Timestamp{Milliseconds{5}}};
  EXPECT_EQ(clock.now(), Timestamp{Milliseconds{5}});
  clock.advance(Milliseconds{3});
  EXPECT_EQ(clock.now(), Timestamp{Milliseconds{8}});
  EXPECT_EQ(clock.steady(), Milliseconds{8});
  clock.set(Timestamp{});
  EXPECT_EQ(clock.now(), Timestamp{});
}

TEST(SystemClock, SteadyTimeNeverGoesBack) {
  const SystemClock clock;
  EXPECT_GT(clock.now(), Timestamp{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}});
  Microseconds last = clock.steady();
  for (int i = 0; i < 1000; ++i) {
    const Microseconds next = clock.steady();
    EXPECT_GE(next, last);
    last = next;
  }
}

}  // namespace
}  // namespace metergate
