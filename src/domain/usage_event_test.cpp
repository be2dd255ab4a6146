#include "domain/usage_event.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>

namespace metergate {
namespace {

const Timestamp kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 5}};

UsageEvent event(Fact fact) {
  UsageEvent made;
  auto tenant = TenantId::parse("acme");
  EXPECT_TRUE(tenant.has_value());
  made.tenant = tenant.value_or(TenantId{});
  made.source = "pos";
  made.id = "e-1";
  made.occurred_at = kNow;
  made.fact = std::move(fact);
  return made;
}

ApiCall call() {
  ApiCall made;
  made.method = "GET";
  made.endpoint = "GET /api/tenants/{tenant_id}/stores";
  made.status = 200;
  return made;
}

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

TEST(UsageEvent, TypesAreNamedAsOnTheWire) {
  EXPECT_EQ(type_of(call()), "api.call");
  EXPECT_EQ(type_of(WebhookCall{}), "webhook.call");
  EXPECT_EQ(type_of(StorageReport{}), "storage.usage");
  EXPECT_EQ(type_of(CountReport{Meter::devices_count, {}}), "device.count");
  EXPECT_EQ(type_of(CountReport{Meter::stores_count, {}}), "store.count");
  EXPECT_EQ(type_of(OtherFact{"seat.used", "{}"}), "seat.used");
}

TEST(UsageEvent, GoodEventsHaveNoFaults) {
  EXPECT_EQ(fields_after(call(), kAsIs), Fields{});
  EXPECT_EQ(fields_after(WebhookCall{"hook", true, 0, 1, Microseconds{5}}, kAsIs), Fields{});
  EXPECT_EQ(fields_after(StorageReport{std::int64_t{1} << 60}, kAsIs), Fields{});
  EXPECT_EQ(fields_after(CountReport{Meter::devices_count, 1'000'000'000}, kAsIs), Fields{});
  EXPECT_EQ(fields_after(CountReport{Meter::stores_count, std::nullopt}, kAsIs), Fields{});
  EXPECT_EQ(fields_after(OtherFact{"seat.used", "{}"}, kAsIs), Fields{});
}

TEST(UsageEvent, FiveMinutesAheadAreAllowedAndNotAMillisecondMore) {
  const auto ahead = std::chrono::minutes{5};
  EXPECT_EQ(fields_after(call(), [&](UsageEvent& it) { it.occurred_at = kNow + ahead; }), Fields{});
  EXPECT_EQ(fields_after(call(),
                         [&](UsageEvent& it) { it.occurred_at = kNow + ahead + Milliseconds{1}; }),
            Fields{"time"});
}

TEST(UsageEvent, TimesBeforeTheEpochAreRefused) {
  EXPECT_EQ(fields_after(call(), [](UsageEvent& it) { it.occurred_at = Timestamp{}; }),
            Fields{"time"});
  EXPECT_EQ(
      fields_after(call(), [](UsageEvent& it) { it.occurred_at = Timestamp{Milliseconds{1}}; }),
      Fields{});
}

TEST(UsageEvent, IdAndSourceHaveOneTo256CharactersWithoutControls) {
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

TEST(UsageEvent, LengthsAreInCharactersNotBytes) {
  std::string thai;
  for (int i = 0; i < 256; ++i) thai += "ก";
  EXPECT_EQ(fields_after(call(), [&](UsageEvent& it) { it.id = thai; }), Fields{});
  thai += "ก";
  EXPECT_EQ(fields_after(call(), [&](UsageEvent& it) { it.id = thai; }), Fields{"id"});
}

TEST(UsageEvent, EachBoundOfAnApiCallIsNamedByItsField) {
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

TEST(UsageEvent, EveryFaultIsReported) {
  EXPECT_EQ(fields_after(ApiCall{},
                         [](UsageEvent& it) {
                           it.tenant = TenantId{};
                           it.id = "";
                         }),
            (Fields{"subject", "id", "data.method", "data.endpoint", "data.status"}));
}

TEST(UsageEvent, BoundsOfTheOtherFactsHold) {
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

TEST(UsageEvent, FaultsSayTheValueAndWhatIsAllowed) {
  ApiCall bad = call();
  bad.status = 42;
  const auto faults = faults_of(event(bad), kNow);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].message, "is 42; 100 to 599 are allowed");
}

TEST(CanonicalContent, IsTheSameForTheSameContent) {
  UsageEvent other = event(call());
  other.id = "e-2";
  other.source = "till";
  EXPECT_EQ(canonical_content(event(call())), canonical_content(other));
}

TEST(CanonicalContent, LeavesOutTheTimeThatTheServerSet) {
  UsageEvent first = event(call());
  first.has_own_time = false;
  UsageEvent again = first;
  again.occurred_at += std::chrono::hours{1};
  EXPECT_EQ(canonical_content(first), canonical_content(again));
  again.has_own_time = true;
  first.has_own_time = true;
  EXPECT_NE(canonical_content(first), canonical_content(again));
}

TEST(CanonicalContent, DiffersWhereAnyFieldDoes) {
  const std::vector<std::function<void(ApiCall&)>> changes = {
      [](ApiCall& it) { it.method = "PUT"; },   [](ApiCall& it) { it.endpoint += "x"; },
      [](ApiCall& it) { it.path = "/x"; },      [](ApiCall& it) { it.status = 201; },
      [](ApiCall& it) { it.request_bytes++; },  [](ApiCall& it) { it.response_bytes++; },
      [](ApiCall& it) { it.duration++; },       [](ApiCall& it) { it.ip = "::1"; },
      [](ApiCall& it) { it.store_id = "s-1"; }, [](ApiCall& it) { it.device_id = "s-1"; },
  };
  std::vector<std::string> contents{canonical_content(event(call()))};
  for (const auto& change : changes) {
    ApiCall changed = call();
    change(changed);
    contents.push_back(canonical_content(event(changed)));
  }
  contents.push_back(canonical_content(event(CountReport{Meter::stores_count, std::nullopt})));
  contents.push_back(canonical_content(event(CountReport{Meter::stores_count, 0})));
  contents.push_back(canonical_content(event(CountReport{Meter::devices_count, 0})));
  contents.push_back(canonical_content(event(StorageReport{0})));
  UsageEvent unbilled = event(call());
  unbilled.billable = false;
  contents.push_back(canonical_content(unbilled));
  std::ranges::sort(contents);
  EXPECT_EQ(std::ranges::adjacent_find(contents), contents.end());
}

// Lengths stand before texts: no text can pretend to be the next field.
TEST(CanonicalContent, TellsTextsApartThatLookLikeFields) {
  for (const std::string sign : {"", ":", "1:"}) {
    ApiCall one = call();
    one.ip = "a;store_id=" + sign + "b";
    ApiCall other = call();
    other.ip = "a";
    other.store_id = "b;store_id=" + sign;
    EXPECT_NE(canonical_content(event(one)), canonical_content(event(other))) << sign;
  }
}

RC_GTEST_PROP(CanonicalContent, IsEqualOnlyForEqualFacts, (std::string a, std::string b)) {
  ApiCall one = call();
  one.path = a;
  one.ip = b;
  ApiCall other = call();
  other.path = b;
  other.ip = a;
  RC_ASSERT((canonical_content(event(one)) == canonical_content(event(other))) == (a == b));
}

}  // namespace
}  // namespace metergate
