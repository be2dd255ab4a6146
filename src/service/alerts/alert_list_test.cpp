#include <gtest/gtest.h>

#include "service/alerts/alerting.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class AlertList : public testing::Test {
 protected:
  AlertList() {
    for (const std::string_view id : {"a", "b", "c"}) {
      world_.add(id, "free");
      world_.calls(id, "2026-03-09", 10'001);
      must(world_.alerting.watch_step());
      world_.clock.advance(Milliseconds{5000});
    }
    must(world_.alerting.acknowledge("alert-2026-03-b", "", world_.actor));
  }

  std::vector<std::string> tenants(const AlertQuery& query) {
    std::vector<std::string> ids;
    for (const Json& alert : must(world_.alerting.list(query)).alerts) {
      ids.push_back(alert.string_at("tenant_id").value());
    }
    return ids;
  }

  ServicesWorld world_;
};

using Ids = std::vector<std::string>;

TEST_F(AlertList, IsNewestFirst) { EXPECT_EQ(tenants({}), (Ids{"c", "b", "a"})); }

TEST_F(AlertList, EachFilterHolds) {
  AlertQuery query;
  query.status = "open";
  EXPECT_EQ(tenants(query), (Ids{"c", "a"}));
  query.status = "acknowledged";
  EXPECT_EQ(tenants(query), Ids{"b"});
  query = {};
  query.tenant_id = "a";
  EXPECT_EQ(tenants(query), Ids{"a"});
  query = {};
  query.period = "2026-02";
  EXPECT_TRUE(tenants(query).empty());
  query = {};
  query.severity = "medium";
  query.type = "billing.over_limit";
  EXPECT_EQ(tenants(query).size(), 3U);
  query.severity = "high";
  EXPECT_TRUE(tenants(query).empty());
}

TEST_F(AlertList, SortsAndPages) {
  AlertQuery query;
  query.sort = "tenant_id";
  query.limit = 2;
  EXPECT_EQ(tenants(query), (Ids{"a", "b"}));
  query.page = 2;
  EXPECT_EQ(tenants(query), Ids{"c"});
  query.page = INT64_MAX;
  EXPECT_TRUE(tenants(query).empty());
  EXPECT_EQ(must(world_.alerting.list(query)).total, 3);
  for (const std::string& sort : Alerting::sorts()) {
    AlertQuery any;
    any.sort = sort;
    EXPECT_EQ(tenants(any).size(), 3U) << sort;
  }
}

TEST_F(AlertList, UnknownSortIsRefusedWithWhatIsAllowed) {
  AlertQuery query;
  query.sort = "-colour";
  const Result<AlertPage> page = world_.alerting.list(query);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, ErrorCode::invalid);
  EXPECT_NE(page.error().message.find("last_seen"), std::string::npos);
}

}  // namespace
}  // namespace metergate
