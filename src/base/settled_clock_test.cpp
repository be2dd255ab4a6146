#include "base/settled_clock.h"

#include <gtest/gtest.h>

#include <vector>

namespace metergate {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Machine {
  ManualClock wall{parse_timestamp("2026-11-30T09:00:00Z").value()};
  std::vector<bool> told;  // true: a doubt began
  SettledClock clock{wall, [this](const auto& doubt) { told.push_back(doubt.has_value()); }};

  // Lets time pass, with a look at the clock every minute.
  void pass(minutes time) {
    for (minutes gone{0}; gone < time; ++gone) {
      wall.advance(minutes{1});
      clock.settled_now();
    }
  }
  bool agrees() { return clock.settled_now() == wall.now(); }
};

TEST(SettledClock, GoesWithAClockThatIsNotTouched) {
  Machine machine;
  machine.pass(hours{3});
  EXPECT_TRUE(machine.agrees());
  EXPECT_FALSE(machine.clock.doubt());
  machine.wall.advance(days{40});
  EXPECT_TRUE(machine.agrees()) << "nobody looked, but the time has gone by";
}

TEST(SettledClock, AWrongLookOfSomeSecondsIsNotBelieved) {
  Machine machine;
  machine.clock.settled_now();
  const Timestamp before = machine.wall.now();
  machine.wall.jump(days{40});
  EXPECT_EQ(machine.clock.settled_now(), before);
  machine.wall.advance(seconds{14});
  EXPECT_EQ(machine.clock.settled_now(), before + seconds{14});
  const auto doubt = machine.clock.doubt();
  ASSERT_TRUE(doubt);
  EXPECT_EQ(doubt->now, before + days{40} + seconds{14});
  EXPECT_EQ(doubt->settled_now, before + seconds{14});
  machine.wall.jump(-days{40});
  EXPECT_TRUE(machine.agrees());
  EXPECT_FALSE(machine.clock.doubt());
  EXPECT_EQ(machine.told, (std::vector{true, false}));
}

TEST(SettledClock, SmallStepsAreBelievedAndLargerAreNot) {
  Machine machine;
  machine.wall.jump(minutes{2});
  EXPECT_TRUE(machine.agrees());
  machine.wall.jump(minutes{2} + Milliseconds{1});
  EXPECT_FALSE(machine.agrees());
}

TEST(SettledClock, EventsThatAgreeSettleItInTenMinutes) {
  Machine machine;
  machine.wall.jump(days{2});
  machine.pass(minutes{5});
  machine.clock.witness(machine.wall.now() - minutes{3});
  machine.pass(minutes{4});
  EXPECT_FALSE(machine.agrees());
  machine.pass(minutes{2});
  EXPECT_TRUE(machine.agrees());
}

TEST(SettledClock, EventsThatContradictKeepItInDoubt) {
  Machine machine;
  machine.wall.jump(days{40});
  for (int hour = 0; hour < 48; ++hour) {
    machine.pass(hours{1});
    machine.clock.witness(machine.clock.settled_now());
  }
  EXPECT_FALSE(machine.agrees());
  EXPECT_EQ(machine.wall.now() - machine.clock.settled_now(), days{40});
}

TEST(SettledClock, WhereNothingComesADaySettlesIt) {
  Machine machine;
  machine.wall.jump(days{2});
  machine.clock.settled_now();
  machine.pass(hours{24} - minutes{1});
  EXPECT_FALSE(machine.agrees());
  machine.pass(minutes{1});
  EXPECT_TRUE(machine.agrees());
}

TEST(SettledClock, EachJumpAheadBeginsAnew) {
  Machine machine;
  machine.wall.jump(days{2});
  machine.pass(hours{23});
  machine.wall.jump(days{1});
  machine.pass(hours{2});
  EXPECT_FALSE(machine.agrees());
}

TEST(SettledClock, OneThatIsSetBackIsBelievedAndMayComeBack) {
  Machine machine;
  machine.clock.settled_now();
  machine.wall.jump(-hours{1});
  EXPECT_TRUE(machine.agrees());
  machine.pass(minutes{3});
  machine.wall.jump(hours{1});
  EXPECT_TRUE(machine.agrees()) << "it is where it was before";
  machine.wall.jump(-days{365 * 5});
  EXPECT_TRUE(machine.agrees());
  machine.wall.jump(days{365 * 5});
  EXPECT_TRUE(machine.agrees());
  machine.wall.jump(days{1});
  EXPECT_FALSE(machine.agrees()) << "and that is further than before";
}

TEST(SettledClock, OneThatWasSetRightIsNotBelievedWhenItGoesWrongAgain) {
  Machine machine;  // and its clock was wrong when it began
  machine.clock.settled_now();
  machine.wall.jump(-days{40});
  machine.pass(hours{25});
  machine.wall.jump(days{40});
  EXPECT_FALSE(machine.agrees());
}

TEST(SettledClock, NeverAheadOfTheWallClock) {
  Machine machine;
  machine.wall.jump(days{40});
  machine.clock.settled_now();
  machine.wall.jump(-days{100});
  EXPECT_TRUE(machine.agrees());
}

TEST(SettledClock, AStartLongAfterTheLastThatIsKnownIsDoubted) {
  Machine machine;
  const Timestamp known = machine.wall.now() - days{40};
  machine.clock.begin_from(known);
  EXPECT_EQ(machine.clock.settled_now(), known);
  EXPECT_TRUE(machine.clock.doubt());
  machine.clock.witness(machine.wall.now());
  machine.pass(minutes{11});
  EXPECT_TRUE(machine.agrees());
  EXPECT_EQ(machine.told, (std::vector{true, false}));
}

TEST(SettledClock, AStartSoonAfterOrBeforeIsNot) {
  for (const hours away : {hours{6}, hours{0}, -hours{24 * 400}}) {
    Machine machine;
    machine.clock.begin_from(machine.wall.now() - away);
    EXPECT_TRUE(machine.agrees()) << away.count();
  }
}

}  // namespace
}  // namespace metergate
