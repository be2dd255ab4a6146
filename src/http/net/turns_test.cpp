#include "http/net/turns.h"

#include <gtest/gtest.h>

namespace metergate::http {
namespace {

constexpr Microseconds kMax{1000};

struct Caller {
  int woken = 0;
  Turns::Waiter waiter{.wake = [this] { ++woken; }};
  Turns::Ticket ticket;
  bool ask(Turns& turns, std::int64_t at) { return turns.ask(waiter, Microseconds{at}, ticket); }
};

TEST(Turns, IsTakenAtOnceWhereNobodyHasIt) {
  Turns turns(kMax);
  Caller first;
  EXPECT_TRUE(first.ask(turns, 0));
  EXPECT_TRUE(first.waiter.has_turn);
  EXPECT_EQ(first.woken, 0);
  turns.pass_on();
  Caller second;
  EXPECT_TRUE(second.ask(turns, 0));
  EXPECT_TRUE(second.waiter.has_turn);
}

TEST(Turns, GoesToWhoWaitsLongest) {
  Turns turns(kMax);
  Caller first, second, third;
  EXPECT_TRUE(first.ask(turns, 0) && second.ask(turns, 1) && third.ask(turns, 2));
  EXPECT_FALSE(second.waiter.has_turn || third.waiter.has_turn);
  turns.pass_on();
  EXPECT_TRUE(second.waiter.has_turn && second.woken == 1);
  EXPECT_FALSE(third.waiter.has_turn);
  turns.pass_on();
  EXPECT_TRUE(third.waiter.has_turn && third.woken == 1);
}

TEST(Turns, SkipsWhoWentAway) {
  Turns turns(kMax);
  Caller first, second, third;
  EXPECT_TRUE(first.ask(turns, 0) && second.ask(turns, 0) && third.ask(turns, 0));
  turns.give_up(second.ticket);
  turns.pass_on();
  EXPECT_TRUE(third.waiter.has_turn);
  EXPECT_EQ(second.woken, 0);
}

TEST(Turns, LetsNobodyInWhileTheFirstHasWaitedForTooLong) {
  Turns turns(kMax);
  Caller first, second, third, fourth;
  EXPECT_TRUE(first.ask(turns, 0) && second.ask(turns, 0));
  EXPECT_TRUE(third.ask(turns, 1000));
  EXPECT_FALSE(fourth.ask(turns, 1001));
  turns.pass_on();  // now the third is first, and has waited for a moment only
  EXPECT_TRUE(fourth.ask(turns, 1001));
}

}  // namespace
}  // namespace metergate::http
