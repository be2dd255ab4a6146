// POST /api/v1/events: usage events from the provider's servers and from tenants.
#include <algorithm>
#include <string>
#include <vector>

#include "api/event_body.h"
#include "api/event_reader.h"
#include "api/routes.h"
#include "service/ingest.h"

namespace metergate::api {
namespace {

// A tenant speaks for itself only; another tenant is refused in the same words whether or not it
// exists, and before anything else about the event is looked at.
Result<> check_subjects(const EventBody& body, const std::optional<TenantId>& own) {
  if (!own) return {};
  const bool all_own = std::ranges::all_of(body.elements, [&](const auto& element) {
    const std::optional<std::string> subject = element.second.string_at("subject");
    return !subject || *subject == own->text();
  });
  if (!all_own) return fail(ErrorCode::permission, std::string(kNoPermission));
  return {};
}

Result<Answer> record_events(Call& call) {
  Faults faults;
  const EventBody body = TRY(read_event_body(call.request, faults));
  EventContext context;
  context.own_tenant = call.caller->tenant();
  context.now = call.services.clock.now();
  context.needs_specversion = body.needs_specversion;
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
  // Where a shape is wrong nothing will be recorded; the others are checked for the same answer.
  if (!faults.is_empty()) {
    for (std::size_t i = 0; i < events.size() && !faults.is_full(); ++i) {
      call.services.ingest.check(events[i], indexes[i], faults);
    }
    TRY(faults.result());
  }
  TRY(call.services.ingest.record(std::move(events)));
  Answer answer;
  answer.status = 204;
  answer.whole.emplace().status = 204;
  return answer;
}

}  // namespace

std::vector<Route> events_routes() {
  return {{"POST",
           "/api/v1/events",
           sender_or_provider_with(Permission::events_write),
           record_events,
           {},
           false,
           "Record usage events: one CloudEvent, a batch, or NDJSON; all or nothing"}};
}

}  // namespace metergate::api
