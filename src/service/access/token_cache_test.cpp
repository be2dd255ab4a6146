#include "service/access/token_cache.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

std::shared_ptr<const VerifiedToken> verified(std::string_view tenant) {
  return std::make_shared<const VerifiedToken>(
      VerifiedToken{Claims{}, Caller::of_tenant("s", TenantId::parse(tenant).value())});
}

TEST(TokenCache, FindsTheVeryTokenOnly) {
  TokenCache cache;
  EXPECT_EQ(cache.find("a.b.c"), nullptr);
  cache.keep("a.b.c", verified("t1"));
  ASSERT_NE(cache.find("a.b.c"), nullptr);
  EXPECT_EQ(cache.find("a.b.c")->caller.tenant()->text(), "t1");
  for (const char* other : {"", "a.b.", "a.b.cc", "A.b.c"}) EXPECT_EQ(cache.find(other), nullptr);
}

TEST(TokenCache, IsBounded) {
  TokenCache cache;
  for (std::size_t i = 0; i < 2 * TokenCache::kEntriesMax + 1; ++i) {
    cache.keep(std::to_string(i), verified("t1"));
    ASSERT_LE(cache.size(), TokenCache::kEntriesMax);
  }
  EXPECT_NE(cache.find(std::to_string(2 * TokenCache::kEntriesMax)), nullptr);
}

}  // namespace
}  // namespace metergate
