// AuditLog: reads the audit trail and verifies that it is complete. The services write records
// together with their changes (see Batch::audits); records are never changed or removed. Safe from
// any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/shapes/audit.h"
#include "storage/shapes/store.h"

namespace metergate {

struct AuditFilter {
  std::string actor{};  // empty: any; also below
  std::string action{};
  std::string tenant_id{};
  std::optional<Timestamp> from{};  // half-open
  std::optional<Timestamp> to{};
  std::string sort{};  // one of kAuditSorts, or with - before it; empty: the newest first
};

// The plain fields of a record.
inline constexpr std::array<std::string_view, 12> kAuditSorts = {
    "timestamp", "sequence",   "actor",      "action", "tenant_id", "audit_id",
    "ip",        "user_agent", "request_id", "reason", "hash",      "previous_hash"};

struct AuditPage {
  std::int64_t total = 0;  // the number that match
  std::vector<Json> records;
};

// A head of the chain that was noted somewhere; it must still be on the chain.
struct AuditAnchor {
  AuditHead head;
  std::string where;  // for a person: "the report of 2026-09"
};

// An anchor that is no longer on the chain.
struct LostAnchor {
  std::string where;
  std::string expected;
  std::string found;
};

struct AuditVerdict {
  std::int64_t checked = 0;
  std::optional<std::int64_t> first_bad_sequence;  // nothing: the chain is complete
  std::string problem;                             // the fault of the first bad record, for people
  std::vector<LostAnchor> lost;                    // those before the first bad record
  AuditHead head;                                  // the head of the valid records
};

// Walks the trail record by record, in the order of the chain.
class ChainCheck {
 public:
  explicit ChainCheck(std::vector<AuditAnchor> anchors = {});
  // False if this record is not the next one of the chain; later records cannot be trusted.
  bool take(const Json& document);
  // Called after the last record; anchors beyond it are lost.
  const AuditVerdict& finish();
  const AuditVerdict& verdict() const { return verdict_; }

 private:
  void compare();

  AuditLink next_;                    // the expected next record
  std::vector<AuditAnchor> anchors_;  // by sequence
  std::size_t compared_ = 0;          // the number of anchors compared
  AuditVerdict verdict_;
};

class AuditLog {
 public:
  explicit AuditLog(const Store& store) : store_(store) {}

  // Pages count from 1.
  Result<AuditPage> list(const AuditFilter& filter, std::int64_t page, std::int64_t limit) const;
  // Recomputes the chain from its first record to its last, and compares it with the end known to
  // the store and its journal, with the head in every kept report, and with `wanted`.
  Result<AuditVerdict> verify(const std::optional<AuditHead>& wanted = std::nullopt) const;

 private:
  Result<std::vector<AuditAnchor>> anchors(const std::optional<AuditHead>& wanted) const;
  const Store& store_;
};

}  // namespace metergate
