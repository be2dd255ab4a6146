#include <gtest/gtest.h>

#include "service/alerts/alerting.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Alert alert_example() {
  Alert alert;
  alert.alert_id = "alert-2026-03-a";
  alert.tenant = tenant("a");
  alert.tenant_name = "A";
  alert.period = period("2026-03");
  alert.first_seen = at("2026-03-05T10:00:00Z");
  alert.last_seen = at("2026-03-06T10:00:00Z");
  alert.count = 3;
  alert.plan = "basic";
  alert.lines = {{Meter::storage_gb, 16'320'875'725, 10 * kBytesPerGigabyte, 5'583'457'485,
                  UnitPrice{Money{2'000'000}, kBytesPerGigabyte}, Money{10'400'000}}};
  alert.overage_resolved[Meter::api_calls] = 17;
  alert.created_at = alert.first_seen;
  alert.updated_at = alert.last_seen;
  return alert;
}

TEST(AlertDocuments, ReadsBackExactly) {
  const Alert before = alert_example();
  const Alert after = must(alert_from(to_document(before, Currency::usd())));
  EXPECT_EQ(after.alert_id, before.alert_id);
  EXPECT_EQ(after.tenant, before.tenant);
  EXPECT_EQ(after.period, before.period);
  EXPECT_EQ(after.plan, before.plan);
  EXPECT_EQ(after.count, 3);
  EXPECT_EQ(after.lines, before.lines);
  EXPECT_EQ(after.overage_resolved, before.overage_resolved);
  EXPECT_FALSE(after.resolved_at.has_value());
}

TEST(AlertDocuments, ApiShowsTheDocumentedMembersInOrder) {
  const Json shown = alert_json(to_document(alert_example(), Currency::usd()));
  std::vector<std::string> names;
  for (const Json::Member& member : shown.as_object()) names.push_back(member.first);
  EXPECT_EQ(names, (std::vector<std::string>{"alert_id", "type", "severity", "status", "tenant_id",
                                             "tenant_name", "period", "first_seen", "last_seen",
                                             "count", "acknowledged_at", "acknowledged_by",
                                             "resolved_at", "resolved_by", "resolution_reason",
                                             "metadata", "created_at", "updated_at"}));
  EXPECT_EQ(
      to_text(*shown.find("metadata")->find("meters")),
      R"({"storage_gb":{"usage":15.2,"limit":10,"overage":5.2,"cost":10.40,"currency":"USD"}})");
}

TEST(AlertDocuments, DamageIsNoticed) {
  const Json whole = to_document(alert_example(), Currency::usd());
  for (const std::string_view member : {"alert_id", "status", "tenant_id", "period", "first_seen",
                                        "count", "metadata", "exact", "updated_at"}) {
    Json document = whole;
    ASSERT_TRUE(document.remove(member));
    const Result<Alert> alert = alert_from(document);
    ASSERT_FALSE(alert.has_value()) << member;
    EXPECT_EQ(alert.error().code, ErrorCode::corrupt) << member;
  }
}

}  // namespace
}  // namespace metergate
