#include "app/lifetime.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(Lifetime, EveryUnitIsRead) {
  EXPECT_EQ(*parse_lifetime("90s"), std::chrono::seconds{90});
  EXPECT_EQ(*parse_lifetime("30m"), std::chrono::minutes{30});
  EXPECT_EQ(*parse_lifetime("1h"), std::chrono::hours{1});
  EXPECT_EQ(*parse_lifetime("3650d"), std::chrono::days{3650});
}

TEST(Lifetime, EverythingElseIsRefused) {
  for (const char* text : {"", "h", "1", "1 h", "0h", "-1h", "1.5h", "1w", "1hh", "3651d", "h1",
                           "99999999999999999999h", "9223372036854775807d"}) {
    EXPECT_FALSE(parse_lifetime(text)) << text;
  }
}

}  // namespace
}  // namespace metergate
