// Frozen reports: statements as they were when a report of them was made, kept in usage_reports in
// parts of at most 1,000 tenants, fewer where those have many late lines.
//
// A row shows what the API shows and, in "exact", every unit, limit, price and cost as an integer,
// so that a statement read back is the one that was written, whatever has changed since. Part 1
// carries the summary and is written last: a report is there when its part 1 is. Parts that are
// there are never written again. Any thread.
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
// One more only where a tenant has that many alone: a part is written as one batch, which must fit
// into the journal, and a reason may have 2,000 bytes.
inline constexpr std::size_t kLateLinesPerPart = 4000;

Json frozen_json(const Statement& statement);
// ErrorCode::corrupt where a member is missing or does not fit the others.
Result<Statement> statement_from_frozen(DocumentView frozen);

struct ReportHead {
  Period period;
  Timestamp generated_at{};
  bool is_closed = false;
  std::string name;  // of the report's documents, without the part
  std::int64_t parts = 1;
  Currency currency = Currency::usd();  // that all amounts in it are in
  StatementSummary summary;
  std::string audit_head{};  // of the audit trail when it was made; empty: an older build made it
  Json shown_summary;        // as it stands in the stored report; null in one that is not stored
  // What its rows need; nothing in a stored report from before that was kept.
  std::optional<ReportColumns> columns{};
  std::string content{};  // a digest of the rows; empty in a report from before that was kept
};

struct KeptReport {
  ReportHead head;
  std::vector<Statement> statements;  // by tenant
};

struct FrozenStatement {
  Statement statement;
  Currency currency = Currency::usd();  // that all amounts in it are in
};

class FrozenReports {
 public:
  explicit FrozenReports(Store& store) : store_(store) {}

  // The report of a closed period; nothing where it has not been frozen yet.
  Result<std::optional<KeptReport>> closed_report(Period period) const;
  Result<bool> has_closed_report(Period period) const;
  // One tenant's row of it; nothing where the tenant is not in it.
  Result<std::optional<FrozenStatement>> closed_statement(Period period,
                                                          const TenantId& tenant) const;
  // The rows of several tenants, in their order; ErrorCode::corrupt where one is not in it.
  Result<std::vector<Statement>> closed_statements(Period period,
                                                   const std::vector<TenantId>& tenants) const;
  // The head of a closed period's report, with the summary that it shows; nothing: there is none.
  Result<std::optional<ReportHead>> closed_head(Period period) const;
  // The rows of one part, from 1, by tenant.
  Result<std::vector<Statement>> part(const ReportHead& head, std::int64_t number) const;
  // Calls `visit` with each row, by tenant, reading one part at a time; false: there is none.
  Result<bool> for_each_closed(Period period,
                               const std::function<Result<>(Statement)>& visit) const;
  // The newest one made of a period, open or closed; likewise its head alone.
  Result<std::optional<KeptReport>> newest_report(Period period) const;
  Result<std::optional<ReportHead>> newest_head(Period period) const;

  // Writes the parts, each as a batch of its own, at most two on their way to the disk at a time,
  // so that a large report never fills the store's queue. Of a closed period, parts that an
  // interrupted run has written stay as they are; the statements must be the same each time. With
  // the last part of a closed one travels the folder's currency, where it has none yet.
  Result<ReportHead> write(const KeptReport& report);
  // What removes a closed period's report, of a period that is taken up again.
  Result<std::vector<DocumentWrite>> removal(Period period) const;
  // The same of an open period, where the rows are not those of the newest one kept; else that.
  Result<ReportHead> write_if_new(KeptReport& report);

 private:
  Result<std::optional<StoredDocument>> stored_part(const std::string& name,
                                                    std::int64_t part) const;
  Result<std::optional<KeptReport>> read(const std::string& name) const;
  Result<std::optional<std::string>> newest_name(Period period) const;
  Store& store_;
};

Json summary_json(const StatementSummary& summary, const Currency& currency);
// Where the documents of a closed period's report are.
std::string closed_report_name(Period period);
// The same for one of an open period; `ulid` tells those of a period apart.
std::string open_report_name(Period period, const std::string& ulid);

}  // namespace metergate
