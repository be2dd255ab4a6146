#include "base/stop.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace metergate {
namespace {

TEST(StopProcessDeathTest, SaysWhyAndRunsNothingElse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::atexit([] { std::_Exit(7); });
        stop_process("the disk is full");
      },
      testing::ExitedWithCode(1), "^metergate: the disk is full\n$");
}

}  // namespace
}  // namespace metergate
