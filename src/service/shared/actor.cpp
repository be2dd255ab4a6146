#include "service/shared/actor.h"

#include <utility>

#include "base/id.h"

namespace metergate {

AuditRecord audit_of(const Actor& actor, std::string action, Timestamp now) {
  AuditRecord record;
  record.audit_id = make_ulid(now);
  record.actor = actor.name;
  record.action = std::move(action);
  record.ip = actor.recorded_ip.value_or(actor.ip);
  record.user_agent = actor.user_agent;
  record.request_id = actor.request_id;
  record.timestamp = now;
  return record;
}

}  // namespace metergate
