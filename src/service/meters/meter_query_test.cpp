#include "service/meters/meter_query.h"

#include <fmt/format.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class MeterQueryTest : public ServicesWorld, public testing::Test {
 protected:
  MeterQueryTest() {
    add("acme", "basic");
    add("bolt", "basic");
  }

  void define(Folding folding, std::string slug = "tokens") {
    must(meters.add(
        {{std::move(slug), "prompt", folding, "$.n", {{"kind", "$.kind"}, {"model", "$.model"}}},
         "",
         ""},
        actor));
  }
  void prompt(std::string_view id, std::string_view when, std::string_view data) {
    record(id, at(when), OtherFact{"prompt", std::string(data)});
  }

  static MeterQuery query(std::string slug, std::string_view from, std::string_view to,
                          std::optional<WindowSize> size = {}) {
    MeterQuery query;
    query.slug = std::move(slug);
    query.from = at(from);
    query.to = at(to);
    query.size = size;
    return query;
  }
  // "2026-03-05T10:00 acme gpt 3; …": starts to the minute, missing values as "-".
  static std::string rows(const MeterResult& result) {
    std::string text;
    for (const MeterResultRow& row : result.rows) {
      text += to_text(row.window.start).substr(0, 16) + " " + row.subject.value_or("-") + " ";
      for (const auto& value : row.group) text += value.value_or("-") + " ";
      text += to_text(row.value) + "; ";
    }
    return text;
  }
  std::string ask(const MeterQuery& wanted) { return rows(must(meter_queries.run(wanted))); }
  Error refused(const MeterQuery& wanted) {
    const auto result = meter_queries.run(wanted);
    EXPECT_FALSE(result.has_value());
    return result ? Error{} : result.error();
  }

  static constexpr std::string_view kFirst = "2026-03-01T00:00:00Z";
  static constexpr std::string_view kEnd = "2026-04-01T00:00:00Z";
};

TEST_F(MeterQueryTest, WithoutAWindowSizeTheRangeIsOneRow) {
  define(Folding::sum);
  prompt("acme", "2026-03-02T10:00:30Z", R"({"n":1})");
  prompt("bolt", "2026-03-09T10:00:00Z", R"({"n":2.5})");
  EXPECT_EQ(ask(query("tokens", kFirst, kEnd)), "2026-03-01T00:00 - 3.5; ");
  const MeterResult result = must(meter_queries.run(query("tokens", kFirst, kEnd)));
  EXPECT_EQ(result.rows[0].window, (Window{at(kFirst), at(kEnd)}));
}

TEST_F(MeterQueryTest, WindowsOfEverySizeAddUpToTheSame) {
  define(Folding::sum);
  prompt("acme", "2026-03-02T10:00:30Z", R"({"n":1})");
  prompt("acme", "2026-03-02T10:01:00Z", R"({"n":2})");
  prompt("acme", "2026-03-02T11:59:59Z", R"({"n":4})");
  prompt("acme", "2026-03-08T23:59:59Z", R"({"n":8})");
  prompt("acme", "2026-03-09T00:00:00Z", R"({"n":16})");
  EXPECT_EQ(ask(query("tokens", kFirst, kEnd, WindowSize::minute)),
            "2026-03-02T10:00 - 1; 2026-03-02T10:01 - 2; 2026-03-02T11:59 - 4; "
            "2026-03-08T23:59 - 8; 2026-03-09T00:00 - 16; ");
  EXPECT_EQ(ask(query("tokens", kFirst, kEnd, WindowSize::hour)),
            "2026-03-02T10:00 - 3; 2026-03-02T11:00 - 4; 2026-03-08T23:00 - 8; "
            "2026-03-09T00:00 - 16; ");
  EXPECT_EQ(ask(query("tokens", kFirst, kEnd, WindowSize::day)),
            "2026-03-02T00:00 - 7; 2026-03-08T00:00 - 8; 2026-03-09T00:00 - 16; ");
  EXPECT_EQ(ask(query("tokens", kFirst, kEnd, WindowSize::week)),
            "2026-03-02T00:00 - 15; 2026-03-09T00:00 - 16; ");
  EXPECT_EQ(ask(query("tokens", kFirst, kEnd, WindowSize::month)), "2026-03-01T00:00 - 31; ");
}

TEST_F(MeterQueryTest, OnlyWhatLiesInTheRangeCountsAndItsEndsAreWholeMinutes) {
  define(Folding::count);
  for (const char* when : {"2026-03-02T10:00:59Z", "2026-03-02T10:01:00Z", "2026-03-03T12:00:00Z",
                           "2026-03-04T10:00:59Z", "2026-03-04T10:01:00Z"})
    prompt("acme", when, "{}");
  MeterQuery wanted = query("tokens", "2026-03-02T10:01:00Z", "2026-03-04T10:01:00Z");
  EXPECT_EQ(ask(wanted), "2026-03-02T10:01 - 3; ");
  wanted.size = WindowSize::day;
  EXPECT_EQ(ask(wanted), "2026-03-02T00:00 - 1; 2026-03-03T00:00 - 1; 2026-03-04T00:00 - 1; ");
  wanted = query("tokens", "2026-03-02T10:01:30Z", "2026-03-04T10:01:30Z");
  const MeterResult result = must(meter_queries.run(wanted));
  EXPECT_EQ(result.from, at("2026-03-02T10:01:00Z"));
  EXPECT_EQ(result.to, at("2026-03-04T10:02:00Z"));
  EXPECT_EQ(rows(result), "2026-03-02T10:01 - 4; ");
}

TEST_F(MeterQueryTest, AnotherTimeZoneCutsOtherDays) {
  define(Folding::sum);
  prompt("acme", "2026-03-02T18:14:59Z", R"({"n":1})");
  prompt("acme", "2026-03-02T18:15:00Z", R"({"n":2})");
  MeterQuery wanted = query("tokens", kFirst, kEnd, WindowSize::day);
  wanted.zone = must(TimeZone::find("Asia/Kathmandu"));
  EXPECT_EQ(ask(wanted), "2026-03-01T18:15 - 1; 2026-03-02T18:15 - 2; ");
}

TEST_F(MeterQueryTest, GroupsAndFiltersWorkTogether) {
  define(Folding::sum);
  prompt("acme", "2026-03-02T10:00:00Z", R"({"n":1,"model":"x","kind":"in"})");
  prompt("acme", "2026-03-02T10:00:00Z", R"({"n":2,"model":"x","kind":"out"})");
  prompt("acme", "2026-03-02T10:00:00Z", R"({"n":4,"model":"y","kind":"in"})");
  prompt("bolt", "2026-03-02T10:00:00Z", R"({"n":8,"model":"y"})");
  MeterQuery wanted = query("tokens", kFirst, kEnd);
  wanted.group_by = {"model"};
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 - x 3; 2026-03-01T00:00 - y 12; ");
  wanted.group_by = {"model", "kind"};
  EXPECT_EQ(ask(wanted),
            "2026-03-01T00:00 - x in 1; 2026-03-01T00:00 - x out 2; 2026-03-01T00:00 - y - 8; "
            "2026-03-01T00:00 - y in 4; ");
  wanted.group_by = {};
  wanted.by_subject = true;
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 acme 7; 2026-03-01T00:00 bolt 8; ");
  wanted.group_filters = {{"kind", GroupFilter::any_of({"in"})}};
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 acme 5; ");
  wanted.group_filters = {{"kind", GroupFilter::any_of({"in"})},
                          {"model", GroupFilter::any_of({"y"})}};
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 acme 4; ");
  wanted.group_filters = {{"kind", GroupFilter::any_of({"in", "out", "sideways"})}};
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 acme 7; ");
  wanted.group_filters = {{"kind", GroupFilter::any_of({})}};
  EXPECT_EQ(ask(wanted), "");
  wanted = query("tokens", kFirst, kEnd);
  wanted.subjects = {tenant("bolt"), tenant("nobody")};
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 bolt 8; ");
}

TEST_F(MeterQueryTest, EveryAggregationIsTakenOverAllThatARowHolds) {
  const std::vector<std::pair<Folding, std::string>> wanted = {
      {Folding::count, "4"},       {Folding::sum, "16"},      {Folding::average, "4"},
      {Folding::least, "1"},       {Folding::greatest, "10"}, {Folding::latest, "1"},
      {Folding::unique_count, "3"}};
  for (const auto& [folding, value] : wanted)
    define(folding, fmt::format("m{}", value + std::to_string(static_cast<int>(folding))));
  prompt("acme", "2026-03-02T10:00:00Z", R"({"n":4,"model":"x"})");
  prompt("acme", "2026-03-05T10:00:00Z", R"({"n":1,"model":"y"})");
  prompt("acme", "2026-03-04T10:00:00Z", R"({"n":10,"model":"z"})");
  prompt("bolt", "2026-03-01T10:00:00Z", R"({"n":1})");
  for (const auto& [folding, value] : wanted) {
    const std::string slug = fmt::format("m{}", value + std::to_string(static_cast<int>(folding)));
    EXPECT_EQ(ask(query(slug, kFirst, kEnd)), "2026-03-01T00:00 - " + value + "; ") << slug;
  }
}

TEST_F(MeterQueryTest, UnusableEventsAreToldAndMakeNoRow) {
  define(Folding::sum);
  prompt("acme", "2026-03-02T10:00:00Z", R"({"n":"many"})");
  prompt("acme", "2026-03-03T10:00:00Z", R"({"n":1})");
  const MeterResult result =
      must(meter_queries.run(query("tokens", kFirst, kEnd, WindowSize::day)));
  EXPECT_EQ(rows(result), "2026-03-03T00:00 - 1; ");
  EXPECT_EQ(result.unusable, 1);
  EXPECT_EQ(meter_result_json(result).integer_at("unusableEvents"), 1);
}

TEST_F(MeterQueryTest, WithoutARangeItIsAllThatIsKeptUntilNow) {
  define(Folding::count);
  prompt("acme", "2026-02-02T10:00:00Z", "{}");
  prompt("acme", "2026-03-10T11:59:00Z", "{}");
  MeterQuery wanted;
  wanted.slug = "tokens";
  const MeterResult result = must(meter_queries.run(wanted));
  EXPECT_EQ(result.to, clock.now());
  EXPECT_EQ(result.from, at("2025-03-01T00:00:00Z"));
  EXPECT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(to_text(result.rows[0].value), "2");
}

TEST_F(MeterQueryTest, ARangeThatIsEmptyIsRefused) {
  EXPECT_EQ(refused(query("api_calls", kEnd, kFirst)).faults.front().field, "to");
  EXPECT_EQ(refused(query("api_calls", kFirst, kFirst)).code, ErrorCode::invalid);
}

TEST_F(MeterQueryTest, WhatTheMeterDoesNotGroupByIsRefusedByName) {
  define(Folding::sum);
  MeterQuery wanted = query("tokens", kFirst, kEnd);
  wanted.group_by = {"region"};
  wanted.group_filters = {{"city", GroupFilter::any_of({"x"})}};
  const Error error = refused(wanted);
  ASSERT_EQ(error.faults.size(), 2U);
  EXPECT_EQ(error.faults[1].field, "filterGroupBy[city]");
  EXPECT_NE(error.faults[0].message.find("subject, kind, model"), std::string::npos);
  EXPECT_EQ(refused(query("nothing", kFirst, kEnd)).code, ErrorCode::not_found);
}

TEST_F(MeterQueryTest, MinutesThatAreNoLongerKeptAreRefusedDaysAreNot) {
  define(Folding::count);
  prompt("acme", "2026-02-02T10:00:00Z", "{}");
  Batch close;
  close.close_through = period("2026-02");
  must(store->apply(close));
  must(store->retire({std::nullopt, at("2026-03-01T00:00:00Z")}));
  EXPECT_EQ(refused(query("tokens", "2026-02-01T00:00:00Z", kEnd, WindowSize::hour)).code,
            ErrorCode::invalid);
  EXPECT_EQ(ask(query("tokens", "2026-02-01T00:00:00Z", kEnd, WindowSize::day)),
            "2026-02-02T00:00 - 1; ");
}

TEST_F(MeterQueryTest, CallsAreCountedInWindowsOfEverySize) {
  one_call("acme", "2026-03-02T10:00:30Z");
  one_call("acme", "2026-03-02T10:59:59Z");
  one_call("bolt", "2026-03-02T11:00:00Z");
  one_call("acme", "2026-03-03T00:00:00Z");
  EXPECT_EQ(ask(query("api_calls", kFirst, kEnd)), "2026-03-01T00:00 - 4; ");
  EXPECT_EQ(ask(query("api_calls", kFirst, kEnd, WindowSize::day)),
            "2026-03-02T00:00 - 3; 2026-03-03T00:00 - 1; ");
  EXPECT_EQ(ask(query("api_calls", kFirst, kEnd, WindowSize::hour)),
            "2026-03-02T10:00 - 2; 2026-03-02T11:00 - 1; 2026-03-03T00:00 - 1; ");
  EXPECT_EQ(ask(query("api_calls", kFirst, kEnd, WindowSize::minute)),
            "2026-03-02T10:00 - 1; 2026-03-02T10:59 - 1; 2026-03-02T11:00 - 1; "
            "2026-03-03T00:00 - 1; ");
  EXPECT_EQ(
      ask(query("api_calls", "2026-03-02T10:30:00Z", "2026-03-02T11:30:00Z", WindowSize::hour)),
      "2026-03-02T10:00 - 1; 2026-03-02T11:00 - 1; ");
  MeterQuery wanted = query("api_calls", kFirst, kEnd, WindowSize::month);
  wanted.by_subject = true;
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 acme 3; 2026-03-01T00:00 bolt 1; ");
}

// Whole months are read from their counters, parts of months from their days.
TEST_F(MeterQueryTest, MonthsOfCallsAreWhatTheirDaysAddUpTo) {
  for (const std::string_view on : {"2025-12-30", "2025-12-31", "2026-01-01", "2026-01-31",
                                    "2026-02-14", "2026-02-28", "2026-03-01", "2026-03-09"}) {
    calls("acme", on, 10 + day(on).time_since_epoch().count() % 7);
    calls("bolt", on, 3);
  }
  const auto total = [&](const MeterQuery& wanted) {
    std::int64_t sum = 0;
    for (const MeterResultRow& row : must(meter_queries.run(wanted)).rows)
      sum += row.value.unscaled;
    return sum;
  };
  for (const auto& [from, to] :
       {std::pair{"2025-12-31", "2026-03-02"}, std::pair{"2026-01-01", "2026-03-01"},
        std::pair{"2026-01-02", "2026-02-28"}, std::pair{"2026-01-31", "2026-02-01"},
        std::pair{"2026-02-02", "2026-02-20"}}) {
    const std::string first = std::string(from) + "T00:00:00Z";
    const std::string end = std::string(to) + "T00:00:00Z";
    const std::int64_t days = total(query("api_calls", first, end, WindowSize::day));
    EXPECT_EQ(total(query("api_calls", first, end, WindowSize::month)), days) << from;
    EXPECT_EQ(total(query("api_calls", first, end)), days) << from;
  }
  EXPECT_EQ(ask(query("webhook_calls", "2025-12-31T00:00:00Z", "2026-03-02T00:00:00Z",
                      WindowSize::month)),
            "");
}

TEST_F(MeterQueryTest, CallsThatAreNotBillableCountInNoWindow) {
  UsageEvent own;
  own.tenant = tenant("acme");
  own.occurred_at = at("2026-03-02T10:00:00Z");
  own.billable = false;
  own.fact = ApiCall{"GET", "GET /x", "", 200, 0, 0, Microseconds{1}, "", "", ""};
  record(own);
  for (const auto size : {WindowSize::minute, WindowSize::hour, WindowSize::day})
    EXPECT_EQ(ask(query("api_calls", kFirst, kEnd, size)), "");
}

// A day until now is read from its rollup, other parts of days call by call.
TEST_F(MeterQueryTest, ADayUntilNowIsWhatItsMinutesAddUpTo) {
  one_call("acme", "2026-03-09T23:59:59Z");
  one_call("acme", "2026-03-10T00:00:00Z");
  one_call("acme", "2026-03-10T11:59:59Z");
  one_call("acme", "2026-03-10T12:00:00Z");  // now: after the end
  one_call("acme", "2026-03-10T12:04:00Z");
  record("acme", at("2026-03-10T09:00:00Z"), WebhookCall{"w", true, 200, 1, Microseconds{1}});
  const std::string_view now = "2026-03-10T12:00:00Z";
  EXPECT_EQ(ask(query("api_calls", "2026-03-09T00:00:00Z", now, WindowSize::day)),
            "2026-03-09T00:00 - 1; 2026-03-10T00:00 - 2; ");
  EXPECT_EQ(ask(query("api_calls", "2026-03-09T00:00:00Z", now, WindowSize::minute)),
            "2026-03-09T23:59 - 1; 2026-03-10T00:00 - 1; 2026-03-10T11:59 - 1; ");
  EXPECT_EQ(ask(query("api_calls", "2026-03-10T00:00:00Z", now)), "2026-03-10T00:00 - 2; ");
  EXPECT_EQ(ask(query("webhook_calls", "2026-03-10T00:00:00Z", now)), "2026-03-10T00:00 - 1; ");
  EXPECT_EQ(ask(query("api_calls", "2026-03-10T00:00:00Z", "2026-03-10T12:05:00Z")),
            "2026-03-10T00:00 - 4; ");
  EXPECT_EQ(ask(query("api_calls", "2026-03-10T00:00:00Z", "2026-03-10T11:00:00Z")),
            "2026-03-10T00:00 - 1; ");
}

TEST_F(MeterQueryTest, CallsThatWereVoidedCountInNoWindow) {
  one_call("acme", "2026-03-02T10:00:00Z");
  one_call("acme", "2026-03-02T10:00:01Z");
  CorrectionRequest wanted;
  wanted.name = {tenant("acme"), "test", "1"};
  wanted.reason = "sent twice by mistake";
  must(corrections.apply(wanted, must(corrections.find(wanted)), actor));
  for (const auto size : {WindowSize::minute, WindowSize::hour, WindowSize::day})
    EXPECT_EQ(ask(query("api_calls", kFirst, "2026-03-02T10:01:00Z", size)).substr(17), "- 1; ");
}

TEST_F(MeterQueryTest, WebhookAttemptsAreCountedToo) {
  record("acme", at("2026-03-02T10:00:00Z"), WebhookCall{"w", false, 500, 1, Microseconds{1}});
  record("acme", at("2026-03-02T10:30:00Z"), WebhookCall{"w", true, 200, 2, Microseconds{1}});
  EXPECT_EQ(ask(query("webhook_calls", kFirst, kEnd, WindowSize::hour)), "2026-03-02T10:00 - 2; ");
  EXPECT_EQ(ask(query("webhook_calls", kFirst, kEnd)), "2026-03-01T00:00 - 2; ");
}

TEST_F(MeterQueryTest, AGaugeHasItsValueAtTheEndOfEachWindow) {
  stores("acme", "2026-03-02T10:00:00Z", 3);
  stores("acme", "2026-03-04T10:00:00Z", 5);
  stores("bolt", "2026-03-04T11:00:00Z", 1);
  MeterQuery wanted =
      query("stores_count", "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z", WindowSize::day);
  EXPECT_EQ(ask(wanted),
            "2026-03-01T00:00 - 0; 2026-03-02T00:00 - 3; 2026-03-03T00:00 - 3; "
            "2026-03-04T00:00 - 6; ");
  wanted.size.reset();
  wanted.by_subject = true;
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 acme 5; 2026-03-01T00:00 bolt 1; ");
}

TEST_F(MeterQueryTest, AGaugeSaysNothingOfDaysToCome) {
  const std::string days =
      ask(query("stores_count", "2026-03-09T00:00:00Z", "2026-03-20T00:00:00Z", WindowSize::day));
  EXPECT_EQ(days, "2026-03-09T00:00 - 0; 2026-03-10T00:00 - 0; ");
}

TEST_F(MeterQueryTest, StorageIsInGigabytes) {
  storage("acme", "2026-03-02T10:00:00Z", "15.2");
  MeterQuery wanted = query("storage_gb", kFirst, kEnd);
  wanted.subjects = {tenant("acme")};
  EXPECT_EQ(ask(wanted), "2026-03-01T00:00 acme 15.2; ");
}

TEST_F(MeterQueryTest, AGaugeInHoursIsRefusedWithWhatIsPossible) {
  const Error error = refused(query("devices_count", kFirst, kEnd, WindowSize::hour));
  EXPECT_EQ(error.code, ErrorCode::invalid);
  EXPECT_NE(error.message.find("DAY, WEEK or MONTH"), std::string::npos);
}

TEST_F(MeterQueryTest, SubjectsAreTheTenantsWithAnyUsage) {
  define(Folding::count);
  prompt("bolt", "2026-03-02T10:00:00Z", "{}");
  EXPECT_EQ(must(meter_queries.subjects("tokens")), std::vector<std::string>{"bolt"});
  EXPECT_EQ(meter_queries.subjects("nothing").error().code, ErrorCode::not_found);
}

TEST_F(MeterQueryTest, TheAnswerIsWrittenAsOpenMeterWritesIt) {
  define(Folding::sum);
  prompt("acme", "2026-03-02T10:00:00Z", R"({"n":1.50,"model":"=x"})");
  MeterQuery wanted =
      query("tokens", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", WindowSize::day);
  wanted.by_subject = true;
  wanted.group_by = {"model", "kind"};
  const MeterResult result = must(meter_queries.run(wanted));
  EXPECT_EQ(to_text(meter_result_json(result)),
            R"({"from":"2026-03-02T00:00:00.000Z","to":"2026-03-03T00:00:00.000Z",)"
            R"("windowSize":"DAY","data":[{"value":1.5,"windowStart":"2026-03-02T00:00:00.000Z",)"
            R"("windowEnd":"2026-03-03T00:00:00.000Z","subject":"acme",)"
            R"("groupBy":{"model":"=x","kind":null}}],"unusableEvents":0})");
  EXPECT_EQ(meter_result_csv(result),
            "window_start,window_end,subject,model,kind,value\r\n"
            "2026-03-02T00:00:00.000Z,2026-03-03T00:00:00.000Z,acme,'=x,,1.5\r\n");
}

}  // namespace
}  // namespace metergate
