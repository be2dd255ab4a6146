#include "service/metering/event_shapes.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

std::string data_of(Fact fact) {
  UsageEvent event;
  event.fact = std::move(fact);
  return to_text(*event_json(event).find("data"));
}

TEST(EventShapes, AnEventIsShownAsItIsSent) {
  UsageEvent event;
  event.source = "pos";
  event.id = "7";
  event.occurred_at = Timestamp{Milliseconds{1'700'000'000'000}};
  event.fact = StorageReport{5};
  EXPECT_EQ(to_text(event_json(event)), R"({"source":"pos","id":"7","type":"storage.usage",)"
                                        R"("time":"2023-11-14T22:13:20.000Z","data":{"bytes":5}})");
}

TEST(EventShapes, DataHasWhatTheTypeHas) {
  EXPECT_EQ(data_of(ApiCall{"GET", "GET /x", "", 200, 1, 2, Microseconds{3500}, "", "s1", ""}),
            R"({"method":"GET","endpoint":"GET /x","status":200,"request_bytes":1,)"
            R"("response_bytes":2,"duration_ms":3.5,"store_id":"s1"})");
  EXPECT_EQ(data_of(WebhookCall{"w", true, 0, 1, Microseconds{1000}}),
            R"({"webhook_id":"w","success":true,"duration_ms":1})");
  EXPECT_EQ(data_of(CountReport{Meter::stores_count, 4}), R"({"count":4})");
  EXPECT_EQ(data_of(CountReport{Meter::stores_count, {}}), "{}");
  EXPECT_EQ(data_of(Fact{OtherFact{"prompt", R"({"n":1.50})"}}), R"({"n":1.50})");
  EXPECT_EQ(data_of(Fact{OtherFact{"prompt", ""}}), "null");
}

}  // namespace
}  // namespace metergate
