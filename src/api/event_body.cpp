#include "api/event_body.h"

#include <algorithm>
#include <string>

#include "api/event_reader.h"
#include "api/media_type.h"
#include "base/content_coding.h"
#include "base/json_room.h"
#include "base/utf8.h"
#include "http/words/url.h"

namespace metergate::api {
namespace {

constexpr std::string_view kHeaderPrefix = "ce-";

// "Application/JSON; charset=utf-8" → "application/json"
std::string media_type_of(const http::Request& request) {
  return api::media_type_of(request.header("content-type").value_or("application/json"));
}

Result<EventBody> numbered(Json::Array elements) {
  EventBody body;
  body.elements.reserve(elements.size());
  for (Json& element : elements) {
    body.elements.emplace_back(body.elements.size(), std::move(element));
  }
  return body;
}

std::string_view required(BodyShape shape) {
  switch (shape) {
    case BodyShape::one:
      return "the body must be one event: a batch is application/cloudevents-batch+json";
    case BodyShape::batch:
      return "the body must be an array of events";
    case BodyShape::either:
      return "the body must be an event, or an array of events";
  }
  return "";
}

Result<EventBody> read_plain(const PlainBody& plain, std::string_view text) {
  Json json = TRY(parse_json(text, JsonNumbers::any));
  EventBody body;
  if (json.is_array() && plain.shape != BodyShape::one) {
    body = TRY(numbered(std::move(json.as_array())));
  } else if (json.is_object() && plain.shape != BodyShape::batch) {
    body = TRY(numbered({std::move(json)}));
  } else {
    return fail(ErrorCode::invalid, std::string(required(plain.shape)));
  }
  body.needs_specversion = plain.needs_specversion;
  return body;
}

struct MediaTypeRow {
  std::string_view type;
  PlainBody body;
};
constexpr MediaTypeRow kPlainTypes[] = {
    {"application/json", {BodyShape::either, false}},
    {"application/cloudevents+json", {BodyShape::one, true}},
    {"application/cloudevents-batch+json", {BodyShape::batch, true}},
};

std::optional<PlainBody> plain_type(std::string_view type) {
  for (const MediaTypeRow& row : kPlainTypes)
    if (row.type == type) return row.body;
  return std::nullopt;
}

Result<EventBody> read_lines(std::string_view text, Faults& faults) {
  EventBody body;
  std::size_t count = 0;
  std::size_t room = json_room(text.size());
  while (!text.empty() && count <= kBatchEventsMax) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Result<Json> element = parse_json_within(line, JsonNumbers::any, room);
    if (!element && element.error().code == ErrorCode::too_large) return fail(element.error());
    if (element) {
      body.elements.emplace_back(count, *std::move(element));
    } else {
      faults.add(ErrorCode::invalid, Fault{count, "", element.error().message});
    }
    ++count;
  }
  if (count > kBatchEventsMax) {
    return fail(ErrorCode::invalid,
                "the body has more than " + std::to_string(kBatchEventsMax) + " events");
  }
  return body;
}

bool is_binary_mode(const http::Request& request) {
  return request.header("ce-specversion") || request.header("ce-id") || request.header("ce-type");
}

// A quoted string (RFC 9110, 5.6.4) without its quotes; nothing if the second quote is missing or
// misplaced.
std::optional<std::string> unquoted(std::string_view value) {
  std::string text;
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (value[i] == '"') return i + 1 == value.size() ? std::optional(text) : std::nullopt;
    if (value[i] == '\\') ++i;
    if (i < value.size()) text.push_back(value[i]);
  }
  return std::nullopt;
}

// CloudEvents' HTTP binding (3.1.3.2) unquotes a header's value first, then percent-decodes it.
Result<Json> attribute_of(const http::Header& header) {
  std::optional<std::string> value = header.second;
  if (value->starts_with('"')) value = unquoted(*value);
  if (value) value = http::percent_decode(*value);
  if (value && is_well_formed_utf8(*value)) return Json(*std::move(value));
  return fail(ErrorCode::invalid, "the header " + header.first +
                                      " is no percent-encoded UTF-8 text, in quotes or not: '" +
                                      header.second + "'");
}

Result<EventBody> read_binary_mode(const http::Request& request, std::string_view text) {
  Json event = Json::object();
  for (const http::Header& header : request.headers) {
    if (!header.first.starts_with(kHeaderPrefix)) continue;
    const std::string name = header.first.substr(kHeaderPrefix.size());
    if (name == "data" || name == "data_base64") {
      return fail(ErrorCode::invalid,
                  "the header " + header.first + " is no attribute: data is the body");
    }
    if (event.find(name) != nullptr) {
      return fail(ErrorCode::invalid, "the header " + header.first + " stands there twice");
    }
    event.set(name, TRY(attribute_of(header)));
  }
  if (!text.empty()) event.set("data", TRY(parse_json(text, JsonNumbers::any)));
  EventBody body = TRY(numbered({std::move(event)}));
  body.needs_specversion = true;
  return body;
}

std::unexpected<Error> wrong_media_type(const std::string& type) {
  return fail(ErrorCode::media_type,
              "events come as application/cloudevents+json, application/cloudevents-batch+json, "
              "application/json or application/x-ndjson, not as '" +
                  type + "'");
}

Result<EventBody> read_by_type(const http::Request& request, std::string_view text,
                               Faults& faults) {
  const std::string type = media_type_of(request);
  const bool is_cloudevents = type.starts_with("application/cloudevents");
  if (is_binary_mode(request) && !is_cloudevents) {
    if (!is_json_type(type)) return wrong_media_type(type);
    return read_binary_mode(request, text);
  }
  if (type == "application/x-ndjson") return read_lines(text, faults);
  const std::optional<PlainBody> plain = plain_type(type);
  return plain ? read_plain(*plain, text) : wrong_media_type(type);
}

}  // namespace

std::optional<PlainBody> plain_body(const http::Request& request) {
  if (is_binary_mode(request) || request.header("content-encoding")) return std::nullopt;
  return plain_type(media_type_of(request));
}

Result<EventBody> read_event_body(const http::Request& request, Faults& faults) {
  const std::optional<std::string> coding = request.header("content-encoding");
  std::string decoded;
  if (coding) decoded = TRY(decode_content(*coding, request.body, kBodyBytesMax));
  EventBody body = TRY(read_by_type(request, coding ? decoded : request.body, faults));
  if (body.elements.size() > kBatchEventsMax) {
    return fail(ErrorCode::invalid, "the body has " + std::to_string(body.elements.size()) +
                                        " events; at most " + std::to_string(kBatchEventsMax) +
                                        " are allowed");
  }
  return body;
}

}  // namespace metergate::api
