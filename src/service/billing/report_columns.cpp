#include "service/billing/report_columns.h"

#include <algorithm>

namespace metergate {

void ReportColumns::note(const Statement& statement) {
  has_rows = true;
  has_late = has_late || !statement.late.empty();
  has_errors = has_errors || !statement.rated.billing_error.empty();
  for (const OwnLineItem& line : statement.rated.own_lines) {
    const auto at = std::ranges::lower_bound(own, line.meter);
    if (at == own.end() || *at != line.meter) own.insert(at, line.meter);
  }
}

ReportColumns columns_of(const std::vector<Statement>& statements) {
  ReportColumns columns;
  for (const Statement& statement : statements) columns.note(statement);
  return columns;
}

Json columns_json(const ReportColumns& columns) {
  Json own = Json::array();
  for (const std::string& meter : columns.own) own.push_back(meter);
  return Json::object({{"rows", columns.has_rows},
                       {"own_meters", std::move(own)},
                       {"late_lines", columns.has_late},
                       {"billing_errors", columns.has_errors}});
}

Result<ReportColumns> columns_from(const Json& json) {
  const auto rows = json.bool_at("rows");
  const Json* own = json.find("own_meters");
  const auto late = json.bool_at("late_lines");
  const auto errors = json.bool_at("billing_errors");
  ReportColumns columns;
  const bool is_whole = rows && own != nullptr && own->is_array() && late && errors;
  if (!is_whole) return fail(ErrorCode::corrupt, "a stored report has no valid columns");
  columns.has_rows = *rows;
  columns.has_late = *late;
  columns.has_errors = *errors;
  for (const Json& meter : own->as_array()) {
    if (!meter.is_string()) return fail(ErrorCode::corrupt, "a stored report has no valid columns");
    columns.own.push_back(meter.as_string());
  }
  return columns;
}

}  // namespace metergate
