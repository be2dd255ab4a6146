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

// A matched and authenticated request with known query parameters only.
struct Call {
  const http::Request& request;
  Services& services;
  std::vector<std::pair<std::string_view, std::string>> path_values;  // "tenant_id" → "tenant_456"
  const Caller* caller = nullptr;      // nullptr: a route open to everybody
  std::optional<TenantAccess> access;  // set on Audience::tenant routes
  Actor actor;

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

struct Route {
  std::string_view method;
  std::string_view path;  // "/provider/billing/tenants/{tenant_id}"
  Access access;
  HandlerFunction handler;
  std::vector<std::string_view> query_names;  // other names are refused
  bool is_slow = false;                       // run off the server threads
  std::string_view summary;
  // Query names that may occur several times; "name[]" is name[KEY] with any key.
  std::vector<std::string_view> repeated_names{};
  // The name under which the audit trail notes the answer, for routes that hand out large parts of
  // the data.
  std::string_view noted_as{};
  // True if a tenant over a hard limit is still answered here, unbilled.
  bool answers_past_limit = false;
  bool hashes_password = false;                // slow routes that hash have a thread of their own
  std::size_t body_bytes_max = kBodyUsualMax;  // as sent, before decoding
  bool is_vital = false;                       // asked by monitoring; answered even under overload
};

// Each handler file returns its rows; routes.cpp collects them.
std::vector<Route> all_routes();
std::vector<Route> system_routes();
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

// Reads a body's members one by one; collects every fault, and refuses members that were not read.
class BodyReader {
 public:
  // ErrorCode::invalid if the body is not a JSON object; media_type if Content-Type says that it is
  // not JSON.
  static Result<BodyReader> open(const http::Request& request);
  explicit BodyReader(Json body) : body_(std::move(body)) {}

  std::string required_text(std::string_view name, std::size_t length_min, std::size_t length_max);
  std::optional<std::string> optional_text(std::string_view name, std::size_t length_min,
                                           std::size_t length_max);
  std::optional<std::string> optional_choice(std::string_view name,
                                             std::initializer_list<std::string_view> allowed);
  std::string required_choice(std::string_view name,
                              std::initializer_list<std::string_view> allowed);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t least,
                                               std::int64_t most);
  std::int64_t required_integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<bool> optional_flag(std::string_view name);
  std::optional<Timestamp> optional_time(std::string_view name);
  std::optional<std::vector<std::string>> optional_texts(std::string_view name,
                                                         std::size_t count_max);
  const Json* optional_any(std::string_view name);
  // True if the member is null, for members where null differs from absent; call it in addition to
  // reading.
  bool is_null(std::string_view name) const;
  void fault(std::string_view name, std::string message);

  // Returns all faults, unknown members included, as one ErrorCode::invalid. Call it before using
  // the values.
  Result<> finish();

 private:
  const Json* take(std::string_view name);
  Json body_;
  std::vector<std::string> known_;
  std::vector<Fault> faults_;
};

// Reads query values in the same way: all faults in one answer.
class QueryReader {
 public:
  explicit QueryReader(const Call& call) : call_(call) {}
  std::optional<std::string> text(std::string_view name);
  std::optional<std::string> choice(std::string_view name, const std::vector<std::string>& allowed);
  // One or several of the allowed values, separated by commas; returned as sent, see
  // service/shared/listed_values.
  std::optional<std::string> choices(std::string_view name,
                                     const std::vector<std::string>& allowed);
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most,
                       std::int64_t otherwise);
  std::optional<bool> flag(std::string_view name);
  std::optional<Day> day(std::string_view name);
  void fault(std::string_view name, std::string message);
  Result<> finish();

 private:
  const Call& call_;
  std::vector<Fault> faults_;
};

struct PageRequest {
  std::int64_t page = 1;
  std::int64_t limit = 50;
};
// The query's "sort": one of the fields, or one with - before it; `otherwise` if it is absent.
std::string read_sort(QueryReader& reader, const std::vector<std::string_view>& fields,
                      std::string_view otherwise);
// Sorts documents accordingly; equal ones keep their order.
void sort_documents(std::vector<Json>& documents, std::string_view sort);
PageRequest read_page(QueryReader& reader);  // page from 1, limit 1 to 200
Json pagination_json(const PageRequest& request, std::int64_t total);
// The page's of `rows`, under this name, and the pagination.
Json list_json(std::string_view name, std::vector<Json> rows, const PageRequest& page);

}  // namespace metergate::api
