#include "api/event_scan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace metergate::api {
namespace {

constexpr Timestamp kScannedAt{Milliseconds{1'772'706'600'000}};

EventContext context(bool needs_specversion = true) {
  EventContext context;
  context.now = kScannedAt;
  context.needs_specversion = needs_specversion;
  return context;
}

// The events that the general reader reads from a body; nothing if it finds a fault.
std::optional<std::vector<UsageEvent>> read_generally(const std::string& text,
                                                      const EventContext& context) {
  http::Request request;
  request.headers.emplace_back("content-type", context.needs_specversion
                                                   ? "application/cloudevents-batch+json"
                                                   : "application/json");
  request.body = text;
  Faults faults;
  const Result<EventBody> body = read_event_body(request, faults);
  if (!body) return std::nullopt;
  std::vector<UsageEvent> events;
  for (const auto& [index, element] : body->elements) {
    auto event = read_event(element, context, index, faults);
    if (!event) return std::nullopt;
    events.push_back(*std::move(event));
  }
  return events;
}

constexpr std::string_view kCallEvent =
    R"({"id":"e1","source":"app","specversion":"1.0","type":"api.call","subject":"t1",)"
    R"("time":"2026-03-05T10:30:00.250Z","datacontenttype":"application/json","data":)"
    R"({"method":"GET","endpoint":"GET \/orders","status":200,"request_bytes":120,)"
    R"("response_bytes":800,"duration_ms":12.25,"path":"/orders","ip":"::1","store_id":"s",)"
    R"("device_id":"d"}})";
constexpr std::string_view kAttempt =
    R"( { "specversion" : "1.0" , "id" : "e\u00e9 2" , "source" : "app" , "type" : )"
    R"("webhook.call", "subject":"t2", "data" : { "webhook_id":"w", "success":true ,)"
    R"("duration_ms":0,"status":503 } } )";

TEST(EventScan, ReadsTheUsualEventsAsTheGeneralWayDoes) {
  const std::string text = fmt::format("[{},{}]", kCallEvent, kAttempt);
  const auto scanned = scan_events(text, BodyShape::batch, context());
  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned, read_generally(text, context()));
  EXPECT_EQ(scanned->at(1).id, "e\u00e9 2");
  EXPECT_FALSE(scanned->at(1).has_own_time);
  EXPECT_TRUE(scan_events(kCallEvent, BodyShape::one, context()));
  EXPECT_TRUE(scan_events(kCallEvent, BodyShape::either, context(false)));
}

TEST(EventScan, AnotherShapeThanTheMediaTypesIsNotUsual) {
  EXPECT_FALSE(scan_events(kCallEvent, BodyShape::batch, context()));
  EXPECT_FALSE(scan_events(fmt::format("[{}]", kCallEvent), BodyShape::one, context()));
  for (const std::string_view text : {"", " ", "[]", "5", "null", "\"x\"", "[", "{", "[{}]"})
    EXPECT_FALSE(scan_events(text, BodyShape::either, context())) << text;
}

TEST(EventScan, ReadsATraceAsTheGeneralWayDoes) {
  for (const std::string_view trace :
       {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-1", "\\n"}) {
    std::string text{kCallEvent};
    text.insert(text.size() - 2, fmt::format(R"(,"traceparent":"{}")", trace));
    const auto scanned = scan_events(text, BodyShape::one, context());
    ASSERT_TRUE(scanned) << text;
    EXPECT_EQ(scanned, read_generally(fmt::format("[{}]", text), context())) << text;
    EXPECT_EQ(std::get<ApiCall>(scanned->at(0).fact).traceparent,
              trace.size() == 55 ? trace : std::string_view{});
  }
}

TEST(EventScan, ATenantSpeaksForItselfOnly) {
  EventContext own = context();
  own.own_tenant = *TenantId::parse("t1");
  EXPECT_TRUE(scan_events(kCallEvent, BodyShape::one, own));
  own.own_tenant = *TenantId::parse("t3");
  EXPECT_FALSE(scan_events(kCallEvent, BodyShape::one, own));
}

TEST(EventScan, MoreThanABatchMayHoldIsNotUsual) {
  std::string text = "[";
  for (std::size_t i = 0; i <= kBatchEventsMax; ++i)
    text += std::string(i > 0 ? "," : "").append(kCallEvent);
  EXPECT_FALSE(scan_events(text + "]", BodyShape::batch, context()));
}

// A body of valid events with numbers of every kind.
std::string body_with_numbers() {
  const auto number = [] {
    static const std::vector<std::string> kNumbers = {"0",
                                                      "-0",
                                                      "0.0",
                                                      "1",
                                                      "12.25",
                                                      "100.0",
                                                      "1e2",
                                                      "1E+2",
                                                      "1000e-1",
                                                      "2.5e-3",
                                                      "0.0005",
                                                      "0.30000000000000004",
                                                      "999999999999999",
                                                      "1000000000000000",
                                                      "9223372036854775807",
                                                      "18446744073709551615",
                                                      "1e300",
                                                      "1e-300",
                                                      "-1",
                                                      "01",
                                                      "1.",
                                                      ".5",
                                                      "200",
                                                      "200.50"};
    static const std::vector<std::string> kUsual = {"0", "1", "200"};
    return *rc::gen::arbitrary<bool>() ? *rc::gen::elementOf(kUsual)
                                       : *rc::gen::elementOf(kNumbers);
  };
  return fmt::format(
      R"([{{"id":"e1","source":"app","specversion":"1.0","type":"api.call","subject":"t1","data":)"
      R"({{"method":"GET","endpoint":"/x","status":{},"request_bytes":{},"response_bytes":{},)"
      R"("duration_ms":{}}}}}])",
      number(), number(), number(), number());
}

TEST(EventScan, NumbersOfEveryKindAreReadAsTheGeneralWayReadsThem) {
  std::size_t read = 0;
  std::size_t read_generally_only = 0;
  EXPECT_TRUE(rc::check("numbers are read alike", [&] {
    const std::string text = body_with_numbers();
    const auto general = read_generally(text, context());
    const auto scanned = scan_events(text, BodyShape::batch, context());
    if (scanned) {
      ++read;
      if (scanned != general) RC_FAIL("read differently: " + text);
    } else if (general) {
      ++read_generally_only;
    }
  }));
  EXPECT_GT(read, 0u);
  EXPECT_GT(read_generally_only, 0u);
}

// A body of valid events, changed in a few places: bytes replaced, removed, doubled.
std::string changed_body() {
  std::string text = fmt::format("[{},{}]", kCallEvent, kAttempt);
  static const std::string kBytes = "\"\\{}[],:.0123456789-+eE truefalsn\x01\x7f\xc3\xa9\xff\n";
  const int changes = *rc::gen::inRange(0, 4);
  for (int i = 0; i < changes && !text.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const char byte = *rc::gen::elementOf(kBytes);
    const auto length = std::min(*rc::gen::inRange<std::size_t>(1, 12), text.size() - at);
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.insert(at, 1, byte);
        break;
      case 2:
        text.erase(at, length);
        break;
      default:
        text.insert(at, text.substr(at, length));
        break;
    }
  }
  return text;
}

TEST(EventScan, WhatItReadsOfAnyBodyTheGeneralWayReadsToo) {
  std::size_t read = 0;
  EXPECT_TRUE(rc::check("a scan is nothing, or what is read generally", [&read] {
    const std::string text = changed_body();
    const bool needs_specversion = *rc::gen::arbitrary<bool>();
    const EventContext given = context(needs_specversion);
    const BodyShape shape = needs_specversion ? BodyShape::batch : BodyShape::either;
    const auto scanned = scan_events(text, shape, given);
    if (!scanned) return;
    ++read;
    const auto general = read_generally(text, given);
    if (scanned != general) RC_FAIL("read differently: " + text);
  }));
  EXPECT_GT(read, 0u);
}

}  // namespace
}  // namespace metergate::api
