// Reporting: the monthly reports: made, kept, read again; and the freezing of a closed period's.
//
// Of an open period a report is kept where its rows are not those of the newest one kept. Of a
// closed period there is one, made when it is closed (by the worker, or by the first who asks), and
// it never changes afterwards. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "service/billing/billing.h"
#include "service/billing/frozen_reports.h"

namespace metergate {

// The rows of a report, some at a time: a frozen one's are read part by part, so that however many
// there are, few are in memory.
class ReportRows {
 public:
  explicit ReportRows(KeptReport report)
      : head_(std::move(report.head)), rows_(std::move(report.statements)) {}
  ReportRows(Store& store, ReportHead head) : head_(std::move(head)), store_(&store) {}

  const ReportHead& head() const { return head_; }
  // The next at most kTenantsPerPart; none: that was all.
  Result<std::vector<Statement>> next();
  // What all of them need in a CSV.
  Result<ReportColumns> columns() const;

 private:
  ReportHead head_;
  Store* store_ = nullptr;  // nullptr: the rows are here
  std::vector<Statement> rows_;
  std::size_t given_ = 0;  // rows, or parts
};

// Whether a report that is made may be kept, and its period closed for that.
enum class Keeping : std::uint8_t { keep, only_look };

class Reporting {
 public:
  Reporting(Store& store, const Billing& billing, const BillingRules& rules, const Clock& clock)
      : store_(store), billing_(billing), rules_(rules), clock_(clock) {}

  // Nothing: the last closed period. ErrorCode::invalid for a period in the future; disabled where
  // reports are not to be made and none of the period is kept.
  Result<KeptReport> make(std::optional<Period> period, Keeping keeping = Keeping::keep);

  // The same, where the rows are wanted one after another.
  Result<ReportRows> rows(std::optional<Period> period, Keeping keeping = Keeping::keep);

  // Keeps what time it is, where that is not in doubt: the next start is held against it.
  Result<> note_time();

  // Closes the period and all before it in the store, and freezes its report. Can be interrupted
  // and run again. False: there was nothing to do.
  Result<bool> close(Period period);

 private:
  Result<KeptReport> closed_report(Period period, Keeping keeping);
  Result<KeptReport> open_report(Period period, Keeping keeping);
  Result<KeptReport> compute(Period period, std::string name) const;
  Store& store_;
  const Billing& billing_;
  const BillingRules& rules_;
  const Clock& clock_;
  std::mutex closing_;  // one at a time, so that parts are written by one
};

Json report_json(const KeptReport& report);
// The same but for the tenants, or `list` in their place: an empty array, its last member.
Json report_head_json(const ReportHead& head, std::string_view list = "tenants");

}  // namespace metergate
