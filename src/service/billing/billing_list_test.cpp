#include <gtest/gtest.h>

#include "service/billing/billing.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class BillingList : public testing::Test {
 protected:
  void SetUp() override {
    world_.add_worked_example("b_over");
    world_.add("a_quiet", "free");
    world_.add("c_busy", "premium");
    world_.calls("c_busy", "2026-03-05", 190'000);  // 95 %
    world_.add("d_quiet", "free");
    must(world_.directory->change(tenant("d_quiet"), {{}, "suspended", {}}, world_.actor));
  }

  std::vector<std::string> ids(const StatementPageRequest& request) {
    std::vector<std::string> result;
    for (const Statement& one : must(world_.billing.statements(request)).statements) {
      result.push_back(one.tenant.text());
    }
    return result;
  }

  std::vector<std::string> sorted(std::string sort) {
    StatementPageRequest request;
    request.sort = std::move(sort);
    return ids(request);
  }

  ServicesWorld world_;
};

using Ids = std::vector<std::string>;

TEST_F(BillingList, IsSortedByTenantUnlessAskedOtherwise) {
  EXPECT_EQ(ids({}), (Ids{"a_quiet", "b_over", "c_busy", "d_quiet"}));
}

TEST_F(BillingList, SortsEitherWayAndBreaksTiesByTenant) {
  EXPECT_EQ(sorted("-tenant_id"), (Ids{"d_quiet", "c_busy", "b_over", "a_quiet"}));
  EXPECT_EQ(sorted("-api_calls"), (Ids{"c_busy", "b_over", "a_quiet", "d_quiet"}));
  EXPECT_EQ(sorted("api_calls"), (Ids{"a_quiet", "d_quiet", "b_over", "c_busy"}));
  EXPECT_EQ(sorted("-overage_cost"), (Ids{"b_over", "a_quiet", "c_busy", "d_quiet"}));
  EXPECT_EQ(sorted("plan"), (Ids{"b_over", "a_quiet", "d_quiet", "c_busy"}));
  EXPECT_EQ(sorted("-utilization")[0], "b_over");
  EXPECT_EQ(sorted("-utilization")[1], "c_busy");
  EXPECT_EQ(sorted("-tenant_name")[0], "d_quiet");
  EXPECT_EQ(sorted("status"), (Ids{"a_quiet", "b_over", "c_busy", "d_quiet"}));
  EXPECT_EQ(sorted("-status")[0], "d_quiet");
  EXPECT_EQ(sorted("health_status"), (Ids{"a_quiet", "d_quiet", "c_busy", "b_over"}));
  EXPECT_EQ(sorted("-has_overages")[0], "b_over");
}

TEST_F(BillingList, EverySortOnOfferWorks) {
  for (const std::string& sort : must(world_.billing.sorts()))
    EXPECT_EQ(sorted(sort).size(), 4U) << sort;
}

TEST_F(BillingList, UnknownSortIsRefusedWithWhatIsAllowed) {
  StatementPageRequest request;
  request.sort = "colour";
  const Result<StatementPage> page = world_.billing.statements(request);
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, ErrorCode::invalid);
  EXPECT_NE(page.error().message.find("\"colour\""), std::string::npos);
  EXPECT_NE(page.error().message.find("overage_cost"), std::string::npos);
}

TEST_F(BillingList, EachFilterHolds) {
  StatementPageRequest request;
  request.filter.healths = {Health::warning};
  EXPECT_EQ(ids(request), Ids{"c_busy"});
  request.filter.healths = {Health::warning, Health::critical};
  EXPECT_EQ(ids(request), (Ids{"b_over", "c_busy"}));
  request.filter = {};
  request.filter.has_overages = true;
  EXPECT_EQ(ids(request), Ids{"b_over"});
  request.filter.has_overages = false;
  EXPECT_EQ(ids(request).size(), 3U);
  request.filter = {};
  request.filter.plans = {"free"};
  EXPECT_EQ(ids(request), (Ids{"a_quiet", "d_quiet"}));
  request.filter.statuses = {"suspended"};
  EXPECT_EQ(ids(request), Ids{"d_quiet"});
  request.filter = {};
  request.filter.search = "OF C_B";
  EXPECT_EQ(ids(request), Ids{"c_busy"});
  request.filter.search = "nothing like it";
  EXPECT_TRUE(ids(request).empty());
}

TEST_F(BillingList, SummaryIsOverAllPages) {
  StatementPageRequest request;
  request.limit = 1;
  const StatementPage page = must(world_.billing.statements(request));
  EXPECT_EQ(page.statements.size(), 1U);
  EXPECT_EQ(page.total, 4);
  EXPECT_EQ(page.summary.tenants, 4);
  EXPECT_EQ(page.summary.tenants_with_overages, 1);
  EXPECT_EQ(page.summary.by_health, (std::array<std::int64_t, 4>{2, 0, 1, 1}));
  EXPECT_EQ(page.summary.total_overage_cost, Money{48'400'000});
}

TEST_F(BillingList, PagesTileTheList) {
  StatementPageRequest request;
  request.limit = 3;
  EXPECT_EQ(ids(request), (Ids{"a_quiet", "b_over", "c_busy"}));
  request.page = 2;
  EXPECT_EQ(ids(request), Ids{"d_quiet"});
  request.page = 3;
  EXPECT_TRUE(ids(request).empty());
  request.page = INT64_MAX;
  EXPECT_TRUE(ids(request).empty());
}

}  // namespace
}  // namespace metergate
