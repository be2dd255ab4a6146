#include "service/access/api_keys.h"

#include <gtest/gtest.h>

#include "storage/engine/memory_store.h"

namespace metergate {
namespace {

class ApiKeysTest : public ::testing::Test {
 protected:
  const Actor root_{.name = "root", .rights = Permissions::all()};
  ManualClock clock_{*parse_timestamp("2026-03-05T10:30:00Z")};
  std::unique_ptr<ControlledStore> store_ = make_memory_store(TimeZone::utc());
  ApiKeys keys_{*store_, clock_};
};

TEST_F(ApiKeysTest, TheKeyItselfIsNotKept) {
  const auto made = keys_.add({"meter", {"events.write"}, {}}, root_);
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
  const auto made = keys_.add({"meter", {"events.write"}, {}}, root_);
  ASSERT_TRUE(keys_.authenticate(made->key).has_value());
  ASSERT_TRUE(keys_.revoke(made->key_id, root_).has_value());
  EXPECT_FALSE(keys_.authenticate(made->key).has_value());
  EXPECT_EQ(keys_.revoke(made->key_id, root_).error().code, ErrorCode::not_found);
}

TEST_F(ApiKeysTest, AKeyEndsWhenItExpires) {
  const auto made =
      keys_.add({"meter", {"events.write"}, clock_.now() + Milliseconds{1000}}, root_);
  ASSERT_TRUE(keys_.authenticate(made->key).has_value());
  clock_.advance(Milliseconds{1000});
  EXPECT_FALSE(keys_.authenticate(made->key).has_value());
}

TEST_F(ApiKeysTest, OneCharacterOffIsRefused) {
  std::string key = keys_.add({"meter", {"events.write"}, {}}, root_)->key;
  key.back() = key.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(keys_.authenticate(key).has_value());
}

TEST_F(ApiKeysTest, UnknownPermissionsAndPastExpiryAreRefused) {
  EXPECT_FALSE(keys_.add({"meter", {"events.everything"}, {}}, root_).has_value());
  EXPECT_FALSE(keys_.add({"meter", {}, {}}, root_).has_value());
  EXPECT_FALSE(keys_.add({"", {"events.write"}, {}}, root_).has_value());
  EXPECT_FALSE(keys_.add({"meter", {"events.write"}, clock_.now()}, root_).has_value());
}

// Each set of rights with each key: an actor may create and revoke only keys whose rights it has.
TEST_F(ApiKeysTest, NobodyMakesOrRevokesAKeyWithRightsThatTheyHaveNot) {
  const std::vector<std::vector<std::string>> grants = {
      {"*"}, {"events.write"}, {"users.manage"}, {"billing.read", "audits.read"}};
  for (const auto& grant : grants) {
    Permissions wanted;
    for (const std::string& name : grant) wanted.add(name);
    for (std::size_t subset = 0; subset < std::size_t{1} << kPermissions.size(); ++subset) {
      Permissions own;
      for (std::size_t i = 0; i < kPermissions.size(); ++i)
        if ((subset >> i & 1U) != 0) own.add(kPermissions[i].permission);
      Permissions together = own;
      together.add(wanted);
      const bool is_within = together == own;
      const Actor actor{.name = "somebody", .rights = own};
      const auto made = keys_.add({"meter", grant, {}}, is_within ? actor : root_);
      ASSERT_TRUE(made);
      const auto revoked = keys_.revoke(made->key_id, actor);
      EXPECT_EQ(revoked.has_value(), is_within) << subset;
      if (is_within) continue;
      EXPECT_EQ(revoked.error().code, ErrorCode::permission);
      EXPECT_FALSE(keys_.add({"meter", grant, {}}, actor)) << subset;
    }
  }
}

}  // namespace
}  // namespace metergate
