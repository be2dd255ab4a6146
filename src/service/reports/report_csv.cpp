#include "service/reports/report_csv.h"

#include <algorithm>

#include "base/csv.h"
#include "domain/wide.h"

namespace metergate {

namespace {

constexpr std::string_view kHeader =
    "Tenant ID,Tenant Name,Plan,Status,Stores Count,Stores Limit,Devices Count,Devices Limit,"
    "API Calls,API Limit,Webhook Calls,Webhook Limit,Storage GB,Storage Limit,Has Overages,"
    "Overage Cost,Health Status";

// Gigabytes with two decimals, rounded once from the exact bytes.
Decimal gigabytes(std::int64_t bytes) {
  return {saturate(divide_rounded(Wide{bytes} * 100, kBytesPerGigabyte)), 2};
}

Decimal shown(Meter meter, std::int64_t units) {
  return meter == Meter::storage_gb ? gigabytes(units) : Decimal{units, 0};
}

// Usage above its limit must also look so.
Decimal used(Meter meter, std::int64_t units, const std::optional<std::int64_t>& limit) {
  const Decimal usual = shown(meter, units);
  const bool looks_equal = limit && units > *limit && compare(usual, shown(meter, *limit)) <= 0;
  return looks_equal ? to_fine_display(meter, units) : usual;
}

void write_meter(CsvWriter& csv, const Statement& statement, Meter meter) {
  const std::int64_t units = statement.usage[meter];
  const std::optional<std::int64_t>& limit = statement.terms.limits[meter].units;
  if (statement.is_known) {
    csv.number(used(meter, units, limit));
  } else {
    csv.empty();
  }
  if (limit) {
    csv.number(shown(meter, *limit));
  } else {
    csv.text("unlimited");
  }
}

// Empty cells if the tenant's plan does not name the meter.
void write_own(CsvWriter& csv, const Statement& statement, const std::string& meter) {
  const auto& lines = statement.rated.own_lines;
  const auto line = std::ranges::find(lines, meter, &OwnLineItem::meter);
  if (line == lines.end() || !statement.is_known) {
    csv.empty();
  } else {
    csv.number(line->usage.shown());
  }
  if (line == lines.end()) {
    csv.empty();
  } else if (line->included) {
    csv.number(line->included->shown());
  } else {
    csv.text("unlimited");
  }
}

void write_more(CsvWriter& csv, const Statement& statement, const ReportColumns& columns) {
  csv.text(statement.currency.code());
  for (const std::string& meter : columns.own) write_own(csv, statement, meter);
  if (columns.has_late) csv.text(late_lines_text(statement));
  if (columns.has_errors) csv.text(statement.rated.billing_error);
}

}  // namespace

// "api_calls 2026-02 -1 = -0.001 USD (counted twice)", joined.
std::string late_lines_text(const Statement& statement) {
  std::string text;
  for (const LateLine& line : statement.late) {
    if (!text.empty()) text += "; ";
    const bool is_foreign = !line.currency.empty();
    text += line.meter + ' ' + line.period.text() + ' ' + to_text(line.quantity.shown()) + " = " +
            to_text(to_exact_decimal(line.cost, statement.currency)) + ' ' +
            (is_foreign ? line.currency : statement.currency.code());
    if (is_foreign) text += ", not in the cost";
    if (line.corrections > 1) text += " (" + std::to_string(line.corrections) + " corrections)";
    if (!line.reason.empty()) text += " (" + line.reason + ')';
  }
  return text;
}

std::string report_csv_header(const ReportColumns& columns) {
  std::string out;
  CsvWriter csv{out};
  std::string line{kHeader};
  // Slugs never need quotes.
  if (columns.has_rows) line += ",Currency";
  for (const std::string& meter : columns.own) line += ',' + meter + " Usage," + meter + " Limit";
  if (columns.has_late) line += ",Late Lines";
  if (columns.has_errors) line += ",Billing Error";
  csv.header(line);
  return out;
}

void append_csv_row(const Statement& statement, const ReportColumns& columns, std::string& out) {
  const Rated& rated = statement.rated;
  CsvWriter csv{out};
  csv.text(statement.tenant.text());
  csv.text(statement.tenant_name);
  csv.text(statement.terms.plan);
  csv.text(statement.status);
  for (const MeterRow& row : kMeters) write_meter(csv, statement, row.meter);
  csv.text(!statement.is_known ? "" : rated.has_overages ? "Yes" : "No");
  if (rated.cost) {
    csv.number(to_decimal(*rated.cost, statement.currency));
  } else {
    csv.empty();
  }
  csv.text(statement.is_known ? to_text(rated.health) : "");
  write_more(csv, statement, columns);
  csv.end_row();
}

}  // namespace metergate
