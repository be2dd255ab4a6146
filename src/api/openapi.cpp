// OpenAPI 3.1 from the route table.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/openapi_schema.h"
#include "api/reference.h"
#include "api/sequence_wait.h"
#include "base/characters.h"
#include "http/words/problem.h"

namespace metergate::api {
namespace {

constexpr std::string_view kApiAbout =
    "Metergate counts what each tenant of a SaaS uses, holds it against the tenant's plan, and "
    "prices the overage.\n\n"
    "A token or an API key goes into `Authorization: Bearer …`. Every answer but a file, "
    "`/metrics` and those under `/api/v1/` is an envelope of `server_time`, `request_id`, `data` "
    "and `error`. An unknown query parameter or body member is refused by name. GET answers have "
    "an `ETag`, honour `If-None-Match`, and answer HEAD as well; they are compressed where "
    "`Accept-Encoding` says so. `X-Request-Id` names a request; its answer and its log lines carry "
    "the name.";

Json operation_tags() {
  Json tags = Json::array();
  for (const TopicRow& topic : reference_topics())
    tags.push_back(Json::object({{"name", topic.name}, {"description", topic.about}}));
  return tags;
}

Json after_sequence_parameter() {
  return Json::object(
      {{"name", kAfterSequence},
       {"in", "query"},
       {"description",
        "the X-Usage-Seq of an earlier answer: what it reflected is seen by this one"},
       {"required", false},
       {"schema", Json::object({{"type", "integer"}, {"format", "int64"}, {"minimum", 0}})}});
}

Json parameters_of(const Route& route) {
  Json parameters = Json::array();
  for (const std::string_view name : path_value_names(route.path))
    parameters.push_back(path_parameter(name));
  for (const Field& field : route.query) parameters.push_back(query_parameter(field));
  if (route.method == "GET")
    parameters.push_back(Json::object({{"$ref", "#/components/parameters/AfterSequence"}}));
  for (const Field& field : route.headers) {
    // OpenAPI leaves Accept to the media types of the answers.
    if (field.name != "Accept") parameters.push_back(header_parameter(field));
  }
  return parameters;
}

Json array_of(Json items) { return Json::object({{"type", "array"}, {"items", std::move(items)}}); }

// A body of several events is a list in JSON and a line for each event in NDJSON.
Json schema_in(const TakenBody& body, std::string_view media_type) {
  Json one = reference_to(body.shape->name);
  if (media_type == "application/x-ndjson")
    return Json::object({{"type", "string"}, {"description", "One JSON object on each line"}});
  const bool may_be_list = !body.media_types.empty() && media_type == "application/json";
  if (may_be_list) {
    Json either = Json::array();
    either.push_back(one);
    either.push_back(array_of(one));
    return Json::object({{"anyOf", std::move(either)}});
  }
  return body.is_list || media_type.find("-batch") != media_type.npos ? array_of(std::move(one))
                                                                      : one;
}

Json request_body(const TakenBody& body) {
  static constexpr std::array<std::string_view, 1> kJsonOnly = {"application/json"};
  const Words types = body.media_types.empty() ? Words{kJsonOnly} : body.media_types;
  Json content = Json::object();
  for (const std::string_view type : types) {
    Json media = Json::object({{"schema", schema_in(body, type)}});
    // The first is the one that the example is of.
    if (type == types.front()) media.set("example", parse_json(body.example).value());
    content.set(type, std::move(media));
  }
  return Json::object({{"required", !body.is_optional}, {"content", std::move(content)}});
}

Json enveloped(Json data) {
  Json required = Json::array();
  for (const char* name : {"server_time", "request_id", "data", "error"}) required.push_back(name);
  return Json::object(
      {{"type", "object"},
       {"required", std::move(required)},
       {"properties",
        Json::object({{"server_time", Json::object({{"type", "string"}, {"format", "date-time"}})},
                      {"request_id", Json::object({{"type", "string"}})},
                      {"data", std::move(data)},
                      {"error", Json::object({{"type", "null"}})}})}});
}

Json schema_in(const ShownAnswer& answer) {
  switch (answer.form) {
    case Form::envelope:
      return reference_to(answer.shape->name);
    case Form::bare:
      return reference_to(answer.shape->name);
    case Form::bare_list:
      return array_of(answer.shape == nullptr ? Json::object({{"type", "string"}})
                                              : reference_to(answer.shape->name));
    case Form::json_text:
      return Json::object({{"type", "object"}});
    case Form::text:
    case Form::csv:
    case Form::xlsx:
    case Form::pdf:
    case Form::html:
    case Form::nothing:
      break;
  }
  return Json::object({{"type", "string"}});
}

// All answers of one status and media type; several are either of them.
Json media_of(const Route& route, int status, std::string_view media_type) {
  Json schemas = Json::array();
  bool is_enveloped = false;
  for (const ShownAnswer& answer : route.answers) {
    if (answer.status != status || media_type_of(answer.form) != media_type) continue;
    schemas.push_back(schema_in(answer));
    is_enveloped = answer.form == Form::envelope;
  }
  Json schema = schemas.as_array().size() == 1 ? schemas.as_array().front()
                                               : Json::object({{"anyOf", std::move(schemas)}});
  return Json::object({{"schema", is_enveloped ? enveloped(std::move(schema)) : schema}});
}

std::string_view about_status(int status) {
  switch (status) {
    case 201:
      return "Made";
    case 202:
      return "Taken up";
    case 204:
      return "Done; there is nothing to say";
    case 503:
      return "Not now";
    default:
      return "Done";
  }
}

Json answer_headers(const Route& route, int status) {
  Json headers = Json::object();
  headers.set("X-Request-Id", Json::object({{"$ref", "#/components/headers/RequestId"}}));
  if (route.access.audience != Audience::everybody)
    headers.set("X-Usage-Seq", Json::object({{"$ref", "#/components/headers/UsageSequence"}}));
  if (route.method == "GET" && status == 200)
    headers.set("ETag", Json::object({{"$ref", "#/components/headers/ETag"}}));
  return headers;
}

void add_answers(const Route& route, Json& responses) {
  for (const ShownAnswer& answer : route.answers) {
    const std::string status = fmt::format("{}", answer.status);
    if (responses.find(status) != nullptr) continue;
    Json response = Json::object({{"description", about_status(answer.status)},
                                  {"headers", answer_headers(route, answer.status)}});
    Json content = Json::object();
    for (const ShownAnswer& other : route.answers) {
      const std::string_view type = media_type_of(other.form);
      if (other.status != answer.status || type.empty()) continue;
      content.set(type, media_of(route, other.status, type));
    }
    if (!content.as_object().empty()) response.set("content", std::move(content));
    responses.set(status, std::move(response));
  }
}

Json codes_json(const std::vector<std::string_view>& names) {
  Json codes = Json::array();
  for (const std::string_view name : names) {
    if (std::ranges::find(codes.as_array(), Json(name)) == codes.as_array().end())
      codes.push_back(name);
  }
  return codes;
}

// The answer of one status: with the codes that this route has for it.
Json failure_response(const Route& route, int status, const std::vector<ErrorCode>& codes) {
  std::string about;
  std::vector<std::string_view> names;
  for (const ErrorCode code : codes) {
    if (http::row_of(code).status != status) continue;
    if (!names.empty()) about += "\n\n";
    names.push_back(http::row_of(code).name);
    about += fmt::format("`{}`: {}", names.back(), about_error(code));
  }
  const bool is_problem = answers_problems(route.path);
  Json told = Json::object({{"code", Json::object({{"enum", codes_json(names)}})}});
  if (!is_problem) told = Json::object({{"error", Json::object({{"properties", told}})}});
  Json both = Json::array();
  both.push_back(reference_to(is_problem ? "Problem" : "Failure"));
  both.push_back(Json::object({{"properties", std::move(told)}}));
  const Json media = Json::object({{"schema", Json::object({{"allOf", std::move(both)}})}});
  Json response = Json::object({{"description", std::move(about)}});
  Json headers = Json::object();
  headers.set("X-Request-Id", Json::object({{"$ref", "#/components/headers/RequestId"}}));
  if (status == 429 || status == 503)
    headers.set("Retry-After", Json::object({{"$ref", "#/components/headers/RetryAfter"}}));
  response.set("headers", std::move(headers));
  response.set(
      "content",
      Json::object({{is_problem ? "application/problem+json" : "application/json", media}}));
  return response;
}

void add_failures(const Route& route, Json& responses) {
  const std::vector<ErrorCode> codes = errors_of(route);
  std::vector<int> statuses;
  for (const ErrorCode code : codes) statuses.push_back(http::row_of(code).status);
  std::ranges::sort(statuses);
  statuses.erase(std::ranges::unique(statuses).begin(), statuses.end());
  for (const int status : statuses) {
    const std::string name = fmt::format("{}", status);
    Json failure = failure_response(route, status, codes);
    if (const Json* known = responses.find(name); known != nullptr) {
      Json content = *known->find("content");
      for (const auto& [type, media] : failure.find("content")->as_object())
        content.set(type, media);
      failure.set("content", std::move(content));
    }
    responses.set(name, std::move(failure));
  }
}

Json operation_of(const Route& route) {
  std::string about = access_text(route) + ".";
  if (route.answers_past_limit) about += " Answered past a hard limit as well, and then unbilled.";
  Json tags = Json::array();
  tags.push_back(route.topic);
  Json operation = Json::object({{"operationId", route.name},
                                 {"summary", route.summary},
                                 {"description", std::move(about)},
                                 {"tags", std::move(tags)}});
  Json security = Json::array();
  if (route.access.audience != Audience::everybody)
    security.push_back(Json::object({{"bearer", Json::array()}}));
  operation.set("security", std::move(security));
  Json parameters = parameters_of(route);
  if (!parameters.as_array().empty()) operation.set("parameters", std::move(parameters));
  if (route.body.shape != nullptr) operation.set("requestBody", request_body(route.body));
  Json responses = Json::object();
  add_answers(route, responses);
  add_failures(route, responses);
  operation.set("responses", std::move(responses));
  return operation;
}

Json paths_of(std::span<const Route> routes) {
  std::map<std::string_view, Json> by_path;
  for (const Route& route : routes) {
    Json& item = by_path.try_emplace(route.path, Json::object()).first->second;
    const std::string method = to_lower(route.method);
    item.set(method, operation_of(route));
  }
  Json paths = Json::object();
  for (auto& [path, item] : by_path) paths.set(path, std::move(item));
  return paths;
}

Json text_header(std::string_view about) {
  return Json::object({{"description", about}, {"schema", Json::object({{"type", "string"}})}});
}

// The schemas of errors are the server's own, of no route.
Json constant_json(std::string_view text) { return parse_json(text).value(); }

constexpr std::string_view kFailureSchemas = R"({
  "Fault": {"type": "object", "required": ["field", "message"], "properties": {
    "index": {"type": "integer", "description": "of the element of a batch"},
    "field": {"type": "string"}, "message": {"type": "string"}}},
  "Details": {"type": "object", "properties": {
    "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
    "required": {"type": "string", "description": "the permission that is missing"}}},
  "Failure": {"type": "object", "required": ["server_time", "request_id", "data", "error"],
    "properties": {
      "server_time": {"type": "string", "format": "date-time"},
      "request_id": {"type": "string"},
      "data": {"type": "null"},
      "error": {"type": "object", "required": ["code", "message", "details"], "properties": {
        "code": {"type": "string"},
        "message": {"type": "string", "description":
          "for people: what was wrong, with what value, and what is allowed"},
        "details": {"$ref": "#/components/schemas/Details"}}}}},
  "Problem": {"type": "object", "description": "RFC 9457",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
      "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
      "detail": {"type": "string"}, "instance": {"type": "string"}, "code": {"type": "string"},
      "request_id": {"type": "string"},
      "details": {"$ref": "#/components/schemas/Details"},
      "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
      "receipts": {"type": "array", "items": {"$ref": "#/components/schemas/Receipt"}}}}
})";

Json components_of(std::span<const Route> routes) {
  Json schemas = constant_json(kFailureSchemas);
  for (const ListedShape& listed : shapes_of(routes))
    schemas.set(listed.shape->name, schema_of(listed));
  return Json::object(
      {{"securitySchemes",
        Json::object({{"bearer", Json::object({{"type", "http"},
                                               {"scheme", "bearer"},
                                               {"description", "A JWT, or an API key"}})}})},
       {"parameters", Json::object({{"AfterSequence", after_sequence_parameter()}})},
       {"headers",
        Json::object({{"RequestId", text_header("the caller's X-Request-Id, or one that was made")},
                      {"UsageSequence", text_header("the newest write that the answer reflects")},
                      {"ETag", text_header("a tag of the content, for If-None-Match")},
                      {"RetryAfter", text_header("seconds until it is worth another try")}})},
       {"schemas", std::move(schemas)}});
}

}  // namespace

std::string openapi_text(std::span<const Route> routes, std::string_view version) {
  Json servers = Json::array();
  servers.push_back(Json::object({{"url", "/"}, {"description", "this server"}}));
  return to_text(Json::object(
      {{"openapi", "3.1.0"},
       {"info", Json::object({{"title", "Metergate"},
                              {"version", version},
                              {"description", kApiAbout},
                              {"license", Json::object({{"name", "Apache 2.0"},
                                                        {"identifier", "Apache-2.0"}})}})},
       {"servers", std::move(servers)},
       {"tags", operation_tags()},
       {"paths", paths_of(routes)},
       {"components", components_of(routes)}}));
}

}  // namespace metergate::api
