// Actor: the origin of a change: name, address and rights. Every audit record begins with it. A
// value.
#pragma once

#include <optional>
#include <string>

#include "domain/identity.h"
#include "storage/shapes/audit.h"

namespace metergate {

struct Actor {
  std::string name;  // Caller::actor(), or "system:WORKER", "cli:USER"
  std::string ip;
  std::string user_agent;
  std::string request_id;
  Permissions rights{};  // an actor gives and takes away only rights that it has
  std::optional<std::string> recorded_ip{};  // replaces `ip` if the whole address may not be kept
};

// An audit record of `action` by `actor` at `now`, with a new id; the caller fills tenant, reason,
// before and after.
AuditRecord audit_of(const Actor& actor, std::string action, Timestamp now);

}  // namespace metergate
