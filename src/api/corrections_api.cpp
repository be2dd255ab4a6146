// /api/v1/corrections: the provider voids or replaces wrong events.
#include "api/event_reader.h"
#include "api/events_fields.h"
#include "api/routes.h"
#include "service/corrections/corrections.h"
#include "service/metering/event_shapes.h"

namespace metergate::api {
namespace {

// The replacement of `kept`: members that the body does not give are taken over.
Result<UsageEvent> read_replacement(const Json& given, const KeptEvent& kept, Timestamp now) {
  Faults faults;
  if (!given.is_object()) {
    faults.add("event", "must be an object with data, and type and time where they differ");
    TRY(faults.result());
  }
  for (const auto& [name, value] : given.as_object()) {
    if (name != "type" && name != "time" && name != "data")
      faults.add("event." + name, "is unknown; allowed: type, time, data");
  }
  TRY(faults.result());
  Json element = event_json(kept.event);
  for (const auto& [name, value] : given.as_object()) element.set(name, value);
  const Json* time = element.find("time");
  if (time != nullptr && time->kind() == Json::Kind::timestamp)
    element.set("time", to_text(time->as_timestamp()));
  element.set("subject", kept.event.tenant.text());
  EventContext context;
  context.now = now;
  std::optional<UsageEvent> event = read_event(element, context, 0, faults);
  TRY(faults.result());
  if (!event) return fail(ErrorCode::internal, "a replacement was refused without a reason");
  return *std::move(event);
}

TenantId read_tenant(BodyReader& body) {
  const std::string text = body.text("tenant_id");
  if (text.empty()) return {};
  const Result<TenantId> tenant = TenantId::parse(text);
  if (tenant) return *tenant;
  body.fault("tenant_id", tenant.error().message);
  return {};
}

Result<Answer> correct_event(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  CorrectionRequest request;
  request.name.tenant = read_tenant(body);
  request.name.source = body.text("source");
  request.name.id = body.text("id");
  const std::string action = body.text("action");
  request.reason = body.text("reason");
  request.time = body.maybe_time("time");
  const Json* event = body.maybe_any("event");
  if (action == "replace" && event == nullptr)
    body.fault("event", "is missing: it is what the event is replaced by");
  if (action == "void" && event != nullptr)
    body.fault("event", "goes with the action replace only");
  TRY(body.finish());
  Corrections& corrections = call.services.corrections;
  const KeptEvent kept = TRY(corrections.find(request));
  if (event != nullptr)
    request.replacement = TRY(read_replacement(*event, kept, call.services.clock.now()));
  return answer_of(TRY(corrections.apply(request, kept, call.actor)), kCreated);
}

Result<Answer> list_corrections(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  CorrectionQuery query;
  query.tenant_id = reader.text("tenant_id").value_or("");
  query.sort = reader.sort();
  query.page = page.page;
  query.limit = page.limit;
  TRY(reader.finish());
  CorrectionPage found = TRY(call.services.corrections.list(query));
  return answer_of(page_json("corrections", std::move(found.corrections), page, found.total));
}

}  // namespace

std::vector<Route> corrections_routes() {
  Route correcting{
      .method = "POST",
      .path = "/api/v1/corrections",
      .access = provider_with(Permission::events_write),
      .handler = correct_event,
      .query = {},
      .is_slow = true,
      .summary =
          "Void or replace a recorded event, with a reason; of a closed period the difference is "
          "billed in the next",
      .name = "correct_event",
      .body = {.shape = &kCorrectionBody,
               .example = R"({"tenant_id":"tenant_456","source":"shop","id":"order-1",)"
                          R"("action":"void","reason":"Counted twice"})"},
      .answers = {{&kCorrectionShape, kCreated}},
      .errors = {ErrorCode::not_found, ErrorCode::conflict, ErrorCode::duplicate,
                 ErrorCode::period_closed}};
  correcting.body_bytes_max = std::size_t{256} << 10;  // an event's data may be 64 KiB
  return {std::move(correcting),
          {.method = "GET",
           .path = "/api/v1/corrections",
           .access = provider_with(Permission::billing_read),
           .handler = list_corrections,
           .query = kCorrectionsQuery,
           .is_slow = true,
           .summary = "List the corrections that were made, the newest first unless sorted",
           .name = "list_corrections",
           .answers = {{&kCorrectionList}}}};
}

}  // namespace metergate::api
