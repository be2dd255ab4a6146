// Billing: the list of statements, one tenant's with its details, usage analytics and reports.
#include <utility>

#include "api/billing_fields.h"
#include "api/billing_query.h"
#include "api/overview_api.h"
#include "api/papers_api.h"
#include "api/plan_change_api.h"
#include "service/analytics/analytics.h"
#include "service/billing/billing.h"
#include "service/reports/report_csv.h"
#include "service/reports/report_lines.h"
#include "service/reports/reporting.h"
#include "service/shared/listed_values.h"
#include "service/tenants/catalog.h"

namespace metergate::api {
namespace {

std::vector<std::string> read_plans(QueryReader& reader, const Catalog& catalog) {
  std::vector<std::string> wanted = listed_values(reader.text("plan").value_or(""));
  const std::shared_ptr<const Catalogue> plans = catalog.plans();
  for (const std::string& plan : wanted) {
    if (plans->newest(plan) == nullptr)
      reader.fault("plan", "Invalid plan. Must be one of: " + plans->names_text());
  }
  return wanted;
}

std::optional<Money> read_amount(QueryReader& reader, std::string_view name) {
  const std::optional<std::string> text = reader.text(name);
  if (!text) return std::nullopt;
  const std::optional<Decimal> number = parse_decimal(*text);
  const Result<Money> amount =
      number ? to_money(*number) : fail(ErrorCode::invalid, "it is no number");
  if (amount) return *amount;
  reader.fault(name, "is \"" + *text + "\": must be an amount such as 48.40, with at most six " +
                         "decimals");
  return std::nullopt;
}

Result<StatementPageRequest> read_statement_query(const Call& call) {
  QueryReader reader{call};
  StatementPageRequest request;
  const PageRequest page = read_page(reader);
  request.page = page.page;
  request.limit = page.limit;
  request.filter.period = read_period(reader, "period");
  const std::optional<std::string> healths = reader.choices("health_status");
  for (const std::string& health : listed_values(healths.value_or("")))
    request.filter.healths.push_back(*find_health(health));
  request.filter.has_overages = reader.flag("has_overages");
  request.filter.plans = read_plans(reader, call.services.catalog);
  request.filter.statuses = listed_values(reader.choices("status").value_or(""));
  request.filter.search = reader.text("q").value_or("");
  request.filter.cost_min = read_amount(reader, "cost_min");
  // Read only if needed, since they include the provider's own meters.
  if (call.query("sort")) {
    const std::vector<std::string> sorts = TRY(call.services.billing.sorts());
    request.sort = reader.choice("sort", sorts).value_or(request.sort);
  }
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
      {"currency", currency.code()},
      {"tenants_with_errors", summary.tenants_with_errors},
  });
}

Result<Answer> list_statements(Call& call) {
  const StatementPageRequest request = TRY(read_statement_query(call));
  const StatementPage page = TRY(call.services.billing.statements(request));
  Json tenants = Json::array();
  for (const Statement& statement : page.statements)
    tenants.push_back(tenant_billing_json(statement));
  Json shown = page_json("tenants", std::move(tenants), {request.page, request.limit}, page.total);
  shown.set("period", page.period.text());
  shown.set("summary", list_summary_json(page.summary, page.currency));
  return answer_of(std::move(shown));
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
  const History history = TRY(billing.history(statement));
  const PeriodStats stats = TRY(billing.stats(tenant, period));
  const PerMeter<std::optional<Forecast>> forecast = TRY(billing.forecast(statement));
  const OwnForecasts own_forecast = TRY(billing.own_forecast(statement));
  Json data = tenant_billing_json(statement);
  data.set("period", period.text());
  data.set("usage_history", history_json(history));
  data.set("usage_trends", trends_json(history));
  data.set("current_month_stats", stats_json(stats));
  data.set("line_items", line_items_json(statement));
  data.set("forecast", forecast_json(forecast, own_forecast));
  return answer_of(std::move(data));
}

Result<Answer> show_usage(Call& call) {
  QueryReader reader{call};
  AnalyticsRequest request;
  request.first = reader.day("start_date");
  request.last = reader.day("end_date");
  const std::optional<std::string> group_by = reader.choice("group_by");
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

http::BodySource csv_source(ReportRows rows, ReportDetail detail) {
  return
      [rows = std::move(rows), detail,
       columns = std::optional<ReportColumns>()]() mutable -> Result<std::optional<std::string>> {
        const bool by_lines = detail == ReportDetail::lines;
        if (!columns) {
          columns = TRY(rows.columns());
          return by_lines ? lines_csv_header() : report_csv_header(*columns);
        }
        std::string piece;
        for (const Statement& statement : TRY(rows.next())) {
          if (by_lines) {
            append_csv_lines(statement, piece);
          } else {
            append_csv_row(statement, *columns, piece);
          }
        }
        if (piece.empty()) return std::nullopt;
        return piece;
      };
}

Answer csv_answer(ReportRows rows, ReportDetail detail) {
  const std::string name = paper_name(rows.head().period, detail, "csv");
  // The table's columns are fixed; the head that the report is anchored by stands beside it.
  const std::string head = rows.head().audit_head;
  Answer answer = file_answer(csv_source(std::move(rows), detail), kCsvMedia, name);
  if (!head.empty()) answer.whole->headers.emplace_back("Audit-Head", head);
  return answer;
}

http::BodySource json_source(ReportRows rows, ReportDetail detail) {
  return [rows = std::move(rows), detail,
          is_begun = false]() mutable -> Result<std::optional<std::string>> {
    std::string piece;
    const auto add = [&](const Json& element) {
      if (std::exchange(is_begun, true)) piece += ',';
      append_text(element, piece);
    };
    for (const Statement& statement : TRY(rows.next())) {
      if (detail == ReportDetail::tenants) {
        add(tenant_billing_json(statement));
      } else {
        const Json lines = report_lines_json(statement);
        for (const Json& line : lines.as_array()) add(line);
      }
    }
    if (piece.empty()) return std::nullopt;
    return piece;
  };
}

struct Wanted {
  PaperFormat format;
  ReportDetail detail;
};

// A HEAD request gets the header fields only; no paper is made for it.
Result<Answer> paper_answer(const Call& call, ReportRows rows, const Wanted& wanted) {
  const std::string name = paper_name(rows.head().period, wanted.detail, name_of(wanted.format));
  if (call.request.method == "HEAD")
    return file_answer([]() -> Result<std::optional<std::string>> { return std::nullopt; },
                       media_type_of(wanted.format), name);
  ScratchFile file =
      TRY(call.services.papers.report(std::move(rows), wanted.format, wanted.detail));
  return file_answer(std::move(file), wanted.format, name);
}

Result<Answer> show_report(Call& call) {
  QueryReader reader{call};
  const std::optional<Period> period = read_period(reader, "period");
  const std::string format = reader.choice("format").value_or("json");
  const std::string rows_of = reader.choice("detail").value_or("tenants");
  TRY(reader.finish());
  const ReportDetail detail = rows_of == "lines" ? ReportDetail::lines : ReportDetail::tenants;
  // HEAD must not store a report.
  const Keeping keeping = call.request.method == "HEAD" ? Keeping::only_look : Keeping::keep;
  ReportRows rows = TRY(call.services.reporting.rows(period, keeping));
  if (format == "csv") return csv_answer(std::move(rows), detail);
  if (const auto paper = find_paper_format(format))
    return paper_answer(call, std::move(rows), {*paper, detail});
  Answer answer = answer_of(report_head_json(rows.head(), rows_of));
  answer.elements = json_source(std::move(rows), detail);
  return answer;
}

}  // namespace

std::vector<Route> billing_routes() {
  constexpr Access reads = provider_with(Permission::billing_read);
  std::vector<Route> routes = {
      {.method = "GET",
       .path = "/provider/billing/tenants",
       .access = reads,
       .handler = list_statements,
       .query = kStatementsQuery,
       .is_slow = true,
       .summary = "List tenants with usage, limits, overage, cost and health",
       .name = "list_statements",
       .answers = {{&kStatementList}}},
      {.method = "GET",
       .path = "/provider/billing/tenants/{tenant_id}",
       .access = reads,
       .handler = show_statement,
       .query = kPeriodQuery,
       .summary = "Show a tenant's statement with its history, figures and forecast",
       .name = "show_statement",
       .answers = {{&kStatement}},
       .errors = {ErrorCode::tenant_not_found}},
      {.method = "GET",
       .path = "/provider/billing/usage",
       .access = reads,
       .handler = show_usage,
       .query = kUsageQuery,
       .is_slow = true,
       .summary = "Show usage by day, week or month",
       .name = "show_usage",
       .answers = {{&kUsageAnswer}},
       .errors = {ErrorCode::tenant_not_found}},
      {.method = "GET",
       .path = "/provider/billing/reports",
       .access = provider_with(Permission::reports_read),
       .handler = show_report,
       .query = kReportQuery,
       .is_slow = true,
       .summary = "Make or read a monthly report",
       .name = "show_report",
       .answers = {{&kReport},
                   {&kReportByLines},
                   {nullptr, 200, Form::csv},
                   {nullptr, 200, Form::xlsx},
                   {nullptr, 200, Form::pdf}},
       .errors = {ErrorCode::disabled},
       .noted_as = "report.downloaded"},
  };
  routes.push_back(statement_route());
  routes.push_back(plan_change_route());
  routes.push_back(overview_route());
  return routes;
}

}  // namespace metergate::api
