#include "service/shared/idempotency.h"

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

struct Desk {
  ManualClock clock{at("2026-03-05T10:30:00Z")};
  std::unique_ptr<ControlledStore> store = make_memory_store(TimeZone::utc());
  Idempotency keys{*store, clock};
  KeyedRequest request{"ann", "POST /provider/billing/tenants/tenant_1/plan", "key-1", "{}"};
  KeyedAnswer answer{200, Json::object({{"new_plan", "premium"}})};

  Result<Commit> keep(const KeyedRequest& of) {
    Batch batch;
    batch.at = clock.now();
    batch.documents.push_back(keys.remember(of, answer).value());
    return store->apply(std::move(batch));
  }
};

TEST(Idempotency, NewKeyHasNoAnswerAndAKeptOneHas) {
  Desk desk;
  EXPECT_FALSE(desk.keys.find(desk.request).value());
  ASSERT_TRUE(desk.keep(desk.request));
  const auto found = desk.keys.find(desk.request).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, 200);
  EXPECT_EQ(found->data, desk.answer.data);
}

TEST(Idempotency, SameKeyWithAnotherBodyIsAConflict) {
  Desk desk;
  ASSERT_TRUE(desk.keep(desk.request));
  desk.request.body = "{ }";
  const auto found = desk.keys.find(desk.request);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::conflict);
}

TEST(Idempotency, KeyIsOneActorsOnOneRoute) {
  Desk desk;
  ASSERT_TRUE(desk.keep(desk.request));
  KeyedRequest other = desk.request;
  other.actor = "bob";
  EXPECT_FALSE(desk.keys.find(other).value());
  other = desk.request;
  other.route = "POST /provider/billing/tenants/tenant_2/plan";
  EXPECT_FALSE(desk.keys.find(other).value());
}

TEST(Idempotency, KeyIsHonouredForADayAndFreeAfterIt) {
  Desk desk;
  ASSERT_TRUE(desk.keep(desk.request));
  desk.clock.advance(Idempotency::kKept - Milliseconds{1});
  EXPECT_TRUE(desk.keys.find(desk.request).value());
  desk.clock.advance(Milliseconds{1});
  EXPECT_FALSE(desk.keys.find(desk.request).value());
  EXPECT_TRUE(desk.keep(desk.request));
  EXPECT_TRUE(desk.keys.find(desk.request).value());
}

TEST(Idempotency, OfTwoAtOnceOneIsRefused) {
  Desk desk;
  const DocumentWrite first = desk.keys.remember(desk.request, desk.answer).value();
  const DocumentWrite second = desk.keys.remember(desk.request, desk.answer).value();
  Batch batch;
  batch.documents = {first};
  ASSERT_TRUE(desk.store->apply(std::move(batch)));
  Batch late;
  late.documents = {second};
  const auto refused = desk.store->apply(std::move(late));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST(Idempotency, KeyIsOneTo255VisibleCharacters) {
  Desk desk;
  const auto is_taken = [&](std::string key) {
    desk.request.key = std::move(key);
    const auto found = desk.keys.find(desk.request);
    EXPECT_TRUE(found || found.error().code == ErrorCode::invalid);
    EXPECT_EQ(found.has_value(), desk.keys.remember(desk.request, desk.answer).has_value());
    return found.has_value();
  };
  EXPECT_TRUE(is_taken("a"));
  EXPECT_TRUE(is_taken(std::string(255, '~')));
  EXPECT_FALSE(is_taken(""));
  EXPECT_FALSE(is_taken(std::string(256, 'a')));
  EXPECT_FALSE(is_taken("two words"));
  EXPECT_FALSE(is_taken("tab\t"));
  EXPECT_FALSE(is_taken("caf\xc3\xa9"));
}

TEST(Idempotency, SweepRemovesOnlyWhatIsOverAndAtMostSoMany) {
  Desk desk;
  for (int i = 0; i < 5; ++i) {
    desk.request.key = "old-" + std::to_string(i);
    ASSERT_TRUE(desk.keep(desk.request));
  }
  desk.clock.advance(Idempotency::kKept);
  desk.request.key = "young";
  ASSERT_TRUE(desk.keep(desk.request));
  EXPECT_EQ(desk.keys.sweep(desk.clock.now(), 3).value(), 3u);
  EXPECT_EQ(desk.keys.sweep(desk.clock.now(), 3).value(), 2u);
  EXPECT_EQ(desk.keys.sweep(desk.clock.now(), 3).value(), 0u);
  EXPECT_TRUE(desk.keys.find(desk.request).value());
}

}  // namespace
}  // namespace metergate
