#include "service/access/password_hasher.h"

#include <gtest/gtest.h>

#include <atomic>

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
  PasswordHasher hasher;
  std::atomic<int> refused = 0;
  std::atomic<int> hashed = 0;
  std::vector<std::jthread> callers;
  for (std::size_t i = 0; i < PasswordHasher::kWaitingMax * 4; ++i) {
    callers.emplace_back([&] {
      const auto hash = hasher.hash("correct horse battery");
      EXPECT_TRUE(hash || hash.error().code == ErrorCode::overloaded);
      ++(hash ? hashed : refused);
    });
  }
  callers.clear();
  EXPECT_GE(hashed, static_cast<int>(PasswordHasher::kWaitingMax));
  EXPECT_EQ(hashed + refused, static_cast<int>(PasswordHasher::kWaitingMax * 4));
}

TEST(PasswordHasher, EndsWithoutHavingBegun) { PasswordHasher hasher; }

}  // namespace
}  // namespace metergate
