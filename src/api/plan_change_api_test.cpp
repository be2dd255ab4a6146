#include "api/plan_change_api.h"

#include <gtest/gtest.h>

#include "api/testing/handler_world_test.h"

namespace metergate::api {
namespace {

class PlanChangeApi : public testing::Test {
 protected:
  PlanChangeApi() { world_.add_worked_example(); }

  Result<Answer> post(std::string body, std::vector<http::Header> headers = {},
                      std::vector<std::pair<std::string, std::string>> query = {},
                      std::string id = "tenant_456") {
    return world_.ask(billing_routes(), {.method = "POST",
                                         .path = "/provider/billing/tenants/{tenant_id}/plan",
                                         .path_values = {{"tenant_id", id}},
                                         .query = query,
                                         .body = body,
                                         .headers = headers});
  }
  std::string plan() { return world_.directory->find(tenant("tenant_456"))->subscription.plan(); }

  const std::string body_ = R"({"plan":"enterprise","reason":"They asked for it"})";
  HandlerWorld world_;
};

TEST_F(PlanChangeApi, TakesEffectAtOnceWithOneAuditRecord) {
  const std::size_t audits = world_.documents(Collection::provider_audits).size();
  const Json data = must(post(body_)).data;
  EXPECT_EQ(data.string_at("old_plan"), "basic");
  EXPECT_EQ(data.string_at("new_plan"), "enterprise");
  EXPECT_EQ(to_text(*data.find("new_limits")),
            R"({"max_stores":100,"max_devices":200,"max_api_calls_per_month":1000000,)"
            R"("max_webhooks_per_month":10000,"max_storage_gb":200})");
  EXPECT_EQ(data.timestamp_at("updated_at"), world_.clock.now());
  EXPECT_EQ(plan(), "enterprise");
  EXPECT_EQ(world_.documents(Collection::provider_audits).size(), audits + 1);
}

TEST_F(PlanChangeApi, ResolvesTheAlertAfterWhichNothingIsOver) {
  must(world_.alerting.watch_step());
  must(post(body_));
  EXPECT_EQ(world_.documents(Collection::provider_alerts)[0].string_at("status"), "resolved");
}

TEST_F(PlanChangeApi, DryRunShowsWhatWouldChangeAndWritesNothing) {
  const Sequence before = world_.store->head();
  const Json data = must(post(body_, {}, {{"dry_run", "true"}})).data;
  EXPECT_EQ(data.bool_at("dry_run"), true);
  EXPECT_EQ(data.string_at("old_plan"), "basic");
  EXPECT_EQ(to_text(*data.find("overage_cost")), R"({"old":48.40,"new":0.00})");
  EXPECT_EQ(to_text(*data.find("health_status")), R"({"old":"critical","new":"healthy"})");
  EXPECT_EQ(to_text(*data.find("overages")->find("new")), "{}");
  EXPECT_EQ(data.find("limits")->find("new")->integer_at("max_stores"), 100);
  EXPECT_EQ(plan(), "basic");
  EXPECT_EQ(world_.store->head(), before);
}

TEST_F(PlanChangeApi, DryRunRefusesWhatTheChangeWouldRefuse) {
  EXPECT_FALSE(post(R"({"plan":"basic","reason":"The same"})", {}, {{"dry_run", "true"}}));
  EXPECT_FALSE(post(R"({"plan":"gold","reason":"No such"})", {}, {{"dry_run", "true"}}));
}

TEST_F(PlanChangeApi, InvalidPlanNamesTheCatalogue) {
  const Result<Answer> answer = post(R"({"plan":"gold","reason":"No such"})");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::invalid);
  EXPECT_NE(
      answer.error().message.find("Invalid plan. Must be one of: free, basic, premium, enterprise"),
      std::string::npos);
}

TEST_F(PlanChangeApi, BadBodiesAreRefused) {
  for (const std::string body :
       {R"({"plan":"enterprise"})", R"({"reason":"They asked"})", R"({})", R"([])", R"({"plan")",
        R"({"plan":"enterprise","reason":"ok"})", R"({"plan":7,"reason":"They asked"})",
        R"({"plan":"enterprise","reason":"They asked","price":1})",
        R"({"plan":"basic","reason":"The same plan"})"}) {
    const Result<Answer> answer = post(body);
    ASSERT_FALSE(answer.has_value()) << body;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid) << body;
  }
  EXPECT_EQ(plan(), "basic");
}

TEST_F(PlanChangeApi, UnknownTenantComesBeforeABadBody) {
  const Result<Answer> answer = post("{}", {}, {}, "nobody");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::tenant_not_found);
}

TEST_F(PlanChangeApi, SameKeyAndBodyAnswerTheSameAndChangeOnce) {
  const std::vector<http::Header> key = {{"idempotency-key", "k-1"}};
  const std::string first = to_text(must(post(body_, key)).data);
  const Sequence head = world_.store->head();
  world_.clock.advance(std::chrono::hours{23});
  EXPECT_EQ(to_text(must(post(body_, key)).data), first);
  EXPECT_EQ(world_.store->head(), head);
}

TEST_F(PlanChangeApi, SameKeyWithAnotherBodyIsAConflict) {
  const std::vector<http::Header> key = {{"idempotency-key", "k-1"}};
  must(post(body_, key));
  const Result<Answer> other = post(R"({"plan":"premium","reason":"Something else"})", key);
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::conflict);
  EXPECT_EQ(plan(), "enterprise");
}

TEST_F(PlanChangeApi, RefusedChangeLeavesItsKeyFree) {
  const std::vector<http::Header> key = {{"idempotency-key", "k-1"}};
  EXPECT_FALSE(post(R"({"plan":"gold","reason":"No such"})", key).has_value());
  EXPECT_TRUE(post(body_, key).has_value());
}

constexpr std::string_view kDropping =
    R"({"plan":"premium","reason":"They asked for it","limits_override":"drop"})";

class PlanChangeWithOwnLimits : public PlanChangeApi {
 protected:
  PlanChangeWithOwnLimits() {
    LimitsOverride own;
    own[Meter::stores_count] = Limit{3};
    own[Meter::api_calls] = Limit{900'000};
    must(world_.directory->change(tenant("tenant_456"), {{}, {}, own, "agreed"}, world_.actor));
  }
  const std::string to_premium_ = R"({"plan":"premium","reason":"They asked for it"})";
};

TEST_F(PlanChangeWithOwnLimits, NamesThoseThatStillHoldAndWarnsOfOneBelow) {
  const Json data = must(post(to_premium_)).data;
  EXPECT_EQ(to_text(*data.find("limits_override")),
            R"({"max_stores":3,"max_api_calls_per_month":900000})");
  ASSERT_EQ(data.find("warnings")->as_array().size(), 1U);
  EXPECT_NE(data.find("warnings")->as_array()[0].as_string().find("max_stores"), std::string::npos);
  EXPECT_EQ(data.find("new_limits")->integer_at("max_stores"), 3);
}

TEST_F(PlanChangeWithOwnLimits, TheDryRunShowsThemToo) {
  const Sequence before = world_.store->head();
  const Json data = must(post(to_premium_, {}, {{"dry_run", "true"}})).data;
  EXPECT_EQ(to_text(*data.find("limits_override")),
            R"({"old":{"max_stores":3,"max_api_calls_per_month":900000},)"
            R"("new":{"max_stores":3,"max_api_calls_per_month":900000}})");
  EXPECT_EQ(data.find("warnings")->as_array().size(), 1U);
  EXPECT_EQ(data.string_at("currency"), "USD");
  const Json dropped = must(post(std::string{kDropping}, {}, {{"dry_run", "true"}})).data;
  EXPECT_EQ(to_text(*dropped.find("limits_override")->find("new")), "{}");
  EXPECT_TRUE(dropped.find("warnings")->as_array().empty());
  EXPECT_EQ(dropped.find("limits")->find("new")->integer_at("max_stores"), 20);
  EXPECT_EQ(world_.store->head(), before);
}

TEST_F(PlanChangeWithOwnLimits, DropRemovesThem) {
  const Json data = must(post(std::string{kDropping})).data;
  EXPECT_EQ(to_text(*data.find("limits_override")), "{}");
  EXPECT_TRUE(data.find("warnings")->as_array().empty());
  EXPECT_EQ(data.find("new_limits")->integer_at("max_stores"), 20);
  EXPECT_EQ(world_.directory->find(tenant("tenant_456"))->subscription.own_limits(),
            LimitsOverride{});
}

TEST_F(PlanChangeWithOwnLimits, AnythingButDropIsRefused) {
  for (const std::string value : {"\"keep\"", "{}", "true"}) {
    const Result<Answer> answer =
        post(R"({"plan":"premium","reason":"They asked for it","limits_override":)" + value + "}");
    ASSERT_FALSE(answer) << value;
    EXPECT_EQ(answer.error().faults.at(0).field, "limits_override");
  }
  EXPECT_EQ(plan(), "basic");
}

TEST_F(PlanChangeApi, AReasonOfBlanksIsNone) {
  for (const char* reason : {"   ", "  x  ", "\\t\\t\\tx"})
    EXPECT_FALSE(post(std::string(R"({"plan":"premium","reason":")") + reason + "\"}")) << reason;
  EXPECT_TRUE(post(R"({"plan":"premium","reason":"  öäü  "})"));
}

}  // namespace
}  // namespace metergate::api
