#include "client/event_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "client/time.h"

namespace metergate::client {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

TEST(EventText, AnIdIsTheUlidOfItsTimeAndItsOtherBits) {
  // The example of the ULID specification, and the extremes.
  EXPECT_EQ(ulid_text(milliseconds{1469918176385}, 0, 0), "01ARYZ6S410000000000000000");
  EXPECT_EQ(ulid_text(milliseconds{0}, 0, 1), "00000000000000000000000001");
  EXPECT_EQ(ulid_text(milliseconds{0}, 0xFFFF, ~std::uint64_t{0}), "0000000000ZZZZZZZZZZZZZZZZ");
  EXPECT_EQ(ulid_text(milliseconds{(std::int64_t{1} << 48) - 1}, 0xFFFF, ~std::uint64_t{0}),
            "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

TEST(EventText, TwoWritersNeverShareAnId) {
  EventText first("a");
  EventText second("a");
  std::set<std::string> ids;
  for (int n = 0; n < 1000; ++n) {
    ids.insert(first.store_count("acme", {}).substr(27, 26));
    ids.insert(second.store_count("acme", {}).substr(27, 26));
  }
  EXPECT_EQ(ids.size(), 2000U);
}

TEST(EventText, AnEventHasItsTimeFromTheCallOn) {
  const std::string before = utc_text(since_epoch());
  const std::string event = EventText("a").storage_usage("acme", 1);
  const std::string after = utc_text(since_epoch());
  const std::string time = event.substr(event.find(R"("time":")") + 8, before.size());
  EXPECT_LE(before, time);
  EXPECT_LE(time, after);
}

TEST(EventText, TimesAreWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(utc_text(milliseconds{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(milliseconds{1772706600123}), "2026-03-05T10:30:00.123Z");
  EXPECT_EQ(utc_text(milliseconds{1709251199999}), "2024-02-29T23:59:59.999Z");
}

TEST(EventText, TextsAreEscapedAsJson) {
  EXPECT_EQ(json_text("plain /ü€😀"), R"("plain /ü€😀")");
  EXPECT_EQ(json_text("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_text(std::string_view("\0\n\x1F", 3)), R"("\u0000\u000a\u001f")");
}

TEST(EventText, WhatIsNoUtf8IsReplacedByteForByte) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(json_text("a\xFF"
                      "b"),
            "\"a" + mark + "b\"");
  EXPECT_EQ(json_text("\xC0\xAF"), "\"" + mark + mark + "\"");             // overlong
  EXPECT_EQ(json_text("\xED\xA0\x80"), "\"" + mark + mark + mark + "\"");  // a surrogate
  EXPECT_EQ(json_text("\xE2\x82"), "\"" + mark + mark + "\"");             // cut off
  EXPECT_EQ(json_text("\xF4\x90\x80\x80"), "\"" + mark + mark + mark + mark + "\"");
}

TEST(EventText, DurationsAreMillisecondsWithThreeDecimals) {
  EXPECT_EQ(milliseconds_text(microseconds{0}), "0.000");
  EXPECT_EQ(milliseconds_text(microseconds{7}), "0.007");
  EXPECT_EQ(milliseconds_text(microseconds{1'234'567}), "1234.567");
  EXPECT_EQ(milliseconds_text(microseconds{-5}), "0.000");
}

TEST(EventText, ACallLeavesOutWhatIsUnknown) {
  TrackedCall call;
  call.method = "GET";
  const std::string event = EventText("a").api_call("acme", call);
  EXPECT_THAT(event, Not(HasSubstr("store_id")));
  EXPECT_THAT(event, Not(HasSubstr("\"ip\"")));
  call.ip = "192.0.2.1";
  EXPECT_THAT(EventText("a").api_call("acme", call), HasSubstr(R"("ip":"192.0.2.1"}})"));
}

TEST(EventText, ABatchIsAnArray) {
  EXPECT_EQ(batch_text({}), "[]");
  EXPECT_EQ(batch_text({"{}", "{}"}), "[{},{}]");
}

}  // namespace
}  // namespace metergate::client
