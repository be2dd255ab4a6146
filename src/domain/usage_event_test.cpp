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
      [](ApiCall& it) { it.caller = "s-1"; },   [](ApiCall& it) { it.traceparent = "s-1"; },
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

// Fingerprints of calls from before there was a caller or a trace are hashes of this.
TEST(CanonicalContent, SaysNothingOfACallerOrATraceThatIsNotThere) {
  EXPECT_EQ(canonical_content(event(call())).find("caller"), std::string::npos);
  EXPECT_EQ(canonical_content(event(call())).find("traceparent"), std::string::npos);
}

TEST(UsageEvent, ATraceIsKeptIfItIsValid) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_EQ(traceparent_in_record(good), good);
  const std::string later = "cc" + good.substr(2);
  EXPECT_EQ(traceparent_in_record(later), later);
  EXPECT_EQ(traceparent_in_record(later + "-what-the-future-brings"), later);
}

// The examples of W3C Trace Context, 3.2, and what an attacker may try.
TEST(UsageEvent, ATraceThatIsNotValidIsNotKept) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto with = [&good](std::size_t at, std::string_view text) {
    return std::string{good}.replace(at, text.size(), text);
  };
  const std::string later = with(0, "cc");
  const std::vector<std::string> bad = {"",
                                        "00",
                                        good.substr(1),
                                        good.substr(0, 54),
                                        good + "-",
                                        good + ", " + good,
                                        later + "x",
                                        with(0, "ff"),
                                        with(2, "_"),
                                        with(35, "0"),
                                        with(10, "G"),
                                        with(10, "F"),
                                        with(10, "\n"),
                                        with(10, "\xC3\xA9"),
                                        with(3, "00000000000000000000000000000000"),
                                        with(36, "0000000000000000"),
                                        std::string(55, '-'),
                                        std::string(100'000, '0')};
  for (const std::string& text : bad) EXPECT_EQ(traceparent_in_record(text), "") << text;
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
