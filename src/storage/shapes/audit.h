// The audit record: who did what to which thing, when, from where and why; chained by hashes so
// that a later change, removal or reordering shows. Values; no threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace metergate {

// The record as a service writes it; the store adds the sequence and the chain when it commits (see
// store.h).
struct AuditRecord {
  std::string audit_id;
  std::string actor;
  std::string action;     // "subscription.plan_changed" …
  std::string tenant_id;  // empty: not about a tenant
  std::string ip;
  std::string user_agent;
  std::string request_id;
  std::string reason;
  Json before;
  Json after;
  Timestamp timestamp{};
};

// The document in provider_audits without sequence, previous_hash and hash. The chain's hash covers
// the JSON text of this document with sequence and previous_hash added at its end, in that order.
Json to_document(const AuditRecord& record);

// A record's position in the chain. Sequences count audit records from 1, without a gap.
struct AuditLink {
  std::int64_t sequence = 1;
  std::string previous_hash = std::string(64, '0');  // for the first record
};

// The end of a chain, to be noted elsewhere: the number of the last record, and its hash. As text
// "HASH@N"; without records, 64 zeros and 0.
struct AuditHead {
  std::int64_t sequence = 0;
  std::string hash = std::string(64, '0');
  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};
// The settings document that repeats the head each day, so that the journal always has one, however
// old the last record is.
inline constexpr std::string_view kAuditHeadSetting = "audit_head";
AuditHead head_before(const AuditLink& next);
std::string to_text(const AuditHead& head);
// ErrorCode::invalid, with the expected form.
Result<AuditHead> parse_audit_head(std::string_view text);

// The whole document, hash included (SHA-256, hex).
Json to_chained_document(const AuditRecord& record, const AuditLink& link);

// The position of the record after `document`, without checking its hash.
Result<AuditLink> link_after(const Json& document);
// Recomputes one record's position in the chain and its hash; returns the position of the next.
// ErrorCode::corrupt names the fault.
Result<AuditLink> check_link(const Json& document, const AuditLink& link);

}  // namespace metergate
