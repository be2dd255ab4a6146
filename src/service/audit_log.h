// AuditLog: reads the audit trail and proves that it is whole. Records are written by the services
// with their changes (see Batch::audits); nothing changes or removes one. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/audit.h"
#include "storage/store.h"

namespace metergate {

struct AuditFilter {
  std::string actor{};  // empty: any; likewise below
  std::string action{};
  std::string tenant_id{};
  std::optional<Timestamp> from{};  // half-open
  std::optional<Timestamp> to{};
};

struct AuditPage {
  std::int64_t total = 0;  // that match
  std::vector<Json> records;
};

struct AuditVerdict {
  std::int64_t checked = 0;
  std::optional<std::int64_t> first_bad_sequence;  // nothing: the chain is whole
  std::string problem;                             // of the first bad record, for a person
};

// Walks the trail record by record, in the order of the chain.
class ChainCheck {
 public:
  // False where this record is not the one that the chain wants here: nothing after it can be
  // trusted to be what it was.
  bool take(const Json& document);
  const AuditVerdict& verdict() const { return verdict_; }

 private:
  AuditLink next_;  // where the next record must stand
  AuditVerdict verdict_;
};

class AuditLog {
 public:
  explicit AuditLog(const Store& store) : store_(store) {}

  // Newest first; pages count from 1.
  Result<AuditPage> list(const AuditFilter& filter, std::int64_t page, std::int64_t limit) const;
  // Recomputes the chain from its first record to its last.
  Result<AuditVerdict> verify() const;

 private:
  const Store& store_;
};

}  // namespace metergate
