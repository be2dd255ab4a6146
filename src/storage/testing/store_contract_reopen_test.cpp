// The contract for reopening a period.
#include "storage/testing/store_contract.h"

namespace metergate::contract {
namespace {

Batch closing(std::string_view through) {
  Batch batch = events({});
  batch.close_through = period(through);
  return batch;
}

Batch reopening(std::string_view from) {
  Batch batch = events({});
  batch.reopen_from = period(from);
  return batch;
}

class StoreReopening : public StoreContract {
 protected:
  EventOutcome send(std::string_view id, std::string_view when) {
    const auto commit = store().apply(events({call("a", id, when)}));
    EXPECT_TRUE(commit) << (commit ? "" : commit.error().message);
    return commit ? commit->outcomes.at(0) : EventOutcome::conflict;
  }
  void take_up(std::string_view from) {
    const auto commit = store().reopen(reopening(from));
    ASSERT_TRUE(commit) << commit.error().message;
  }
};

TEST_P(StoreReopening, TakesEventsOfIt) {
  EXPECT_EQ(send("1", "2026-03-01"), EventOutcome::accepted);
  apply(closing("2026-03"));
  EXPECT_EQ(send("2", "2026-03-02"), EventOutcome::period_closed);
  take_up("2026-03");
  EXPECT_EQ(store().closed_through(), period("2026-02"));
  EXPECT_EQ(send("2", "2026-03-02"), EventOutcome::accepted);
  EXPECT_EQ(send("3", "2026-02-02"), EventOutcome::period_closed);
  EXPECT_EQ(counter("a", "2026-03").calls.count, 2);
}

TEST_P(StoreReopening, KnowsTheEventsFromBefore) {
  send("1", "2026-03-01");
  send("2", "2026-04-01");
  ASSERT_TRUE(store().checkpoint());
  send("3", "2026-03-01");
  apply(closing("2026-04"));
  ASSERT_TRUE(store().checkpoint());
  take_up("2026-03");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(send("1", "2026-03-01"), EventOutcome::duplicate) << round;
    EXPECT_EQ(send("2", "2026-04-01"), EventOutcome::duplicate) << round;
    EXPECT_EQ(send("3", "2026-03-01"), EventOutcome::duplicate) << round;
    if (round == 0) {
      ASSERT_TRUE(store().checkpoint());
    }
    if (round == 1) reopen();
  }
}

TEST_P(StoreReopening, WhereTheClosingIsInMemoryYet) {
  send("1", "2026-03-01");
  apply(closing("2026-03"));
  take_up("2026-03");
  EXPECT_EQ(send("1", "2026-03-01"), EventOutcome::duplicate);
  ASSERT_TRUE(store().checkpoint());
  EXPECT_EQ(send("1", "2026-03-01"), EventOutcome::duplicate);
  reopen();
  EXPECT_EQ(send("1", "2026-03-01"), EventOutcome::duplicate);
  EXPECT_EQ(store().closed_through(), period("2026-02"));
}

TEST_P(StoreReopening, TwiceAndClosedAgain) {
  send("1", "2026-03-01");
  for (int round = 0; round < 2; ++round) {
    apply(closing("2026-03"));
    ASSERT_TRUE(store().checkpoint());
    take_up("2026-03");
    EXPECT_EQ(send("1", "2026-03-01"), EventOutcome::duplicate);
  }
  apply(closing("2026-03"));
  EXPECT_EQ(send("2", "2026-03-01"), EventOutcome::period_closed);
  reopen();
  EXPECT_EQ(send("2", "2026-03-01"), EventOutcome::period_closed);
}

TEST_P(StoreReopening, IsRefusedWhereItIsNotClosed) {
  EXPECT_FALSE(store().reopen(reopening("2026-03")));
  apply(closing("2026-03"));
  EXPECT_FALSE(store().reopen(reopening("2026-04")));
  EXPECT_FALSE(store().reopen(events({})));
}

TEST_P(StoreReopening, IsRefusedWhereEventsAreGone) {
  send("1", "2026-03-01");
  apply(closing("2026-03"));
  RetentionCut cut;
  cut.events_before = at("2026-04-01");
  ASSERT_TRUE(store().retire(cut));
  const auto refused = store().reopen(reopening("2026-03"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_EQ(store().closed_through(), period("2026-03"));
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreReopening, testing::ValuesIn(all_engines()),
                         [](const auto& engine) { return engine.param.name; });

}  // namespace
}  // namespace metergate::contract
