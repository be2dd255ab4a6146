// The route table: method, path, who may call it, what it takes, and what answers. One row a route;
// the dispatcher, the permission test and the documents read the same rows.
//
// A row without an access rule does not compile; a row with an empty path or two rows alike do not
// start.
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
  sender   // any tenant's token, or a provider's with the permission; the events or the query name
           // the tenant, and the handler holds it against the token
};

struct Access {
  Audience audience;
  std::optional<Permission> permission;  // nothing only for everybody
};

constexpr Access open_to_everybody() { return {Audience::everybody, std::nullopt}; }
constexpr Access provider_with(Permission permission) { return {Audience::provider, permission}; }
constexpr Access tenant_or_provider_with(Permission permission) {
  return {Audience::tenant, permission};
}
constexpr Access sender_or_provider_with(Permission permission) {
  return {Audience::sender, permission};
}

// A request that has been matched, authenticated and found to name only known query parameters.
struct Call {
  const http::Request& request;
  Services& services;
  std::vector<std::pair<std::string_view, std::string>> path_values;  // "tenant_id" → "tenant_456"
  const Caller* caller = nullptr;      // nullptr: a route open to everybody
  std::optional<TenantAccess> access;  // of Audience::tenant routes
  Actor actor;

  const std::string& path_value(std::string_view name) const;
  std::optional<std::string> query(std::string_view name) const;  // the last of that name
};

// What a handler answers: data for the envelope, or a response of its own (a download).
struct Answer {
  Json data;
  int status = 200;
  std::vector<http::Header> headers;
  std::optional<http::Response> whole;  // instead of the envelope
  // Where set: JSON text of the elements of the last member of `data`, an empty array.
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
// 204.
inline Answer no_content() {
  Answer answer;
  answer.status = 204;
  answer.whole.emplace().status = 204;
  return answer;
}
// Of what may have failed: then that.
inline Result<Answer> answer_of(Result<Json> data, int status = 200) {
  return answer_of(TRY(std::move(data)), status);
}

using HandlerFunction = Result<Answer> (*)(Call& call);

// How large a request's body may be. Most are a few fields.
inline constexpr std::size_t kBodyUsualMax = std::size_t{64} << 10;

struct Route {
  std::string_view method;
  std::string_view path;  // "/provider/billing/tenants/{tenant_id}"
  Access access;
  HandlerFunction handler;
  std::vector<std::string_view> query_names;  // any other is refused by name
  bool is_slow = false;                       // run off the server threads
  std::string_view summary;
  // Query names that may stand there several times; "name[]" is name[KEY] with any key.
  std::vector<std::string_view> repeated_names{};
  // The audit trail says under this name that it was answered: of what takes much out.
  std::string_view noted_as{};
  // A tenant whose calls are refused over a hard limit is answered here all the same, unbilled.
  bool answers_past_limit = false;
  bool hashes_password = false;                // such slow ones have a thread of their own
  std::size_t body_bytes_max = kBodyUsualMax;  // as it is sent
  bool is_vital = false;  // what watches the server asks: answered whatever else is full
};

// A handler's file offers its rows; routes.cpp puts them all together.
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

// Reads a body's members one by one; collects every fault, and refuses members that nobody asked
// for.
class BodyReader {
 public:
  // ErrorCode::invalid where the body is no JSON object; media_type where Content-Type says it is
  // something else.
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
  // Whether null is said, where that is not the same as nothing; to be read besides.
  bool is_null(std::string_view name) const;
  void fault(std::string_view name, std::string message);

  // All faults in one ErrorCode::invalid, unknown members among them; call before using what was
  // read.
  Result<> finish();

 private:
  const Json* take(std::string_view name);
  Json body_;
  std::vector<std::string> known_;
  std::vector<Fault> faults_;
};

// Reads query values the same way: all faults in one answer.
class QueryReader {
 public:
  explicit QueryReader(const Call& call) : call_(call) {}
  std::optional<std::string> text(std::string_view name);
  std::optional<std::string> choice(std::string_view name, const std::vector<std::string>& allowed);
  // One or several of them, separated by commas; as they stand, see service/shared/listed_values.
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
// The query's "sort", one of the fields or one with - before it; `otherwise` where there is none.
std::string read_sort(QueryReader& reader, const std::vector<std::string_view>& fields,
                      std::string_view otherwise);
// Sorts documents so; those that are equal keep their order.
void sort_documents(std::vector<Json>& documents, std::string_view sort);
PageRequest read_page(QueryReader& reader);  // page from 1, limit 1 to 200
Json pagination_json(const PageRequest& request, std::int64_t total);
// The page's of `rows`, under this name, and the pagination.
Json list_json(std::string_view name, std::vector<Json> rows, const PageRequest& page);

}  // namespace metergate::api
