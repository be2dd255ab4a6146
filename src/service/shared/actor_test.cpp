#include "service/shared/actor.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(Actor, AuditRecordSaysWhoWhatWhenAndFromWhere) {
  const Timestamp now = *parse_timestamp("2026-03-05T10:30:00Z");
  const Actor actor{"ann@example.com", "192.0.2.7", "curl/8", "req_1"};
  const AuditRecord record = audit_of(actor, "tenant.created", now);
  EXPECT_EQ(record.actor, "ann@example.com");
  EXPECT_EQ(record.ip, "192.0.2.7");
  EXPECT_EQ(record.user_agent, "curl/8");
  EXPECT_EQ(record.request_id, "req_1");
  EXPECT_EQ(record.action, "tenant.created");
  EXPECT_EQ(record.timestamp, now);
  EXPECT_TRUE(record.tenant_id.empty());
  EXPECT_EQ(record.audit_id.size(), 26u);
}

TEST(Actor, EveryRecordHasAnIdOfItsOwn) {
  const Timestamp now = *parse_timestamp("2026-03-05T10:30:00Z");
  EXPECT_NE(audit_of({}, "a", now).audit_id, audit_of({}, "a", now).audit_id);
}

}  // namespace
}  // namespace metergate
