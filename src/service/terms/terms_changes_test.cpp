#include "service/terms/terms_changes.h"

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class TermsChangesTest : public ServicesWorld, public testing::Test {
 protected:
  TermsChangesTest() {
    add_worked_example();
    must(alerting.watch_step());
  }
  PlanChange to(std::string plan) const {
    return {tenant("tenant_456"), std::move(plan), "a test"};
  }
  std::string plan() const { return directory->find(tenant("tenant_456"))->subscription.plan(); }
  std::size_t audits() const { return documents(Collection::provider_audits).size(); }
  std::string alert_status() const {
    return documents(Collection::provider_alerts).at(0).string_at("status").value();
  }

  const KeyedRequest request_{"ann", "POST /x", "key-1", "{}"};
  int reads_ = 0;
  TermsChanges::ReadChange read_ = [this]() -> Result<PlanChange> {
    ++reads_;
    return to("enterprise");
  };
};

TEST_F(TermsChangesTest, APlanChangeIsAuditedOnceAndResolvesTheAlert) {
  const std::size_t before = audits();
  const Json answer = must(services.terms.change_plan(to("enterprise"), actor));
  EXPECT_EQ(answer.string_at("old_plan"), "basic");
  EXPECT_EQ(answer.string_at("new_plan"), "enterprise");
  EXPECT_EQ(plan(), "enterprise");
  EXPECT_EQ(audits(), before + 1);
  EXPECT_EQ(alert_status(), "resolved");
}

TEST_F(TermsChangesTest, ARepeatedRequestIsNotReadAndGetsTheFirstAnswer) {
  const KeyedAnswer first = must(services.terms.change_plan_once(request_, read_, actor));
  const std::size_t before = audits();
  const KeyedAnswer second = must(services.terms.change_plan_once(request_, read_, actor));
  EXPECT_EQ(to_text(second.data), to_text(first.data));
  EXPECT_EQ(reads_, 1);
  EXPECT_EQ(audits(), before);
}

TEST_F(TermsChangesTest, OneThatCameMeanwhileGivesItsAnswerToBoth) {
  const KeyedAnswer answer = must(services.terms.change_plan_once(
      request_,
      [this]() -> Result<PlanChange> {
        must(services.terms.change_plan_once(request_, read_, actor));
        return to("enterprise");
      },
      actor));
  EXPECT_EQ(answer.data.string_at("old_plan"), "basic");
}

TEST_F(TermsChangesTest, ARefusedChangeWritesNothingAndKeepsNoAnswer) {
  const auto refused = services.terms.change_plan_once(
      request_, [this]() -> Result<PlanChange> { return to("nowhere"); }, actor);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_TRUE(services.terms.change_plan_once(request_, read_, actor)) << "a mended request";
}

TEST_F(TermsChangesTest, HigherOwnLimitsResolveTheAlertAtOnce) {
  TenantPatch patch;
  patch.own_limits.emplace();
  for (const MeterRow& row : kMeters) (*patch.own_limits)[row.meter] = Limit{};
  patch.reason = "a test";
  const Json effect = must(services.terms.preview(tenant("tenant_456"), patch));
  EXPECT_EQ(to_text(*effect.find("overage_cost")), R"({"old":48.40,"new":0.00})");
  EXPECT_EQ(alert_status(), "open") << "a preview changes nothing";
  must(services.terms.change_tenant(tenant("tenant_456"), patch, actor));
  EXPECT_EQ(alert_status(), "resolved");
}

TEST_F(TermsChangesTest, APreviewShowsWhatTheChangeDoesAndWritesNothing) {
  const Sequence before = store->head();
  const Json effect = must(services.terms.preview(to("enterprise")));
  EXPECT_EQ(to_text(*effect.find("overage_cost")), R"({"old":48.40,"new":0.00})");
  EXPECT_EQ(store->head(), before);
  EXPECT_EQ(plan(), "basic");
}

}  // namespace
}  // namespace metergate
