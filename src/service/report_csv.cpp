#include "service/report_csv.h"

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

void write_units(CsvWriter& csv, Meter meter, std::int64_t units) {
  if (meter == Meter::storage_gb) {
    csv.number(gigabytes(units));
  } else {
    csv.number(units);
  }
}

}  // namespace

std::string report_csv_header() {
  std::string out;
  CsvWriter{out}.header(kHeader);
  return out;
}

void append_csv_row(const Statement& statement, const Currency& currency, std::string& out) {
  CsvWriter csv{out};
  csv.text(statement.tenant.text());
  csv.text(statement.tenant_name);
  csv.text(statement.terms.plan);
  csv.text(statement.status);
  for (const MeterRow& row : kMeters) {
    write_units(csv, row.meter, statement.usage[row.meter]);
    const std::optional<std::int64_t>& limit = statement.terms.limits[row.meter].units;
    if (limit) {
      write_units(csv, row.meter, *limit);
    } else {
      csv.text("unlimited");
    }
  }
  csv.text(statement.rated.has_overages ? "Yes" : "No");
  csv.number(to_decimal(statement.rated.cost, currency));
  csv.text(to_text(statement.rated.health));
  csv.end_row();
}

std::string report_file_name(Period period) { return "usage_report_" + period.text() + ".csv"; }

}  // namespace metergate
