// POST /api/v1/events: usage events from the provider's servers and from tenants.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "api/event_body.h"
#include "api/event_reader.h"
#include "api/event_scan.h"
#include "api/events_fields.h"
#include "api/routes.h"
#include "http/words/problem.h"
#include "service/metering/enforcement.h"
#include "service/metering/ingest.h"
#include "service/tenants/directory.h"

namespace metergate::api {
namespace {

constexpr std::string_view kKongsPath = "/api/v3/openmeter/events";
constexpr std::string_view kConsumer = "consumer:";

// A tenant may send only its own events. Another tenant is refused with the same message whether or
// not it exists, before anything else about the event is checked.
Result<> check_subjects(const EventBody& body, const std::optional<TenantId>& own) {
  if (!own) return {};
  const bool all_own = std::ranges::all_of(body.elements, [&](const auto& element) {
    const std::optional<std::string> subject = element.second.string_at("subject");
    return !subject || *subject == own->text();
  });
  if (!all_own) return refuse_for_want_of(Permission::events_write);
  return {};
}

EventContext context_of(const Call& call, bool needs_specversion) {
  EventContext context;
  context.own_tenant = call.caller->tenant();
  context.now = call.services.clock.now();
  context.needs_specversion = needs_specversion;
  return context;
}

// Kong's plugin writes "consumer:ID" where it knows the caller as a consumer. That is the tenant
// ID, unless there is a tenant whose name is the whole.
void name_consumers(const Directory& directory, std::vector<UsageEvent>& events) {
  for (UsageEvent& event : events) {
    std::string_view name = event.tenant.text();
    if (!name.starts_with(kConsumer) || directory.find(event.tenant) != nullptr) continue;
    name.remove_prefix(kConsumer.size());
    if (const Result<TenantId> tenant = TenantId::parse(name)) event.tenant = *tenant;
  }
}

// Kong's plugin sends the events of all tenants together, and drops them where they are refused for
// a minute. So those of a subject that is no tenant are left out, unless there are no others.
void leave_out_strangers(const Call& call, std::vector<UsageEvent>& events) {
  const auto is_stranger = [&](const UsageEvent& event) {
    return call.services.directory.find(event.tenant) == nullptr;
  };
  const auto strangers = std::ranges::count_if(events, is_stranger);
  if (strangers == 0 || std::cmp_equal(strangers, events.size())) return;
  const UsageEvent& first = *std::ranges::find_if(events, is_stranger);
  call.services.log.warn("events.left_out", {{"events", strangers},
                                             {"first_subject", first.tenant.text()},
                                             {"reason", "there is no such tenant"},
                                             {"request_id", call.request.request_id}});
  std::erase_if(events, is_stranger);
}

// RFC 7240: "return=representation", alone or in a list.
bool wants_receipts(const http::Request& request) {
  std::string rest = request.header("prefer").value_or("");
  std::erase_if(rest, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
  for (std::size_t start = 0; start <= rest.size();) {
    const std::size_t end = std::min(rest.find_first_of(",;", start), rest.size());
    if (rest.compare(start, end - start, "return=representation") == 0) return true;
    start = end + 1;
  }
  return false;
}

// A tenant's own events are held to its hard limits; a provider's report usage that has happened
// already.
Result<Commit> record(Call& call, std::vector<UsageEvent> events) {
  if (call.request.path == kKongsPath) {
    name_consumers(call.services.directory, events);
    if (!wants_receipts(call.request)) leave_out_strangers(call, events);
  }
  const std::optional<TenantId> own = call.caller->tenant();
  if (!own) return call.services.ingest.record(std::move(events));
  return call.services.enforcement.record_sent(*own, std::move(events));
}

Result<Commit> record_body(Call& call, const EventBody& body, Faults& faults) {
  const EventContext context = context_of(call, body.needs_specversion);
  TRY(check_subjects(body, context.own_tenant));

  std::vector<UsageEvent> events;
  std::vector<std::size_t> indexes;
  events.reserve(body.elements.size());
  for (const auto& [index, element] : body.elements) {
    if (faults.is_full()) break;
    if (std::optional<UsageEvent> event = read_event(element, context, index, faults)) {
      events.push_back(*std::move(event));
      indexes.push_back(index);
    }
  }
  // A wrong shape means that nothing is recorded; the other events are checked for the same answer.
  if (!faults.is_empty()) {
    for (std::size_t i = 0; i < events.size() && !faults.is_full(); ++i) {
      call.services.ingest.check(events[i], indexes[i], faults);
    }
    TRY(faults.result());
  }
  if (events.empty()) return Commit{call.services.store.head(), {}, true};
  return record(call, std::move(events));
}

Json receipt(const std::pair<std::size_t, Json>& element, std::string_view status) {
  Json out = Json::object({{"index", static_cast<std::int64_t>(element.first)}});
  for (const std::string_view name : {"id", "source", "subject"}) {
    if (element.second.is_object()) out.set(name, element.second.string_at(name));
  }
  out.set("status", status);
  return out;
}

// The status of an accepted event.
std::string_view status_of(EventOutcome outcome) {
  if (outcome == EventOutcome::unmatched) return "unmatched";
  return outcome == EventOutcome::accepted ? "accepted" : "duplicate";
}

Answer receipts_of(const EventBody& body, const Commit& commit) {
  Json receipts = Json::array();
  for (std::size_t i = 0; i < body.elements.size(); ++i) {
    Json one = receipt(body.elements[i], status_of(commit.outcomes.at(i)));
    one.set("sequence", static_cast<std::int64_t>(commit.sequence));
    receipts.push_back(std::move(one));
  }
  return answer_of(Json::object({{"receipts", std::move(receipts)}}));
}

// A batch with a bad event records nothing: each event is a conflict, or rejected.
Answer refused_receipts(Call& call, const EventBody& body, const Error& error) {
  Json receipts = Json::array();
  for (const auto& element : body.elements) {
    const bool is_conflict = std::ranges::any_of(error.faults, [&](const Fault& fault) {
      return fault.index == element.first && fault.kind == ErrorCode::conflict;
    });
    receipts.push_back(receipt(element, is_conflict ? "conflict" : "rejected"));
  }
  Answer answer;
  answer.whole =
      http::problem_json(error,
                         {.now = call.services.clock.now(),
                          .zone = &call.services.rules.zone,
                          .request_id = call.request.request_id},
                         call.request.path, Json::object({{"receipts", std::move(receipts)}}));
  return answer;
}

// The usual body, read without a tree; nothing if the general reader must read it.
std::optional<std::vector<UsageEvent>> scan_body(const Call& call) {
  const std::optional<PlainBody> plain = plain_body(call.request);
  if (!plain) return std::nullopt;
  return scan_events(call.request.body, plain->shape, context_of(call, plain->needs_specversion));
}

Result<Answer> record_events(Call& call) {
  TRY(call.services.ingest.admits());  // reading a batch that cannot be kept is wasted
  const bool has_receipts = wants_receipts(call.request);
  if (!has_receipts) {
    if (std::optional<std::vector<UsageEvent>> events = scan_body(call)) {
      TRY(record(call, *std::move(events)));
      return no_content();
    }
  }
  Faults faults;
  const EventBody body = TRY(read_event_body(call.request, faults));
  const Result<Commit> commit = record_body(call, body, faults);
  if (!commit && has_receipts && !commit.error().faults.empty())
    return refused_receipts(call, body, commit.error());
  if (!commit) return fail(commit.error());
  return has_receipts ? receipts_of(body, *commit) : no_content();
}

}  // namespace

std::vector<Route> events_routes() {
  Route ours{.method = "POST",
             .path = "/api/v1/events",
             .access = sender_or_provider_with(Permission::events_write),
             .handler = record_events,
             .query = {},
             .summary = "Record usage events: one CloudEvent, a batch, or NDJSON; all or nothing",
             .name = "record_events",
             .body = {.shape = &kEventBody,
                      .example = R"({"specversion":"1.0","id":"order-1","source":"shop",)"
                                 R"("type":"webhook.call","subject":"tenant_456",)"
                                 R"("data":{"webhook_id":"w1","success":true,"duration_ms":12}})",
                      .media_types = kEventMediaTypes},
             .answers = {{nullptr, 204, Form::nothing}, {&kReceiptList}},
             .errors = {ErrorCode::tenant_not_found, ErrorCode::conflict, ErrorCode::period_closed,
                        ErrorCode::limit_exceeded, ErrorCode::disabled},
             .headers = kPreferHeaders};
  ours.body_bytes_max = kBodyBytesMax;
  Route kongs = ours;
  kongs.path = kKongsPath;
  kongs.name = "record_events_of_kong";
  kongs.summary = "The same, where the metering plugin of Kong's gateway sends them";
  return {std::move(ours), std::move(kongs)};
}

}  // namespace metergate::api
