#include "storage/view/derived_documents.h"

#include "domain/meter.h"

namespace metergate {
namespace {

Decimal to_milliseconds(Microseconds duration) { return trimmed({duration.count(), 3}); }

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json to_document(const UsageEvent& event, const ApiCall& call) {
  return Json::object({{"_id", event.id},
                       {"tenant_id", event.tenant.text()},
                       {"source", event.source},
                       {"method", call.method},
                       {"endpoint", call.endpoint},
                       {"path", text_or_null(call.path)},
                       {"status", call.status},
                       {"request_bytes", call.request_bytes},
                       {"response_bytes", call.response_bytes},
                       {"processing_time_ms", to_milliseconds(call.duration)},
                       {"ip", text_or_null(call.ip)},
                       {"store_id", text_or_null(call.store_id)},
                       {"device_id", text_or_null(call.device_id)},
                       {"caller", text_or_null(call.caller)},
                       {"traceparent", text_or_null(call.traceparent)},
                       {"billable", event.billable},
                       {"timestamp", event.occurred_at}});
}

Json to_document(const UsageEvent& event, const WebhookCall& call) {
  return Json::object({{"_id", event.id},
                       {"tenant_id", event.tenant.text()},
                       {"source", event.source},
                       {"webhook_id", call.webhook_id},
                       {"success", call.success},
                       {"status", call.status == 0 ? Json() : Json(call.status)},
                       {"response_time_ms", to_milliseconds(call.duration)},
                       {"attempt", std::int64_t{call.attempt}},
                       {"timestamp", event.occurred_at}});
}

void set_text(Json& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object.set(name, text);
}

struct FactShape {
  Json operator()(const ApiCall& call) const {
    Json data = Json::object({{"method", call.method},
                              {"endpoint", call.endpoint},
                              {"status", call.status},
                              {"request_bytes", call.request_bytes},
                              {"response_bytes", call.response_bytes},
                              {"duration_ms", to_milliseconds(call.duration)}});
    set_text(data, "path", call.path);
    set_text(data, "ip", call.ip);
    set_text(data, "store_id", call.store_id);
    set_text(data, "device_id", call.device_id);
    set_text(data, "caller", call.caller);
    set_text(data, "traceparent", call.traceparent);
    return data;
  }
  Json operator()(const WebhookCall& call) const {
    Json data = Json::object({{"webhook_id", call.webhook_id},
                              {"success", call.success},
                              {"duration_ms", to_milliseconds(call.duration)}});
    if (call.status != 0) data.set("status", call.status);
    return data;
  }
  Json operator()(const StorageReport& report) const {
    return Json::object({{"bytes", report.bytes}});
  }
  Json operator()(const CountReport& report) const {
    return report.count ? Json::object({{"count", *report.count}}) : Json::object();
  }
  Json operator()(const OtherFact& fact) const {
    Result<Json> data = parse_json(fact.data, JsonNumbers::any);
    return data ? *std::move(data) : Json();
  }
};

Json to_pairs(const Histogram& durations) {
  Json pairs = Json::array();
  for (const Histogram::Bucket& bucket : durations.buckets())
    pairs.push_back(Json::Array{std::int64_t{bucket.index}, std::int64_t{bucket.count}});
  return pairs;
}

}  // namespace

std::optional<Json> to_document(const UsageEvent& event, Collection collection) {
  if (collection == Collection::api_calls) {
    if (const auto* call = std::get_if<ApiCall>(&event.fact)) return to_document(event, *call);
  } else if (const auto* call = std::get_if<WebhookCall>(&event.fact)) {
    return to_document(event, *call);
  }
  return std::nullopt;
}

Json data_document(const Fact& fact) { return std::visit(FactShape{}, fact); }

std::string_view name_of(EventFate fate) {
  switch (fate) {
    case EventFate::counted:
      return "counted";
    case EventFate::unmatched:
      return "unmatched";
    case EventFate::voided:
      return "voided";
  }
  return "";
}

Json to_raw_document(const RawEvent& raw) {
  const UsageEvent& event = raw.kept.event;
  return Json::object({{"_id", event.id},
                       {"tenant_id", event.tenant.text()},
                       {"source", event.source},
                       {"type", type_of(event.fact)},
                       {"data", data_document(event.fact)},
                       {"billable", event.billable},
                       {"outcome", name_of(raw.fate)},
                       {"sequence", static_cast<std::int64_t>(raw.kept.sequence)},
                       {"timestamp", event.occurred_at}});
}

Json to_metric_document(const std::string& tenant, const keys::HourPlace& place,
                        const CallSums& sums) {
  Json document = Json::object({{"tenant_id", tenant},
                                {"endpoint", place.endpoint},
                                {"hour", place.hour},
                                {"count", sums.count},
                                {"unbilled", sums.unbilled}});
  constexpr std::string_view kClasses[] = {"status_1xx", "status_2xx", "status_3xx", "status_4xx",
                                           "status_5xx"};
  for (std::size_t i = 0; i < std::size(kClasses); ++i)
    document.set(kClasses[i], sums.by_status_class[i]);
  document.set("sum_ms", to_milliseconds(Microseconds{sums.duration_us}));
  document.set("request_bytes", sums.request_bytes);
  document.set("response_bytes", sums.response_bytes);
  document.set("histogram", to_pairs(sums.durations));
  return document;
}

Json to_counter_document(const std::string& tenant, Period period, const Counter& counter,
                         const StorageFormula& formula) {
  const Usage usage = usage_of(counter, formula);
  const Usage peaks = peaks_of(counter, formula);
  Json peak_document = Json::object();
  for (const Meter meter : {Meter::stores_count, Meter::devices_count, Meter::storage_gb})
    peak_document.set(row_of(meter).name, to_display(meter, peaks[meter]));
  return Json::object(
      {{"_id", period.text() + "|" + tenant},
       {"tenant_id", tenant},
       {"period", period.text()},
       {"api_calls", usage[Meter::api_calls]},
       {"webhook_calls", usage[Meter::webhook_calls]},
       {"webhook_failures", counter.webhooks.failures},
       {"storage_bytes", usage[Meter::storage_gb]},
       {"storage_gb", to_display(Meter::storage_gb, usage[Meter::storage_gb])},
       {"stores_count", usage[Meter::stores_count]},
       {"devices_count", usage[Meter::devices_count]},
       {"peaks", std::move(peak_document)},
       {"data_transfer_bytes", counter.calls.request_bytes + counter.calls.response_bytes},
       {"updated_at", counter.updated_at}});
}

}  // namespace metergate
