// AuditLog: reads the audit trail and proves that it is whole. Records are written by the services
// with their changes (see Batch::audits); nothing changes or removes one. Any thread.
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
  std::string actor{};  // empty: any; likewise below
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
  std::int64_t total = 0;  // that match
  std::vector<Json> records;
};

// A head of the chain that was written down somewhere: it must lie on the chain still.
struct AuditAnchor {
  AuditHead head;
  std::string where;  // for a person: "the report of 2026-09"
};

// One that does not.
struct LostAnchor {
  std::string where;
  std::string expected;
  std::string found;
};

struct AuditVerdict {
  std::int64_t checked = 0;
  std::optional<std::int64_t> first_bad_sequence;  // nothing: the chain is whole
  std::string problem;                             // of the first bad record, for a person
  std::vector<LostAnchor> lost;                    // that lie before the first bad one
  AuditHead head;                                  // of what is there, and whole
};

// Walks the trail record by record, in the order of the chain.
class ChainCheck {
 public:
  explicit ChainCheck(std::vector<AuditAnchor> anchors = {});
  // False where this record is not the one that the chain wants here: nothing after it can be
  // trusted to be what it was.
  bool take(const Json& document);
  // After the last record: what was to come behind it is lost.
  const AuditVerdict& finish();
  const AuditVerdict& verdict() const { return verdict_; }

 private:
  void compare();

  AuditLink next_;                    // where the next record must stand
  std::vector<AuditAnchor> anchors_;  // by their sequences
  std::size_t compared_ = 0;          // of them
  AuditVerdict verdict_;
};

class AuditLog {
 public:
  explicit AuditLog(const Store& store) : store_(store) {}

  // Pages count from 1.
  Result<AuditPage> list(const AuditFilter& filter, std::int64_t page, std::int64_t limit) const;
  // Recomputes the chain from its first record to its last, and holds it against the end that the
  // store and its journal know, against every kept report's head, and against `wanted`.
  Result<AuditVerdict> verify(const std::optional<AuditHead>& wanted = std::nullopt) const;

 private:
  Result<std::vector<AuditAnchor>> anchors(const std::optional<AuditHead>& wanted) const;
  const Store& store_;
};

}  // namespace metergate
