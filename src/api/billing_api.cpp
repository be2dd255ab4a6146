// Billing: the list of statements, one tenant's with its details, usage analytics and reports.
#include <utility>

#include "api/billing_query.h"
#include "api/plan_change_api.h"
#include "service/analytics.h"
#include "service/billing.h"
#include "service/catalog.h"
#include "service/report_csv.h"
#include "service/reporting.h"

namespace metergate::api {
namespace {

std::string read_plan(QueryReader& reader, const Catalog& catalog) {
  const std::string plan = reader.text("plan").value_or("");
  const std::shared_ptr<const Catalogue> plans = catalog.plans();
  if (!plan.empty() && plans->newest(plan) == nullptr) {
    reader.fault("plan", "Invalid plan. Must be one of: " + plans->names_text());
  }
  return plan;
}

Result<StatementPageRequest> read_statement_query(const Call& call) {
  QueryReader reader{call};
  StatementPageRequest request;
  const PageRequest page = read_page(reader);
  request.page = page.page;
  request.limit = page.limit;
  request.filter.period = read_period(reader, "period");
  const std::optional<std::string> health =
      reader.choice("health_status", {"healthy", "caution", "warning", "critical"});
  if (health) request.filter.health = find_health(*health);
  request.filter.has_overages = reader.flag("has_overages");
  request.filter.plan = read_plan(reader, call.services.catalog);
  request.filter.status = reader.choice("status", {"active", "suspended"}).value_or("");
  request.filter.search = reader.text("q").value_or("");
  request.sort = reader.choice("sort", statement_sorts()).value_or(request.sort);
  TRY(reader.finish());
  return request;
}

Json list_summary_json(const StatementSummary& summary, const Currency& currency) {
  Json by_health = Json::object();
  for (const Health health :
       {Health::healthy, Health::caution, Health::warning, Health::critical}) {
    by_health.set(to_text(health), summary.by_health[static_cast<std::size_t>(health)]);
  }
  return Json::object({
      {"total_tenants", summary.tenants},
      {"by_health_status", std::move(by_health)},
      {"tenants_with_overages", summary.tenants_with_overages},
      {"total_overage_cost", to_decimal(summary.total_overage_cost, currency)},
  });
}

Result<Answer> list_statements(Call& call) {
  const StatementPageRequest request = TRY(read_statement_query(call));
  const StatementPage page = TRY(call.services.billing.statements(request));
  const Currency& currency = call.services.rules.currency;
  Json tenants = Json::array();
  for (const Statement& statement : page.statements) {
    tenants.push_back(tenant_billing_json(statement, currency));
  }
  return answer_of(Json::object({
      {"tenants", std::move(tenants)},
      {"pagination", pagination_json({request.page, request.limit}, page.total)},
      {"period", page.period.text()},
      {"summary", list_summary_json(page.summary, currency)},
  }));
}

using History = std::vector<std::pair<Period, Usage>>;

Json history_json(const History& history) {
  Json rows = Json::array();
  for (const auto& [period, usage] : history) {
    rows.push_back(Json::object({{"period", period.text()}, {"usage", usage_json(usage)}}));
  }
  return rows;
}

// Parallel lists, oldest first.
Json trends_json(const History& history) {
  Json::Array calls;
  Json::Array webhooks;
  Json::Array storage;
  Json::Array periods;
  for (auto row = history.rbegin(); row != history.rend(); ++row) {
    calls.emplace_back(row->second[Meter::api_calls]);
    webhooks.emplace_back(row->second[Meter::webhook_calls]);
    storage.push_back(units_json(Meter::storage_gb, row->second[Meter::storage_gb]));
    periods.emplace_back(row->first.text());
  }
  return Json::object({
      {"api_calls_trend", std::move(calls)},
      {"webhook_calls_trend", std::move(webhooks)},
      {"storage_gb_trend", std::move(storage)},
      {"periods", std::move(periods)},
  });
}

Result<Answer> show_statement(Call& call) {
  const Billing& billing = call.services.billing;
  const TenantId tenant = TRY(tenant_of_path(call));
  TRY(call.services.directory.get(tenant));
  QueryReader reader{call};
  const std::optional<Period> wanted = read_period(reader, "period");
  TRY(reader.finish());
  const Period period = wanted.value_or(billing.current_period());
  const Statement statement = TRY(billing.statement(tenant, period));
  const History history = TRY(billing.history(tenant));
  const PeriodStats stats = TRY(billing.stats(tenant, period));
  // Of a month that is over there is nothing to foresee.
  PerMeter<std::optional<Forecast>> forecast;
  if (period == billing.current_period()) forecast = TRY(billing.forecast(statement));
  const Currency& currency = call.services.rules.currency;
  Json data = tenant_billing_json(statement, currency);
  data.set("period", period.text());
  data.set("usage_history", history_json(history));
  data.set("usage_trends", trends_json(history));
  data.set("current_month_stats", stats_json(stats));
  data.set("line_items", TRY(line_items_json(statement, currency)));
  data.set("forecast", forecast_json(forecast));
  return answer_of(std::move(data));
}

Result<Answer> show_usage(Call& call) {
  QueryReader reader{call};
  AnalyticsRequest request;
  request.first = reader.day("start_date");
  request.last = reader.day("end_date");
  const std::optional<std::string> group_by = reader.choice("group_by", {"day", "week", "month"});
  const std::string tenant = reader.text("tenant_id").value_or("");
  TRY(reader.finish());
  if (group_by) request.group_by = TRY(parse_group_by(*group_by));
  if (!tenant.empty()) {
    Result<TenantId> id = TenantId::parse(tenant);
    if (!id) return fail(ErrorCode::tenant_not_found, "there is no tenant '" + tenant + "'");
    request.tenant = *std::move(id);
  }
  const AnalyticsResult result = TRY(call.services.analytics.usage(request));
  return answer_of(analytics_json(result, request));
}

http::BodySource csv_source(ReportRows rows) {
  return
      [rows = std::move(rows), is_begun = false]() mutable -> Result<std::optional<std::string>> {
        if (!std::exchange(is_begun, true)) return report_csv_header();
        std::string piece;
        for (const Statement& statement : TRY(rows.next()))
          append_csv_row(statement, rows.head().currency, piece);
        if (piece.empty()) return std::nullopt;
        return piece;
      };
}

Answer csv_answer(ReportRows rows) {
  http::Response response;
  response.headers = {
      {"Content-Type", "text/csv; charset=utf-8"},
      {"Content-Disposition", "attachment; filename=" + report_file_name(rows.head().period)},
  };
  response.source = csv_source(std::move(rows));
  Answer answer;
  answer.whole = std::move(response);
  return answer;
}

http::BodySource json_source(ReportRows rows) {
  return
      [rows = std::move(rows), is_begun = false]() mutable -> Result<std::optional<std::string>> {
        std::string piece;
        for (const Statement& statement : TRY(rows.next())) {
          if (std::exchange(is_begun, true)) piece += ',';
          append_text(tenant_billing_json(statement, rows.head().currency), piece);
        }
        if (piece.empty()) return std::nullopt;
        return piece;
      };
}

Result<Answer> show_report(Call& call) {
  QueryReader reader{call};
  const std::optional<Period> period = read_period(reader, "period");
  const std::string format = reader.choice("format", {"json", "csv"}).value_or("json");
  TRY(reader.finish());
  ReportRows rows = TRY(call.services.reporting.rows(period));
  if (format == "csv") return csv_answer(std::move(rows));
  Answer answer = answer_of(report_head_json(rows.head()));
  answer.elements = json_source(std::move(rows));
  return answer;
}

}  // namespace

std::vector<Route> billing_routes() {
  constexpr Access reads = provider_with(Permission::billing_read);
  std::vector<Route> routes = {
      {"GET",
       "/provider/billing/tenants",
       reads,
       list_statements,
       {"period", "health_status", "has_overages", "plan", "status", "q", "page", "limit", "sort"},
       true,
       "List tenants with usage, limits, overage, cost and health"},
      {"GET",
       "/provider/billing/tenants/{tenant_id}",
       reads,
       show_statement,
       {"period"},
       false,
       "Show a tenant's statement with its history, figures and forecast"},
      {"GET",
       "/provider/billing/usage",
       reads,
       show_usage,
       {"start_date", "end_date", "group_by", "tenant_id"},
       true,
       "Show usage by day, week or month"},
      {"GET",
       "/provider/billing/reports",
       provider_with(Permission::reports_read),
       show_report,
       {"period", "format"},
       true,
       "Make or read a monthly report",
       {},
       "report.downloaded"},
  };
  routes.push_back(plan_change_route());
  return routes;
}

}  // namespace metergate::api
