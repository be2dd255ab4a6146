#include "service/reports/report_lines.h"

#include <array>
#include <string_view>

#include "base/csv.h"
#include "service/billing/billing.h"
#include "service/billing/late_lines.h"

namespace metergate {
namespace {

Json begun_line(const Statement& statement, std::string_view kind) {
  return Json::object({{"tenant_id", statement.tenant.text()},
                       {"tenant_name", statement.tenant_name},
                       {"plan", statement.terms.plan},
                       {"line", kind}});
}

void take_members(const Json& from, Json& into) {
  for (const auto& [name, value] : from.as_object()) into.set(name, value);
}

void write_cell(CsvWriter& csv, const Json* value) {
  if (value == nullptr || value->is_null()) {
    csv.empty();
  } else if (const auto number = value->number()) {
    csv.number(*number);
  } else {
    csv.text(value->as_string());
  }
}

constexpr std::array<LineColumn, 15> kLineColumns = {{
    {"Tenant ID", "tenant_id"},
    {"Tenant Name", "tenant_name"},
    {"Plan", "plan"},
    {"Line", "line"},
    {"Meter", "meter"},
    {"Period", "period"},
    {"Usage", "usage"},
    {"Included", "included"},
    {"Overage", "overage"},
    {"Rate", "rate"},
    {"Cost", "cost"},
    {"Currency", "currency"},
    {"Corrections", "corrections"},
    {"Correction ID", "correction_id"},
    {"Reason", "reason"},
}};

}  // namespace

std::span<const LineColumn> line_columns() { return kLineColumns; }

Json report_lines_json(const Statement& statement) {
  Json lines = Json::array();
  const Json items = line_items_json(statement);
  for (const Json& item : items.as_array()) {
    Json line = begun_line(statement, "usage");
    line.set("meter", Json());
    line.set("period", statement.period.text());
    take_members(item, line);
    lines.push_back(std::move(line));
  }
  const Json late = late_items_json(statement.late, statement.currency);
  for (const Json& item : late.as_array()) {
    Json line = begun_line(statement, "late");
    take_members(item, line);
    // The difference to the usage at that time; negative if it was reduced.
    const Json* quantity = item.find("quantity");
    line.set("usage", quantity == nullptr ? Json() : *quantity);
    line.remove("quantity");
    lines.push_back(std::move(line));
  }
  if (statement.rated.billing_error.empty()) return lines;
  Json line = begun_line(statement, "billing_error");
  line.set("period", statement.period.text());
  line.set("cost", Json());
  line.set("currency", statement.currency.code());
  line.set("reason", statement.rated.billing_error);
  lines.push_back(std::move(line));
  return lines;
}

std::string lines_csv_header() {
  std::string line;
  for (const LineColumn& row : kLineColumns) {
    if (!line.empty()) line += ',';
    line += row.title;
  }
  std::string out;
  CsvWriter{out}.header(line);
  return out;
}

void append_csv_lines(const Statement& statement, std::string& out) {
  const Json lines = report_lines_json(statement);
  for (const Json& line : lines.as_array()) {
    CsvWriter csv{out};
    for (const LineColumn& row : kLineColumns) write_cell(csv, line.find(row.member));
    csv.end_row();
  }
}

}  // namespace metergate
