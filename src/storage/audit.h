// The audit record: who did what to which thing, when, from where and why; chained by hashes so
// that a change, a removal or a reordering afterwards shows. Values; no threads.
#pragma once

#include <string>

#include "base/json.h"
#include "base/time.h"

namespace metergate {

// What a service verb states; the store adds the sequence and the chain when it commits (see
// store.h).
struct AuditRecord {
  std::string audit_id;
  std::string actor;
  std::string action;     // "subscription.plan_changed" …
  std::string tenant_id;  // empty: concerns no tenant
  std::string ip;
  std::string user_agent;
  std::string request_id;
  std::string reason;
  Json before;
  Json after;
  Timestamp timestamp{};
};

// The document in provider_audits without sequence, previous_hash and hash. What the chain's hash
// covers is this document's JSON text with sequence and previous_hash added at its end, in that
// order.
Json to_document(const AuditRecord& record);

}  // namespace metergate
