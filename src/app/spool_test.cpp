#include "app/spool.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

std::string read_all(Spool& spool) {
  std::string all;
  while (true) {
    const auto piece = spool.read();
    EXPECT_TRUE(piece);
    if (!piece || !*piece) return all;
    EXPECT_FALSE((*piece)->empty());
    all += **piece;
  }
}

TEST(Spool, GivesBackWhatWasWrittenHoweverMuch) {
  auto spool = *Spool::create();
  std::string expected;
  for (int i = 0; i < 50'000; ++i) {
    spool->stream() << i << ' ' << 'x' << '\n';
    expected += std::to_string(i) + " x\n";
  }
  ASSERT_TRUE(spool->finish());
  EXPECT_EQ(read_all(*spool), expected);
}

TEST(Spool, OfNothingIsOverAtOnce) {
  auto spool = *Spool::create();
  ASSERT_TRUE(spool->finish());
  EXPECT_EQ(read_all(*spool), "");
}

}  // namespace
}  // namespace metergate
