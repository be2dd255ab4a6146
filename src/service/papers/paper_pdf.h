// Reports and statements as PDF: pages of A4, put together from the parts of paper_layout.
//
// A report lies down: totals, plans and the year first, then a row a tenant (or, by line items, a
// block a tenant). A statement stands upright. Every page says what it is of, and which of how
// many. Rows are read a part at a time. Any thread.
#pragma once

#include "base/pdf_pages.h"
#include "service/papers/year_chart.h"
#include "service/reports/reporting.h"

namespace metergate {

enum class ReportDetail : std::uint8_t { tenants, lines };

struct Printing {
  const TimeZone& zone;
  const YearChart& year;
  ScratchFile& file;
};

// Errors as PdfPages.
Result<> print_report(ReportRows rows, ReportDetail detail, const Printing& printing);
Result<> print_statement(const Statement& statement, Timestamp made_at, const Printing& printing);

}  // namespace metergate
