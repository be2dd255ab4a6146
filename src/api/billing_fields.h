// The parameters and answers of the routes of billing. Constant data; any thread.
#pragma once

#include "api/usual_fields.h"
#include "domain/rating.h"
#include "service/billing/statement_sorts.h"

namespace metergate::api {

inline constexpr std::array<std::string_view, 4> kHealthWords = {"healthy", "caution", "warning",
                                                                 "critical"};
inline constexpr std::array<std::string_view, 3> kGroupByWords = {"day", "week", "month"};

inline constexpr Field kPlanFilter = filter_of("plan", "the plan's name, or several");
inline constexpr Field kSearchField =
    of_kind("q", Kind::text, "a part of the id or the name, in whatever case");

// Each meter of the provider's own is a sort, too.
constexpr Field statement_sort() {
  Field field = sort_by(kStatementSortWords, "tenant_id");
  field.has_more_words = true;
  return field;
}

inline constexpr std::array<Field, 10> kStatementsQuery = {
    kPeriodField,
    filter_of("health_status", kHealthWords, "how near the tenant is to its limits"),
    of_kind("has_overages", Kind::flag, "only tenants with overage, or only those without"),
    of_kind("cost_min", Kind::number, "at least this overage cost, such as 48.40"),
    kPlanFilter,
    filter_of("status", kActiveOrSuspended, "whether the tenant is served"),
    kSearchField,
    kPageField,
    kLimitField,
    statement_sort(),
};
inline constexpr std::array<Field, 1> kPeriodQuery = {kPeriodField};
inline constexpr std::array<Field, 4> kUsageQuery = {
    Field{.name = "start_date",
          .kind = Kind::day,
          .about = "the first day; the first of the current month",
          .example = "2026-03-01"},
    Field{.name = "end_date",
          .kind = Kind::day,
          .about = "the last day, included; the last of the current month",
          .example = "2026-03-31"},
    choice_of("group_by", kGroupByWords, "what a row is of; day"),
    of_kind("tenant_id", Kind::text, "one tenant's usage; that of all"),
};
inline constexpr std::array<std::string_view, 4> kReportFormats = {"json", "csv", "xlsx", "pdf"};
inline constexpr std::array<std::string_view, 2> kReportDetails = {"tenants", "lines"};
constexpr Field with_otherwise(Field field, std::string_view otherwise) {
  field.otherwise = otherwise;
  return field;
}
inline constexpr std::array<Field, 3> kReportQuery = {
    Field{.name = "period",
          .kind = Kind::month,
          .about = "a month of the billing time zone; the last closed one",
          .example = "2026-03"},
    with_otherwise(choice_of("format", kReportFormats), "json"),
    with_otherwise(choice_of("detail", kReportDetails, "what a row is of: a tenant or a line item"),
                   "tenants"),
};

inline constexpr std::array<Field, 2> kTenantStatementQuery = {
    kPeriodField, with_otherwise(choice_of("format", kReportFormats), "json")};

// Five built-in meters, and the provider's own by their slugs.
inline constexpr std::array<Field, 5> kUsageFields = {
    or_null(given("stores_count", Kind::integer, "active stores")),
    or_null(given("devices_count", Kind::integer, "active devices")),
    or_null(given("api_calls", Kind::integer)),
    or_null(given("webhook_calls", Kind::integer)),
    or_null(given("storage_gb", Kind::number)),
};
inline constexpr Shape kUsage = {.name = "Usage",
                                 .fields = kUsageFields,
                                 .about = "What was used, by meter; null where it is not known",
                                 .is_open = true};
inline constexpr std::array<Field, 5> kLimitsFields = {
    or_null(given("max_stores", Kind::integer)),
    or_null(given("max_devices", Kind::integer)),
    or_null(given("max_api_calls_per_month", Kind::integer)),
    or_null(given("max_webhooks_per_month", Kind::integer)),
    or_null(given("max_storage_gb", Kind::number)),
};
inline constexpr Shape kLimits = {.name = "Limits",
                                  .fields = kLimitsFields,
                                  .about = "What is included, by meter; null is without a limit",
                                  .is_open = true};
inline constexpr std::array<Field, 5> kUtilizationFields = {
    or_null(given("stores_count_percent", Kind::number)),
    or_null(given("devices_count_percent", Kind::number)),
    or_null(given("api_calls_percent", Kind::number)),
    or_null(given("webhook_calls_percent", Kind::number)),
    or_null(given("storage_gb_percent", Kind::number)),
};
inline constexpr Shape kUtilization = {.name = "Utilization",
                                       .fields = kUtilizationFields,
                                       .about = "Usage in percent of the limit",
                                       .is_open = true};
inline constexpr std::array<Field, 8> kLateItemFields = {
    given("meter", Kind::text),
    given("period", Kind::month, "the closed month that was corrected"),
    given("quantity", Kind::number),
    given("cost", Kind::number),
    given("currency", Kind::text),
    at_times(given("correction_id", Kind::text)),
    at_times(given("reason", Kind::text)),
    at_times(given("corrections", Kind::integer, "how many, where there are several")),
};
inline constexpr Shape kLateItem = {.name = "LateItem", .fields = kLateItemFields};

// Those that every statement begins with.
inline constexpr std::array<Field, 14> kTenantBillingFields = {
    given("tenant_id", Kind::text),
    given("tenant_name", Kind::text),
    given("plan", Kind::text),
    given("status", kActiveOrSuspended),
    given("usage", Kind::object, kUsage),
    given("limits", Kind::object, kLimits),
    or_null(given_map("overages", Kind::number, "usage above the limit, of meters that have any")),
    given("utilization", Kind::object, kUtilization),
    or_null(given("has_overages", Kind::flag)),
    or_null(given("overage_cost", Kind::number)),
    given("currency", Kind::text, "of every amount here"),
    or_null(given("health_status", kHealthWords)),
    at_times(given("billing_error", Kind::text, "why there is no cost")),
    at_times(given("late_items", Kind::list, kLateItem, "corrections of closed months")),
};
inline constexpr Shape kTenantBilling = {.name = "TenantBilling", .fields = kTenantBillingFields};

inline constexpr std::array<Field, 4> kHealthCountFields = {
    given("healthy", Kind::integer), given("caution", Kind::integer),
    given("warning", Kind::integer), given("critical", Kind::integer)};
inline constexpr Shape kHealthCounts = {.name = "HealthCounts", .fields = kHealthCountFields};
inline constexpr std::array<Field, 6> kStatementSummaryFields = {
    given("total_tenants", Kind::integer),
    given("by_health_status", Kind::object, kHealthCounts),
    given("tenants_with_overages", Kind::integer),
    given("total_overage_cost", Kind::number),
    given("currency", Kind::text),
    given("tenants_with_errors", Kind::integer, "tenants whose cost could not be worked out"),
};
inline constexpr Shape kStatementSummary = {
    .name = "StatementSummary", .fields = kStatementSummaryFields, .about = "Over all pages"};
inline constexpr std::array<Field, 4> kStatementListFields = {
    given("tenants", Kind::list, kTenantBilling),
    kPaginationField,
    given("period", Kind::month),
    given("summary", Kind::object, kStatementSummary),
};
inline constexpr Shape kStatementList = {.name = "StatementList", .fields = kStatementListFields};

inline constexpr std::array<Field, 2> kUsageOfMonthFields = {given("period", Kind::month),
                                                             given("usage", Kind::object, kUsage)};
inline constexpr Shape kUsageOfMonth = {.name = "UsageOfMonth", .fields = kUsageOfMonthFields};
inline constexpr std::array<Field, 4> kTrendFields = {
    with_nulls(given_list("api_calls_trend", Kind::number)),
    with_nulls(given_list("webhook_calls_trend", Kind::number)),
    with_nulls(given_list("storage_gb_trend", Kind::number)),
    given_list("periods", Kind::month),
};
inline constexpr Shape kTrends = {.name = "UsageTrends",
                                  .fields = kTrendFields,
                                  .about = "Lists side by side, the oldest month first",
                                  .is_open = true};
inline constexpr std::array<Field, 8> kCallStatsFields = {
    or_null(given("total_calls", Kind::integer)),
    or_null(given("unique_endpoints_count", Kind::integer)),
    or_null(given("avg_response_time_ms", Kind::number)),
    or_null(given("p50_response_time_ms", Kind::number)),
    or_null(given("p95_response_time_ms", Kind::number)),
    or_null(given("p99_response_time_ms", Kind::number)),
    or_null(given("success_rate_percent", Kind::number)),
    or_null(given("total_data_transfer_bytes", Kind::integer)),
};
inline constexpr Shape kCallStats = {.name = "CallStats", .fields = kCallStatsFields};
inline constexpr std::array<Field, 3> kWebhookStatsFields = {
    or_null(given("total_calls", Kind::integer)),
    or_null(given("success_rate_percent", Kind::number)),
    or_null(given("avg_response_time_ms", Kind::number)),
};
inline constexpr Shape kWebhookStats = {.name = "WebhookStats", .fields = kWebhookStatsFields};
inline constexpr std::array<Field, 2> kMonthStatsFields = {
    given("api_calls", Kind::object, kCallStats),
    given("webhook_calls", Kind::object, kWebhookStats)};
inline constexpr Shape kMonthStats = {.name = "MonthStats", .fields = kMonthStatsFields};
inline constexpr std::array<Field, 7> kLineItemFields = {
    given("meter", Kind::text),
    or_null(given("usage", Kind::number)),
    or_null(given("included", Kind::number)),
    given("overage", Kind::number),
    or_null(given("rate", Kind::number, "of one unit")),
    or_null(given("cost", Kind::number)),
    given("currency", Kind::text),
};
inline constexpr Shape kLineItem = {
    .name = "LineItem", .fields = kLineItemFields, .about = "The cost of one meter, explained"};
inline constexpr std::array<Field, 2> kOutlookFields = {
    or_null(given("expected", Kind::number, "usage at the end of the period")),
    or_null(given("passes_limit_on", Kind::day)),
};
inline constexpr Shape kOutlook = {.name = "Outlook", .fields = kOutlookFields};
inline constexpr Field kForecastField =
    with_nulls(given("forecast", Kind::map, kOutlook, "by meter; null where nothing can be said"));
inline constexpr std::array<Field, 6> kStatementDetailFields = {
    given("period", Kind::month),
    given("usage_history", Kind::list, kUsageOfMonth, "the newest month first"),
    given("usage_trends", Kind::object, kTrends),
    given("current_month_stats", Kind::object, kMonthStats),
    given("line_items", Kind::list, kLineItem),
    kForecastField,
};
inline constexpr auto kStatementFields =
    joined_fields(kTenantBillingFields, kStatementDetailFields);
inline constexpr Shape kStatement = {.name = "Statement", .fields = kStatementFields};
inline constexpr std::array<Field, 2> kOwnStatementDetailFields = {given("period", Kind::month),
                                                                   or_null(kForecastField)};
inline constexpr auto kOwnStatementFields =
    joined_fields(kTenantBillingFields, kOwnStatementDetailFields);
inline constexpr Shape kOwnStatement = {.name = "OwnStatement", .fields = kOwnStatementFields};

inline constexpr std::array<Field, 9> kUsageRowFields = {
    given("date", Kind::day, "the first day of the group"),
    or_null(given("total_api_calls", Kind::integer)),
    or_null(given("total_webhook_calls", Kind::integer)),
    or_null(given("total_storage_gb", Kind::number)),
    or_null(given("active_tenants", Kind::integer)),
    or_null(given("success_rate_percent", Kind::number)),
    or_null(given("avg_response_time_ms", Kind::number)),
    or_null(given("p95_response_time_ms", Kind::number)),
    at_times(given("archived", Kind::flag, "the raw events are gone; some figures with them")),
};
inline constexpr Shape kUsageRow = {.name = "UsageRow", .fields = kUsageRowFields};
inline constexpr std::array<Field, 2> kDayRangeFields = {given("start", Kind::day),
                                                         given("end", Kind::day)};
inline constexpr Shape kDayRange = {.name = "DayRange", .fields = kDayRangeFields};
inline constexpr std::array<Field, 3> kAnalyticsFields = {given("period", Kind::object, kDayRange),
                                                          given("group_by", kGroupByWords),
                                                          given("data", Kind::list, kUsageRow)};
inline constexpr Shape kAnalytics = {.name = "Analytics", .fields = kAnalyticsFields};
inline constexpr std::array<Field, 4> kAnalyticsFilterFields = {
    given("tenant_id", Kind::text), given("start_date", Kind::day), given("end_date", Kind::day),
    given("group_by", kGroupByWords)};
inline constexpr Shape kAnalyticsFilters = {.name = "AnalyticsFilters",
                                            .fields = kAnalyticsFilterFields};
inline constexpr std::array<Field, 2> kUsageAnswerFields = {
    given("analytics", Kind::object, kAnalytics),
    given("filters", Kind::object, kAnalyticsFilters)};
inline constexpr Shape kUsageAnswer = {.name = "UsageAnalytics", .fields = kUsageAnswerFields};

inline constexpr std::array<Field, 7> kReportSummaryFields = {
    given("total_tenants", Kind::integer),
    given("tenants_with_overages", Kind::integer),
    given("overage_rate_percent", Kind::number),
    given_map("plan_distribution", Kind::integer),
    given("total_overage_cost", Kind::number),
    given("currency", Kind::text),
    at_times(given("tenants_with_errors", Kind::integer)),
};
inline constexpr Shape kReportSummary = {.name = "ReportSummary", .fields = kReportSummaryFields};
inline constexpr std::array<Field, 5> kReportHeadFields = {
    given("period", Kind::month),
    given("generated_at", Kind::time),
    given("closed", Kind::flag),
    at_times(given("audit_head", Kind::text, "the end of the audit trail as it was then")),
    given("summary", Kind::object, kReportSummary),
};
inline constexpr std::array<Field, 1> kReportTenantsField = {
    given("tenants", Kind::list, kTenantBilling)};
inline constexpr auto kReportFields = joined_fields(kReportHeadFields, kReportTenantsField);
inline constexpr Shape kReport = {.name = "Report", .fields = kReportFields};
inline constexpr std::array<std::string_view, 3> kReportLineWords = {"usage", "late",
                                                                     "billing_error"};
inline constexpr std::array<Field, 15> kReportLineFields = {
    given("tenant_id", Kind::text),
    given("tenant_name", Kind::text),
    given("plan", Kind::text),
    given("line", kReportLineWords),
    at_times(or_null(given("meter", Kind::text))),
    given("period", Kind::month),
    at_times(or_null(given("usage", Kind::number))),
    at_times(or_null(given("included", Kind::number))),
    at_times(or_null(given("overage", Kind::number))),
    at_times(or_null(given("rate", Kind::number))),
    or_null(given("cost", Kind::number)),
    given("currency", Kind::text),
    at_times(given("corrections", Kind::integer)),
    at_times(given("correction_id", Kind::text)),
    at_times(given("reason", Kind::text)),
};
inline constexpr Shape kReportLine = {.name = "ReportLine", .fields = kReportLineFields};
inline constexpr std::array<Field, 5> kTenantStatementDetailFields = {
    given("period", Kind::month),
    given("closed", Kind::flag),
    given("line_items", Kind::list, kLineItem),
    given("lines", Kind::list, kReportLine, "as a report by lines has them"),
    given("usage_history", Kind::list, kUsageOfMonth, "the newest month first"),
};
inline constexpr auto kTenantStatementFields =
    joined_fields(kTenantBillingFields, kTenantStatementDetailFields);
inline constexpr Shape kTenantStatement = {.name = "TenantStatement",
                                           .fields = kTenantStatementFields};
inline constexpr std::array<Field, 1> kReportLinesField = {given("lines", Kind::list, kReportLine)};
inline constexpr auto kReportByLinesFields = joined_fields(kReportHeadFields, kReportLinesField);
inline constexpr Shape kReportByLines = {.name = "ReportByLines", .fields = kReportByLinesFields};

}  // namespace metergate::api
