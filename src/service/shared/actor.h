// Actor: who asks for a change and from where; what every audit record starts with. A value.
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
  Permissions rights{};  // what they may do; nobody gives or takes away what they do not have
  std::optional<std::string> recorded_ip{};  // in place of `ip` where not all of it may be kept
};

// A record of `action` by `actor` at `now`, with a new id; the caller fills tenant, reason, before
// and after.
AuditRecord audit_of(const Actor& actor, std::string action, Timestamp now);

}  // namespace metergate
