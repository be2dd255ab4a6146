#include "service/analytics/analytics.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

AnalyticsRequest request_of(std::string_view first, std::string_view last,
                            GroupBy group_by = GroupBy::day) {
  return {day(first), day(last), group_by, std::nullopt};
}

TEST(Analytics, EveryDayOfTheRangeHasARow) {
  ServicesWorld world;
  world.add("a", "free");
  world.calls("a", "2026-03-02", 5);
  const AnalyticsResult result =
      must(world.analytics.usage(request_of("2026-03-01", "2026-03-03")));
  ASSERT_EQ(result.rows.size(), 3U);
  EXPECT_EQ(result.rows[0].calls.count, 0);
  EXPECT_EQ(result.rows[1].calls.count, 5);
  EXPECT_EQ(result.rows[1].active_tenants, 1);
  EXPECT_EQ(result.rows[2].active_tenants, 0);
}

TEST(Analytics, WeeksBeginOnMondayAndAreCutByTheRange) {
  ServicesWorld world;
  world.add("a", "free");
  world.calls("a", "2026-02-23", 100);  // the Monday, before the range
  world.calls("a", "2026-02-25", 7);
  world.calls("a", "2026-03-02", 11);
  const AnalyticsResult result =
      must(world.analytics.usage(request_of("2026-02-25", "2026-03-03", GroupBy::week)));
  ASSERT_EQ(result.rows.size(), 2U);
  EXPECT_EQ(result.rows[0].date, day("2026-02-23"));
  EXPECT_EQ(result.rows[0].calls.count, 7);
  EXPECT_EQ(result.rows[1].calls.count, 11);
}

TEST(Analytics, TenantIsActiveOnceAMonthHoweverOftenItCalls) {
  ServicesWorld world;
  for (const std::string_view id : {"a", "b", "c"}) world.add(id, "free");
  world.calls("a", "2026-02-02", 1);
  world.calls("a", "2026-02-03", 1);
  world.webhooks("b", "2026-02-03", 1);
  const AnalyticsResult result =
      must(world.analytics.usage(request_of("2026-02-01", "2026-02-28", GroupBy::month)));
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0].active_tenants, 2);
  EXPECT_EQ(result.rows[0].webhooks.count, 1);
}

TEST(Analytics, StorageIsCarriedToTheDaysAfterAndNotBeyondToday) {
  ServicesWorld world;
  world.add("a", "basic", "2026-03-03T00:00:00Z");
  world.storage("a", "2026-03-05T10:00:00Z", "2");
  const AnalyticsResult result =
      must(world.analytics.usage(request_of("2026-03-01", "2026-03-31")));
  EXPECT_EQ(result.rows[1].storage_bytes, 0);            // not created yet
  EXPECT_GE(result.rows[2].storage_bytes, 100LL << 20);  // the base
  EXPECT_EQ(result.rows[4].storage_bytes, 2 * kBytesPerGigabyte);
  EXPECT_EQ(result.rows[9].storage_bytes, 2 * kBytesPerGigabyte);  // today
  EXPECT_EQ(result.rows[10].storage_bytes, 0);
}

TEST(Analytics, StorageFromBeforeTheRangeIsKnown) {
  ServicesWorld world;
  world.add("a", "basic");
  world.storage("a", "2026-01-05T10:00:00Z", "2");
  const AnalyticsResult result =
      must(world.analytics.usage(request_of("2026-03-01", "2026-03-02")));
  EXPECT_EQ(result.rows[0].storage_bytes, 2 * kBytesPerGigabyte);
}

TEST(Analytics, OneTenantAloneAndAllTogether) {
  ServicesWorld world;
  world.add("a", "free");
  world.add("b", "free");
  world.calls("a", "2026-03-02", 5);
  world.calls("b", "2026-03-02", 6);
  AnalyticsRequest request = request_of("2026-03-02", "2026-03-02");
  EXPECT_EQ(must(world.analytics.usage(request)).rows[0].calls.count, 11);
  request.tenant = tenant("b");
  EXPECT_EQ(must(world.analytics.usage(request)).rows[0].calls.count, 6);
  request.tenant = tenant("nobody");
  const Result<AnalyticsResult> unknown = world.analytics.usage(request);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::tenant_not_found);
}

TEST(Analytics, RangeIsTheCurrentMonthUnlessSaid) {
  ServicesWorld world;
  const DayRange month = must(world.analytics.range({}));
  EXPECT_EQ(month.first, day("2026-03-01"));
  EXPECT_EQ(month.last, day("2026-03-31"));
  AnalyticsRequest request;
  request.last = day("2025-12-10");
  EXPECT_EQ(must(world.analytics.range(request)).first, day("2025-12-01"));
  request = {};
  request.first = day("2026-02-10");
  EXPECT_EQ(must(world.analytics.range(request)).last, day("2026-03-31"));
  request.first = day("2026-05-10");
  EXPECT_EQ(must(world.analytics.range(request)).last, day("2026-05-31"));
}

TEST(Analytics, RangeIsNeitherBackwardsNorOver1100Days) {
  ServicesWorld world;
  EXPECT_FALSE(world.analytics.usage(request_of("2026-03-02", "2026-03-01")).has_value());
  EXPECT_FALSE(world.analytics.usage(request_of("2020-01-01", "2023-01-05")).has_value());
  EXPECT_EQ(must(world.analytics.usage(request_of("2020-01-01", "2023-01-04"))).rows.size(), 1100U);
}

TEST(Analytics, DaysAreCutInTheBillingTimeZone) {
  ServicesWorld world{rules_in("Asia/Kathmandu")};
  world.add("a", "free");
  world.one_call("a", "2026-03-04T19:00:00Z");  // 00:45 on the 5th there
  const AnalyticsResult result =
      must(world.analytics.usage(request_of("2026-03-04", "2026-03-05")));
  EXPECT_EQ(result.rows[0].calls.count, 0);
  EXPECT_EQ(result.rows[1].calls.count, 1);
}

TEST(Analytics, JsonIsAsDocumented) {
  ServicesWorld world;
  world.add("a", "free", "2026-03-01T00:00:00Z");
  world.storage("a", "2026-03-01T10:00:00Z", "125.5");
  world.one_call("a", "2026-03-02T10:00:00Z", 200, Microseconds{10'000});
  world.one_call("a", "2026-03-02T10:00:00Z", 500, Microseconds{20'000});
  AnalyticsRequest request = request_of("2026-03-01", "2026-03-02");
  const Json json = analytics_json(must(world.analytics.usage(request)), request);
  EXPECT_EQ(to_text(*json.find("filters")),
            R"({"tenant_id":"","start_date":"2026-03-01","end_date":"2026-03-02",)"
            R"("group_by":"day"})");
  const Json& analytics = *json.find("analytics");
  EXPECT_EQ(to_text(*analytics.find("period")), R"({"start":"2026-03-01","end":"2026-03-02"})");
  EXPECT_EQ(to_text(analytics.find("data")->as_array()[0]),
            R"({"date":"2026-03-01","total_api_calls":0,"total_webhook_calls":0,)"
            R"("total_storage_gb":125.5,"active_tenants":0,"success_rate_percent":null,)"
            R"("avg_response_time_ms":null,"p95_response_time_ms":null})");
  const Json& second = analytics.find("data")->as_array()[1];
  EXPECT_EQ(to_text(*second.find("success_rate_percent")), "50.0");
  EXPECT_EQ(to_text(*second.find("avg_response_time_ms")), "15");
  EXPECT_FALSE(second.find("p95_response_time_ms")->is_null());
}

// After a change, the kept answer must equal a new server's.
class KeptAnalytics : public testing::Test {
 protected:
  std::string asked(GroupBy group_by = GroupBy::day) {
    const AnalyticsRequest request = request_of("2026-02-01", "2026-03-31", group_by);
    return to_text(analytics_json(must(world_.analytics.usage(request)), request));
  }
  std::string asked_anew(GroupBy group_by = GroupBy::day) {
    const Analytics fresh(*world_.store, *world_.directory, world_.rules, world_.clock);
    const AnalyticsRequest request = request_of("2026-02-01", "2026-03-31", group_by);
    return to_text(analytics_json(must(fresh.usage(request)), request));
  }
  void expect_seen(const std::string& before) {
    EXPECT_NE(asked(), before);
    for (const GroupBy group_by : {GroupBy::day, GroupBy::week, GroupBy::month})
      EXPECT_EQ(asked(group_by), asked_anew(group_by)) << to_text(group_by);
  }
  ServicesWorld world_;
};

TEST_F(KeptAnalytics, ShowUsageOfTodayAndOfDaysBefore) {
  world_.add("a", "free");
  world_.add("b", "free");
  for (const std::string_view day : {"2026-03-10", "2026-03-02", "2026-02-10"}) {
    const std::string before = asked();
    world_.calls("a", day, 10);
    expect_seen(before);
  }
}

TEST_F(KeptAnalytics, ShowStorageThatIsCarriedOn) {
  world_.add("a", "basic");
  asked();
  const std::string before = asked();
  world_.storage("a", "2026-03-01T10:00:00Z", "2");
  expect_seen(before);
}

TEST_F(KeptAnalytics, ShowTenantsThatCame) {
  world_.add("a", "basic");
  const std::string before = asked();
  world_.add("b", "basic", "2026-03-10T11:00:00Z");
  expect_seen(before);
}

TEST_F(KeptAnalytics, GoOnWithTheDays) {
  world_.add("a", "basic");
  world_.storage("a", "2026-03-01T10:00:00Z", "2");
  const std::string before = asked();
  world_.clock.advance(std::chrono::hours{24});
  expect_seen(before);
  asked();
  world_.clock.advance(std::chrono::hours{-24});
  EXPECT_EQ(asked(), before);
}

// All days of a week may be in the future.
TEST_F(KeptAnalytics, OfDaysToComeTellAWeekFromItsDays) {
  world_.add("a", "basic");
  world_.storage("a", "2026-03-01T10:00:00Z", "2");
  for (const GroupBy group_by : {GroupBy::day, GroupBy::week, GroupBy::day}) {
    const AnalyticsRequest request = request_of("2026-03-12", "2026-03-12", group_by);
    const Analytics fresh(*world_.store, *world_.directory, world_.rules, world_.clock);
    EXPECT_EQ(to_text(analytics_json(must(world_.analytics.usage(request)), request)),
              to_text(analytics_json(must(fresh.usage(request)), request)));
  }
}

TEST_F(KeptAnalytics, ForgetWhatRetentionRemoved) {
  world_.add("a", "basic");
  world_.calls("a", "2026-02-10", 10);
  const std::string before = asked();
  must(world_.reporting.close(period("2026-02")));
  must(world_.store->retire({period("2026-03"), std::nullopt}));
  expect_seen(before);
}

// A month is read from its counter, a part of a month from its days.
TEST(Analytics, AWholeMonthIsWhatItsDaysAre) {
  ServicesWorld world;
  world.add("a", "basic", "2026-01-20T00:00:00Z");
  world.add("b", "free", "2026-02-20T00:00:00Z");
  world.add_worked_example();
  world.calls("a", "2026-01-25", 5);
  world.calls("a", "2026-03-05", 7);
  world.webhooks("b", "2026-02-21", 3);
  world.storage("a", "2026-01-26T10:00:00Z", "2");
  const AnalyticsResult months =
      must(world.analytics.usage(request_of("2025-12-01", "2026-04-30", GroupBy::month)));
  const AnalyticsResult days = must(world.analytics.usage(request_of("2025-12-01", "2026-04-30")));
  ASSERT_EQ(months.rows.size(), 5U);
  for (const AnalyticsRow& month : months.rows) {
    CallSums calls;
    WebhookSums webhooks;
    std::int64_t bytes = 0;
    for (const AnalyticsRow& day : days.rows) {
      if (Period::of(day.date) != Period::of(month.date)) continue;
      calls.merge(day.calls);
      webhooks.merge(day.webhooks);
      if (day.date <= Day{std::chrono::local_days{std::chrono::year{2026} / 3 / 10}})
        bytes = day.storage_bytes;
    }
    EXPECT_EQ(month.calls, calls) << to_text(month.date);
    EXPECT_EQ(month.webhooks, webhooks) << to_text(month.date);
    EXPECT_EQ(month.storage_bytes, bytes) << to_text(month.date);
  }
}

}  // namespace
}  // namespace metergate
