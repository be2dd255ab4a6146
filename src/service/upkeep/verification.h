// Verification: recounts a period from its raw events and compares; recounts active records; walks
// the audit chain; checks the sums of stored reports. Reads only. Safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "service/billing/billing.h"
#include "service/shared/audit_log.h"

namespace metergate {

struct Difference {
  std::string what;    // "counter", "records", "audit", "report"
  std::string period;  // or empty; likewise below
  std::string tenant;
  std::string meter;  // or the name of another figure
  std::string expected;
  std::string found;
};

struct Verdict {
  std::vector<Difference> differences;  // at most kDifferencesMax
  std::int64_t differences_total = 0;
  std::int64_t counters_checked = 0;
  std::int64_t audits_checked = 0;
  std::string audit_head{};  // of the existing records
  std::int64_t reports_checked = 0;
  std::vector<std::string> skipped;  // what could not be compared, with the reason
  static constexpr std::size_t kDifferencesMax = 1000;
  void add(Difference difference);
  void merge(Verdict other);
};

class Verification {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    const Billing& billing;
    const AuditLog& audit_log;
  };
  explicit Verification(const Parts& parts) : parts_(parts) {}

  // Nothing: every open period. The audit chain and the active records are always checked; `head`
  // is a head of the trail that was noted before.
  Result<Verdict> verify(std::optional<Period> period,
                         const std::optional<AuditHead>& head = std::nullopt) const;

 private:
  Result<> check_counters(Period period, Verdict& verdict) const;
  Result<> check_meters(Period period, Verdict& verdict) const;
  Result<> count_again(Period period, Verdict& verdict) const;
  Result<> check_records(Verdict& verdict) const;
  Result<> check_audits(const std::optional<AuditHead>& wanted, Verdict& verdict) const;
  Result<> check_reports(Period period, Verdict& verdict) const;
  Parts parts_;
};

Json verdict_json(const Verdict& verdict);

}  // namespace metergate
