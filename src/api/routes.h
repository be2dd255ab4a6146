// The route table: method, path, audience, parameters and handler. One row a route; the dispatcher,
// the permission test and the documents read the same rows.
//
// A row without an access rule does not compile. With an empty path, or two equal rows, the server
// does not start.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/fields.h"
#include "base/json.h"
#include "base/result.h"
#include "domain/identity.h"
#include "http/words/message.h"
#include "service/shared/actor.h"
#include "service/wiring/services.h"

namespace metergate::api {

enum class Audience : std::uint8_t {
  everybody,  // no token
  provider,   // a provider's token or API key with the permission
  tenant,  // the tenant's own token, or a provider's with the permission; the path names the tenant
  sender   // any tenant's token, or a provider's with the permission; the handler compares
           // the tenant that the events or the query name with the token's
};

struct Access {
  Audience audience;
  std::optional<Permission> permission;  // nothing for everybody only
};

constexpr Access open_to_everybody() { return {Audience::everybody, std::nullopt}; }
constexpr Access provider_with(Permission permission) { return {Audience::provider, permission}; }
constexpr Access tenant_or_provider_with(Permission permission) {
  return {Audience::tenant, permission};
}
constexpr Access sender_or_provider_with(Permission permission) {
  return {Audience::sender, permission};
}

struct Route;
class Reference;

// A matched and authenticated request with known query parameters only.
struct Call {
  const Route& route;
  const http::Request& request;
  Services& services;
  std::vector<std::pair<std::string_view, std::string>> path_values;  // "tenant_id" → "tenant_456"
  const Caller* caller = nullptr;      // nullptr: a route open to everybody
  std::optional<TenantAccess> access;  // set on Audience::tenant routes
  Actor actor;
  const Reference* reference = nullptr;  // to the API, of the dispatcher

  const std::string& path_value(std::string_view name) const;
  std::optional<std::string> query(std::string_view name) const;  // the last value of that name
};

// A handler's answer: data for the envelope, or a whole response (a download).
struct Answer {
  Json data;
  int status = 200;
  std::vector<http::Header> headers;
  std::optional<http::Response> whole;  // instead of the envelope
  // If set: JSON text of the elements of the last member of `data`, which is an empty array.
  http::BodySource elements{};
};

inline constexpr int kCreated = 201;
inline constexpr int kAccepted = 202;

inline Answer answer_of(Json data, int status = 200) {
  Answer answer;
  answer.data = std::move(data);
  answer.status = status;
  return answer;
}
// An answer of 204.
inline Answer no_content() {
  Answer answer;
  answer.status = 204;
  answer.whole.emplace().status = 204;
  return answer;
}
// The answer for the data, or the error.
inline Result<Answer> answer_of(Result<Json> data, int status = 200) {
  return answer_of(TRY(std::move(data)), status);
}

using HandlerFunction = Result<Answer> (*)(Call& call);

// The maximum size of a request's body. Most bodies are a few fields.
inline constexpr std::size_t kBodyUsualMax = std::size_t{64} << 10;

// The body of a route. JSON is read by the fields of `shape`, other media types by the route's own
// handler.
struct TakenBody {
  const Shape* shape = nullptr;  // nothing: no body is read
  std::string_view example{};    // JSON text
  bool is_optional = false;
  bool is_list = false;                             // a list of `shape`
  std::span<const std::string_view> media_types{};  // empty: application/json only
};

enum class Form : std::uint8_t {
  envelope,   // `data` is of the shape
  bare,       // JSON without an envelope
  bare_list,  // of the shape; of texts where there is none
  json_text,  // JSON of a shape that is not written here
  text,
  csv,
  xlsx,
  pdf,
  html,
  nothing
};

// One way in which a route answers.
struct ShownAnswer {
  const Shape* shape = nullptr;
  int status = 200;
  Form form = Form::envelope;
};

// A row is written with the names of its members, and needs those up to `summary`.
struct Route {
  std::string_view method;
  std::string_view path;  // "/provider/billing/tenants/{tenant_id}"
  Access access;
  HandlerFunction handler;
  std::span<const Field> query;  // other parameters are refused
  bool is_slow = false;          // run off the server threads
  std::string_view summary;
  std::string_view name{};  // of the operation: "list_alerts"
  TakenBody body{};
  std::vector<ShownAnswer> answers{};
  std::vector<ErrorCode> errors{};   // those of its own; see errors_of()
  std::span<const Field> headers{};  // that change what it does
  // The name under which the audit trail notes the answer, for routes that hand out large parts of
  // the data.
  std::string_view noted_as{};
  // True if a tenant over a hard limit is still answered here, unbilled.
  bool answers_past_limit = false;
  bool hashes_password = false;                // slow routes that hash have a thread of their own
  std::size_t body_bytes_max = kBodyUsualMax;  // as sent, before decoding
  bool is_vital = false;                       // asked by monitoring; answered even under overload
  std::string_view topic{};                    // in the documents; all_routes() sets it
};

// Paths whose errors are problems as in RFC 9457, for clients of other products.
bool answers_problems(std::string_view path);

// Each handler file returns its rows; routes.cpp collects them.
std::vector<Route> all_routes();
std::vector<Route> system_routes();
std::vector<Route> reference_routes();
std::vector<Route> events_routes();
std::vector<Route> raw_events_routes();
std::vector<Route> tenant_routes();
std::vector<Route> directory_routes();
std::vector<Route> billing_routes();
std::vector<Route> alerts_routes();
std::vector<Route> session_routes();
std::vector<Route> workers_routes();
std::vector<Route> webhooks_routes();
std::vector<Route> meters_routes();
std::vector<Route> subjects_routes();
std::vector<Route> corrections_routes();

// A body, read by the fields of its route: each is checked when the body is opened, and what is
// wrong, or asked for by nobody, is one answer. A value is taken by its name, which the table must
// have. A value that is wrong is as if it were left out; so finish() comes before what is taken is
// used.
class BodyReader {
 public:
  // By the fields of the call's route. ErrorCode::invalid where the body is no JSON object;
  // media_type where Content-Type says it is something else.
  static Result<BodyReader> open(const Call& call);
  static Result<BodyReader> open(const http::Request& request, std::span<const Field> fields);
  BodyReader(Json body, std::span<const Field> fields);

  std::string text(std::string_view name) const;  // or a choice; empty where it is left out
  std::optional<std::string> maybe_text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;  // 0 where it is left out
  std::optional<bool> maybe_flag(std::string_view name) const;
  std::optional<Timestamp> maybe_time(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  std::optional<std::vector<std::string>> maybe_texts(std::string_view name) const;
  // A member that its own reader checks; nullptr if it is absent.
  const Json* maybe_any(std::string_view name) const;
  // True if the member is null, for fields in which null differs from an absent member.
  bool is_null(std::string_view name) const;
  void fault(std::string_view name, std::string message);

  // All faults in one ErrorCode::invalid, unknown members among them.
  Result<> finish();

 private:
  void check(const Field& field);
  const Json* value_of(const Field& field) const;
  const Json* good(std::string_view name) const;

  Json body_;
  std::span<const Field> fields_;
  std::vector<const Field*> wrong_;
  std::vector<Fault> faults_;
};

// Reads query values by the fields of the call's route: all faults in one answer. The dispatcher
// has refused what the table does not name.
class QueryReader {
 public:
  explicit QueryReader(const Call& call) : call_(call) {}
  std::optional<std::string> text(std::string_view name);
  std::optional<std::string> choice(std::string_view name);
  // For a field whose words are known only at run time.
  std::optional<std::string> choice(std::string_view name, const std::vector<std::string>& allowed);
  // One or several of the words, separated by commas; returned as sent, see
  // service/shared/listed_values.
  std::optional<std::string> choices(std::string_view name);
  std::int64_t integer(std::string_view name);  // the table's value where nothing is said
  std::optional<bool> flag(std::string_view name);
  std::optional<Day> day(std::string_view name);
  // One of the words, or one with - before it; the table's value where nothing is said.
  std::string sort(std::string_view name = "sort");
  void fault(std::string_view name, std::string message);
  Result<> finish();

 private:
  const Field& field(std::string_view name) const;
  std::optional<std::string> one_of(std::string_view name, Words allowed);
  const Call& call_;
  std::vector<Fault> faults_;
};

struct PageRequest {
  std::int64_t page = 1;
  std::int64_t limit = 50;
};
// Sorts documents accordingly; equal ones keep their order.
void sort_documents(std::vector<Json>& documents, std::string_view sort);
PageRequest read_page(QueryReader& reader);  // page from 1, limit 1 to 200
Json pagination_json(const PageRequest& request, std::int64_t total);
// The rows of a page, under this name, and the pagination of `total` rows.
Json page_json(std::string_view name, Json rows, const PageRequest& page, std::int64_t total);
// The same for all rows, sorted here unless `sort` is empty; of them the page is shown.
Json list_json(std::string_view name, std::vector<Json> rows, const PageRequest& page,
               std::string_view sort);

}  // namespace metergate::api
