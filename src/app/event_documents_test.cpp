#include "app/event_documents.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

ExportedEvent exported_of(std::string_view line) { return *event_of_line(*parse_json(line)); }

TEST(EventDocuments, AnApiCallIsReadBack) {
  const auto exported = exported_of(
      R"({"_id":"e1","tenant_id":"t1","source":"shop","method":"GET","endpoint":"GET /orders",)"
      R"("path":null,"status":200,"request_bytes":1,"response_bytes":2,"processing_time_ms":1.5,)"
      R"("ip":null,"store_id":null,"device_id":"d1","billable":false,)"
      R"("timestamp":{"$date":"2026-03-01T00:00:00Z"}})");
  EXPECT_EQ(to_text(exported.element),
            R"({"id":"e1","source":"shop","type":"api.call","subject":"t1",)"
            R"("time":"2026-03-01T00:00:00Z","data":{"method":"GET","endpoint":"GET /orders",)"
            R"("status":200,"request_bytes":1,"response_bytes":2,"device_id":"d1",)"
            R"("duration_ms":1.5}})");
  EXPECT_FALSE(exported.billable);
}

TEST(EventDocuments, AWebhookCallKeepsWhichAttemptItWas) {
  const auto exported = exported_of(
      R"({"_id":"w","tenant_id":"t1","source":"s","webhook_id":"h","success":false,"status":null,)"
      R"("response_time_ms":3,"attempt":4,"timestamp":{"$date":"2026-03-01T00:00:00Z"}})");
  EXPECT_EQ(to_text(exported.element),
            R"({"id":"w","source":"s","type":"webhook.call","subject":"t1",)"
            R"("time":"2026-03-01T00:00:00Z","data":{"webhook_id":"h","success":false,)"
            R"("duration_ms":3}})");
  UsageEvent event;
  event.fact = WebhookCall{};
  complete(event, exported);
  EXPECT_EQ(std::get<WebhookCall>(event.fact).attempt, 4);
  EXPECT_TRUE(event.billable);
}

TEST(EventDocuments, AnEventWithItsOutcomeIsTheEvent) {
  const auto counted = exported_of(
      R"({"id":"p","source":"s","type":"prompt","time":"2026-03-01T00:00:00Z","data":{"n":1},)"
      R"("tenant_id":"t1","billable":true,"outcome":"counted","sequence":7})");
  EXPECT_EQ(to_text(counted.element),
            R"({"id":"p","source":"s","type":"prompt","time":"2026-03-01T00:00:00Z",)"
            R"("data":{"n":1},"subject":"t1"})");
  EXPECT_FALSE(counted.is_voided);
  EXPECT_TRUE(exported_of(R"({"id":"p","type":"prompt","outcome":"voided"})").is_voided);
}

// As metergate export events writes it.
TEST(EventDocuments, ADocumentOfTheRawEventsIsTheEvent) {
  const auto exported =
      exported_of(R"({"_id":"p","tenant_id":"t1","source":"tenant/s","type":"prompt",)"
                  R"("data":{"n":1},"billable":true,"outcome":"counted","sequence":7,)"
                  R"("timestamp":{"$date":"2026-03-01T00:00:00Z"}})");
  EXPECT_EQ(to_text(exported.element),
            R"({"source":"tenant/s","type":"prompt","data":{"n":1},"id":"p","subject":"t1",)"
            R"("time":"2026-03-01T00:00:00Z"})");
}

TEST(EventDocuments, AnythingElseIsACloudEventOrNoEvent) {
  constexpr std::string_view kEvent = R"({"id":"p","type":"prompt","data":{"_id":1}})";
  EXPECT_EQ(to_text(exported_of(kEvent).element), kEvent);
  for (const char* line :
       {R"({"_id":"2026-03|t1","tenant_id":"t1","period":"2026-03","api_calls":5})",
        R"({"_id":"a1","alert_id":"a1","status":"open"})"}) {
    EXPECT_FALSE(event_of_line(*parse_json(line))) << line;
  }
  EXPECT_EQ(to_text(exported_of("[1]").element), "[1]");  // refused later, where events are read
}

}  // namespace
}  // namespace metergate
