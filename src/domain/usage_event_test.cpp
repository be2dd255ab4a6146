#include "domain/usage_event.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>

#include "domain/usage_event_fixture_test.h"

namespace metergate {
namespace {

TEST(UsageEvent, TypesAreNamedAsOnTheWire) {
  EXPECT_EQ(type_of(call()), "api.call");
  EXPECT_EQ(type_of(WebhookCall{}), "webhook.call");
  EXPECT_EQ(type_of(StorageReport{}), "storage.usage");
  EXPECT_EQ(type_of(CountReport{Meter::devices_count, {}}), "device.count");
  EXPECT_EQ(type_of(CountReport{Meter::stores_count, {}}), "store.count");
  EXPECT_EQ(type_of(OtherFact{"seat.used", "{}"}), "seat.used");
}

TEST(CanonicalContent, IsTheSameForTheSameContent) {
  UsageEvent other = event(call());
  other.id = "e-2";
  other.source = "till";
  EXPECT_EQ(canonical_content(event(call())), canonical_content(other));
}

// Hashes of this text are stored, so later builds must write the same text.
TEST(CanonicalContent, NeverChanges) {
  UsageEvent it =
      event(ApiCall{"GET", "GET /a", "/a?", 200, 12, -3, Microseconds{1500}, "::1", "s", ""});
  it.occurred_at = Timestamp{Milliseconds{1700000000123}};
  it.has_own_time = true;
  it.billable = true;
  EXPECT_EQ(
      canonical_content_with_time(it),
      "type=8:api.call;billable=1;time=1700000000123;method=3:GET;endpoint=6:GET /a;path=3:/a?;"
      "status=200;request_bytes=12;response_bytes=-3;duration_us=1500;ip=3:::1;store_id=1:s;"
      "device_id=0:;");
  EXPECT_EQ(canonical_content(it),
            "type=8:api.call;billable=1;method=3:GET;endpoint=6:GET /a;path=3:/a?;status=200;"
            "request_bytes=12;response_bytes=-3;duration_us=1500;ip=3:::1;store_id=1:s;"
            "device_id=0:;");
  it.fact = WebhookCall{"w", true, 503, 2, Microseconds{7}};
  it.has_own_time = false;
  EXPECT_EQ(canonical_content(it), canonical_content_with_time(it));
  EXPECT_EQ(canonical_content(it),
            "type=12:webhook.call;billable=1;webhook_id=1:w;success=1;status=503;attempt=2;"
            "duration_us=7;");
  it.fact = OtherFact{"seat.used", "{}"};
  EXPECT_EQ(canonical_content(it), "type=9:seat.used;billable=1;data=2:{};");
}

TEST(CanonicalContent, LeavesOutTheTime) {
  const UsageEvent first = event(call());
  UsageEvent again = first;
  again.occurred_at += std::chrono::hours{1};
  EXPECT_EQ(canonical_content(first), canonical_content(again));
  again.has_own_time = false;
  EXPECT_EQ(canonical_content(first), canonical_content(again));
}

// The form of earlier fingerprints.
TEST(CanonicalContent, WithTimeLeavesOutOnlyATimeThatTheServerSet) {
  UsageEvent first = event(call());
  first.has_own_time = false;
  UsageEvent again = first;
  again.occurred_at += std::chrono::hours{1};
  EXPECT_EQ(canonical_content_with_time(first), canonical_content_with_time(again));
  again.has_own_time = true;
  first.has_own_time = true;
  EXPECT_NE(canonical_content_with_time(first), canonical_content_with_time(again));
}

TEST(CanonicalContent, DiffersWhereAnyFieldDoes) {
  const std::vector<std::function<void(ApiCall&)>> changes = {
      [](ApiCall& it) { it.method = "PUT"; },   [](ApiCall& it) { it.endpoint += "x"; },
      [](ApiCall& it) { it.path = "/x"; },      [](ApiCall& it) { it.status = 201; },
      [](ApiCall& it) { it.request_bytes++; },  [](ApiCall& it) { it.response_bytes++; },
      [](ApiCall& it) { it.duration++; },       [](ApiCall& it) { it.ip = "::1"; },
      [](ApiCall& it) { it.store_id = "s-1"; }, [](ApiCall& it) { it.device_id = "s-1"; },
      [](ApiCall& it) { it.caller = "s-1"; },
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

// Fingerprints of calls from before there was a caller are hashes of this.
TEST(CanonicalContent, SaysNothingOfACallerThatIsNotThere) {
  EXPECT_EQ(canonical_content(event(call())).find("caller"), std::string::npos);
}

TEST(UsageEvent, ACallerInARecordCouldHaveComeFromOutside) {
  EXPECT_EQ(caller_in_record("key:k1"), "key:k1");
  EXPECT_EQ(caller_in_record("a\nb\x7F"
                             "c\xC2\x85"
                             "d"),
            "a?b?c?d");
  EXPECT_EQ(caller_in_record("J\xC3\xB6rg"), "J\xC3\xB6rg");
  // Characters of two bytes are not cut in the middle.
  std::string long_name = "x";
  for (int i = 0; i < 200; ++i) long_name += "\xC3\xB6";
  EXPECT_EQ(caller_in_record(long_name).size(), 255U);
  ApiCall made = call();
  made.caller = caller_in_record(long_name + "\x01");
  EXPECT_TRUE(faults_of(event(made), event(made).occurred_at).empty());
  made.caller = std::string(257, 'x');
  EXPECT_FALSE(faults_of(event(made), event(made).occurred_at).empty());
}

// Each text is preceded by its length, so it cannot pass for the next field.
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
