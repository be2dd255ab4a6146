// Webhooks: a tenant's subscriptions to deliveries, and the provider's own destinations of alerts.
#include <algorithm>
#include <array>
#include <iterator>

#include "api/routes.h"
#include "api/time_range.h"
#include "api/webhooks_fields.h"
#include "base/id.h"
#include "service/webhooks/deliveries.h"

namespace metergate::api {
namespace {

WebhookOwner owner_of(const Call& call) {
  return call.access ? WebhookOwner::of(*call.access) : WebhookOwner::provider();
}

Webhooks::Reference which(const Call& call) {
  return {owner_of(call), call.path_value("webhook_id")};
}

Result<Answer> list(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  const std::string sort = reader.sort();
  TRY(reader.finish());
  std::vector<Json> all = call.services.webhooks.list(owner_of(call));
  return answer_of(list_json("webhooks", std::move(all), page, sort));
}

ChannelPatch channel_of(const BodyReader& body) {
  ChannelPatch patch;
  patch.types = body.maybe_texts("types");
  patch.severities = body.maybe_texts("severities");
  patch.tenants = body.maybe_texts("tenants");
  patch.digest = body.maybe_text("digest");
  patch.from = body.maybe_text("from");
  patch.to = body.maybe_texts("to");
  patch.username = body.maybe_text("username");
  patch.password = body.maybe_text("password");
  return patch;
}

Result<Answer> add(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  NewWebhook wanted;
  wanted.url = body.text("url");
  wanted.events = body.texts("events");
  wanted.secret = body.maybe_text("secret");
  if (owner_of(call).is_provider()) {
    wanted.kind = body.text("kind");
    wanted.channel = channel_of(body);
  }
  TRY(body.finish());
  return answer_of(call.services.webhooks.add(owner_of(call), wanted, call.actor), kCreated);
}

Result<Answer> get(Call& call) {
  const Webhooks::Reference wanted = which(call);
  return answer_of(call.services.webhooks.get(wanted.owner, wanted.id));
}

Result<Answer> change(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  WebhookPatch patch;
  patch.url = body.maybe_text("url");
  patch.events = body.maybe_texts("events");
  patch.is_active = body.maybe_flag("is_active");
  patch.secret = body.maybe_text("secret");
  patch.rotates_secret = body.maybe_flag("rotate_secret").value_or(false);
  if (owner_of(call).is_provider()) patch.channel = channel_of(body);
  TRY(body.finish());
  return answer_of(call.services.webhooks.change(which(call), patch, call.actor));
}

Result<Answer> remove(Call& call) {
  return answer_of(call.services.webhooks.remove(which(call), call.actor));
}

Result<Answer> test(Call& call) {
  const Webhooks::Reference wanted = which(call);
  return answer_of(call.services.deliveries.test(wanted.owner, wanted.id), kAccepted);
}

Result<Answer> list_deliveries(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  DeliveryQuery query;
  query.status = reader.choices("status").value_or("");
  query.sort = reader.sort();
  query.page = page.page;
  query.limit = page.limit;
  TRY(reader.finish());
  DeliveryPage found = TRY(call.services.deliveries.list(which(call), query));
  return answer_of(page_json("deliveries", std::move(found.deliveries), page, found.total));
}

Result<Answer> replay(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  ReplayRequest request;
  request.delivery_id = body.text("delivery_id");
  request.since = body.maybe_time("since");
  TRY(body.finish());
  const Replayed replayed = TRY(call.services.deliveries.replay(which(call), request, call.actor));
  return answer_of(Json::object({{"replayed", replayed.count}, {"more", replayed.more}}),
                   kAccepted);
}

constexpr std::string_view kDestinationExample =
    R"({"kind":"email","url":"smtps://smtp.example.com","from":"metergate@example.com",)"
    R"("to":["billing@example.com"],"username":"metergate","password":"correct horse",)"
    R"("events":["alert.opened"],"severities":["medium","high"],"digest":"daily"})";

// The eight routes, the same for a tenant and for the provider.
struct Doors {
  std::string_view list;
  std::string_view one;
  std::string_view test;
  std::string_view deliveries;
  std::string_view replay;
  Access reads;
  Access writes;
  std::array<std::string_view, 8> names;  // of the operations, in their order
  TakenBody added;
  TakenBody changed;
  const Shape* shown;
  const Shape* list_shown;
};

std::vector<Route> subscription_rows(const Doors& doors) {
  const Access reads = doors.reads;
  const Access writes = doors.writes;
  const std::vector<ErrorCode> not_found = {ErrorCode::not_found};
  return {
      {.method = "GET",
       .path = doors.list,
       .access = reads,
       .handler = list,
       .query = kWebhooksQuery,
       .summary = "List webhooks",
       .name = doors.names[0],
       .answers = {{doors.list_shown}}},
      {.method = "POST",
       .path = doors.list,
       .access = writes,
       .handler = add,
       .query = {},
       .summary = "Add a webhook; its secret is shown once",
       .name = doors.names[1],
       .body = doors.added,
       .answers = {{doors.shown, kCreated}},
       .errors = {ErrorCode::conflict}},
      {.method = "GET",
       .path = doors.one,
       .access = reads,
       .handler = get,
       .query = {},
       .summary = "Show a webhook",
       .name = doors.names[2],
       .answers = {{doors.shown}},
       .errors = not_found},
      {.method = "PATCH",
       .path = doors.one,
       .access = writes,
       .handler = change,
       .query = {},
       .summary = "Change a webhook or its secret",
       .name = doors.names[3],
       .body = doors.changed,
       .answers = {{doors.shown}},
       .errors = not_found},
      {.method = "DELETE",
       .path = doors.one,
       .access = writes,
       .handler = remove,
       .query = {},
       .summary = "Delete a webhook",
       .name = doors.names[4],
       .answers = {{doors.shown}},
       .errors = not_found},
  };
}

std::vector<Route> delivery_rows(const Doors& doors) {
  return {
      {.method = "POST",
       .path = doors.test,
       .access = doors.writes,
       .handler = test,
       .query = {},
       .summary = "Send a test delivery",
       .name = doors.names[5],
       .answers = {{&kDeliveryShape, kAccepted}},
       .errors = {ErrorCode::not_found, ErrorCode::conflict}},
      {.method = "GET",
       .path = doors.deliveries,
       .access = doors.reads,
       .handler = list_deliveries,
       .query = kDeliveriesQuery,
       .summary = "List a webhook's deliveries, newest first",
       .name = doors.names[6],
       .answers = {{&kDeliveryList}},
       .errors = {ErrorCode::not_found}},
      {.method = "POST",
       .path = doors.replay,
       .access = doors.writes,
       .handler = replay,
       .query = {},
       .summary = "Send deliveries again",
       .name = doors.names[7],
       .body = {.shape = &kReplayBody, .example = R"({"since":"2026-03-05T10:30:00Z"})"},
       .answers = {{&kReplayedShape, kAccepted}},
       .errors = {ErrorCode::not_found, ErrorCode::conflict}},
  };
}

std::vector<Route> routes_of(const Doors& doors) {
  std::vector<Route> routes = subscription_rows(doors);
  std::ranges::move(delivery_rows(doors), std::back_inserter(routes));
  return routes;
}

}  // namespace

std::vector<Route> webhooks_routes() {
  std::vector<Route> routes =
      routes_of({"/api/tenants/{tenant_id}/webhooks",
                 "/api/tenants/{tenant_id}/webhooks/{webhook_id}",
                 "/api/tenants/{tenant_id}/webhooks/{webhook_id}/test",
                 "/api/tenants/{tenant_id}/webhooks/{webhook_id}/deliveries",
                 "/api/tenants/{tenant_id}/webhooks/{webhook_id}/replay",
                 tenant_or_provider_with(Permission::tenants_read),
                 tenant_or_provider_with(Permission::tenants_update),
                 {"list_webhooks", "add_webhook", "show_webhook", "change_webhook",
                  "delete_webhook", "test_webhook", "list_deliveries", "replay_deliveries"},
                 {.shape = &kNewWebhookBody,
                  .example = R"({"url":"https://example.com/hook","events":["*"]})"},
                 {.shape = &kWebhookPatchBody, .example = R"({"rotate_secret":true})"},
                 &kWebhookShape,
                 &kWebhookList});
  // A tenant must be able to read its notices even when it is over a limit.
  for (Route& route : routes) route.answers_past_limit = route.method == "GET";
  // The permission for destinations of alerts is that for users.
  for (Route& route :
       routes_of({"/provider/webhooks",
                  "/provider/webhooks/{webhook_id}",
                  "/provider/webhooks/{webhook_id}/test",
                  "/provider/webhooks/{webhook_id}/deliveries",
                  "/provider/webhooks/{webhook_id}/replay",
                  provider_with(Permission::alerts_read),
                  provider_with(Permission::users_manage),
                  {"list_provider_webhooks", "add_provider_webhook", "show_provider_webhook",
                   "change_provider_webhook", "delete_provider_webhook", "test_provider_webhook",
                   "list_provider_deliveries", "replay_provider_deliveries"},
                  {.shape = &kNewDestinationBody, .example = kDestinationExample},
                  {.shape = &kDestinationPatchBody,
                  .example = R"({"severities":["high"],"digest":"daily"})"},
                  &kDestinationShape,
                  &kDestinationList})) {
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace metergate::api
