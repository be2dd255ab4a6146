// A report as CSV: the header and the rows of api.md, one line at a time. Values; no threads.
#pragma once

#include <span>
#include <string>

#include "domain/statement.h"

namespace metergate {

std::string report_csv_header();
void append_csv_row(const Statement& statement, const Currency& currency, std::string& out);
// "usage_report_2026-03.csv".
std::string report_file_name(Period period);

}  // namespace metergate
