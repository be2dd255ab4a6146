// The JSON of TenantBilling and of its details, with members in the order of the API's text.
#include "domain/wide.h"
#include "service/billing/billing.h"
#include "service/billing/late_lines.h"
#include "service/billing/line_json.h"
#include "service/shared/call_figures.h"
#include "service/tenants/limit_shapes.h"

namespace metergate {

namespace {

// Null for any usage of a limit of 0.
Json utilization_json(const Rated& rated) {
  Json result = Json::object();
  each_line(rated, [&result](const auto& line) {
    result.set(std::string{meter_of(line)} + "_percent", utilization_of(line).percent());
  });
  return result;
}

// Own meters follow the built-in ones, by their slugs.
Json with_own_limits(Json limits, const Rated& rated) {
  for (const OwnLineItem& line : rated.own_lines) limits.set(line.meter, included_json(line));
  return limits;
}

}  // namespace

Json units_json(Meter meter, std::int64_t units) {
  const Decimal value = to_display(meter, units);
  return value.scale == 0 ? Json{value.unscaled} : Json{value};
}

namespace {

Json shown_json(Decimal value) { return value.scale == 0 ? Json{value.unscaled} : Json{value}; }

// Usage above its limit must also look so, with more decimals if necessary.
Json used_json(const LineItem& line) {
  const Decimal shown = to_display(line.meter, line.usage);
  const bool looks_equal =
      line.overage > 0 && compare(shown, to_display(line.meter, *line.included)) <= 0;
  return shown_json(looks_equal ? to_fine_display(line.meter, line.usage) : shown);
}

Json used_json(const OwnLineItem& line) { return quantity_json(line.usage); }

Json lines_usage_json(const Rated& rated) {
  Json result = Json::object();
  each_line(rated, [&result](const auto& line) { result.set(meter_of(line), used_json(line)); });
  return result;
}

// The price of one unit as shown to people: a call, a store, a gigabyte.
Json rate_json(const LineItem& line, const Currency& currency) {
  const Result<Money> rate = charge(line.rate, row_of(line.meter).units_per_display);
  return rate ? Json(to_exact_decimal(*rate, currency)) : Json();
}
Json rate_json(const OwnLineItem& line, const Currency& currency) {
  return to_exact_decimal(line.rate, currency);
}

// The same members with null values, since unknown is not 0.
Json unknown_json(const Json& members) {
  Json result = Json::object();
  for (const auto& [name, value] : members.as_object()) result.set(name, Json());
  return result;
}

}  // namespace

Json cost_json(const std::optional<Money>& cost, const Currency& currency) {
  return cost ? Json{to_decimal(*cost, currency)} : Json{};
}

Json exact_cost_json(const std::optional<Money>& cost, const Currency& currency) {
  return cost ? Json{to_exact_decimal(*cost, currency)} : Json{};
}

Json usage_json(const Usage& usage) {
  Json result = Json::object();
  for (const MeterRow& row : kMeters) result.set(row.name, units_json(row.meter, usage[row.meter]));
  return result;
}

Json overages_json(const Statement& statement) {
  Json result = Json::object();
  each_line(statement.rated, [&result](const auto& line) {
    if (is_over(line)) result.set(meter_of(line), amount_json(line, line.overage));
  });
  return result;
}

Json tenant_billing_json(const Statement& statement) {
  const Currency& currency = statement.currency;
  const bool is_known = statement.is_known;
  Json usage = lines_usage_json(statement.rated);
  Json utilization = utilization_json(statement.rated);
  Json row = Json::object({
      {"tenant_id", statement.tenant.text()},
      {"tenant_name", statement.tenant_name},
      {"plan", statement.terms.plan},
      {"status", statement.status},
      {"usage", is_known ? std::move(usage) : unknown_json(usage)},
      {"limits", with_own_limits(limits_json(statement.terms.limits), statement.rated)},
      {"overages", is_known ? overages_json(statement) : Json()},
      {"utilization", is_known ? std::move(utilization) : unknown_json(utilization)},
      {"has_overages", is_known ? Json(statement.rated.has_overages) : Json()},
      {"overage_cost", cost_json(statement.rated.cost, currency)},
      {"currency", currency.code()},
      {"health_status", is_known ? Json(to_text(statement.rated.health)) : Json()},
  });
  if (!statement.rated.billing_error.empty())
    row.set("billing_error", statement.rated.billing_error);
  if (!statement.late.empty()) row.set("late_items", late_items_json(statement.late, currency));
  return row;
}

Json line_items_json(const Statement& statement) {
  const Currency& currency = statement.currency;
  Json result = Json::array();
  if (!statement.is_known) return result;
  each_line(statement.rated, [&](const auto& line) {
    result.push_back(Json::object({
        {"meter", meter_of(line)},
        {"usage", used_json(line)},
        {"included", included_json(line)},
        {"overage", amount_json(line, line.overage)},
        {"rate", rate_json(line, currency)},
        {"cost", exact_cost_json(line.cost, currency)},
        {"currency", currency.code()},
    }));
  });
  return result;
}

namespace {

Json outlook_json(Json expected, const std::optional<Day>& passes_on) {
  return Json::object({
      {"expected", std::move(expected)},
      {"passes_limit_on", passes_on ? Json{to_text(*passes_on)} : Json{}},
  });
}

}  // namespace

Json forecast_json(const PerMeter<std::optional<Forecast>>& forecast, const OwnForecasts& own) {
  Json result = Json::object();
  for (const MeterRow& row : kMeters) {
    const std::optional<Forecast>& one = forecast[row.meter];
    if (!one) {
      result.set(row.name, nullptr);
      continue;
    }
    Json expected = one->expected ? units_json(row.meter, *one->expected) : Json();
    result.set(row.name, outlook_json(std::move(expected), one->passes_on));
  }
  for (const auto& [meter, one] : own) {
    if (!one) {
      result.set(meter, nullptr);
      continue;
    }
    Json expected = one->expected ? quantity_json(*one->expected) : Json();
    result.set(meter, outlook_json(std::move(expected), one->passes_on));
  }
  return result;
}

namespace {

Json calls_json(const PeriodStats& stats) {
  const CallSums calls = stats.counter.value_or(Counter{}).calls;
  const bool is_known = stats.counter.has_value();
  const Json none;
  return Json::object({
      {"total_calls", is_known ? Json(calls.count) : Json(stats.calls_frozen)},
      {"unique_endpoints_count", Json(stats.endpoints)},
      {"avg_response_time_ms", is_known ? mean_ms_json(calls.duration_us, calls.count) : none},
      {"p50_response_time_ms", is_known ? percentile_ms_json(calls.durations, 500) : none},
      {"p95_response_time_ms", is_known ? percentile_ms_json(calls.durations, 950) : none},
      {"p99_response_time_ms", is_known ? percentile_ms_json(calls.durations, 990) : none},
      {"success_rate_percent", is_known ? percent_json(calls.successes(), calls.count) : none},
      {"total_data_transfer_bytes",
       is_known ? Json(saturate(Wide{calls.request_bytes} + calls.response_bytes)) : none},
  });
}

Json attempts_json(const PeriodStats& stats) {
  const WebhookSums webhooks = stats.counter.value_or(Counter{}).webhooks;
  const bool is_known = stats.counter.has_value();
  const Json none;
  return Json::object({
      {"total_calls", is_known ? Json(webhooks.count) : Json(stats.webhooks_frozen)},
      {"success_rate_percent",
       is_known ? percent_json(webhooks.count - webhooks.failures, webhooks.count) : none},
      {"avg_response_time_ms",
       is_known ? mean_ms_json(webhooks.duration_us, webhooks.count) : none},
  });
}

}  // namespace

Json stats_json(const PeriodStats& stats) {
  return Json::object({{"api_calls", calls_json(stats)}, {"webhook_calls", attempts_json(stats)}});
}

Json history_json(const History& history) {
  Json rows = Json::array();
  for (const HistoryRow& row : history) {
    Json usage = usage_json(row.usage);
    for (const auto& [meter, quantity] : row.own)
      usage.set(meter, quantity ? quantity_json(*quantity) : Json());
    rows.push_back(Json::object({{"period", row.period.text()}, {"usage", std::move(usage)}}));
  }
  return rows;
}

// Parallel lists, oldest first.
Json trends_json(const History& history) {
  Json trends = Json::object();
  Json::Array periods;
  std::vector<std::pair<std::string, Json::Array>> own;
  if (!history.empty()) {
    for (const auto& [meter, quantity] : history.front().own)
      own.emplace_back(meter + "_trend", Json::Array());
  }
  Json::Array calls;
  Json::Array webhooks;
  Json::Array storage;
  for (auto row = history.rbegin(); row != history.rend(); ++row) {
    calls.emplace_back(row->usage[Meter::api_calls]);
    webhooks.emplace_back(row->usage[Meter::webhook_calls]);
    storage.push_back(units_json(Meter::storage_gb, row->usage[Meter::storage_gb]));
    for (std::size_t at = 0; at < own.size(); ++at) {
      const std::optional<Quantity>& quantity = row->own[at].second;
      own[at].second.push_back(quantity ? quantity_json(*quantity) : Json());
    }
    periods.emplace_back(row->period.text());
  }
  trends.set("api_calls_trend", std::move(calls));
  trends.set("webhook_calls_trend", std::move(webhooks));
  trends.set("storage_gb_trend", std::move(storage));
  for (auto& [name, values] : own) trends.set(name, std::move(values));
  trends.set("periods", std::move(periods));
  return trends;
}

}  // namespace metergate
