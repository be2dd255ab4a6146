#include "service/reports/periods.h"

#include "base/settled_clock.h"
#include "service/metering/ingest.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class PeriodsTest : public testing::Test {
 protected:
  PeriodsTest() { world_.add("a", "free"); }

  Periods periods() { return Periods({*world_.store, world_.billing, world_.rules, world_.clock}); }
  Result<std::vector<Period>> reopen(std::string_view text, std::string reason = "a wrong clock") {
    return periods().reopen(period(text), reason, world_.actor);
  }
  // Closes as a worker with a wrong clock would.
  void close_at(std::string_view when) {
    const Timestamp now = world_.clock.now();
    world_.clock.set(at(when));
    must(world_.aggregation.tick());
    world_.clock.set(now);
  }
  UsageEvent event(std::string id, std::string_view when) {
    UsageEvent made;
    made.tenant = tenant("a");
    made.source = "app";
    made.id = std::move(id);
    made.occurred_at = at(when);
    ApiCall call;
    call.method = "GET";
    call.endpoint = "GET /x";
    call.status = 200;
    made.fact = call;
    return made;
  }
  EventOutcome send(const UsageEvent& made) { return must(ingest_.record({made})).outcomes.at(0); }
  std::string state(std::string_view text) {
    for (const PeriodState& each : must(periods().list(100))) {
      if (each.period == period(text))
        return std::string{each.is_closed ? "closed" : "open"} + (each.is_frozen ? " frozen" : "");
    }
    return "not listed";
  }

  ServicesWorld world_;  // 2026-03-10
  Ingest ingest_{*world_.store, *world_.directory, world_.rules, world_.clock};
};

TEST_F(PeriodsTest, OneThatAWrongClockClosedTakesEventsAgain) {
  const UsageEvent before = event("1", "2026-03-09T10:00:00Z");
  EXPECT_EQ(send(before), EventOutcome::accepted);
  close_at("2026-04-19T12:00:00Z");
  EXPECT_EQ(state("2026-03"), "closed frozen");
  const auto refused = ingest_.record({event("2", "2026-03-10T10:00:00Z")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::period_closed);

  EXPECT_EQ(must(reopen("2026-03")), (std::vector{period("2026-03")}));
  EXPECT_EQ(state("2026-03"), "open");
  EXPECT_EQ(state("2026-02"), "closed frozen");
  EXPECT_EQ(send(event("2", "2026-03-10T10:00:00Z")), EventOutcome::accepted);
  EXPECT_EQ(must(world_.billing.statement(tenant("a"), period("2026-03"))).usage[Meter::api_calls],
            2);
}

TEST_F(PeriodsTest, AnEventFromBeforeIsStillADuplicate) {
  const UsageEvent first = event("1", "2026-03-09T10:00:00Z");
  const UsageEvent second = event("2", "2026-03-09T11:00:00Z");
  EXPECT_EQ(send(first), EventOutcome::accepted);
  must(world_.store->checkpoint());
  EXPECT_EQ(send(second), EventOutcome::accepted);
  close_at("2026-04-19T12:00:00Z");
  must(world_.store->checkpoint());
  must(reopen("2026-03"));
  EXPECT_EQ(send(first), EventOutcome::duplicate);
  EXPECT_EQ(send(second), EventOutcome::duplicate);
  must(world_.store->checkpoint());
  EXPECT_EQ(send(first), EventOutcome::duplicate);
  EXPECT_EQ(must(world_.billing.statement(tenant("a"), period("2026-03"))).usage[Meter::api_calls],
            2);
}

TEST_F(PeriodsTest, ListsSeeTheFiguresOfNowAgain) {
  world_.calls("a", "2026-03-09", 10'001);
  close_at("2026-04-19T12:00:00Z");
  StatementPageRequest request;
  request.filter.period = period("2026-03");
  EXPECT_EQ(must(world_.billing.statements(request)).statements.at(0).usage[Meter::api_calls],
            10'001);
  must(reopen("2026-03"));
  world_.calls("a", "2026-03-09", 1);
  EXPECT_EQ(must(world_.billing.statements(request)).statements.at(0).usage[Meter::api_calls],
            10'002);
}

TEST_F(PeriodsTest, GaugesOfThatMonthGoOnIntoTheNext) {
  world_.stores("a", "2026-03-09T10:00:00Z", 1);
  close_at("2026-04-19T12:00:00Z");
  const Timestamp now = world_.clock.now();
  world_.clock.set(at("2026-04-19T12:00:01Z"));
  world_.one_call("a", "2026-04-19T12:00:01Z");  // made by the wrong clock
  world_.clock.set(now);
  must(reopen("2026-03"));
  world_.stores("a", "2026-03-20T10:00:00Z", 7);
  world_.clock.set(at("2026-04-05T00:00:00Z"));
  must(world_.aggregation.tick());
  world_.one_call("a", "2026-04-05T00:00:00Z");
  EXPECT_EQ(
      must(world_.billing.statement(tenant("a"), period("2026-04"))).usage[Meter::stores_count], 7);
}

TEST_F(PeriodsTest, IsAuditedWithItsReason) {
  close_at("2026-04-19T12:00:00Z");
  must(reopen("2026-03", "the clock was 40 days ahead"));
  Query query;
  query.collection = Collection::provider_audits;
  query.filter = Filter::equal("action", std::string{"period.reopened"});
  const auto audits = must(world_.store->find(query));
  ASSERT_EQ(audits.size(), 1U);
  EXPECT_EQ(audits[0].string_at("reason"), "the clock was 40 days ahead");
  EXPECT_EQ(audits[0].string_at("actor"), "ann@example.com");
  EXPECT_EQ(to_text(*audits[0].find("before")), R"({"closed_through":"2026-03"})");
  EXPECT_EQ(to_text(*audits[0].find("after")),
            R"({"closed_through":"2026-02","reports_discarded":1})");
}

TEST_F(PeriodsTest, FrozenStatementsOfAMonthThatIsOverStay) {
  must(world_.aggregation.tick());
  EXPECT_EQ(state("2026-02"), "closed frozen");
  const auto refused = reopen("2026-02");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_NE(refused.error().message.find("2026-02 are frozen"), std::string::npos);
  // Also if a later one could be reopened.
  close_at("2026-04-19T12:00:00Z");
  EXPECT_FALSE(reopen("2026-02"));
  EXPECT_TRUE(reopen("2026-03"));
}

TEST_F(PeriodsTest, WhatIsNotClosedOrHasNoReasonIsRefused) {
  EXPECT_FALSE(reopen("2026-03"));
  close_at("2026-04-19T12:00:00Z");
  EXPECT_FALSE(reopen("2026-04"));
  for (const char* reason : {"", "no", "  x  "}) EXPECT_FALSE(reopen("2026-03", reason)) << reason;
  EXPECT_EQ(state("2026-03"), "closed frozen");
}

TEST_F(PeriodsTest, ClosesAgainWhenItIsOver) {
  close_at("2026-04-19T12:00:00Z");
  must(reopen("2026-03"));
  world_.clock.set(at("2026-04-04T00:00:00Z"));
  must(world_.aggregation.tick());
  EXPECT_EQ(state("2026-03"), "closed frozen");
}

TEST_F(PeriodsTest, TheTimeOfTheLastLookIsKept) {
  EXPECT_FALSE(must(remembered_time(*world_.store)));
  must(world_.aggregation.tick());
  EXPECT_EQ(must(remembered_time(*world_.store)), world_.clock.now());
  const Sequence before = world_.store->head();
  must(world_.reporting.note_time());
  EXPECT_EQ(world_.store->head(), before) << "not at every look";
  world_.clock.advance(std::chrono::minutes{5});
  must(world_.reporting.note_time());
  EXPECT_EQ(must(remembered_time(*world_.store)), world_.clock.now());
}

// End to end: a clock that is wrong for some seconds closes no period.
class WrongClock : public testing::Test {
 protected:
  ServicesWorld world_;  // its clock is the machine's
  SettledClock clock_{world_.clock};
  Billing billing_{*world_.store, *world_.directory, *world_.catalog, world_.rules, clock_};
  Reporting reporting_{*world_.store, billing_, world_.rules, clock_};
  Aggregation aggregation_{{*world_.store, *world_.directory, billing_, world_.alerting, reporting_,
                            world_.rules, world_.log}};
  Ingest ingest_{*world_.store, *world_.directory, world_.rules, clock_};
};

TEST_F(WrongClock, ClosesNothingAndRemovesNothing) {
  world_.add("a", "free");
  must(aggregation_.tick());
  ASSERT_EQ(world_.store->closed_through(), period("2026-02"));
  world_.clock.jump(std::chrono::days{40});
  must(aggregation_.tick());
  EXPECT_FALSE(billing_.is_closed(period("2026-03")));
  EXPECT_EQ(world_.store->closed_through(), period("2026-02"));
  EXPECT_TRUE(ingest_.admits_own());
  world_.clock.advance(std::chrono::seconds{14});
  world_.clock.jump(-std::chrono::days{40});
  must(aggregation_.tick());
  EXPECT_FALSE(billing_.is_closed(period("2026-03")));
  EXPECT_TRUE(ingest_.admits_own());
  EXPECT_EQ(must(remembered_time(*world_.store)).value(), at("2026-03-10T12:00:00Z"));
}

TEST_F(WrongClock, WhereItIsRightTheMonthIsClosedInTime) {
  world_.add("a", "free");
  for (int day = 0; day < 26; ++day) {
    world_.clock.advance(std::chrono::days{1});
    clock_.settled_now();
  }
  must(aggregation_.tick());
  EXPECT_EQ(world_.store->closed_through(), period("2026-03"));
}

TEST_F(WrongClock, WhatCannotBeRecordedIsRefusedBeforeItIsDone) {
  world_.add("a", "free");
  must(aggregation_.tick());
  EXPECT_TRUE(ingest_.admits_own());
  world_.clock.jump(-std::chrono::days{20});  // into February, which is closed
  const Result<> refused = ingest_.admits_own();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::period_closed);
  EXPECT_NE(refused.error().message.find("periods reopen 2026-02"), std::string::npos);
}

}  // namespace
}  // namespace metergate
