#include "gateway/open_rate.h"

#include <gtest/gtest.h>

#include <chrono>

namespace metergate::gateway {
namespace {

constexpr RequestRate kRate{.per_second = 2, .burst = 3};
constexpr Microseconds kStart{1'000'000'000};

TEST(OpenRate, AnAddressHasItsBurstAndThenItsRate) {
  OpenRate rate;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rate.take({"api", "192.0.2.1"}, kRate, kStart)) << i;
  const Result<> refused = rate.take({"api", "192.0.2.1"}, kRate, kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::rate_limit);
  EXPECT_EQ(refused.error().retry_after, std::chrono::seconds{1});
  EXPECT_NE(refused.error().message.find("2 a second"), std::string::npos);
  EXPECT_TRUE(rate.take({"api", "192.0.2.1"}, kRate, kStart + std::chrono::milliseconds{500}));
  EXPECT_FALSE(rate.take({"api", "192.0.2.1"}, kRate, kStart + std::chrono::milliseconds{500}));
}

TEST(OpenRate, AnotherAddressOrUpstreamHasItsOwn) {
  OpenRate rate;
  for (int i = 0; i < 4; ++i) static_cast<void>(rate.take({"api", "192.0.2.1"}, kRate, kStart));
  EXPECT_TRUE(rate.take({"api", "192.0.2.2"}, kRate, kStart));
  EXPECT_TRUE(rate.take({"shop", "192.0.2.1"}, kRate, kStart));
}

TEST(OpenRate, AddressesOfOneSubnetOfIpv6AreOne) {
  OpenRate rate;
  for (const char* address :
       {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:2:2:2:2", "2001:db8:0:1:3:3:3:3"})
    EXPECT_TRUE(rate.take({"api", address}, kRate, kStart));
  EXPECT_FALSE(rate.take({"api", "2001:db8:0:1:4:4:4:4"}, kRate, kStart));
  EXPECT_TRUE(rate.take({"api", "2001:db8:0:2:1:1:1:1"}, kRate, kStart));
}

TEST(OpenRate, KeepsABoundedNumberAndForgetsNoneThatComesOften) {
  OpenRate rate;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(rate.take({"api", "busy"}, kRate, kStart));
  for (int i = 0; i < 45'000; ++i) {
    static_cast<void>(rate.take({"api", "quiet" + std::to_string(i)}, kRate, kStart));
    if (i % 5'000 == 0) {
      EXPECT_FALSE(rate.take({"api", "busy"}, kRate, kStart)) << i;
    }
  }
  EXPECT_LE(rate.size(), 2 * OpenRate::kAddressesMax);
}

}  // namespace
}  // namespace metergate::gateway
