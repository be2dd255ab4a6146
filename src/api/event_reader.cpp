#include "api/event_reader.h"

#include <algorithm>

#include "api/event_fields.h"
#include "api/media_type.h"
#include "base/crypto.h"

namespace metergate::api {
namespace {

constexpr std::string_view kUnknownMember = "there is no such member of this type's data";

bool nothing_else(std::string_view) { return false; }

// Extension attributes: lower-case letters and digits (CloudEvents 1.0, "Naming conventions").
bool is_extension_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

ApiCall read_api_call(EventFields& data) {
  ApiCall call;
  call.method = data.text("method", Need::required);
  call.endpoint = endpoint_with_method(call.method, data.text("endpoint", Need::required));
  call.path = data.text("path", Need::optional);
  call.status = data.small_integer("status", Need::required);
  call.request_bytes = data.integer("request_bytes", Need::required);
  call.response_bytes = data.integer("response_bytes", Need::required);
  call.duration = data.duration_ms("duration_ms");
  call.ip = data.text("ip", Need::optional);
  call.store_id = data.text("store_id", Need::optional);
  call.device_id = data.text("device_id", Need::optional);
  call.caller = data.text("caller", Need::optional);
  call.traceparent = traceparent_in_record(data.text("traceparent", Need::optional));
  return call;
}

WebhookCall read_webhook_call(EventFields& data) {
  WebhookCall call;
  call.webhook_id = data.text("webhook_id", Need::required);
  call.success = data.flag("success");
  call.duration = data.duration_ms("duration_ms");
  call.status = data.small_integer("status", Need::optional);
  return call;
}

Fact read_built_in(std::string_view type, EventFields& data) {
  if (type == "api.call") return read_api_call(data);
  if (type == "webhook.call") return read_webhook_call(data);
  if (type == "storage.usage") return StorageReport{data.integer("bytes", Need::required)};
  const Meter meter = type == "store.count" ? Meter::stores_count : Meter::devices_count;
  return CountReport{meter, data.optional_integer("count")};
}

bool is_count(std::string_view type) { return type == "store.count" || type == "device.count"; }

bool is_built_in(std::string_view type) {
  return type == "api.call" || type == "webhook.call" || type == "storage.usage" || is_count(type);
}

struct Element {
  EventFields& attributes;
  std::size_t index;
  Faults& faults;
};

// JSON that was sent as base64; nothing, with a fault, if it is not JSON.
std::optional<Json> read_encoded_data(EventFields& attributes, const Json& given) {
  const auto bytes = given.is_string() ? parse_base64(given.as_string()) : std::nullopt;
  if (!bytes) {
    attributes.fault("data_base64", "must be a text in base64 (RFC 4648, 4), with its padding");
    return std::nullopt;
  }
  Result<Json> data = parse_json(*bytes, JsonNumbers::any);
  if (data) return *std::move(data);
  attributes.fault("data_base64", "must hold JSON: " + data.error().message);
  return std::nullopt;
}

std::optional<Fact> read_fact(const std::string& type, Element element) {
  const Json* given = element.attributes.any("data");
  std::optional<Json> decoded;
  if (const Json* encoded = element.attributes.any("data_base64"); encoded != nullptr) {
    if (given != nullptr) element.attributes.fault("data_base64", "stands beside data; send one");
    decoded = read_encoded_data(element.attributes, *encoded);
    if (!decoded || given != nullptr) return std::nullopt;
    given = decoded->is_null() ? nullptr : &*decoded;
  }
  if (!is_built_in(type)) return OtherFact{type, given == nullptr ? "" : to_text(*given)};
  const Json nothing = Json::object();
  if (given == nullptr && !is_count(type)) {
    element.attributes.fault("data", "is missing");
    return std::nullopt;
  }
  if (given != nullptr && !given->is_object()) {
    element.attributes.fault("data", "must be an object");
    return std::nullopt;
  }
  EventFields data(given == nullptr ? nothing : *given, "data.", element.index, element.faults);
  Fact fact = read_built_in(type, data);
  data.refuse_others(nothing_else, kUnknownMember);
  return data.is_good() ? std::optional(std::move(fact)) : std::nullopt;
}

void check_specversion(EventFields& attributes, const EventContext& context) {
  const Need need = context.needs_specversion ? Need::required : Need::optional;
  const std::string version = attributes.text("specversion", need);
  if (!version.empty() && version != "1.0") {
    attributes.fault("specversion", "must be \"1.0\", not '" + version + "'");
  }
}

void check_content_type(EventFields& attributes) {
  const std::string type = attributes.text("datacontenttype", Need::optional);
  if (type.empty() || is_json_type(type)) return;
  attributes.fault("datacontenttype",
                   "must be application/json or another type of JSON, not '" + type + "'");
}

TenantId read_subject(EventFields& attributes, const EventContext& context) {
  const Need need = context.own_tenant ? Need::optional : Need::required;
  const std::string subject = attributes.text("subject", need);
  if (subject.empty()) return context.own_tenant.value_or(TenantId());
  const Result<TenantId> tenant = TenantId::parse(subject);
  if (tenant) return *tenant;
  attributes.fault("subject", tenant.error().message);
  return {};
}

}  // namespace

bool is_json_type(std::string_view media_type) {
  const std::string type = media_type_of(media_type);
  const std::size_t slash = type.find('/');
  const bool has_both = slash != std::string::npos && slash > 0 && slash + 1 < type.size();
  return has_both && (type.substr(slash) == "/json" || type.ends_with("+json"));
}

std::string endpoint_with_method(const std::string& method, const std::string& endpoint) {
  const std::string start = method + " ";
  return endpoint.starts_with(start) ? endpoint : start + endpoint;
}

std::optional<UsageEvent> read_event(const Json& element, const EventContext& context,
                                     std::size_t index, Faults& faults) {
  if (!element.is_object()) {
    faults.add(ErrorCode::invalid, Fault{index, "", "an event must be a JSON object"});
    return std::nullopt;
  }
  EventFields attributes(element, "", index, faults);
  check_specversion(attributes, context);
  UsageEvent event;
  event.id = attributes.text("id", Need::required);
  event.source = attributes.text("source", Need::required);
  const std::string type = attributes.text("type", Need::required);
  event.tenant = read_subject(attributes, context);
  const std::optional<Timestamp> time = attributes.time("time");
  event.occurred_at = time.value_or(context.now);
  event.has_own_time = time.has_value();
  check_content_type(attributes);
  attributes.text("dataschema", Need::optional);
  std::optional<Fact> fact = read_fact(type, Element{attributes, index, faults});
  attributes.refuse_others(is_extension_name,
                           "is no attribute of an event: extensions have lower-case letters and "
                           "digits only, and what happened stands in data");
  if (!fact || !attributes.is_good()) return std::nullopt;
  event.fact = *std::move(fact);
  return event;
}

}  // namespace metergate::api
