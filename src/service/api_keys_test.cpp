#include "service/api_keys.h"

#include <gtest/gtest.h>

#include "storage/memory_store.h"

namespace metergate {
namespace {

class ApiKeysTest : public ::testing::Test {
 protected:
  ManualClock clock_{*parse_timestamp("2026-03-05T10:30:00Z")};
  std::unique_ptr<ControlledStore> store_ = make_memory_store(TimeZone::utc());
  ApiKeys keys_{*store_, clock_};
};

TEST_F(ApiKeysTest, TheKeyItselfIsNotKept) {
  const auto made = keys_.add({"meter", {"events.write"}, {}}, {});
  ASSERT_TRUE(made.has_value());
  Query query;
  query.collection = Collection::api_keys;
  const auto stored = store_->find(query);
  ASSERT_TRUE(stored.has_value());
  ASSERT_EQ(stored->size(), 1U);
  EXPECT_EQ(to_text(stored->front()).find(made->key), std::string::npos);
  EXPECT_EQ(keys_.list()->front().find("key_hash"), nullptr);
}

TEST_F(ApiKeysTest, ARevokedKeyIsRefused) {
  const auto made = keys_.add({"meter", {"events.write"}, {}}, {});
  ASSERT_TRUE(keys_.authenticate(made->key).has_value());
  ASSERT_TRUE(keys_.revoke(made->key_id, {}).has_value());
  EXPECT_FALSE(keys_.authenticate(made->key).has_value());
  EXPECT_EQ(keys_.revoke(made->key_id, {}).error().code, ErrorCode::not_found);
}

TEST_F(ApiKeysTest, AKeyEndsWhenItExpires) {
  const auto made = keys_.add({"meter", {"events.write"}, clock_.now() + Milliseconds{1000}}, {});
  ASSERT_TRUE(keys_.authenticate(made->key).has_value());
  clock_.advance(Milliseconds{1000});
  EXPECT_FALSE(keys_.authenticate(made->key).has_value());
}

TEST_F(ApiKeysTest, OneCharacterOffIsRefused) {
  std::string key = keys_.add({"meter", {"events.write"}, {}}, {})->key;
  key.back() = key.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(keys_.authenticate(key).has_value());
}

TEST_F(ApiKeysTest, UnknownPermissionsAndPastExpiryAreRefused) {
  EXPECT_FALSE(keys_.add({"meter", {"events.everything"}, {}}, {}).has_value());
  EXPECT_FALSE(keys_.add({"meter", {}, {}}, {}).has_value());
  EXPECT_FALSE(keys_.add({"", {"events.write"}, {}}, {}).has_value());
  EXPECT_FALSE(keys_.add({"meter", {"events.write"}, clock_.now()}, {}).has_value());
}

}  // namespace
}  // namespace metergate
