#include "app/event_documents.h"

#include <array>
#include <limits>
#include <string_view>
#include <utility>

namespace metergate {
namespace {

struct FieldRow {
  std::string_view document;  // a field of the document
  std::string_view event;     // a member of the event's data
};

constexpr std::array<FieldRow, 11> kApiCallFields = {{{"method", "method"},
                                                      {"endpoint", "endpoint"},
                                                      {"path", "path"},
                                                      {"status", "status"},
                                                      {"request_bytes", "request_bytes"},
                                                      {"response_bytes", "response_bytes"},
                                                      {"ip", "ip"},
                                                      {"store_id", "store_id"},
                                                      {"device_id", "device_id"},
                                                      {"caller", "caller"},
                                                      {"traceparent", "traceparent"}}};
constexpr std::array<FieldRow, 3> kWebhookCallFields = {
    {{"webhook_id", "webhook_id"}, {"success", "success"}, {"status", "status"}}};

void copy(const Json& from, std::string_view name, Json& to, std::string_view new_name) {
  const Json* value = from.find(name);
  if (value != nullptr && !value->is_null()) to.set(new_name, *value);
}

// Extended JSON has {"$date": "…"}; an event has the text only.
void copy_time(const Json& from, Json& event) {
  const Json* time = from.find("timestamp");
  if (time == nullptr) return;
  const Json* date = time->find("$date");
  event.set("time", date == nullptr ? *time : *date);
}

template <std::size_t kCount>
Json event_of(const Json& document, std::string_view type,
              const std::array<FieldRow, kCount>& fields, std::string_view duration) {
  Json event = Json::object();
  copy(document, "_id", event, "id");
  copy(document, "source", event, "source");
  event.set("type", type);
  copy(document, "tenant_id", event, "subject");
  copy_time(document, event);
  Json data = Json::object();
  for (const FieldRow& field : fields) copy(document, field.document, data, field.event);
  copy(document, duration, data, "duration_ms");
  event.set("data", std::move(data));
  return event;
}

// A document of the collection events contains the event itself and its outcome.
ExportedEvent event_with_outcome(Json document) {
  ExportedEvent exported;
  exported.is_voided = document.string_at("outcome") == "voided";
  exported.billable = document.bool_at("billable").value_or(true);
  exported.attempt = document.integer_at("attempt");
  copy(document, "_id", document, "id");
  copy(document, "tenant_id", document, "subject");
  copy_time(document, document);
  for (const std::string_view name :
       {"_id", "tenant_id", "billable", "outcome", "sequence", "attempt", "timestamp"})
    document.remove(name);
  exported.element = std::move(document);
  return exported;
}

}  // namespace

Result<ExportedEvent> event_of_line(Json line) {
  if (line.find("type") != nullptr && line.find("outcome") != nullptr)
    return event_with_outcome(std::move(line));
  if (line.find("_id") == nullptr || line.find("type") != nullptr)
    return ExportedEvent{.element = std::move(line), .attempt = {}};
  ExportedEvent exported;
  if (line.find("processing_time_ms") != nullptr) {
    exported.element = event_of(line, "api.call", kApiCallFields, "processing_time_ms");
    exported.billable = line.bool_at("billable").value_or(true);
    return exported;
  }
  if (line.find("response_time_ms") != nullptr) {
    exported.element = event_of(line, "webhook.call", kWebhookCallFields, "response_time_ms");
    exported.attempt = line.integer_at("attempt");
    return exported;
  }
  return fail(ErrorCode::invalid,
              "this document is no event: only what was exported of api_calls, webhook_calls and "
              "events can be imported");
}

void complete(UsageEvent& event, const ExportedEvent& exported) {
  event.billable = exported.billable;
  auto* call = std::get_if<WebhookCall>(&event.fact);
  const bool has_attempt = exported.attempt && *exported.attempt >= 1 &&
                           *exported.attempt <= std::numeric_limits<std::int32_t>::max();
  if (call != nullptr && has_attempt) call->attempt = static_cast<std::int32_t>(*exported.attempt);
}

}  // namespace metergate
