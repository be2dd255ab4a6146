// A report as CSV: the header and the rows of api.md, one line at a time. Values; no threads.
//
// Seventeen fixed columns, followed by those that explain a row's cost: its currency, the usage of
// own meters, late lines, and the reason why a cost could not be computed. The latter appear only
// if some row of the report needs them.
#pragma once

#include <string>

#include "service/billing/report_columns.h"

namespace metergate {

std::string report_csv_header(const ReportColumns& columns);
void append_csv_row(const Statement& statement, const ReportColumns& columns, std::string& out);
// The late lines of a statement in one text; empty: it has none.
std::string late_lines_text(const Statement& statement);

}  // namespace metergate
