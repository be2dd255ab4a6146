// A report line by line: a row for each line item of each tenant, built-in meters, the provider's
// own, corrections of earlier periods and credits, as JSON and as CSV. What they add up to, rounded
// once to the currency's minor unit, is the tenant's cost. Values; no threads.
#pragma once

#include <string>

#include "base/json.h"
#include "domain/statement.h"

namespace metergate {

// [{ tenant_id, tenant_name, plan, line, meter, period, usage, included, overage, rate, cost,
// currency, … }]; `line` is usage, late, or billing_error where the cost could not be made.
Json report_lines_json(const Statement& statement);

std::string lines_csv_header();
void append_csv_lines(const Statement& statement, std::string& out);
// "usage_report_lines_2026-03.csv".
std::string lines_file_name(Period period);

}  // namespace metergate
