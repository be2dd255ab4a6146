// A tenant's own routes: stores, devices, sales, tickets and usage.
#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "api/routes.h"
#include "api/time_range.h"
#include "base/id.h"
#include "service/billing/billing.h"
#include "service/metering/enforcement.h"
#include "service/metering/records.h"
#include "service/shared/text_rules.h"

namespace metergate::api {
namespace {

constexpr std::size_t kCurrencyLength = 3;

// The filters and sort fields of a list of one kind; the routes name the same ones.
struct ListShape {
  std::vector<std::string_view> filters;
  std::vector<std::string_view> sorts;
  std::string_view default_sort;
  bool has_range = false;  // `timestamp` may be filtered by a range
};

ListShape shape_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::store:
      return {{"status"}, {"store_id", "name", "status", "created_at", "updated_at"}, "store_id"};
    case RecordKind::device:
      return {{"status", "type", "store_id"},
              {"device_id", "store_id", "name", "type", "status", "created_at", "updated_at"},
              "device_id"};
    case RecordKind::sale:
      return {{"store_id", "device_id"},
              {"timestamp", "sale_id", "amount", "created_at"},
              "-timestamp",
              true};
    case RecordKind::ticket:
      return {{"store_id", "device_id", "sale_id"},
              {"timestamp", "ticket_id", "created_at"},
              "-timestamp",
              true};
  }
  return {};
}

std::vector<std::string_view> query_names(RecordKind kind) {
  ListShape shape = shape_of(kind);
  std::vector<std::string_view> names = {"page", "limit", "sort"};
  names.insert(names.end(), shape.filters.begin(), shape.filters.end());
  if (shape.has_range) names.insert(names.end(), {"from", "to"});
  return names;
}

std::vector<std::string> both_ways(const std::vector<std::string_view>& fields) {
  std::vector<std::string> sorts;
  for (const std::string_view field : fields) {
    sorts.emplace_back(field);
    sorts.push_back("-" + std::string(field));
  }
  return sorts;
}

template <std::size_t N>
std::vector<std::string> texts(const std::array<std::string_view, N>& values) {
  return {values.begin(), values.end()};
}

std::optional<std::string> read_filter(QueryReader& query, std::string_view name) {
  if (name == "status") return query.choices(name, texts(kRecordStatuses));
  if (name == "type") return query.choices(name, texts(kDeviceTypes));
  return query.text(name);
}

Result<Answer> list(Call& call, RecordKind kind) {
  const ListShape shape = shape_of(kind);
  QueryReader reader(call);
  const PageRequest page = read_page(reader);
  RecordQuery query;
  query.page = page.page;
  query.limit = page.limit;
  query.sort =
      reader.choice("sort", both_ways(shape.sorts)).value_or(std::string(shape.default_sort));
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
  return answer_of(Json::object({{std::string(row_of(kind).list_name), std::move(found.records)},
                                 {"pagination", pagination_json(page, found.total)}}));
}

Result<Answer> get(Call& call, RecordKind kind) {
  const std::string& id = call.path_value(row_of(kind).id_name);
  return answer_of(call.services.records.get(*call.access, kind, id));
}

Result<Answer> change(Call& call, RecordKind kind) {
  BodyReader body = TRY(BodyReader::open(call.request));
  RecordPatch patch;
  patch.name = body.optional_text("name", 1, kNameLengthMax);
  patch.status = body.optional_choice("status", {kRecordStatuses[0], kRecordStatuses[1]});
  TRY(body.finish());
  const Records::Reference which{kind, call.path_value(row_of(kind).id_name)};
  return answer_of(call.services.records.change(*call.access, which, patch, call.actor));
}

Result<Answer> remove_store(Call& call) {
  QueryReader reader(call);
  const auto devices = reader.choice("devices", {"delete"});
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
  BodyReader body = TRY(BodyReader::open(call.request));
  NewStore wanted;
  wanted.id = body.optional_text("store_id", 1, kIdLengthMax);
  wanted.name = body.required_text("name", 1, kNameLengthMax);
  TRY(body.finish());
  return answer_of(call.services.records.add_store(*call.access, wanted, call.actor), kCreated);
}

Result<Answer> add_device(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  NewDevice wanted;
  wanted.id = body.optional_text("device_id", 1, kIdLengthMax);
  wanted.store_id = body.required_text("store_id", 1, kIdLengthMax);
  wanted.name = body.required_text("name", 1, kNameLengthMax);
  wanted.type = body.required_choice(
      "type", {kDeviceTypes[0], kDeviceTypes[1], kDeviceTypes[2], kDeviceTypes[3]});
  TRY(body.finish());
  return answer_of(call.services.records.add_device(*call.access, wanted, call.actor), kCreated);
}

// The members that sales and tickets share.
NewTrade read_trade(BodyReader& body, std::string_view id_name) {
  NewTrade wanted;
  wanted.id = body.optional_text(id_name, 1, kIdLengthMax);
  wanted.store_id = body.optional_text("store_id", 1, kIdLengthMax);
  wanted.device_id = body.optional_text("device_id", 1, kIdLengthMax);
  wanted.occurred_at = body.optional_time("timestamp");
  return wanted;
}

Result<Answer> add_sale(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  NewTrade wanted = read_trade(body, "sale_id");
  wanted.amount = body.required_integer("amount", 0, kAmountMax);
  wanted.currency = body.optional_text("currency", kCurrencyLength, kCurrencyLength);
  TRY(body.finish());
  return answer_of(call.services.records.add_sale(*call.access, wanted, call.actor), kCreated);
}

Result<Answer> add_ticket(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  NewTrade wanted = read_trade(body, "ticket_id");
  wanted.sale_id = body.optional_text("sale_id", 1, kIdLengthMax);
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
      {"GET", "/api/tenants/{tenant_id}/stores", kReads, list_stores,
       query_names(RecordKind::store), false, "List stores"},
      {"POST", "/api/tenants/{tenant_id}/stores", kWrites, add_store, {}, false, "Add a store"},
      {"GET",
       "/api/tenants/{tenant_id}/stores/{store_id}",
       kReads,
       get_store,
       {},
       false,
       "Show a store"},
      {"PATCH",
       "/api/tenants/{tenant_id}/stores/{store_id}",
       kWrites,
       change_store,
       {},
       false,
       "Rename, suspend or resume a store"},
      {"DELETE",
       "/api/tenants/{tenant_id}/stores/{store_id}",
       kWrites,
       remove_store,
       {"devices"},
       true,
       "Delete a store, with devices=delete its devices too"},
  };
}

std::vector<Route> device_routes() {
  return {
      {"GET", "/api/tenants/{tenant_id}/devices", kReads, list_devices,
       query_names(RecordKind::device), false, "List devices"},
      {"POST", "/api/tenants/{tenant_id}/devices", kWrites, add_device, {}, false, "Add a device"},
      {"GET",
       "/api/tenants/{tenant_id}/devices/{device_id}",
       kReads,
       get_device,
       {},
       false,
       "Show a device"},
      {"PATCH",
       "/api/tenants/{tenant_id}/devices/{device_id}",
       kWrites,
       change_device,
       {},
       false,
       "Rename, suspend or resume a device"},
      {"DELETE",
       "/api/tenants/{tenant_id}/devices/{device_id}",
       kWrites,
       remove_device,
       {},
       false,
       "Delete a device"},
  };
}

std::vector<Route> trade_routes() {
  return {
      {"GET", "/api/tenants/{tenant_id}/sales", kReads, list_sales, query_names(RecordKind::sale),
       false, "List sales"},
      {"POST", "/api/tenants/{tenant_id}/sales", kWrites, add_sale, {}, false, "Record a sale"},
      {"GET", "/api/tenants/{tenant_id}/tickets", kReads, list_tickets,
       query_names(RecordKind::ticket), false, "List tickets"},
      {"POST",
       "/api/tenants/{tenant_id}/tickets",
       kWrites,
       add_ticket,
       {},
       false,
       "Record a ticket"},
  };
}

}  // namespace

std::vector<Route> tenant_routes() {
  std::vector<Route> routes = store_routes();
  std::ranges::move(device_routes(), std::back_inserter(routes));
  std::ranges::move(trade_routes(), std::back_inserter(routes));
  Route statement{"GET",
                  "/api/tenants/{tenant_id}/usage",
                  kBills,
                  show_own_statement,
                  {"period"},
                  false,
                  "Show the tenant's usage, limits, health and forecast"};
  Route allowance{
      "GET", "/api/tenants/{tenant_id}/usage/{meter}",         kBills, show_allowance, {},
      false, "Show what the tenant may still use of one meter"};
  for (Route* route : {&statement, &allowance}) {
    route->answers_past_limit = true;
    routes.push_back(std::move(*route));
  }
  return routes;
}

}  // namespace metergate::api
