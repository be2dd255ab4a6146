#include "service/analytics/overview.h"

#include <algorithm>

#include "domain/each_line.h"
#include "service/tenants/own_lines.h"

namespace metergate {
namespace {

Json tenant_json(const Statement& statement) {
  const Fullest fullest = fullest_of(statement.rated);
  Json row = Json::object({
      {"tenant_id", statement.tenant.text()},
      {"tenant_name", statement.tenant_name},
      {"plan", statement.terms.plan},
      {"status", statement.status},
      {"health_status", statement.is_known ? Json(to_text(statement.rated.health)) : Json()},
      {"highest_meter", fullest.meter},
      {"highest_utilization_percent",
       statement.is_known ? Json(fullest.utilization.percent()) : Json()},
      {"overage_cost", cost_json(statement.rated.cost, statement.currency)},
      {"currency", statement.currency.code()},
  });
  if (!statement.rated.billing_error.empty())
    row.set("billing_error", statement.rated.billing_error);
  return row;
}

Json tenants_json(const std::vector<Statement>& statements) {
  Json rows = Json::array();
  for (const Statement& statement : statements) rows.push_back(tenant_json(statement));
  return rows;
}

Json counts_json(const StatementSummary& summary) {
  Json by_health = Json::object();
  for (const Health health : {Health::healthy, Health::caution, Health::warning, Health::critical})
    by_health.set(to_text(health), summary.by_health[static_cast<std::size_t>(health)]);
  Json by_plan = Json::object();
  for (const auto& [plan, count] : summary.by_plan) by_plan.set(plan, count);
  return Json::object({{"total", summary.tenants},
                       {"with_overages", summary.tenants_with_overages},
                       {"by_health_status", std::move(by_health)},
                       {"by_plan", std::move(by_plan)}});
}

Json alerts_json(const OverviewResult& result) {
  Json by_severity = Json::object();
  std::int64_t total = 0;
  for (std::size_t at = 0; at < kSeveritiesShown.size(); ++at) {
    by_severity.set(kSeveritiesShown[at], result.open_alerts[at]);
    total += result.open_alerts[at];
  }
  return Json::object({{"open", total}, {"open_by_severity", std::move(by_severity)}});
}

Json trend_json(const std::vector<AnalyticsRow>& months) {
  Json rows = Json::array();
  for (const AnalyticsRow& month : months) {
    const auto known = [&month](Json value) { return month.is_known ? std::move(value) : Json(); };
    Json row = Json::object({
        {"period", Period::of(month.date).text()},
        {"api_calls", known(month.calls.count)},
        {"webhook_calls", known(month.webhooks.count)},
        {"storage_gb", known(units_json(Meter::storage_gb, month.storage_bytes))},
        {"active_tenants", known(month.active_tenants)},
    });
    if (month.is_archived) row.set("archived", true);
    rows.push_back(std::move(row));
  }
  return rows;
}

Json totals_json(const UsageOfAll& usage) {
  Json totals = usage_json(usage.built_in);
  for (const auto& [meter, quantity] : usage.own) totals.set(meter, quantity_json(quantity));
  return totals;
}

}  // namespace

Result<std::vector<Statement>> Overview::top(Period period, const std::string& sort) const {
  StatementPageRequest request;
  request.filter.period = period;
  request.sort = sort;
  request.limit = kTopTenants;
  return std::move(TRY(billing_.statements(request)).statements);
}

Result<OverviewResult> Overview::of(std::optional<Period> wanted) const {
  OverviewResult result;
  StatementPageRequest request;
  result.period = wanted.value_or(billing_.current_period());
  request.filter.period = result.period;
  request.limit = 1;
  const StatementPage page = TRY(billing_.statements(request));
  result.is_closed = billing_.is_closed(result.period);
  result.currency = page.currency;
  result.summary = page.summary;
  result.usage = TRY(billing_.usage_of_all(result.period));
  for (std::size_t at = 0; at < kSeveritiesShown.size(); ++at) {
    Query query;
    query.collection = Collection::provider_alerts;
    query.filter = Filter::all({Filter::equal("status", "open"),
                                Filter::equal("severity", std::string{kSeveritiesShown[at]})});
    result.open_alerts[at] = TRY(store_.count(query));
  }
  result.by_cost = TRY(top(result.period, "-overage_cost"));
  // Tenants without a cost are not listed among the highest.
  std::erase_if(result.by_cost,
                [](const Statement& one) { return one.rated.cost && *one.rated.cost <= Money{}; });
  result.by_utilization = TRY(top(result.period, "-utilization"));
  AnalyticsRequest months;
  months.first = Period::from_ordinal(result.period.ordinal() - (kTrendMonths - 1)).first_day();
  months.last = result.period.last_day();
  months.group_by = GroupBy::month;
  result.trend = TRY(analytics_.usage(months)).rows;
  return result;
}

Json overview_json(const OverviewResult& result) {
  return Json::object({
      {"period", result.period.text()},
      {"closed", result.is_closed},
      {"tenants", counts_json(result.summary)},
      {"usage", totals_json(result.usage)},
      {"total_overage_cost", to_decimal(result.summary.total_overage_cost, result.currency)},
      {"currency", result.currency.code()},
      {"tenants_with_errors", result.summary.tenants_with_errors},
      {"alerts", alerts_json(result)},
      {"top_by_cost", tenants_json(result.by_cost)},
      {"top_by_utilization", tenants_json(result.by_utilization)},
      {"usage_trend", trend_json(result.trend)},
  });
}

}  // namespace metergate
