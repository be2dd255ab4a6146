#include "service/papers/papers.h"

#include <array>

#include "base/spreadsheet.h"
#include "service/papers/paper_layout.h"

namespace metergate {
namespace {

struct FormatRow {
  PaperFormat format;
  std::string_view name;
  std::string_view media_type;
};

constexpr std::array<FormatRow, 2> kFormats = {{
    {PaperFormat::xlsx, "xlsx",
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {PaperFormat::pdf, "pdf", "application/pdf"},
}};

const FormatRow& row_of(PaperFormat format) { return kFormats[static_cast<std::size_t>(format)]; }

std::vector<SheetColumn> sheet_columns(const std::vector<PaperColumn>& columns) {
  std::vector<SheetColumn> sheet;
  for (const PaperColumn& column : columns) sheet.push_back({column.title, column.width});
  return sheet;
}

void put(const PaperCell& cell, Spreadsheet::Sheet& sheet) {
  if (cell.number) {
    sheet.number(*cell.number);
  } else if (cell.is_empty()) {
    sheet.empty();
  } else {
    sheet.text(cell.text);
  }
}

void put(const PaperRow& row, Spreadsheet::Sheet& sheet) {
  for (const PaperCell& cell : row) put(cell, sheet);
  sheet.end_row();
}

void put(const std::vector<PaperFact>& facts, Spreadsheet::Sheet& sheet) {
  for (const PaperFact& fact : facts) {
    sheet.emphasised(fact.label);
    put(fact.value, sheet);
    sheet.end_row();
  }
}

const std::vector<SheetColumn> kFactColumns = {{"", 36}, {"", 40}};

Result<> write_report(ReportRows& rows, const TimeZone& zone, Spreadsheet& book) {
  const ReportColumns columns = TRY(rows.columns());
  Spreadsheet::Sheet& summary = book.add("Summary", kFactColumns);
  Spreadsheet::Sheet& tenants = book.add("Tenants", sheet_columns(tenant_paper_columns(columns)));
  Spreadsheet::Sheet& lines = book.add("Line items", sheet_columns(line_paper_columns()));
  put(summary_facts(rows.head(), zone), summary);
  for (;;) {
    const std::vector<Statement> some = TRY(rows.next());
    if (some.empty()) return {};
    for (const Statement& statement : some) {
      put(tenant_paper_row(statement, columns), tenants);
      for (const PaperRow& row : line_paper_rows(statement)) put(row, lines);
    }
  }
}

void write_statement(const Statement& statement, Spreadsheet& book) {
  Spreadsheet::Sheet& summary = book.add("Statement", kFactColumns);
  Spreadsheet::Sheet& lines = book.add("Line items", sheet_columns(line_paper_columns()));
  put(statement_facts(statement), summary);
  for (const PaperRow& row : line_paper_rows(statement)) put(row, lines);
}

}  // namespace

std::string_view name_of(PaperFormat format) { return row_of(format).name; }
std::string_view media_type_of(PaperFormat format) { return row_of(format).media_type; }

std::optional<PaperFormat> find_paper_format(std::string_view name) {
  for (const FormatRow& row : kFormats) {
    if (row.name == name) return row.format;
  }
  return std::nullopt;
}

std::string paper_name(Period period, ReportDetail detail, std::string_view format) {
  const std::string_view lines = detail == ReportDetail::lines ? "lines_" : "";
  return std::string{"usage_report_"}.append(lines) + period.text() + '.' + std::string{format};
}

std::string statement_name(const TenantId& tenant, Period period, std::string_view format) {
  return "statement_" + tenant.text() + '_' + period.text() + '.' + std::string{format};
}

Result<ScratchFile> Papers::report(ReportRows rows, PaperFormat format, ReportDetail detail) const {
  if (format == PaperFormat::pdf) TRY(PdfPages::check());
  ScratchFile file = TRY(ScratchFile::make(parts_.scratch));
  const ReportHead head = rows.head();
  if (format == PaperFormat::xlsx) {
    Spreadsheet book({.path = file.path(),
                      .scratch = parts_.scratch,
                      .title = "Usage report " + head.period.text(),
                      .made_at = head.generated_at});
    TRY(write_report(rows, parts_.rules.zone, book));
    TRY(book.finish());
    return file;
  }
  const YearChart year = TRY(year_of_all(parts_.analytics, head.period));
  TRY(print_report(std::move(rows), detail, {parts_.rules.zone, year, file}));
  return file;
}

Result<ScratchFile> Papers::statement(const Statement& statement, PaperFormat format) const {
  if (format == PaperFormat::pdf) TRY(PdfPages::check());
  ScratchFile file = TRY(ScratchFile::make(parts_.scratch));
  if (format == PaperFormat::xlsx) {
    Spreadsheet book(
        {.path = file.path(),
         .scratch = parts_.scratch,
         .title = "Statement " + statement.tenant.text() + ' ' + statement.period.text(),
         .made_at = made_at(statement)});
    write_statement(statement, book);
    TRY(book.finish());
    return file;
  }
  const YearChart year = TRY(year_of(parts_.billing, statement));
  TRY(print_statement(statement, made_at(statement), {parts_.rules.zone, year, file}));
  return file;
}

// The end of a closed period, so that a closed statement is always the same file; otherwise now.
Timestamp Papers::made_at(const Statement& statement) const {
  return statement.is_closed ? statement.period.window(parts_.rules.zone).end : parts_.clock.now();
}

}  // namespace metergate
