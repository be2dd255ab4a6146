// Frozen reports: statements as they were when their report was made, kept in usage_reports in
// parts of at most 1,000 tenants, fewer if those have many late lines.
//
// A row has the figures that the API shows and, in "exact", every unit, limit, price and cost as an
// integer, so that a statement reads back exactly as it was written, whatever has changed since.
// Part 1 has the summary and is written last: a report exists once its part 1 does. Existing parts
// are never written again. Safe from any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/statement.h"
#include "service/billing/report_columns.h"
#include "storage/shapes/store.h"

namespace metergate {

inline constexpr std::size_t kTenantsPerPart = 1000;
// A bound on a part, which is written as one batch that must fit into the journal; a reason may
// have 2,000 bytes. Exceeded only if one tenant alone has more.
inline constexpr std::size_t kLateLinesPerPart = 4000;

Json frozen_json(const Statement& statement);
// ErrorCode::corrupt if a member is missing or inconsistent.
Result<Statement> statement_from_frozen(DocumentView frozen);

struct ReportHead {
  Period period;
  Timestamp generated_at{};
  bool is_closed = false;
  std::string name;  // of the report's documents, without the part
  std::int64_t parts = 1;
  Currency currency = Currency::usd();  // of all its amounts
  StatementSummary summary;
  std::string audit_head{};  // of the audit trail when it was made; empty: by an older build
  Json shown_summary;        // as in the stored report; null if it is not stored
  // The columns that its rows need; nothing in a report of an older build.
  std::optional<ReportColumns> columns{};
  std::string content{};  // a digest of the rows; empty in a report of an older build
};

struct KeptReport {
  ReportHead head;
  std::vector<Statement> statements;  // by tenant
};

struct FrozenStatement {
  Statement statement;
  Currency currency = Currency::usd();  // of all its amounts
};

class FrozenReports {
 public:
  explicit FrozenReports(Store& store) : store_(store) {}

  // The report of a closed period; nothing if it has not been frozen yet.
  Result<std::optional<KeptReport>> closed_report(Period period) const;
  Result<bool> has_closed_report(Period period) const;
  // One tenant's row of it; nothing if it has no such row.
  Result<std::optional<FrozenStatement>> closed_statement(Period period,
                                                          const TenantId& tenant) const;
  // The rows of several tenants, in their order; ErrorCode::corrupt if one is missing.
  Result<std::vector<Statement>> closed_statements(Period period,
                                                   const std::vector<TenantId>& tenants) const;
  // The head of a closed period's report, with its shown summary; nothing if it does not exist.
  Result<std::optional<ReportHead>> closed_head(Period period) const;
  // The rows of one part, counted from 1, by tenant.
  Result<std::vector<Statement>> part(const ReportHead& head, std::int64_t number) const;
  // Calls `visit` with each row, by tenant, reading one part at a time; false if there is no
  // report.
  Result<bool> for_each_closed(Period period,
                               const std::function<Result<>(Statement)>& visit) const;
  // The newest report of a period, open or closed; below, its head only.
  Result<std::optional<KeptReport>> newest_report(Period period) const;
  Result<std::optional<ReportHead>> newest_head(Period period) const;

  // Writes each part as a batch of its own, with at most two on their way to the disk, so that a
  // large report never fills the store's queue. Parts of a closed period that an interrupted run
  // has written stay as they are, so the statements must be the same each time. The last part of a
  // closed period's report also writes the folder's currency, if it has none yet.
  Result<ReportHead> write(const KeptReport& report);
  // The writes that remove a closed period's report when the period is reopened.
  Result<std::vector<DocumentWrite>> removal(Period period) const;
  // Writes an open period's report if its rows differ from the newest stored one; otherwise returns
  // that one's head.
  Result<ReportHead> write_if_new(KeptReport& report);

 private:
  Result<std::optional<StoredDocument>> stored_part(const std::string& name,
                                                    std::int64_t part) const;
  Result<std::optional<KeptReport>> read(const std::string& name) const;
  Result<std::optional<std::string>> newest_name(Period period) const;
  Store& store_;
};

Json summary_json(const StatementSummary& summary, const Currency& currency);
// The name of a closed period's report in its documents' keys.
std::string closed_report_name(Period period);
// The same for an open period; `ulid` distinguishes the period's reports.
std::string open_report_name(Period period, const std::string& ulid);

}  // namespace metergate
