// Papers: reports and statements as files that people print, keep and send: XLSX and PDF. Made of
// the same rows as JSON and CSV, in the one layout of service/papers/paper_layout.
//
// A file is written to the scratch folder, under no name, and is gone when it is closed; rows are
// read a part at a time, so memory does not grow with their number. What cannot be made whole is
// not begun to be sent. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/scratch_file.h"
#include "service/analytics/analytics.h"
#include "service/billing/billing.h"
#include "service/papers/paper_pdf.h"
#include "service/reports/reporting.h"

namespace metergate {

enum class PaperFormat : std::uint8_t { xlsx, pdf };
std::string_view name_of(PaperFormat format);        // "xlsx"
std::string_view media_type_of(PaperFormat format);  // of RFC 6838
std::optional<PaperFormat> find_paper_format(std::string_view name);

class Papers {
 public:
  struct Parts {
    const Billing& billing;
    const Analytics& analytics;
    const BillingRules& rules;
    const Clock& clock;
    std::filesystem::path scratch;  // a folder with room
  };
  explicit Papers(Parts parts) : parts_(std::move(parts)) {}

  // ErrorCode::disabled where this machine lacks what prints a PDF, with what to install; storage
  // where there is no room for the file.
  Result<ScratchFile> report(ReportRows rows, PaperFormat format, ReportDetail detail) const;
  // The statement of one tenant: its figures, line items, late lines and its year.
  Result<ScratchFile> statement(const Statement& statement, PaperFormat format) const;

 private:
  Timestamp made_at(const Statement& statement) const;
  Parts parts_;
};

// "usage_report_2026-03.xlsx", "usage_report_lines_2026-03.pdf".
std::string paper_name(Period period, ReportDetail detail, std::string_view format);
// "statement_tenant_456_2026-03.pdf".
std::string statement_name(const TenantId& tenant, Period period, std::string_view format);

}  // namespace metergate
