// The layout of a report on paper: which parts it has, which columns each, and what stands in them.
// XLSX and PDF are both written from here, and every cell is a member of the JSON answer, so all
// forms say the same, to the last digit. Values; no threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "service/billing/frozen_reports.h"
#include "service/billing/report_columns.h"

namespace metergate {

enum class CellKind : std::uint8_t {
  name,    // of a tenant, in any script
  word,    // of ours: a plan, a status
  figure,  // a number, or a word in the place of one ("unlimited")
  money,   // likewise, in the row's currency
  prose    // long text
};

struct PaperColumn {
  std::string title;
  CellKind kind = CellKind::word;
  int width = 12;  // in characters
};

// One cell: nothing, a text, or a number.
struct PaperCell {
  std::string text{};
  std::optional<Decimal> number{};
  bool is_empty() const { return text.empty() && !number; }
};
using PaperRow = std::vector<PaperCell>;  // as many as there are columns

struct PaperFact {
  std::string label;
  PaperCell value;
};

// The facts of a report about all tenants together.
std::vector<PaperFact> summary_facts(const ReportHead& head, const TimeZone& zone);
// The facts of one statement.
std::vector<PaperFact> statement_facts(const Statement& statement);

std::vector<PaperColumn> tenant_paper_columns(const ReportColumns& columns);
PaperRow tenant_paper_row(const Statement& statement, const ReportColumns& columns);

std::vector<PaperColumn> line_paper_columns();
// A row for each line item; its first three columns name the tenant.
std::vector<PaperRow> line_paper_rows(const Statement& statement);

// For people: "api_calls" is "API calls"; a meter of the provider's own stays as it is.
std::string shown_meter(std::string_view name);
// "1,234,567.80": every digit, in groups of three.
std::string grouped_digits(Decimal value);

}  // namespace metergate
