#include "http/words/rate_limit.h"

#include <gtest/gtest.h>

namespace metergate::http {
namespace {

TEST(RateLimit, IsWrittenAsTheDraftHasIt) {
  std::vector<Header> headers;
  append_rate_limit({.name = "api_calls",
                     .quota = 50'000,
                     .remaining = 12,
                     .window = std::chrono::days{31},
                     .resets_in = std::chrono::hours{2}},
                    headers);
  EXPECT_EQ(headers, (std::vector<Header>{{"RateLimit-Policy", "\"api_calls\";q=50000;w=2678400"},
                                          {"RateLimit", "\"api_calls\";r=12;t=7200"}}));
}

}  // namespace
}  // namespace metergate::http
