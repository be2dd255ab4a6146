// A report by line items: a row for each line item of each tenant (built-in meters, own meters,
// corrections of earlier periods and credits), as JSON and as CSV. Their sum, rounded once to the
// currency's minor unit, is the tenant's cost. Values; no threads.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "domain/statement.h"

namespace metergate {

// The columns of a line in every form: what stands above them, and which member they show.
struct LineColumn {
  std::string_view title;
  std::string_view member;
};
std::span<const LineColumn> line_columns();

// [{ tenant_id, tenant_name, plan, line, meter, period, usage, included, overage, rate, cost,
// currency, … }]; `line` is usage, late, or billing_error if the cost could not be computed.
Json report_lines_json(const Statement& statement);

std::string lines_csv_header();
void append_csv_lines(const Statement& statement, std::string& out);

}  // namespace metergate
