#include "service/papers/paper_layout.h"

#include <algorithm>
#include <array>

#include "service/billing/billing.h"
#include "service/billing/late_lines.h"
#include "service/reports/report_csv.h"
#include "service/reports/report_lines.h"
#include "service/reports/reporting.h"

namespace metergate {
namespace {

struct MeterTitles {
  Meter meter;
  std::string_view title;
  std::string_view limit_title;
};

// The words of the CSV's header, in its order.
constexpr std::array<MeterTitles, kMeters.size()> kMeterTitles = {{
    {Meter::stores_count, "Stores Count", "Stores Limit"},
    {Meter::devices_count, "Devices Count", "Devices Limit"},
    {Meter::api_calls, "API Calls", "API Limit"},
    {Meter::webhook_calls, "Webhook Calls", "Webhook Limit"},
    {Meter::storage_gb, "Storage GB", "Storage Limit"},
}};

constexpr int kNameWidth = 28;
constexpr int kWordWidth = 12;
constexpr int kFigureWidth = 14;
constexpr int kProseWidth = 48;

PaperCell cell_of(const Json* value) {
  if (value == nullptr || value->is_null()) return {};
  if (const auto number = value->number()) return {.number = number};
  if (value->kind() == Json::Kind::boolean) return {.text = value->as_bool() ? "Yes" : "No"};
  if (value->kind() == Json::Kind::number_text) return {.text = value->as_number_text()};
  if (value->is_string()) return {.text = value->as_string()};
  return {.text = to_text(*value)};
}

PaperCell member_of(const Json& json, std::string_view group, std::string_view name) {
  const Json* members = json.find(group);
  return members == nullptr ? PaperCell{} : cell_of(members->find(name));
}

// Empty where the tenant's plan does not name the meter.
PaperCell limit_of(const Json& json, std::string_view name) {
  const Json* limits = json.find("limits");
  const Json* limit = limits == nullptr ? nullptr : limits->find(name);
  if (limit != nullptr && limit->is_null()) return {.text = "unlimited"};
  return cell_of(limit);
}

PaperCell text_cell(std::string_view text) { return {.text = std::string{text}}; }

// The columns that are not plain words.
constexpr std::array<std::pair<std::string_view, CellKind>, 8> kLineKinds = {{
    {"tenant_name", CellKind::name},
    {"usage", CellKind::figure},
    {"included", CellKind::figure},
    {"overage", CellKind::figure},
    {"corrections", CellKind::figure},
    {"rate", CellKind::money},
    {"cost", CellKind::money},
    {"reason", CellKind::prose},
}};

CellKind kind_of(std::string_view member) {
  const auto* row =
      std::ranges::find(kLineKinds, member, [](const auto& pair) { return pair.first; });
  return row == kLineKinds.end() ? CellKind::word : row->second;
}

int width_of(const LineColumn& column) {
  if (column.member.ends_with("_id") || column.member == "tenant_name") return kNameWidth;
  const CellKind kind = kind_of(column.member);
  if (kind == CellKind::prose) return kProseWidth;
  return kind == CellKind::word && column.member != "meter" ? kWordWidth : kFigureWidth;
}

}  // namespace

std::string shown_meter(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, kMeters.size()> kNames = {{
      {"stores_count", "Stores"},
      {"devices_count", "Devices"},
      {"api_calls", "API calls"},
      {"webhook_calls", "Webhook calls"},
      {"storage_gb", "Storage, GB"},
  }};
  const auto* row = std::ranges::find(kNames, name, [](const auto& pair) { return pair.first; });
  return std::string{row == kNames.end() ? name : row->second};
}

std::string grouped_digits(Decimal value) {
  std::string text = to_text(value);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = point; at > first + 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::vector<PaperFact> summary_facts(const ReportHead& head, const TimeZone& zone) {
  const Json json = report_head_json(head);
  const Json& summary = *json.find("summary");
  const auto of = [&summary](std::string_view name) { return cell_of(summary.find(name)); };
  std::vector<PaperFact> facts = {
      {"Period", text_cell(head.period.text())},
      {"State", text_cell(head.is_closed ? "closed" : "open: the figures are those of now")},
      {"Made at", text_cell(to_text(head.generated_at, zone))},
      {"Tenants", of("total_tenants")},
      {"Tenants with overages", of("tenants_with_overages")},
      {"Overage rate, %", of("overage_rate_percent")},
      {"Total overage cost", of("total_overage_cost")},
      {"Currency", of("currency")},
  };
  const PaperCell errors = of("tenants_with_errors");
  if (errors.number && errors.number->unscaled != 0)
    facts.push_back({"Tenants whose cost could not be made", errors});
  if (const Json* plans = summary.find("plan_distribution")) {
    for (const auto& [plan, count] : plans->as_object())
      facts.push_back({"Tenants on the plan " + plan, cell_of(&count)});
  }
  if (!head.audit_head.empty()) facts.push_back({"Audit trail", text_cell(head.audit_head)});
  return facts;
}

std::vector<PaperFact> statement_facts(const Statement& statement) {
  const Json json = tenant_billing_json(statement);
  const auto of = [&json](std::string_view name) { return cell_of(json.find(name)); };
  std::vector<PaperFact> facts = {
      {"Tenant", of("tenant_name")},
      {"Tenant ID", of("tenant_id")},
      {"Period", text_cell(statement.period.text())},
      {"State", text_cell(statement.is_closed ? "closed" : "open: the figures are those of now")},
      {"Plan", of("plan")},
      {"Status", of("status")},
      {"Health", of("health_status")},
      {"Overage cost", of("overage_cost")},
      {"Currency", of("currency")},
  };
  const PaperCell error = of("billing_error");
  if (!error.is_empty()) facts.push_back({"Billing error", error});
  return facts;
}

std::vector<PaperColumn> tenant_paper_columns(const ReportColumns& columns) {
  std::vector<PaperColumn> row = {
      {"Tenant ID", CellKind::word, kNameWidth},
      {"Tenant Name", CellKind::name, kNameWidth},
      {"Plan", CellKind::word, kWordWidth},
      {"Status", CellKind::word, kWordWidth},
  };
  for (const MeterTitles& meter : kMeterTitles) {
    row.push_back({std::string{meter.title}, CellKind::figure, kFigureWidth});
    row.push_back({std::string{meter.limit_title}, CellKind::figure, kFigureWidth});
  }
  row.push_back({"Has Overages", CellKind::word, kWordWidth});
  row.push_back({"Overage Cost", CellKind::money, kFigureWidth});
  row.push_back({"Health Status", CellKind::word, kWordWidth});
  row.push_back({"Currency", CellKind::word, kWordWidth});
  for (const std::string& meter : columns.own) {
    row.push_back({meter + " Usage", CellKind::figure, kFigureWidth});
    row.push_back({meter + " Limit", CellKind::figure, kFigureWidth});
  }
  if (columns.has_late) row.push_back({"Late Lines", CellKind::prose, kProseWidth});
  if (columns.has_errors) row.push_back({"Billing Error", CellKind::prose, kProseWidth});
  return row;
}

PaperRow tenant_paper_row(const Statement& statement, const ReportColumns& columns) {
  const Json json = tenant_billing_json(statement);
  const auto of = [&json](std::string_view name) { return cell_of(json.find(name)); };
  PaperRow row = {of("tenant_id"), of("tenant_name"), of("plan"), of("status")};
  for (const MeterTitles& meter : kMeterTitles) {
    const MeterRow& names = row_of(meter.meter);
    row.push_back(member_of(json, "usage", names.name));
    row.push_back(limit_of(json, names.limit_name));
  }
  row.push_back(of("has_overages"));
  row.push_back(of("overage_cost"));
  row.push_back(of("health_status"));
  row.push_back(of("currency"));
  for (const std::string& meter : columns.own) {
    row.push_back(member_of(json, "usage", meter));
    row.push_back(limit_of(json, meter));
  }
  if (columns.has_late) row.push_back({.text = late_lines_text(statement)});
  if (columns.has_errors) row.push_back(of("billing_error"));
  return row;
}

std::vector<PaperColumn> line_paper_columns() {
  std::vector<PaperColumn> columns;
  for (const LineColumn& column : line_columns())
    columns.push_back({std::string{column.title}, kind_of(column.member), width_of(column)});
  return columns;
}

std::vector<PaperRow> line_paper_rows(const Statement& statement) {
  std::vector<PaperRow> rows;
  const Json lines = report_lines_json(statement);
  for (const Json& line : lines.as_array()) {
    PaperRow& row = rows.emplace_back();
    for (const LineColumn& column : line_columns())
      row.push_back(cell_of(line.find(column.member)));
  }
  return rows;
}

}  // namespace metergate
