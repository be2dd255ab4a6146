#include "domain/counter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace metergate {
namespace {

Timestamp millis(std::int64_t ms) { return Timestamp{Milliseconds{ms}}; }

UsageEvent event(std::int64_t ms, Fact fact, bool billable = true) {
  UsageEvent made;
  made.occurred_at = millis(ms);
  made.billable = billable;
  made.fact = std::move(fact);
  return made;
}

ApiCall call_with(int status) {
  ApiCall made;
  made.status = status;
  made.request_bytes = 100;
  made.response_bytes = 2'000;
  made.duration = Microseconds{1'500};
  return made;
}

TEST(Gauge, TheLatestByTimeWinsInAnyOrder) {
  Gauge forward;
  forward.set(5, millis(10));
  forward.set(3, millis(20));
  Gauge backward;
  backward.set(3, millis(20));
  backward.set(5, millis(10));
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(forward.last, 3);
  EXPECT_EQ(forward.peak, 5);
  EXPECT_EQ(forward.at, millis(20));
}

TEST(Gauge, OfEqualTimesTheGreaterValueWins) {
  Gauge gauge;
  gauge.set(7, millis(10));
  gauge.set(4, millis(10));
  EXPECT_EQ(gauge.last, 7);
}

TEST(Gauge, IsNotSetBeforeItsFirstValue) {
  Gauge gauge;
  EXPECT_FALSE(gauge.is_set());
  gauge.set(0, millis(1));
  EXPECT_TRUE(gauge.is_set());
  EXPECT_EQ(gauge.last, 0);
}

TEST(Gauge, WhatIsCarriedHoldsUntilSomethingLaterIsSet) {
  Gauge before;
  before.set(9, millis(5));
  before.set(6, millis(7));
  Gauge gauge;
  gauge.carry(before, millis(100));
  EXPECT_EQ(gauge.last, 6);
  EXPECT_EQ(gauge.peak, 6);
  gauge.set(2, millis(100));  // at the very start of the span
  EXPECT_EQ(gauge.last, 2);
  EXPECT_EQ(gauge.peak, 6);
}

TEST(Gauge, CarryingAfterSettingGivesTheSame) {
  Gauge before;
  before.set(6, millis(7));
  Gauge gauge;
  gauge.set(2, millis(100));
  gauge.carry(before, millis(100));
  EXPECT_EQ(gauge.last, 2);
  EXPECT_EQ(gauge.peak, 6);
}

TEST(Gauge, NothingIsCarriedFromWhatWasNeverSet) {
  Gauge gauge;
  gauge.carry(Gauge{}, millis(100));
  EXPECT_EQ(gauge, Gauge{});
}

TEST(Gauge, WhatIsCarriedNeverLiesInsideTheSpan) {
  Gauge before;
  before.set(6, millis(150));
  Gauge gauge;
  gauge.carry(before, millis(100));
  EXPECT_LT(gauge.at, millis(100));
}

TEST(Storage, FollowsTheFormula) {
  Gauges gauges;
  EXPECT_EQ(storage_bytes(gauges, StorageFormula{}), 104'857'600);
  gauges.sales.set(1'000, millis(1));
  gauges.tickets.set(2'000, millis(1));
  gauges.audits.set(4'000, millis(1));
  EXPECT_EQ(storage_bytes(gauges, StorageFormula{}),
            104'857'600 + 1'000 * 1'024 + 2'000 * 512 + 4'000 * 256);
}

TEST(Storage, AReportedValueIsUsedInstead) {
  Gauges gauges;
  gauges.sales.set(1'000, millis(1));
  gauges.reported_bytes.set(500, millis(2));
  gauges.reported_bytes.set(0, millis(3));
  EXPECT_EQ(storage_bytes(gauges, StorageFormula{}), 0);
  EXPECT_EQ(peak_storage_bytes(gauges, StorageFormula{}), 500);
}

TEST(Storage, StopsAtTheGreatestNumber) {
  Gauges gauges;
  gauges.sales.set(INT64_MAX, millis(1));
  EXPECT_EQ(storage_bytes(gauges, StorageFormula{}), INT64_MAX);
}

TEST(CallSums, CountsEveryBillableCallWhateverItsStatus) {
  CallSums sums;
  for (const int status : {101, 200, 204, 302, 404, 429, 500, 599})
    sums.fold(call_with(status), true);
  EXPECT_EQ(sums.count, 8);
  EXPECT_EQ(sums.by_status_class, (std::array<std::int64_t, 5>{1, 2, 1, 2, 2}));
  EXPECT_EQ(sums.successes(), 4);
  EXPECT_EQ(sums.request_bytes, 800);
  EXPECT_EQ(sums.response_bytes, 16'000);
  EXPECT_EQ(sums.duration_us, 12'000);
  EXPECT_EQ(sums.durations.count(), 8U);
}

TEST(CallSums, UnbilledCallsShowInNoOtherMember) {
  CallSums sums;
  sums.fold(call_with(502), false);
  CallSums wanted;
  wanted.unbilled = 1;
  EXPECT_EQ(sums, wanted);
}

TEST(CallSums, SumsStopAtTheGreatestNumber) {
  ApiCall huge = call_with(200);
  huge.response_bytes = INT64_MAX;
  CallSums sums;
  sums.fold(huge, true);
  sums.fold(huge, true);
  EXPECT_EQ(sums.response_bytes, INT64_MAX);
}

TEST(WebhookSums, CountEveryAttemptFailedOnesToo) {
  WebhookSums sums;
  sums.fold({"hook", true, 200, 1, Microseconds{10}});
  sums.fold({"hook", false, 500, 1, Microseconds{20}});
  sums.fold({"hook", false, 0, 2, Microseconds{30}});
  EXPECT_EQ(sums.count, 3);
  EXPECT_EQ(sums.failures, 2);
  EXPECT_EQ(sums.duration_us, 60);
}

TEST(Counter, FoldsEachKindOfFactIntoItsOwnPlace) {
  Counter counter;
  counter.fold(event(10, call_with(200)));
  counter.fold(event(11, call_with(429), false));
  counter.fold(event(12, WebhookCall{"hook", true, 200, 1, Microseconds{10}}));
  counter.fold(event(13, StorageReport{4'096}));
  counter.fold(event(14, CountReport{Meter::stores_count, 3}));
  counter.fold(event(15, CountReport{Meter::devices_count, 8}));
  counter.fold(event(16, OtherFact{"seat.used", "{}"}));
  const Usage usage = usage_of(counter, StorageFormula{});
  EXPECT_EQ(usage[Meter::api_calls], 1);
  EXPECT_EQ(counter.calls.unbilled, 1);
  EXPECT_EQ(usage[Meter::webhook_calls], 1);
  EXPECT_EQ(usage[Meter::storage_gb], 4'096);
  EXPECT_EQ(usage[Meter::stores_count], 3);
  EXPECT_EQ(usage[Meter::devices_count], 8);
  EXPECT_EQ(counter.updated_at, millis(16));
}

TEST(Counter, ACountThatIsNotResolvedChangesNoGauge) {
  Counter counter;
  counter.fold(event(14, CountReport{Meter::stores_count, std::nullopt}));
  EXPECT_FALSE(counter.gauges.stores.is_set());
}

TEST(Counter, PeaksAreTheGreatestOfLevelsAndTheWholeOfSums) {
  Counter counter;
  counter.fold(event(1, CountReport{Meter::devices_count, 8}));
  counter.fold(event(2, CountReport{Meter::devices_count, 2}));
  counter.fold(event(3, call_with(200)));
  const Usage peaks = peaks_of(counter, StorageFormula{});
  EXPECT_EQ(peaks[Meter::devices_count], 8);
  EXPECT_EQ(peaks[Meter::api_calls], 1);
  EXPECT_EQ(peaks[Meter::storage_gb], 104'857'600);
}

rc::Gen<UsageEvent> any_event() {
  const auto count = rc::gen::inRange<std::int64_t>(0, 1'000);
  const auto fact = rc::gen::exec([=]() -> Fact {
    switch (*rc::gen::inRange(0, 5)) {
      case 0: {
        ApiCall made = call_with(*rc::gen::inRange(100, 600));
        made.response_bytes = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 50);
        made.duration = Microseconds{*rc::gen::inRange<std::int64_t>(0, 1'000'000)};
        return made;
      }
      case 1:
        return WebhookCall{"hook", *rc::gen::arbitrary<bool>(), 200, 1, Microseconds{*count}};
      case 2:
        return StorageReport{*count};
      case 3:
        return CountReport{Meter::stores_count, *count};
      default:
        return CountReport{Meter::devices_count, *count};
    }
  });
  return rc::gen::exec([=] {
    return event(*rc::gen::inRange<std::int64_t>(1, 30), *fact, *rc::gen::arbitrary<bool>());
  });
}

Counter folded(const std::vector<UsageEvent>& events) {
  Counter counter;
  for (const UsageEvent& each : events) counter.fold(each);
  return counter;
}

RC_GTEST_PROP(Counter, DoesNotDependOnTheOrderOfArrival, ()) {
  auto events = *rc::gen::container<std::vector<UsageEvent>>(any_event());
  const Counter wanted = folded(events);
  const auto order =
      *rc::gen::container<std::vector<unsigned>>(events.size(), rc::gen::arbitrary<unsigned>());
  for (std::size_t i = events.size(); i > 1; --i)
    std::swap(events[i - 1], events[order[i - 1] % i]);
  RC_ASSERT(folded(events) == wanted);
}

RC_GTEST_PROP(Counter, AnySplitOfTheSameUsageMergesToTheSameSums, ()) {
  const auto events = *rc::gen::container<std::vector<UsageEvent>>(any_event());
  const Counter whole = folded(events);
  std::array<Counter, 3> parts;
  for (const UsageEvent& each : events) parts[*rc::gen::inRange<std::size_t>(0, 3)].fold(each);
  CallSums calls;
  WebhookSums webhooks;
  for (const Counter& part : parts) {
    calls.merge(part.calls);
    webhooks.merge(part.webhooks);
  }
  RC_ASSERT(calls == whole.calls);
  RC_ASSERT(webhooks == whole.webhooks);
}

RC_GTEST_PROP(Counter, WhatIsTakenOutAgainWasNeverThere, ()) {
  const auto events = *rc::gen::container<std::vector<UsageEvent>>(any_event());
  Counter counter = folded(events);
  Counter left;
  for (const UsageEvent& each : events) {
    if (*rc::gen::arbitrary<bool>()) {
      left.fold(each);
    } else if (const auto* made = std::get_if<ApiCall>(&each.fact)) {
      counter.calls.unfold(*made, each.billable);
    } else if (const auto* attempt = std::get_if<WebhookCall>(&each.fact)) {
      counter.webhooks.unfold(*attempt);
    }
  }
  RC_ASSERT(counter.calls == left.calls);
  RC_ASSERT(counter.webhooks == left.webhooks);
}

RC_GTEST_PROP(Gauge, TheDaysOfASpanMergeToIt, ()) {
  const auto settings =
      *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 50));
  Gauge whole;
  std::array<Gauge, 3> days;
  std::int64_t ms = 1;
  for (const std::int64_t value : settings) {
    whole.set(value, millis(ms));
    days[*rc::gen::inRange<std::size_t>(0, 3)].set(value, millis(ms++));
  }
  Gauge merged;
  for (const Gauge& part : days) merged.merge(part);
  RC_ASSERT(merged == whole);
}

RC_GTEST_PROP(Gauge, ADayCarriedIntoTheNextIsTheSameAsOneSpan, ()) {
  using Setting = std::pair<std::int64_t, std::int64_t>;
  const auto settings = *rc::gen::container<std::vector<Setting>>(
      rc::gen::pair(rc::gen::inRange<std::int64_t>(0, 50), rc::gen::inRange<std::int64_t>(1, 30)));
  constexpr std::int64_t kStart = 15;
  Gauge whole;
  Gauge first;
  Gauge second;
  for (const auto& [value, ms] : settings) {
    whole.set(value, millis(ms));
    (ms < kStart ? first : second).set(value, millis(ms));
  }
  second.carry(first, millis(kStart));
  RC_ASSERT(second.last == whole.last);
  RC_ASSERT(second.at == whole.at);
  RC_ASSERT(std::max(first.peak, second.peak) == whole.peak);
}

}  // namespace
}  // namespace metergate
