// Corrections of closed periods, from the request to the statements that follow.
#include <functional>
#include <thread>

#include "service/testing/late_world_test.h"

namespace metergate {
namespace {

class LateCorrections : public LateWorld, public testing::Test {};

TEST_F(LateCorrections, ACallAboveTheLimitIsCreditedInTheEarliestOpenPeriod) {
  february_calls(10'020, 10);
  go_to_march();
  const std::string before = to_text(report_json(must(reporting.make(period("2026-02")))));
  const Json made = must(try_void("c0"));
  EXPECT_EQ(made.string_at("billed_in"), "2026-03");
  EXPECT_EQ(to_text(*made.find("late_lines")),
            R"([{"meter":"api_calls","quantity":-1,"cost":-0.001,"currency":"USD"}])");
  for (int i = 1; i < 10; ++i) must(try_void(fmt::format("c{}", i)));
  EXPECT_EQ(statement("2026-03").late.size(), 10U);
  EXPECT_EQ(cost("2026-03"), "-0.01");
  EXPECT_EQ(statement("2026-03").rated.health, Health::healthy);
  EXPECT_FALSE(statement("2026-03").rated.has_overages);
  EXPECT_EQ(statement("2026-03").usage[Meter::api_calls], 0);
  EXPECT_EQ(to_text(report_json(must(reporting.make(period("2026-02"))))), before);
  expect_verified("2026-02");
}

TEST_F(LateCorrections, TheStatementShowsWhatWasCorrectedAndWhy) {
  february_calls(10'001, 1);
  go_to_march();
  const Json made = must(try_void("c0"));
  const Json row = tenant_billing_json(statement("2026-03"));
  EXPECT_EQ(
      to_text(*row.find("late_items")),
      R"([{"meter":"api_calls","period":"2026-02","quantity":-1,"cost":-0.001,"currency":"USD",)"
      R"("correction_id":")" +
          *made.string_at("correction_id") + R"(","reason":"counted in error"}])");
  EXPECT_EQ(tenant_billing_json(statement("2026-02")).find("late_items"), nullptr);
}

TEST_F(LateCorrections, WithinWhatIsIncludedItIsAQuantityThatCostsNothing) {
  february_calls(500, 1);
  go_to_march();
  must(try_void("c0"));
  EXPECT_EQ(late(), "api_calls -1 0.00");
  EXPECT_EQ(cost("2026-03"), "0.00");
}

TEST_F(LateCorrections, SeveralInTurnCrossTheLimitOnce) {
  february_calls(10'002, 4);
  go_to_march();
  for (const char* id : {"c0", "c1", "c2", "c3"}) must(try_void(id));
  EXPECT_EQ(late(),
            "api_calls -1 -0.001; api_calls -1 -0.001; api_calls -1 0.00; api_calls -1 0.00");
}

TEST_F(LateCorrections, AReplacementInTheSamePeriodIsTheDifference) {
  february_calls(10'001, 3);
  go_to_march();
  must(try_replace("c0", WebhookCall{"w", true, 200, 1, Microseconds{5}}));
  EXPECT_EQ(late(), "api_calls -1 -0.001; webhook_calls 1 0.00");
  Fact other = call();
  std::get<ApiCall>(other).status = 500;
  const Json made = must(try_replace("c1", other));
  EXPECT_EQ(made.string_at("action"), "replace");
  EXPECT_TRUE(made.find("late_lines")->as_array().empty()) << "still a call";
  EXPECT_EQ(made.find("replacement")->find("data")->integer_at("status"), 500);
  EXPECT_EQ(statement("2026-03").late.size(), 2U);
  const Counter february = *must(store->counter(tenant("acme"), period("2026-02")));
  EXPECT_EQ(february.calls.count, 10'001) << "a closed period counts nothing any more";
  EXPECT_EQ(february.webhooks.count, 0);
  expect_verified("2026-02");
}

TEST_F(LateCorrections, AReplacementInAnOpenPeriodIsCountedThere) {
  february_calls(10'001, 1);
  go_to_march();
  must(try_replace("c0", call(), "2026-03-02T10:00:00Z"));
  EXPECT_EQ(late(), "api_calls -1 -0.001");
  EXPECT_EQ(statement("2026-03").usage[Meter::api_calls], 1);
  EXPECT_EQ(documents(Collection::late_lines).size(), 1U);
}

TEST_F(LateCorrections, AReplacementInAnotherClosedPeriodIsRefused) {
  february_calls(1, 1);
  go_to_march();
  const Error error = error_of(try_replace("c0", call(), "2026-01-10T10:00:00Z"));
  EXPECT_EQ(error.code, ErrorCode::period_closed);
  EXPECT_NE(error.message.find("must lie in 2026-02"), std::string::npos) << error.message;
  EXPECT_TRUE(documents(Collection::corrections).empty());
}

TEST_F(LateCorrections, AnEventIsCorrectedOnce) {
  february_calls(3, 3);
  must(try_void("c1"));
  go_to_march();
  must(try_void("c0"));
  EXPECT_EQ(error_of(try_void("c0")).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(try_replace("c0", call())).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(try_void("c1")).code, ErrorCode::conflict) << "voided while it was open";
  EXPECT_EQ(documents(Collection::late_lines).size(), 1U);
  EXPECT_EQ(documents(Collection::corrections).size(), 2U);
}

TEST_F(LateCorrections, TheNextPeriodIsFrozenWithTheLineAndTheOneAfterHasNone) {
  february_calls(10'008, 8);
  go_to_march();
  for (int i = 0; i < 6; ++i) must(try_void(fmt::format("c{}", i)));
  const std::vector<LateLine> open = statement("2026-03").late;
  clock.set(at("2026-04-10T12:00:00Z"));
  must(aggregation.close_periods());
  EXPECT_TRUE(must(FrozenReports(*store).closed_statement(period("2026-03"), tenant("acme"))));
  EXPECT_EQ(statement("2026-03").late, open);
  EXPECT_EQ(cost("2026-03"), "-0.01");
  EXPECT_TRUE(statement("2026-04").late.empty());
  EXPECT_EQ(cost("2026-04"), "0.00");
  expect_verified("2026-03");
  const KeptReport report = must(reporting.make(period("2026-03")));
  EXPECT_EQ(to_text(*to_decimal(report.head.summary.total_overage_cost, rules.currency)), "-0.01");
  // Further corrections of February continue from the earlier ones, and are billed in the present
  // open period.
  must(try_void("c6"));
  must(try_void("c7"));
  EXPECT_EQ(late("2026-04"), "api_calls -1 -0.001; api_calls -1 -0.001");
  EXPECT_EQ(statement("2026-03").late, open);
}

TEST_F(LateCorrections, AFrozenLineThatNoCorrectionMadeIsADifference) {
  february_calls(10'001, 1);
  go_to_march();
  must(try_void("c0"));
  clock.set(at("2026-04-10T12:00:00Z"));
  must(aggregation.close_periods());
  const KeptEvent kept = must(corrections.find(request("c0")));
  Batch batch;
  batch.documents.push_back(
      {Collection::late_lines, {"acme", late_event_id(kept)}, std::nullopt, Expect::anything, 0});
  must(store->apply(std::move(batch)));
  const Verdict verdict = must(verification.verify(period("2026-03")));
  ASSERT_EQ(verdict.differences.size(), 1U);
  EXPECT_EQ(verdict.differences[0].meter, "late_items");
  EXPECT_EQ(verdict.differences[0].tenant, "acme");
}

TEST_F(LateCorrections, APeriodInItsGraceIsTheEarliestOpenOne) {
  february_calls(10'001, 1);
  go_to_march();
  clock.set(at("2026-04-02T12:00:00Z"));
  EXPECT_EQ(must(try_void("c0")).string_at("billed_in"), "2026-03");
}

// The clock's second reading falls between the pricing of a correction and its write, and is where
// the test intervenes.
class BusyClock final : public Clock {
 public:
  BusyClock(const Clock& clock, std::function<void()> between)
      : clock_(clock), between_(std::move(between)) {}
  Timestamp now() const override {
    if (++asked_ == 2) between_();
    return clock_.now();
  }
  Microseconds steady() const override { return clock_.steady(); }

 private:
  const Clock& clock_;
  std::function<void()> between_;
  mutable int asked_ = 0;
};

TEST_F(LateCorrections, ALineWhoseMonthClosesBeforeItIsWrittenGoesIntoTheNext) {
  february_calls(10'001, 1);
  go_to_march();
  const KeptEvent kept = must(corrections.find(request("c0")));
  const BusyClock closing(clock, [this] {
    Batch close;
    close.close_through = period("2026-03");
    must(store->apply(std::move(close)));
  });
  Corrections outrun({*store, *directory, ingest, billing, reporting, rules, closing});
  const Json made = must(outrun.apply(request("c0"), kept, actor));
  EXPECT_EQ(store->closed_through(), period("2026-03"));
  EXPECT_EQ(made.string_at("billed_in"), "2026-04");
  EXPECT_EQ(documents(Collection::late_lines).size(), 1U);
  EXPECT_EQ(documents(Collection::corrections).size(), 1U);
}

TEST_F(LateCorrections, OneThatAnotherCameBeforeIsPricedAgain) {
  february_calls(10'001, 2);
  go_to_march();
  const KeptEvent kept = must(corrections.find(request("c0")));
  const BusyClock busy(clock, [this] { must(try_void("c1")); });
  Corrections outrun({*store, *directory, ingest, billing, reporting, rules, busy});
  must(outrun.apply(request("c0"), kept, actor));
  EXPECT_EQ(late(), "api_calls -1 -0.001; api_calls -1 0.00") << "one was above the limit";
}

TEST_F(LateCorrections, OneThatIsMadeTwiceAtOnceIsMadeOnce) {
  february_calls(10'002, 2);
  go_to_march();
  const KeptEvent kept = must(corrections.find(request("c0")));
  const BusyClock busy(clock, [this] { must(try_void("c0")); });
  Corrections outrun({*store, *directory, ingest, billing, reporting, rules, busy});
  EXPECT_EQ(error_of(outrun.apply(request("c0"), kept, actor)).code, ErrorCode::conflict);
  EXPECT_EQ(late(), "api_calls -1 -0.001");
}

TEST_F(LateCorrections, AnEventOfAClosedPeriodIsNamedWithItsTime) {
  february_calls(1, 1);
  go_to_march();
  CorrectionRequest wanted = request("c0");
  wanted.time.reset();
  const auto found = corrections.find(wanted);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_NE(found.error().message.find("say its time"), std::string::npos);
  EXPECT_EQ(error_of(try_void("c9")).code, ErrorCode::not_found);
}

TEST_F(LateCorrections, TheTotalIsRoundedOnceToTheCurrencysMinorUnit) {
  BillingRules yen;
  yen.currency = must(Currency::find("JPY"));
  LateWorld world(yen);
  world.calls("acme", "2026-02-05", 12'000);
  for (int i = 0; i < 3; ++i) world.send(fmt::format("w{}", i), LateWorld::call());
  world.go_to_march();
  for (int i = 0; i < 3; ++i) must(world.try_void(fmt::format("w{}", i)));
  EXPECT_EQ(world.late(), "api_calls -1 -0.001; api_calls -1 -0.001; api_calls -1 -0.001");
  EXPECT_EQ(world.cost("2026-03"), "0");
  // 497 calls above the limit, less three: 0.494.
  world.calls("acme", "2026-03-05", 10'503);
  EXPECT_EQ(world.cost("2026-03"), "1") << "0.503 - 0.003 is half a yen";
}

TEST_F(LateCorrections, ListsReportsAndPlanPreviewsShowTheSame) {
  february_calls(10'020, 10);
  add("bolt", "free");
  go_to_march();
  for (int i = 0; i < 10; ++i) must(try_void(fmt::format("c{}", i)));
  const StatementPage page = must(billing.statements({}));
  ASSERT_EQ(page.statements.size(), 2U);
  EXPECT_EQ(page.statements[0].late.size(), 10U);
  EXPECT_TRUE(page.statements[1].late.empty());
  EXPECT_EQ(page.summary.total_overage_cost, Money{-10'000});
  Subscription wanted = directory->find(tenant("acme"))->subscription;
  wanted.move_to("basic", clock.now());
  EXPECT_EQ(must(billing.statement_with(wanted)).rated.cost, Money{-10'000});
  EXPECT_EQ(must(reporting.make(period("2026-03"))).statements[0].rated.cost, Money{-10'000});
}

TEST_F(LateCorrections, AreListedAndAudited) {
  february_calls(1, 1);
  go_to_march();
  must(try_void("c0"));
  const CorrectionPage page = must(corrections.list({}));
  ASSERT_EQ(page.corrections.size(), 1U);
  EXPECT_EQ(page.corrections[0].string_at("billed_in"), "2026-03");
  EXPECT_EQ(page.corrections[0].find("late_lines")->as_array().size(), 1U);
  const std::vector<Json> audits = must(store->find(
      {Collection::provider_audits, Filter::equal("action", "event.voided"), {}, 0, -1}));
  EXPECT_EQ(audits.size(), 1U);
}

TEST_F(LateCorrections, ManyAtOnceAreEachPricedFromTheOneBefore) {
  constexpr int kEvents = 40;
  february_calls(10'020, kEvents);
  go_to_march();
  must(reporting.make(period("2026-02")));
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = thread; i < kEvents; i += 4) must(try_void(fmt::format("c{}", i)));
    });
  }
  threads.clear();
  Money sum;
  for (const LateLine& line : statement("2026-03").late) sum = must(metergate::add(sum, line.cost));
  EXPECT_EQ(sum, Money{-20'000}) << "twenty were above the limit";
  EXPECT_EQ(statement("2026-03").late.size(), 40U);
}

TEST_F(LateCorrections, MoreThanAHundredAreSummedUpInTheStatement) {
  constexpr int kEvents = 103;
  february_calls(10'200, kEvents);
  go_to_march();
  for (int i = 0; i < kEvents; ++i) must(try_void(fmt::format("c{}", i)));
  const Statement open = statement("2026-03");
  ASSERT_EQ(open.late.size(), kLateLinesShown + 1);
  EXPECT_EQ(open.late.back().corrections, 3);
  EXPECT_EQ(open.rated.cost, Money{-100'000});
  clock.set(at("2026-04-10T12:00:00Z"));
  must(aggregation.close_periods());
  EXPECT_EQ(statement("2026-03").late, open.late);
  expect_verified("2026-03");
}

}  // namespace
}  // namespace metergate
