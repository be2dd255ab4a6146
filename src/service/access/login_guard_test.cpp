#include "service/access/login_guard.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

using std::chrono::seconds;

constexpr Microseconds kStart = std::chrono::hours{1};
const LoginGuard::Try kAnnHere{"192.0.2.1", "ann"};

// Tries until one is refused; returns the number admitted.
int tries_admitted(LoginGuard& guard, const LoginGuard::Try& login, Microseconds now) {
  int count = 0;
  while (count < 1000 && guard.admit(login, now)) ++count;
  return count;
}

TEST(LoginGuard, SlowsDownThePairAndNobodyElse) {
  LoginGuard guard;
  EXPECT_EQ(tries_admitted(guard, kAnnHere, kStart), LoginGuard::kPairFailuresFree);
  const auto refused = guard.admit(kAnnHere, kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rate_limit);
  EXPECT_EQ(refused.error().retry_after, seconds{1});
  EXPECT_TRUE(guard.admit({"192.0.2.2", "ann"}, kStart));
  EXPECT_TRUE(guard.admit({"192.0.2.1", "bob"}, kStart));
}

TEST(LoginGuard, EachFailureDoublesTheWaitUpToItsMost) {
  LoginGuard guard;
  tries_admitted(guard, kAnnHere, kStart);
  Microseconds now = kStart;
  for (std::int64_t wait = 1; wait < 2 * LoginGuard::kWaitMax.count(); wait *= 2) {
    const seconds held = std::min(seconds{wait}, LoginGuard::kWaitMax);
    EXPECT_FALSE(guard.admit(kAnnHere, now + held - Microseconds{1}));
    now += held;
    EXPECT_TRUE(guard.admit(kAnnHere, now)) << wait;
  }
}

TEST(LoginGuard, RefusedTriesCountNothing) {
  LoginGuard guard;
  tries_admitted(guard, kAnnHere, kStart);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(guard.admit(kAnnHere, kStart));
  EXPECT_TRUE(guard.admit(kAnnHere, kStart + seconds{1}));
}

TEST(LoginGuard, AnAddressThatTriesManyAccountsIsSlowedDownToo) {
  LoginGuard guard;
  for (int i = 0; i < LoginGuard::kAddressFailuresFree; ++i)
    EXPECT_TRUE(guard.admit({"192.0.2.1", std::to_string(i)}, kStart));
  EXPECT_FALSE(guard.admit({"192.0.2.1", "another"}, kStart));
  EXPECT_TRUE(guard.admit({"192.0.2.2", "another"}, kStart));
}

TEST(LoginGuard, SuccessForgivesThePairButNotTheAddress) {
  LoginGuard guard;
  for (int i = 0; i < LoginGuard::kAddressFailuresFree; ++i) {
    EXPECT_TRUE(guard.admit({"192.0.2.1", std::to_string(i)}, kStart));
    if (i % 2 != 0) continue;
    EXPECT_TRUE(guard.admit(kAnnHere, kStart));
    guard.succeeded(kAnnHere);
  }
  EXPECT_FALSE(guard.admit(kAnnHere, kStart));
}

TEST(LoginGuard, QuietIsForgotten) {
  LoginGuard guard;
  tries_admitted(guard, kAnnHere, kStart);
  EXPECT_EQ(tries_admitted(guard, kAnnHere, kStart + LoginGuard::kForgottenAfter),
            LoginGuard::kPairFailuresFree);
}

TEST(LoginGuard, TriesThatWereWithdrawnAreNone) {
  LoginGuard guard;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(guard.admit(kAnnHere, kStart));
    guard.withdrawn(kAnnHere);
  }
  EXPECT_EQ(guard.size(), 0U);
}

TEST(LoginGuard, IsBounded) {
  LoginGuard guard;
  for (std::size_t i = 0; i < LoginGuard::kEntriesMax + 100; ++i)
    EXPECT_TRUE(guard.admit({std::to_string(i), "ann"}, kStart));
  EXPECT_LE(guard.size(), 2 * LoginGuard::kEntriesMax);
}

TEST(LoginGuard, AddressesOfOneNetworkCountAsOne) {
  EXPECT_EQ(LoginGuard::address_group("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(LoginGuard::address_group("2001:db8:1:2:3:4:5:6"),
            LoginGuard::address_group("2001:db8:1:2:ffff::1"));
  EXPECT_NE(LoginGuard::address_group("2001:db8:1:2::1"),
            LoginGuard::address_group("2001:db8:1:3::1"));
  EXPECT_EQ(LoginGuard::address_group("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
  EXPECT_EQ(LoginGuard::address_group("2001:db8::1"), LoginGuard::address_group("2001:db8::2"));
}

}  // namespace
}  // namespace metergate
