#include "api/dispatch.h"

#include <algorithm>
#include <utility>

#include "api/answer_form.h"
#include "api/sequence_wait.h"
#include "base/utf8.h"
#include "http/words/problem.h"
#include "service/shared/audit_notes.h"
#include "service/upkeep/telemetry.h"

namespace metergate::api {
namespace {

constexpr std::size_t kUserAgentMax = 256;

http::EnvelopeContext context_of(const Services& services, std::string_view request_id) {
  return {.now = services.clock.now(), .zone = &services.rules.zone, .request_id = request_id};
}

// The user agent, as much as fits into an audit record.
std::string user_agent_of(const http::Request& request) {
  std::string text = request.header("user-agent").value_or("");
  text.resize(std::min(text.size(), kUserAgentMax));
  return is_well_formed_utf8(text) ? text : std::string{};
}

Actor actor_of(const http::Request& request, const std::optional<Caller>& caller) {
  return Actor{.name = caller ? caller->actor() : std::string{"anonymous"},
               .ip = request.remote_ip,
               .user_agent = user_agent_of(request),
               .request_id = request.request_id,
               .rights = caller ? caller->permissions() : Permissions{},
               .recorded_ip = request.recorded_ip};
}

std::string path_value_or_empty(const RouteMatch& match, std::string_view name) {
  for (const auto& [key, value] : match.path_values) {
    if (key == name) return value;
  }
  return {};
}

// Larger answers count against the caller's share.
constexpr std::size_t kSmallAnswerBytes = 64 * 1024;

http::Holder holder_of(const Caller& caller) {
  if (caller.tenant()) return {"tenant " + caller.tenant()->text(), http::Standing::tenant};
  const bool is_staff =
      caller.may(Permission::billing_read) || caller.may(Permission::tenants_read);
  return {"provider " + caller.actor(),
          is_staff ? http::Standing::staff : http::Standing::provider};
}

bool sends_events(const Route& route) {
  return route.access.audience == Audience::sender && route.method == "POST";
}

bool has_header(const http::Response& response, std::string_view name) {
  return std::ranges::find(response.headers, name, &http::Header::first) != response.headers.end();
}

}  // namespace

Result<std::unique_ptr<Dispatcher>> Dispatcher::create(std::vector<Route> routes,
                                                       Services& services, http::CorsRules cors) {
  RouteTable table = TRY(RouteTable::create(std::move(routes)));
  return std::unique_ptr<Dispatcher>{new Dispatcher{std::move(table), services, std::move(cors)}};
}

bool Dispatcher::is_slow(const http::Request& request) const {
  const auto match = table_.find(request.method, request.path);
  return match && match->route->is_slow;
}

bool Dispatcher::is_login(const http::Request& request) const {
  const auto match = table_.find(request.method, request.path);
  return match && match->route->hashes_password;
}

std::size_t Dispatcher::body_bytes_max(const http::Request& head) const {
  const auto match = table_.find(head.method, head.path);
  return match ? match->route->body_bytes_max : kBodyUsualMax;
}

http::Reception Dispatcher::receive(const http::Request& head) {
  const auto match = table_.find(head.method, head.path);
  http::Reception reception{.holder = {head.remote_ip, http::Standing::stranger}, .refusal = {}};
  if (match && match->route->is_vital) reception.holder.standing = http::Standing::vital;
  const bool is_open = match && match->route->access.audience == Audience::everybody;
  if (is_open) return reception;
  Result<Caller> caller = authenticate(head, services_);
  if (caller) {
    reception.holder = holder_of(*caller);
    reception.known_caller = std::make_shared<const Caller>(*std::move(caller));
  } else if (match) {
    reception.refusal = caller.error();
  }
  return reception;
}

void Dispatcher::handle(http::Request request, http::Reply reply) {
  Exchange exchange{.request = std::move(request),
                    .started_at = services_.clock.steady(),
                    .match = std::nullopt,
                    .admission = {},
                    .call = calls::MeteredCall{services_},
                    .response = {},
                    .response_bytes = 0};
  Result<http::Response> answered = answer(exchange);
  note(exchange, answered);
  set_response(exchange,
               answered ? *std::move(answered) : failure(answered.error(), exchange.request));
  // A request that could not be metered must not be answered as if it had been.
  if (const Result<> metered = meter(exchange); !metered)
    set_response(exchange, failure(metered.error(), exchange.request));
  log(exchange);
  finish(exchange, std::move(reply));
}

// Answers wait for the disk together: if each woke it alone, each would cost a sync.
void Dispatcher::finish(Exchange& exchange, http::Reply reply) {
  const Sequence reflected = services_.store.head();
  set_sequence(exchange.response, reflected);
  const bool has_events = exchange.match && sends_events(*exchange.match->route);
  Finished finished{std::move(exchange.response), std::move(reply), exchange.started_at,
                    has_events};
  if (services_.store.durable() >= reflected) return let_go(std::move(finished));
  const std::lock_guard lock{mutex_};
  unsettled_.reflected = std::max(unsettled_.reflected, reflected);
  unsettled_.finished.push_back(std::move(finished));
}

void Dispatcher::let_go(Finished finished) const {
  const Microseconds taken = services_.clock.steady() - finished.started_at;
  Telemetry& telemetry = services_.telemetry;
  telemetry.http_answers.add(finished.response.status);
  telemetry.http_durations.add(taken);
  if (finished.has_events) telemetry.ingest_durations.add(taken);
  finished.reply(std::move(finished.response));
}

void Dispatcher::settle() {
  Unsettled due;
  {
    const std::lock_guard lock{mutex_};
    due = std::exchange(unsettled_, {});
  }
  if (due.finished.empty()) return;
  services_.store.when_durable(due.reflected, [this, finished = std::move(due.finished)]() mutable {
    for (Finished& each : finished) let_go(std::move(each));
  });
}

Result<http::Response> Dispatcher::answer(Exchange& exchange) {
  const http::Request& request = exchange.request;
  // A preflight has no token, so it belongs to no caller.
  if (http::is_preflight(request) && table_.has(request.path))
    return cors_.get().preflight(request, table_.methods_of(request.path));
  exchange.match = table_.find(request.method, request.path);
  if (!exchange.match) return answer_unmatched(exchange);
  Admission& admission = exchange.admission;
  TRY(admit(request, *exchange.match, services_, admission));
  TRY(admit_call(exchange));
  TRY(check_query(request, *exchange.match->route));
  TRY(check_sequence(request, services_));
  Call call{.route = *exchange.match->route,
            .request = request,
            .services = services_,
            .path_values = exchange.match->path_values,
            .caller = admission.caller ? &*admission.caller : nullptr,
            .access = admission.access,
            .actor = actor_of(request, admission.caller),
            .reference = &reference_};
  Answer answer = TRY(exchange.match->route->handler(call));
  return formed(shape(std::move(answer), request), request);
}

Result<http::Response> Dispatcher::answer_unmatched(Exchange& exchange) {
  const http::Request& request = exchange.request;
  TRY(recognise(request, services_, exchange.admission));
  TRY(admit_call(exchange));
  std::string allowed = table_.methods_of(request.path);
  if (allowed.empty())
    return fail(ErrorCode::not_found, "there is nothing at the path " + request.path);
  http::Response response =
      failure(Error{ErrorCode::method,
                    request.method + " is not possible at this path; allowed: " + allowed,
                    {}},
              request);
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

Result<> Dispatcher::admit_call(Exchange& exchange) {
  const bool answers = exchange.match && exchange.match->route->answers_past_limit;
  return exchange.call.admit(exchange.admission, answers ? Enforcement::PastLimit::let_through
                                                         : Enforcement::PastLimit::refuse);
}

http::Response Dispatcher::shape(Answer answer, const http::Request& request) const {
  http::Response response;
  if (answer.whole) {
    response = *std::move(answer.whole);
    if (!has_header(response, "Cache-Control"))
      response.headers.emplace_back("Cache-Control", "no-store");
  } else if (answer.elements) {
    response = http::success_with(std::move(answer.data), std::move(answer.elements),
                                  context_of(services_, request.request_id));
  } else {
    response = http::success(std::move(answer.data), context_of(services_, request.request_id),
                             answer.status);
  }
  std::ranges::move(answer.headers, std::back_inserter(response.headers));
  return response;
}

http::Response Dispatcher::failure(const Error& error, const http::Request& request) const {
  const http::ProblemRow& row = http::row_of(error.code);
  if (row.status >= 500) {
    services_.log.error(
        "http.failed",
        {{"request_id", request.request_id}, {"code", row.name}, {"reason", error.message}});
  }
  const http::EnvelopeContext context = context_of(services_, request.request_id);
  return answers_problems(request.path) ? http::problem_json(error, context, request.path)
                                        : http::problem(error, context);
}

http::Response Dispatcher::refusal(const Error& error, std::string_view request_id,
                                   std::string_view target) {
  const http::EnvelopeContext context = context_of(services_, request_id);
  const std::string_view path = target.substr(0, target.find('?'));
  return answers_problems(path) ? http::problem_json(error, context, path)
                                : http::problem(error, context);
}

void Dispatcher::add_standing(const Exchange& exchange, http::Response& response) const {
  if (exchange.admission.caller) reserve_sequence(response, services_.store.head());
  exchange.call.append_standing(response.headers);
}

void Dispatcher::set_response(Exchange& exchange, http::Response response) const {
  add_standing(exchange, response);
  cors_.get().add_fields(exchange.request, response);
  const http::HeadContext context =
      http::head_context(exchange.request, response, services_.clock.now());
  const std::size_t head = http::serialize_head(response, context).size();
  const bool has_body = exchange.request.method != "HEAD" && !http::is_bodiless(response.status);
  exchange.response_bytes = static_cast<std::int64_t>(head + (has_body ? response.body.size() : 0));
  const bool is_large = response.body.size() > kSmallAnswerBytes || response.source;
  if (is_large && exchange.admission.caller)
    response.holder = holder_of(*exchange.admission.caller);
  exchange.response = std::move(response);
}

Result<> Dispatcher::meter(Exchange& exchange) {
  if (!exchange.admission.metered) return {};
  return exchange.call.record(exchange.admission, fact_of(exchange));
}

ApiCall Dispatcher::fact_of(const Exchange& exchange) const {
  const http::Request& request = exchange.request;
  ApiCall call{.method = request.method,
               .endpoint = endpoint_template(request.method, request.path),
               .path = request.path,
               .status = exchange.response.status,
               .request_bytes = request.bytes,
               .response_bytes = exchange.response_bytes,
               .duration = services_.clock.steady() - exchange.started_at,
               .ip = request.recorded_ip,
               .store_id = {},
               .device_id = {},
               .caller = {},
               .traceparent = traceparent_in_record(request.header("traceparent").value_or(""))};
  if (exchange.match) {
    call.endpoint = request.method + " " + std::string{exchange.match->route->path};
    call.store_id = path_value_or_empty(*exchange.match, "store_id");
    call.device_id = path_value_or_empty(*exchange.match, "device_id");
  }
  if (const auto& caller = exchange.admission.caller)
    call.caller = caller_in_record(caller->actor());
  return call;
}

// Services audit their own changes. This adds refusals to callers with a token, and answers that
// hand out much. Events are not changes of the provider's.
void Dispatcher::note(const Exchange& exchange, const Result<http::Response>& answered) {
  if (!exchange.match || !exchange.admission.caller) return;
  const Route& route = *exchange.match->route;
  const http::Request& request = exchange.request;
  const bool is_change = request.method != "GET" && request.method != "HEAD";
  const bool is_of_events = route.access.audience == Audience::sender;
  const bool is_tenants_own =
      route.access.audience == Audience::tenant && exchange.admission.caller->tenant();
  Json what = Json::object({{"method", request.method}, {"path", request.path}});
  AuditNotes::Note note{.tenant_id = path_value_or_empty(*exchange.match, "tenant_id")};
  if (answered) {
    if (route.noted_as.empty() || answered->status >= 400) return;
    note.action = route.noted_as;
    for (const auto& [name, value] : request.query) what.set(name, value);
    note.what = std::move(what);
    services_.audit_notes.keep(NoteKind::taken_out, actor_of(request, exchange.admission.caller),
                               std::move(note));
    return;
  }
  const http::ProblemRow& problem = http::row_of(answered.error().code);
  if (!is_change || is_of_events || is_tenants_own || problem.status >= 500) return;
  note.action = "request.refused";
  note.reason = answered.error().message;
  what.set("status", std::int64_t{problem.status});
  what.set("error", problem.name);
  note.what = std::move(what);
  services_.audit_notes.keep(NoteKind::refused_change, actor_of(request, exchange.admission.caller),
                             std::move(note));
}

void Dispatcher::log(const Exchange& exchange) const {
  if (!services_.log.writes(LogLevel::info)) return;
  const http::Request& request = exchange.request;
  const Admission& admission = exchange.admission;
  const Microseconds taken = services_.clock.steady() - exchange.started_at;
  services_.log.info(
      "http.request",
      {{"request_id", request.request_id},
       {"method", request.method},
       {"route", exchange.match ? exchange.match->route->path : std::string_view{}},
       {"status", exchange.response.status},
       {"duration_ms", Decimal{taken.count(), 3}},
       {"actor",
        admission.caller ? std::string_view{admission.caller->actor()} : std::string_view{}},
       {"tenant", admission.metered ? std::string_view{admission.metered->tenant().text()}
                                    : std::string_view{}},
       {"bytes", exchange.response_bytes}});
}

}  // namespace metergate::api
