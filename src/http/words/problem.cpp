#include "http/words/problem.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/check.h"

namespace metergate::http {
namespace {

// In the order of ErrorCode: row_of() relies on it, and a test reads every row.
constexpr std::array<ProblemRow, 23> kRows = {{
    {ErrorCode::invalid, 400, "E_VALIDATION"},
    {ErrorCode::period_closed, 400, "E_PERIOD_CLOSED"},
    {ErrorCode::unauthorized, 401, "E_UNAUTHORIZED"},
    {ErrorCode::permission, 403, "E_PERMISSION"},
    {ErrorCode::disabled, 403, "E_DISABLED"},
    {ErrorCode::not_found, 404, "E_NOT_FOUND"},
    {ErrorCode::tenant_not_found, 404, "E_TENANT_NOT_FOUND"},
    {ErrorCode::alert_not_found, 404, "E_ALERT_NOT_FOUND"},
    {ErrorCode::method, 405, "E_METHOD"},
    {ErrorCode::too_large, 413, "E_TOO_LARGE"},
    {ErrorCode::media_type, 415, "E_MEDIA_TYPE"},
    {ErrorCode::headers_too_large, 431, "E_HEADERS_TOO_LARGE"},
    {ErrorCode::duplicate, 409, "E_DUPLICATE"},
    {ErrorCode::conflict, 409, "E_CONFLICT"},
    {ErrorCode::alert_already_resolved, 409, "E_ALERT_ALREADY_RESOLVED"},
    {ErrorCode::rate_limit, 429, "E_RATE_LIMIT", 60},
    {ErrorCode::limit_exceeded, 429, "E_LIMIT_EXCEEDED", 3600},
    {ErrorCode::upstream, 502, "E_UPSTREAM"},
    {ErrorCode::overloaded, 503, "E_OVERLOADED", 1},
    {ErrorCode::storage, 503, "E_STORAGE", 5},
    {ErrorCode::upstream_timeout, 504, "E_UPSTREAM_TIMEOUT"},
    {ErrorCode::corrupt, 500, "E_INTERNAL"},
    {ErrorCode::internal, 500, "E_INTERNAL"},
}};

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].code) != i) return false;
  }
  return true;
}
static_assert(rows_are_in_order());

// The message for callers. Faults of our own are described by the request id only; their causes are
// logged.
std::string public_message(const Error& error, std::string_view request_id) {
  if (error.code == ErrorCode::storage)
    return "The server cannot keep anything at the moment; nothing was changed, try again later";
  if (row_of(error.code).status == 500)
    return fmt::format("The server failed on this request; its operator finds why under {}",
                       request_id);
  return error.message;
}

Json fault_json(const Fault& fault) {
  Json out = Json::object();
  if (fault.index) out.set("index", static_cast<std::int64_t>(*fault.index));
  out.set("field", fault.field);
  out.set("message", fault.message);
  return out;
}

Json faults_json(const Error& error) {
  Json out = Json::array();
  for (const Fault& fault : error.faults) out.push_back(fault_json(fault));
  return out;
}

Json details_json(const Error& error) {
  Json details = Json::object();
  if (!error.faults.empty()) details.set("errors", faults_json(error));
  if (!error.required.empty()) details.set("required", error.required);
  return details;
}

void append_zoned(const Json& value, const EnvelopeContext& context, std::string& out) {
  if (context.zone != nullptr) {
    append_text(value, *context.zone, out);
  } else {
    append_text(value, TimeZone::utc(), out);
  }
}

Response envelope(Json data, Json error, const EnvelopeContext& context) {
  Json whole = Json::object({{"server_time", context.now}, {"request_id", context.request_id}});
  whole.set("data", std::move(data));  // braces would copy the data
  whole.set("error", std::move(error));
  Response response;
  append_zoned(whole, context, response.body);
  response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  return response;
}

void add_error_headers(const Error& error, Response& response) {
  const ProblemRow& row = row_of(error.code);
  response.status = row.status;
  if (row.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  const std::int64_t wait =
      error.retry_after.count() > 0 ? error.retry_after.count() : row.retry_after_seconds;
  if (wait > 0) response.headers.emplace_back("Retry-After", fmt::format("{}", wait));
}

}  // namespace

const ProblemRow& row_of(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  CHECK(index < kRows.size());
  return kRows[index];
}

Response success(Json data, const EnvelopeContext& context, int status) {
  Response response = envelope(std::move(data), Json(), context);
  response.status = status;
  return response;
}

Response success_with(Json data, BodySource elements, const EnvelopeContext& context) {
  Response response = success(std::move(data), context);
  // After the array there are only the ends of `data` and of the envelope, without another array.
  const std::size_t inside = response.body.rfind("[]") + 1;
  CHECK(inside != 0);
  response.source = [before = response.body.substr(0, inside),
                     behind = response.body.substr(inside), elements = std::move(elements),
                     is_over = false]() mutable -> Result<std::optional<std::string>> {
    if (is_over) return std::nullopt;
    if (!before.empty()) return std::exchange(before, {});
    std::optional<std::string> piece = TRY(elements());
    if (piece) return piece;
    is_over = true;
    return std::move(behind);
  };
  response.body.clear();
  return response;
}

Response problem(const Error& error, const EnvelopeContext& context) {
  const ProblemRow& row = row_of(error.code);
  Json body = Json::object({{"code", row.name},
                            {"message", public_message(error, context.request_id)},
                            {"details", details_json(error)}});
  Response response = envelope(Json(), std::move(body), context);
  add_error_headers(error, response);
  return response;
}

Response problem_json(const Error& error, const EnvelopeContext& context, std::string_view instance,
                      Json extension) {
  const ProblemRow& row = row_of(error.code);
  Json body = Json::object({{"type", "about:blank"},
                            {"title", reason_of(row.status)},
                            {"status", row.status},
                            {"detail", public_message(error, context.request_id)},
                            {"instance", instance},
                            {"code", row.name},
                            {"request_id", context.request_id}});
  if (!error.faults.empty()) body.set("errors", faults_json(error));
  if (!error.required.empty()) body.set("details", details_json(error));
  for (auto& [name, value] : extension.as_object()) body.set(name, std::move(value));
  Response response;
  append_zoned(body, context, response.body);
  response.headers = {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}};
  add_error_headers(error, response);
  return response;
}

}  // namespace metergate::http
