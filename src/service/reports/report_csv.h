// A report as CSV: the header and the rows of api.md, one line at a time. Values; no threads.
//
// Seventeen columns that never change, and behind them what explains the cost of a row: its
// currency, what the tenants used of the provider's own meters, their late lines, and why a cost
// could not be made. Those stand only where a row of the report has something to say in them.
#pragma once

#include <string>

#include "service/billing/report_columns.h"

namespace metergate {

std::string report_csv_header(const ReportColumns& columns);
void append_csv_row(const Statement& statement, const ReportColumns& columns, std::string& out);
// "usage_report_2026-03.csv".
std::string report_file_name(Period period);

}  // namespace metergate
