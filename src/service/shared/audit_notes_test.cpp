#include "service/shared/audit_notes.h"

#include "service/shared/audit_log.h"
#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

struct Notes : TestWorld {
  AuditNotes notes{*store, clock, quiet_log};

  void fail_login(std::string ip, const std::string& email = "ada@example.com") {
    notes.keep(NoteKind::failed_login, {"anonymous", std::move(ip), "curl/8", "req_2"},
               {.action = "session.login_failed",
                .reason = "wrong",
                .what = Json::object({{"email", email}})});
  }
  std::size_t failed() const { return audits("session.login_failed").size(); }
};

TEST(AuditNotes, ARecordSaysWhoFromWhereAndWhat) {
  Notes world;
  world.fail_login("192.0.2.1");
  const auto records = world.audits("session.login_failed");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].string_at("ip"), "192.0.2.1");
  EXPECT_EQ(records[0].string_at("reason"), "wrong");
  EXPECT_EQ(records[0].find("after")->string_at("email"), "ada@example.com");
  EXPECT_FALSE(AuditLog(*world.store).verify().value().first_bad_sequence);
}

TEST(AuditNotes, AFloodFillsNothingAndIsCounted) {
  Notes world;
  for (int i = 0; i < 5000; ++i) world.fail_login("192.0.2.1");
  EXPECT_EQ(world.failed(), 20U) << "of one address";
  for (int i = 0; i < 5000; ++i) world.fail_login("198.51.100." + std::to_string(i));
  EXPECT_EQ(world.failed(), 200U) << "of all";
  world.clock.advance(std::chrono::minutes{61});
  world.fail_login("192.0.2.1");
  const auto records = world.audits("session.login_failed");
  ASSERT_EQ(records.size(), 201U);
  std::int64_t omitted = 0;
  for (const Json& record : records)
    omitted += record.find("after")->integer_at("omitted_before").value_or(0);
  EXPECT_EQ(omitted + 200, 10'000);
}

TEST(AuditNotes, OneKindLeavesRoomForTheOthers) {
  Notes world;
  for (int i = 0; i < 300; ++i) world.fail_login("198.51.100." + std::to_string(i));
  world.notes.keep(NoteKind::taken_out, world.actor, {.action = "report.downloaded"});
  world.notes.keep(NoteKind::refused_change, world.actor, {.action = "request.refused"});
  EXPECT_EQ(world.audits("report.downloaded").size(), 1U);
  EXPECT_EQ(world.audits("request.refused").size(), 1U);
}

TEST(AuditNotes, ALongReasonIsCutBetweenCharacters) {
  Notes world;
  std::string reason(499, 'x');
  reason += "\u00e9tat";
  world.notes.keep(NoteKind::refused_change, world.actor,
                   {.action = "request.refused", .reason = reason});
  EXPECT_EQ(world.audits("request.refused")[0].string_at("reason"), std::string(499, 'x'));
}

TEST(AuditNotes, AStoreThatRefusesStopsNobody) {
  Notes world;
  world.store->faults().refuse_writes = true;
  world.fail_login("192.0.2.1");
  world.store->faults().refuse_writes = false;
  EXPECT_EQ(world.failed(), 0U);
  world.fail_login("192.0.2.1");
  EXPECT_EQ(world.failed(), 1U);
}

}  // namespace
}  // namespace metergate
