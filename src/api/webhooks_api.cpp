// Webhooks: a tenant's subscriptions to deliveries, and the provider's own destinations of alerts.
#include "api/routes.h"
#include "api/time_range.h"
#include "base/id.h"
#include "service/webhooks/deliveries.h"

namespace metergate::api {
namespace {

constexpr std::size_t kUrlMax = 2048;
constexpr std::size_t kEventNamesMax = 16;
constexpr std::size_t kSecretMax = 128;

WebhookOwner owner_of(const Call& call) {
  return call.access ? WebhookOwner::of(*call.access) : WebhookOwner::provider();
}

Webhooks::Reference which(const Call& call) {
  return {owner_of(call), call.path_value("webhook_id")};
}

Result<Answer> list(Call& call) {
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  const std::string sort = read_sort(reader,
                                     {"webhook_id", "tenant_id", "url", "is_active",
                                      "disabled_reason", "created_at", "updated_at"},
                                     "webhook_id");
  TRY(reader.finish());
  std::vector<Json> all = call.services.webhooks.list(owner_of(call));
  sort_documents(all, sort);
  return answer_of(list_json("webhooks", std::move(all), page));
}

Result<Answer> add(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  NewWebhook wanted;
  wanted.url = body.required_text("url", 1, kUrlMax);
  const auto events = body.optional_texts("events", kEventNamesMax);
  wanted.secret = body.optional_text("secret", 1, kSecretMax);
  TRY(body.finish());
  wanted.events = events.value_or(std::vector<std::string>{});
  return answer_of(call.services.webhooks.add(owner_of(call), wanted, call.actor), kCreated);
}

Result<Answer> get(Call& call) {
  const Webhooks::Reference wanted = which(call);
  return answer_of(call.services.webhooks.get(wanted.owner, wanted.id));
}

Result<Answer> change(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  WebhookPatch patch;
  patch.url = body.optional_text("url", 1, kUrlMax);
  patch.events = body.optional_texts("events", kEventNamesMax);
  patch.is_active = body.optional_flag("is_active");
  patch.secret = body.optional_text("secret", 1, kSecretMax);
  patch.rotates_secret = body.optional_flag("rotate_secret").value_or(false);
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
  query.status = reader.choices("status", {"waiting", "delivered", "given_up"}).value_or("");
  query.sort = read_sort(reader, {kDeliverySorts.begin(), kDeliverySorts.end()}, "");
  query.page = page.page;
  query.limit = page.limit;
  TRY(reader.finish());
  DeliveryPage found = TRY(call.services.deliveries.list(which(call), query));
  return answer_of(Json::object({{"deliveries", std::move(found.deliveries)},
                                 {"pagination", pagination_json(page, found.total)}}));
}

Result<Answer> replay(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  ReplayRequest request;
  request.delivery_id = body.optional_text("delivery_id", 1, kIdLengthMax).value_or("");
  request.since = body.optional_time("since");
  TRY(body.finish());
  const Replayed replayed = TRY(call.services.deliveries.replay(which(call), request, call.actor));
  return answer_of(Json::object({{"replayed", replayed.count}, {"more", replayed.more}}),
                   kAccepted);
}

// The eight routes, the same for a tenant and for the provider.
struct Doors {
  std::string_view list;
  std::string_view one;
  std::string_view test;
  std::string_view deliveries;
  std::string_view replay;
  Access reads;
  Access writes;
};

std::vector<Route> routes_of(const Doors& doors) {
  const Access reads = doors.reads;
  const Access writes = doors.writes;
  return {
      {"GET", doors.list, reads, list, {"page", "limit", "sort"}, false, "List webhooks"},
      {"POST", doors.list, writes, add, {}, false, "Add a webhook; its secret is shown once"},
      {"GET", doors.one, reads, get, {}, false, "Show a webhook"},
      {"PATCH", doors.one, writes, change, {}, false, "Change a webhook or its secret"},
      {"DELETE", doors.one, writes, remove, {}, false, "Delete a webhook"},
      {"POST", doors.test, writes, test, {}, false, "Send a test delivery"},
      {"GET",
       doors.deliveries,
       reads,
       list_deliveries,
       {"status", "page", "limit", "sort"},
       false,
       "List a webhook's deliveries, the newest first unless sorted"},
      {"POST", doors.replay, writes, replay, {}, false, "Send deliveries again"},
  };
}

}  // namespace

std::vector<Route> webhooks_routes() {
  std::vector<Route> routes = routes_of(
      {"/api/tenants/{tenant_id}/webhooks", "/api/tenants/{tenant_id}/webhooks/{webhook_id}",
       "/api/tenants/{tenant_id}/webhooks/{webhook_id}/test",
       "/api/tenants/{tenant_id}/webhooks/{webhook_id}/deliveries",
       "/api/tenants/{tenant_id}/webhooks/{webhook_id}/replay",
       tenant_or_provider_with(Permission::tenants_read),
       tenant_or_provider_with(Permission::tenants_update)});
  // A tenant must be able to read its notices even when it is over a limit.
  for (Route& route : routes) route.answers_past_limit = route.method == "GET";
  // The permission for destinations of alerts is that for users.
  for (Route& route : routes_of(
           {"/provider/webhooks", "/provider/webhooks/{webhook_id}",
            "/provider/webhooks/{webhook_id}/test", "/provider/webhooks/{webhook_id}/deliveries",
            "/provider/webhooks/{webhook_id}/replay", provider_with(Permission::alerts_read),
            provider_with(Permission::users_manage)})) {
    routes.push_back(std::move(route));
  }
  return routes;
}

}  // namespace metergate::api
