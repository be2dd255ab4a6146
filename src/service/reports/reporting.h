// Reporting: makes, keeps and reads monthly reports, and freezes that of a closed period.
//
// An open period's report is kept if its rows differ from those of the newest kept one. A closed
// period has one report, made when the period is closed (by the worker, or by the first request for
// it), which never changes afterwards. Safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "service/billing/billing.h"
#include "service/billing/frozen_reports.h"

namespace metergate {

// The rows of a report, some at a time. A frozen report is read part by part, so that only few rows
// are in memory.
class ReportRows {
 public:
  explicit ReportRows(KeptReport report)
      : head_(std::move(report.head)), rows_(std::move(report.statements)) {}
  ReportRows(Store& store, ReportHead head) : head_(std::move(head)), store_(&store) {}

  const ReportHead& head() const { return head_; }
  // The next rows, at most kTenantsPerPart; none at the end.
  Result<std::vector<Statement>> next();
  // The columns that all rows need in a CSV.
  Result<ReportColumns> columns() const;

 private:
  ReportHead head_;
  Store* store_ = nullptr;  // nullptr: the rows are in memory
  std::vector<Statement> rows_;
  std::size_t given_ = 0;  // rows, or parts
};

// True if a report may be kept, and its period closed for it.
enum class Keeping : std::uint8_t { keep, only_look };

class Reporting {
 public:
  Reporting(Store& store, const Billing& billing, const BillingRules& rules, const Clock& clock)
      : store_(store), billing_(billing), rules_(rules), clock_(clock) {}

  // Nothing: the last closed period. ErrorCode::invalid for a future period; disabled if reports
  // are switched off and none of the period is kept.
  Result<KeptReport> make(std::optional<Period> period, Keeping keeping = Keeping::keep);

  // The same, for reading the rows one after another.
  Result<ReportRows> rows(std::optional<Period> period, Keeping keeping = Keeping::keep);

  // Records the present time, unless it is doubted; the next start is checked against it.
  Result<> note_time();

  // Closes the period and all before it in the store, and freezes its report. Can be interrupted
  // and run again. False if there was nothing to do.
  Result<bool> close(Period period);

 private:
  Result<KeptReport> closed_report(Period period, Keeping keeping);
  Result<KeptReport> open_report(Period period, Keeping keeping);
  Result<KeptReport> compute(Period period, std::string name) const;
  Store& store_;
  const Billing& billing_;
  const BillingRules& rules_;
  const Clock& clock_;
  std::mutex closing_;  // one at a time, so that one thread writes the parts
};

Json report_json(const KeptReport& report);
// The same without the tenants; `list` is an empty array in their place, as the last member.
Json report_head_json(const ReportHead& head, std::string_view list = "tenants");

}  // namespace metergate
