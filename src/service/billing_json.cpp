// The shapes of TenantBilling and of its details, member by member in the order of the API's text.
#include "domain/wide.h"
#include "service/billing.h"
#include "service/call_figures.h"
#include "service/late_lines.h"
#include "service/limit_shapes.h"
#include "service/own_lines.h"

namespace metergate {

namespace {

Json utilization_json(const Rated& rated) {
  Json result = Json::object();
  for (const MeterRow& row : kMeters) {
    result.set(std::string{row.name} + "_percent", rated.utilization[row.meter].percent());
  }
  for (const OwnLineItem& line : rated.own_lines)
    result.set(line.meter + "_percent", utilization_of(line).percent());
  return result;
}

// Meters of the provider's own stand behind the built-in ones, by their slugs.
Json with_own_usage(Json usage, const Rated& rated) {
  for (const OwnLineItem& line : rated.own_lines) usage.set(line.meter, quantity_json(line.usage));
  return usage;
}

Json with_own_limits(Json limits, const Rated& rated) {
  for (const OwnLineItem& line : rated.own_lines)
    limits.set(line.meter, line.included ? quantity_json(*line.included) : Json());
  return limits;
}

}  // namespace

Json units_json(Meter meter, std::int64_t units) {
  const Decimal value = to_display(meter, units);
  return value.scale == 0 ? Json{value.unscaled} : Json{value};
}

Json usage_json(const Usage& usage) {
  Json result = Json::object();
  for (const MeterRow& row : kMeters) result.set(row.name, units_json(row.meter, usage[row.meter]));
  return result;
}

Json overages_json(const Statement& statement) {
  Json result = Json::object();
  for (const LineItem& line : statement.rated.lines) {
    if (line.overage > 0) result.set(row_of(line.meter).name, units_json(line.meter, line.overage));
  }
  for (const OwnLineItem& line : statement.rated.own_lines) {
    if (line.overage > Quantity{}) result.set(line.meter, quantity_json(line.overage));
  }
  return result;
}

Json tenant_billing_json(const Statement& statement, const Currency& currency) {
  Json row = Json::object({
      {"tenant_id", statement.tenant.text()},
      {"tenant_name", statement.tenant_name},
      {"plan", statement.terms.plan},
      {"status", statement.status},
      {"usage", with_own_usage(usage_json(statement.usage), statement.rated)},
      {"limits", with_own_limits(limits_json(statement.terms.limits), statement.rated)},
      {"overages", overages_json(statement)},
      {"utilization", utilization_json(statement.rated)},
      {"has_overages", statement.rated.has_overages},
      {"overage_cost", to_decimal(statement.rated.cost, currency)},
      {"health_status", to_text(statement.rated.health)},
  });
  if (!statement.late.empty()) row.set("late_items", late_items_json(statement.late, currency));
  return row;
}

Result<Json> line_items_json(const Statement& statement, const Currency& currency) {
  Json result = Json::array();
  for (const LineItem& line : statement.rated.lines) {
    const MeterRow& row = row_of(line.meter);
    // The price of one unit as people read it: of a call, a store, a gigabyte.
    const Money rate = TRY(charge(line.rate, row.units_per_display));
    result.push_back(Json::object({
        {"meter", row.name},
        {"usage", units_json(line.meter, line.usage)},
        {"included", line.included ? units_json(line.meter, *line.included) : Json{}},
        {"overage", units_json(line.meter, line.overage)},
        {"rate", to_exact_decimal(rate, currency)},
        {"cost", to_exact_decimal(line.cost, currency)},
    }));
  }
  for (const OwnLineItem& line : statement.rated.own_lines) {
    result.push_back(Json::object({
        {"meter", line.meter},
        {"usage", quantity_json(line.usage)},
        {"included", line.included ? quantity_json(*line.included) : Json{}},
        {"overage", quantity_json(line.overage)},
        {"rate", to_exact_decimal(line.rate, currency)},
        {"cost", to_exact_decimal(line.cost, currency)},
    }));
  }
  return result;
}

Json forecast_json(const PerMeter<std::optional<Forecast>>& forecast) {
  Json result = Json::object();
  for (const MeterRow& row : kMeters) {
    const std::optional<Forecast>& one = forecast[row.meter];
    if (!one) {
      result.set(row.name, nullptr);
      continue;
    }
    result.set(row.name,
               Json::object({
                   {"expected", units_json(row.meter, one->expected)},
                   {"passes_limit_on", one->passes_on ? Json{to_text(*one->passes_on)} : Json{}},
               }));
  }
  return result;
}

Json stats_json(const PeriodStats& stats) {
  const CallSums& calls = stats.counter.calls;
  const WebhookSums& webhooks = stats.counter.webhooks;
  return Json::object({
      {"api_calls", Json::object({
                        {"total_calls", calls.count},
                        {"unique_endpoints_count", stats.endpoints},
                        {"avg_response_time_ms", mean_ms_json(calls.duration_us, calls.count)},
                        {"p50_response_time_ms", percentile_ms_json(calls.durations, 500)},
                        {"p95_response_time_ms", percentile_ms_json(calls.durations, 950)},
                        {"p99_response_time_ms", percentile_ms_json(calls.durations, 990)},
                        {"success_rate_percent", percent_json(calls.successes(), calls.count)},
                        {"total_data_transfer_bytes",
                         saturate(Wide{calls.request_bytes} + calls.response_bytes)},
                    })},
      {"webhook_calls",
       Json::object({
           {"total_calls", webhooks.count},
           {"success_rate_percent",
            percent_json(webhooks.count - webhooks.failures, webhooks.count)},
           {"avg_response_time_ms", mean_ms_json(webhooks.duration_us, webhooks.count)},
       })},
  });
}

}  // namespace metergate
