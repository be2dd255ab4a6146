// A tenant's own routes: stores, devices, sales, tickets and usage.
#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "api/records_fields.h"
#include "api/routes.h"
#include "api/time_range.h"
#include "base/id.h"
#include "service/billing/billing.h"
#include "service/metering/enforcement.h"
#include "service/metering/records.h"
#include "service/shared/text_rules.h"

namespace metergate::api {
namespace {

// The filters of a list of one kind; the routes name the same ones.
struct ListShape {
  std::vector<std::string_view> filters;
  bool has_range = false;  // `timestamp` may be filtered by a range
};

ListShape shape_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::store:
      return {{"status"}};
    case RecordKind::device:
      return {{"status", "type", "store_id"}};
    case RecordKind::sale:
      return {{"store_id", "device_id"}, true};
    case RecordKind::ticket:
      return {{"store_id", "device_id", "sale_id"}, true};
  }
  return {};
}

std::optional<std::string> read_filter(QueryReader& query, std::string_view name) {
  return name == "status" || name == "type" ? query.choices(name) : query.text(name);
}

Result<Answer> list(Call& call, RecordKind kind) {
  const ListShape shape = shape_of(kind);
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  RecordQuery query;
  query.page = page.page;
  query.limit = page.limit;
  query.sort = reader.sort();
  for (const std::string_view name : shape.filters) {
    if (auto value = read_filter(reader, name)) {
      query.equal.emplace_back(std::string(name), *std::move(value));
    }
  }
  if (shape.has_range) {
    const TimeRange range = read_range(reader, {"from", "to"}, call.services.rules.zone);
    query.from = range.from;
    query.to = range.to;
  }
  TRY(reader.finish());
  RecordPage found = TRY(call.services.records.list(*call.access, kind, query));
  return answer_of(page_json(row_of(kind).list_name, std::move(found.records), page, found.total));
}

Result<Answer> get(Call& call, RecordKind kind) {
  const std::string& id = call.path_value(row_of(kind).id_name);
  return answer_of(call.services.records.get(*call.access, kind, id));
}

Result<Answer> change(Call& call, RecordKind kind) {
  BodyReader body = TRY(BodyReader::open(call));
  RecordPatch patch;
  patch.name = body.maybe_text("name");
  patch.status = body.maybe_text("status");
  TRY(body.finish());
  const Records::Reference which{kind, call.path_value(row_of(kind).id_name)};
  return answer_of(call.services.records.change(*call.access, which, patch, call.actor));
}

Result<Answer> remove_store(Call& call) {
  QueryReader reader(call);
  const auto devices = reader.choice("devices");
  TRY(reader.finish());
  const Records::Reference which{RecordKind::store, call.path_value("store_id")};
  return answer_of(
      call.services.records.remove(*call.access, which, call.actor,
                                   devices ? Records::Devices::remove : Records::Devices::keep));
}

Result<Answer> remove_device(Call& call) {
  const Records::Reference which{RecordKind::device, call.path_value("device_id")};
  return answer_of(call.services.records.remove(*call.access, which, call.actor));
}

Result<Answer> add_store(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  NewStore wanted;
  wanted.id = body.maybe_text("store_id");
  wanted.name = body.text("name");
  TRY(body.finish());
  return answer_of(call.services.records.add_store(*call.access, wanted, call.actor), kCreated);
}

Result<Answer> add_device(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  NewDevice wanted;
  wanted.id = body.maybe_text("device_id");
  wanted.store_id = body.text("store_id");
  wanted.name = body.text("name");
  wanted.type = body.text("type");
  TRY(body.finish());
  return answer_of(call.services.records.add_device(*call.access, wanted, call.actor), kCreated);
}

// The members that sales and tickets share.
NewTrade read_trade(BodyReader& body, std::string_view id_name) {
  NewTrade wanted;
  wanted.id = body.maybe_text(id_name);
  wanted.store_id = body.maybe_text("store_id");
  wanted.device_id = body.maybe_text("device_id");
  wanted.occurred_at = body.maybe_time("timestamp");
  return wanted;
}

Result<Answer> add_sale(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  NewTrade wanted = read_trade(body, "sale_id");
  wanted.amount = body.integer("amount");
  wanted.currency = body.maybe_text("currency");
  TRY(body.finish());
  return answer_of(call.services.records.add_sale(*call.access, wanted, call.actor), kCreated);
}

Result<Answer> add_ticket(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  NewTrade wanted = read_trade(body, "ticket_id");
  wanted.sale_id = body.maybe_text("sale_id");
  TRY(body.finish());
  return answer_of(call.services.records.add_ticket(*call.access, wanted, call.actor), kCreated);
}

Result<Answer> list_stores(Call& call) { return list(call, RecordKind::store); }
Result<Answer> get_store(Call& call) { return get(call, RecordKind::store); }
Result<Answer> change_store(Call& call) { return change(call, RecordKind::store); }
Result<Answer> list_devices(Call& call) { return list(call, RecordKind::device); }
Result<Answer> get_device(Call& call) { return get(call, RecordKind::device); }
Result<Answer> change_device(Call& call) { return change(call, RecordKind::device); }
Result<Answer> list_sales(Call& call) { return list(call, RecordKind::sale); }
Result<Answer> list_tickets(Call& call) { return list(call, RecordKind::ticket); }

std::optional<Period> read_period(QueryReader& reader) {
  const std::optional<std::string> text = reader.text("period");
  if (!text) return std::nullopt;
  const Result<Period> period = Period::parse(*text);
  if (period) return *period;
  reader.fault("period", period.error().message);
  return std::nullopt;
}

Result<Answer> show_own_statement(Call& call) {
  QueryReader reader(call);
  const std::optional<Period> wanted = read_period(reader);
  TRY(reader.finish());
  const Billing& billing = call.services.billing;
  const TenantId& tenant = call.access->tenant();
  const Period current = billing.current_period();
  const Period period = wanted.value_or(current);
  const Statement statement = TRY(billing.statement(tenant, period));
  Answer answer;
  answer.data = tenant_billing_json(statement);
  answer.data.set("period", period.text());
  // A past period has figures but no forecast.
  Json forecast;
  if (period == current) {
    const PerMeter<std::optional<Forecast>> expected = TRY(billing.forecast(statement));
    const OwnForecasts own = TRY(billing.own_forecast(statement));
    forecast = forecast_json(expected, own);
  }
  answer.data.set("forecast", std::move(forecast));
  return answer;
}

// Answers for one meter, without the whole statement that show_own_statement() makes, for programs
// that ask before they act.
Result<Answer> show_allowance(Call& call) {
  const std::string& meter = call.path_value("meter");
  const Allowance found = TRY(call.services.enforcement.allowance(call.access->tenant(), meter));
  const auto number = [](const std::optional<Decimal>& value) -> Json {
    if (!value) return {};
    return value->scale == 0 ? Json{value->unscaled} : Json{*value};
  };
  Json effect;
  if (found.effect) effect = *found.effect == LimitEffect::hard ? "hard" : "soft";
  return answer_of(Json::object({{"meter", meter},
                                 {"period", found.period.text()},
                                 {"used", number(found.used)},
                                 {"limit", number(found.limit)},
                                 {"remaining", number(found.remaining)},
                                 {"effect", std::move(effect)},
                                 {"allowed", found.is_allowed},
                                 {"resets_at", found.resets_at}}));
}

constexpr Access kReads = tenant_or_provider_with(Permission::tenants_read);
constexpr Access kWrites = tenant_or_provider_with(Permission::tenants_update);
constexpr Access kBills = tenant_or_provider_with(Permission::billing_read);

std::vector<Route> store_routes() {
  return {
      {.method = "GET",
       .path = "/api/tenants/{tenant_id}/stores",
       .access = kReads,
       .handler = list_stores,
       .query = kStoresQuery,
       .summary = "List stores",
       .name = "list_stores",
       .answers = {{&kStoreList}}},
      {.method = "POST",
       .path = "/api/tenants/{tenant_id}/stores",
       .access = kWrites,
       .handler = add_store,
       .query = {},
       .summary = "Add a store",
       .name = "add_store",
       .body = {.shape = &kNewStoreBody,
                .example = R"({"store_id":"store_1","name":"Main street"})"},
       .answers = {{&kStoreShape, kCreated}},
       .errors = {ErrorCode::duplicate}},
      {.method = "GET",
       .path = "/api/tenants/{tenant_id}/stores/{store_id}",
       .access = kReads,
       .handler = get_store,
       .query = {},
       .summary = "Show a store",
       .name = "show_store",
       .answers = {{&kStoreShape}},
       .errors = {ErrorCode::not_found}},
      {.method = "PATCH",
       .path = "/api/tenants/{tenant_id}/stores/{store_id}",
       .access = kWrites,
       .handler = change_store,
       .query = {},
       .summary = "Rename, suspend or resume a store",
       .name = "change_store",
       .body = {.shape = &kRecordPatchBody, .example = R"({"name":"High street"})"},
       .answers = {{&kStoreShape}},
       .errors = {ErrorCode::not_found, ErrorCode::conflict}},
      {.method = "DELETE",
       .path = "/api/tenants/{tenant_id}/stores/{store_id}",
       .access = kWrites,
       .handler = remove_store,
       .query = kDeleteStoreQuery,
       .is_slow = true,
       .summary = "Delete a store, with devices=delete its devices too",
       .name = "delete_store",
       .answers = {{&kStoreShape}},
       .errors = {ErrorCode::not_found, ErrorCode::conflict}},
  };
}

std::vector<Route> device_routes() {
  return {
      {.method = "GET",
       .path = "/api/tenants/{tenant_id}/devices",
       .access = kReads,
       .handler = list_devices,
       .query = kDevicesQuery,
       .summary = "List devices",
       .name = "list_devices",
       .answers = {{&kDeviceList}}},
      {.method = "POST",
       .path = "/api/tenants/{tenant_id}/devices",
       .access = kWrites,
       .handler = add_device,
       .query = {},
       .summary = "Add a device",
       .name = "add_device",
       .body =
           {.shape = &kNewDeviceBody,
            .example =
                R"({"device_id":"device_1","store_id":"store_1","name":"Till 1","type":"POS"})"},
       .answers = {{&kDeviceShape, kCreated}},
       .errors = {ErrorCode::duplicate, ErrorCode::conflict}},
      {.method = "GET",
       .path = "/api/tenants/{tenant_id}/devices/{device_id}",
       .access = kReads,
       .handler = get_device,
       .query = {},
       .summary = "Show a device",
       .name = "show_device",
       .answers = {{&kDeviceShape}},
       .errors = {ErrorCode::not_found}},
      {.method = "PATCH",
       .path = "/api/tenants/{tenant_id}/devices/{device_id}",
       .access = kWrites,
       .handler = change_device,
       .query = {},
       .summary = "Rename, suspend or resume a device",
       .name = "change_device",
       .body = {.shape = &kRecordPatchBody, .example = R"({"status":"suspended"})"},
       .answers = {{&kDeviceShape}},
       .errors = {ErrorCode::not_found, ErrorCode::conflict}},
      {.method = "DELETE",
       .path = "/api/tenants/{tenant_id}/devices/{device_id}",
       .access = kWrites,
       .handler = remove_device,
       .query = {},
       .summary = "Delete a device",
       .name = "delete_device",
       .answers = {{&kDeviceShape}},
       .errors = {ErrorCode::not_found, ErrorCode::conflict}},
  };
}

std::vector<Route> trade_routes() {
  return {
      {.method = "GET",
       .path = "/api/tenants/{tenant_id}/sales",
       .access = kReads,
       .handler = list_sales,
       .query = kSalesQuery,
       .summary = "List sales",
       .name = "list_sales",
       .answers = {{&kSaleList}}},
      {.method = "POST",
       .path = "/api/tenants/{tenant_id}/sales",
       .access = kWrites,
       .handler = add_sale,
       .query = {},
       .summary = "Record a sale",
       .name = "add_sale",
       .body = {.shape = &kNewSaleBody,
                .example = R"({"store_id":"store_1","device_id":"device_1","amount":1250})"},
       .answers = {{&kSaleShape, kCreated}},
       .errors = {ErrorCode::duplicate}},
      {.method = "GET",
       .path = "/api/tenants/{tenant_id}/tickets",
       .access = kReads,
       .handler = list_tickets,
       .query = kTicketsQuery,
       .summary = "List tickets",
       .name = "list_tickets",
       .answers = {{&kTicketList}}},
      {.method = "POST",
       .path = "/api/tenants/{tenant_id}/tickets",
       .access = kWrites,
       .handler = add_ticket,
       .query = {},
       .summary = "Record a ticket",
       .name = "add_ticket",
       .body = {.shape = &kNewTicketBody,
                .example = R"({"store_id":"store_1","device_id":"device_1"})"},
       .answers = {{&kTicketShape, kCreated}},
       .errors = {ErrorCode::duplicate}},
  };
}

}  // namespace

std::vector<Route> tenant_routes() {
  std::vector<Route> routes = store_routes();
  std::ranges::move(device_routes(), std::back_inserter(routes));
  std::ranges::move(trade_routes(), std::back_inserter(routes));
  Route statement{.method = "GET",
                  .path = "/api/tenants/{tenant_id}/usage",
                  .access = kBills,
                  .handler = show_own_statement,
                  .query = kPeriodQuery,
                  .summary = "Show the tenant's usage, limits, health and forecast",
                  .name = "show_own_statement",
                  .answers = {{&kOwnStatement}}};
  Route allowance{.method = "GET",
                  .path = "/api/tenants/{tenant_id}/usage/{meter}",
                  .access = kBills,
                  .handler = show_allowance,
                  .query = {},
                  .summary = "Show what the tenant may still use of one meter",
                  .name = "show_allowance",
                  .answers = {{&kAllowanceShape}},
                  .errors = {ErrorCode::not_found}};
  for (Route* route : {&statement, &allowance}) {
    route->answers_past_limit = true;
    routes.push_back(std::move(*route));
  }
  return routes;
}

}  // namespace metergate::api
