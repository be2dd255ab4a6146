#include <gtest/gtest.h>

#include <functional>

#include "domain/usage_event_fixture_test.h"

namespace metergate {
namespace {

using Change = std::function<void(UsageEvent&)>;

std::vector<std::string> fields_after(Fact fact, const Change& change) {
  UsageEvent changed = event(std::move(fact));
  change(changed);
  std::vector<std::string> fields;
  for (const Fault& fault : faults_of(changed, kNow)) fields.push_back(fault.field);
  return fields;
}

std::vector<std::string> fields_after_call(const std::function<void(ApiCall&)>& change) {
  return fields_after(call(), [&](UsageEvent& it) { change(std::get<ApiCall>(it.fact)); });
}

using Fields = std::vector<std::string>;
const Change kAsIs = [](UsageEvent&) {};

TEST(UsageEventFaults, GoodEventsHaveNoFaults) {
  EXPECT_EQ(fields_after(call(), kAsIs), Fields{});
  EXPECT_EQ(fields_after(WebhookCall{"hook", true, 0, 1, Microseconds{5}}, kAsIs), Fields{});
  EXPECT_EQ(fields_after(StorageReport{std::int64_t{1} << 60}, kAsIs), Fields{});
  EXPECT_EQ(fields_after(CountReport{Meter::devices_count, 1'000'000'000}, kAsIs), Fields{});
  EXPECT_EQ(fields_after(CountReport{Meter::stores_count, std::nullopt}, kAsIs), Fields{});
  EXPECT_EQ(fields_after(OtherFact{"seat.used", "{}"}, kAsIs), Fields{});
}

TEST(UsageEventFaults, FiveMinutesAheadAreAllowedAndNotAMillisecondMore) {
  const auto ahead = std::chrono::minutes{5};
  EXPECT_EQ(fields_after(call(), [&](UsageEvent& it) { it.occurred_at = kNow + ahead; }), Fields{});
  EXPECT_EQ(fields_after(call(),
                         [&](UsageEvent& it) { it.occurred_at = kNow + ahead + Milliseconds{1}; }),
            Fields{"time"});
}

TEST(UsageEventFaults, TimesBeforeTheEpochAreRefused) {
  EXPECT_EQ(fields_after(call(), [](UsageEvent& it) { it.occurred_at = Timestamp{}; }),
            Fields{"time"});
  EXPECT_EQ(
      fields_after(call(), [](UsageEvent& it) { it.occurred_at = Timestamp{Milliseconds{1}}; }),
      Fields{});
}

TEST(UsageEventFaults, IdAndSourceHaveOneTo256CharactersWithoutControls) {
  const auto with_id = [](std::string id) {
    return fields_after(call(), [&](UsageEvent& it) { it.id = id; });
  };
  EXPECT_EQ(with_id(""), Fields{"id"});
  EXPECT_EQ(with_id(std::string(256, 'x')), Fields{});
  EXPECT_EQ(with_id(std::string(257, 'x')), Fields{"id"});
  EXPECT_EQ(with_id("a\nb"), Fields{"id"});
  EXPECT_EQ(with_id(std::string{"a\0b", 3}), Fields{"id"});
  EXPECT_EQ(with_id("a\x7f"), Fields{"id"});
  EXPECT_EQ(with_id("a\xC2\x85"), Fields{"id"});
  EXPECT_EQ(with_id("Zürich é ไทย"), Fields{});
  EXPECT_EQ(fields_after(call(), [](UsageEvent& it) { it.source = ""; }), Fields{"source"});
}

TEST(UsageEventFaults, LengthsAreInCharactersNotBytes) {
  std::string thai;
  for (int i = 0; i < 256; ++i) thai += "ก";
  EXPECT_EQ(fields_after(call(), [&](UsageEvent& it) { it.id = thai; }), Fields{});
  thai += "ก";
  EXPECT_EQ(fields_after(call(), [&](UsageEvent& it) { it.id = thai; }), Fields{"id"});
}

TEST(UsageEventFaults, EachBoundOfAnApiCallIsNamedByItsField) {
  const auto max = std::int64_t{1} << 50;
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.method = ""; }), Fields{"data.method"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.method = "GET /"; }), Fields{"data.method"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.method = std::string(17, 'G'); }),
            Fields{"data.method"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.endpoint = ""; }), Fields{"data.endpoint"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.endpoint = std::string(513, 'e'); }),
            Fields{"data.endpoint"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.endpoint = std::string(512, 'e'); }), Fields{});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.status = 99; }), Fields{"data.status"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.status = 600; }), Fields{"data.status"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.status = 599; }), Fields{});
  EXPECT_EQ(fields_after_call([&](ApiCall& it) { it.request_bytes = max + 1; }),
            Fields{"data.request_bytes"});
  EXPECT_EQ(fields_after_call([&](ApiCall& it) { it.request_bytes = max; }), Fields{});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.response_bytes = -1; }),
            Fields{"data.response_bytes"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.duration = Microseconds{-1}; }),
            Fields{"data.duration_ms"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.duration = std::chrono::hours{20}; }),
            Fields{"data.duration_ms"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.duration = std::chrono::hours{19}; }), Fields{});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.ip = std::string(65, '1'); }),
            Fields{"data.ip"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.store_id = "-1"; }), Fields{"data.store_id"});
  EXPECT_EQ(fields_after_call([](ApiCall& it) { it.device_id = "a b"; }), Fields{"data.device_id"});
}

TEST(UsageEventFaults, EveryFaultIsReported) {
  EXPECT_EQ(fields_after(ApiCall{},
                         [](UsageEvent& it) {
                           it.tenant = TenantId{};
                           it.id = "";
                         }),
            (Fields{"subject", "id", "data.method", "data.endpoint", "data.status"}));
}

TEST(UsageEventFaults, BoundsOfTheOtherFactsHold) {
  EXPECT_EQ(fields_after(WebhookCall{"", true, 20, 0, Microseconds{-1}}, kAsIs),
            (Fields{"data.webhook_id", "data.status", "data.attempt", "data.duration_ms"}));
  EXPECT_EQ(fields_after(StorageReport{(std::int64_t{1} << 60) + 1}, kAsIs), Fields{"data.bytes"});
  EXPECT_EQ(fields_after(StorageReport{-1}, kAsIs), Fields{"data.bytes"});
  EXPECT_EQ(fields_after(CountReport{Meter::devices_count, 1'000'000'001}, kAsIs),
            Fields{"data.count"});
  EXPECT_EQ(fields_after(CountReport{Meter::devices_count, -1}, kAsIs), Fields{"data.count"});
  EXPECT_EQ(fields_after(OtherFact{"", "{}"}, kAsIs), Fields{"type"});
  EXPECT_EQ(fields_after(OtherFact{"x", std::string(65'537, ' ')}, kAsIs), Fields{"data"});
}

TEST(UsageEventFaults, FaultsSayTheValueAndWhatIsAllowed) {
  ApiCall bad = call();
  bad.status = 42;
  const auto faults = faults_of(event(bad), kNow);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].message, "is 42; 100 to 599 are allowed");
}

}  // namespace
}  // namespace metergate
