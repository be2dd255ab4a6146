#include "service/access/password_hasher.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/time.h"

namespace metergate {
namespace {

TEST(PasswordHasher, KnowsThePasswordOfAHash) {
  PasswordHasher hasher;
  const auto hash = hasher.hash("correct horse battery");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(*hasher.is_of(*hash, "correct horse battery"));
  EXPECT_FALSE(*hasher.is_of(*hash, "correct horse batterz"));
  EXPECT_FALSE(*hasher.is_of("", "correct horse battery"));
}

TEST(PasswordHasher, RefusesWhatWouldWaitTooLong) {
  PasswordHasher hasher{0};
  std::atomic<int> refused = 0;
  std::atomic<int> hashed = 0;
  std::vector<std::jthread> callers;
  for (std::size_t i = 0; i < PasswordHasher::kWaitingMax * 4; ++i) {
    callers.emplace_back([&] {
      const auto hash = hasher.hash("correct horse battery");
      EXPECT_TRUE(hash || hash.error().code == ErrorCode::rate_limit);
      ++(hash ? hashed : refused);
    });
  }
  callers.clear();
  EXPECT_GE(hashed, static_cast<int>(PasswordHasher::kWaitingMax));
  EXPECT_EQ(hashed + refused, static_cast<int>(PasswordHasher::kWaitingMax * 4));
}

// The CPU time of this process.
Microseconds used() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::chrono::seconds{usage.ru_utime.tv_sec + usage.ru_stime.tv_sec} +
         Microseconds{usage.ru_utime.tv_usec + usage.ru_stime.tv_usec};
}

// A busy machine makes the work take longer, and so only the share smaller.
TEST(PasswordHasher, TakesAtMostAPartOfACoreInAFlood) {
  PasswordHasher hasher;
  ASSERT_TRUE(hasher.hash("correct horse battery"));
  const SystemClock clock;
  const Microseconds begun = clock.steady();
  const Microseconds before = used();
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] { EXPECT_TRUE(hasher.hash("correct horse battery")); });
    }
  }
  EXPECT_GT(clock.steady() - begun, 2 * (used() - before));
}

TEST(PasswordHasher, EndsWithoutHavingBegun) { PasswordHasher hasher; }

}  // namespace
}  // namespace metergate
