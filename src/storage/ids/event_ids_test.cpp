#include "storage/ids/event_ids.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/testing/test_events.h"

namespace metergate {
namespace {

TEST(EventIds, ContentIsTheSameByBothFingerprints) {
  HashKey key{};
  UsageEvent event = test_events::call("a", 1'700'000'000'000);
  const EventId id = id_of(event, key);
  const std::uint64_t of_before = keyed_hash(key, canonical_content_with_time(event)).low;
  EXPECT_NE(id.fingerprint, of_before);
  EXPECT_TRUE(is_same_content(id.fingerprint, event, id, key));
  EXPECT_TRUE(is_same_content(of_before, event, id, key));
  // With the time as part of the content, another time means other content.
  UsageEvent later = event;
  later.occurred_at += std::chrono::seconds{1};
  EXPECT_EQ(id_of(later, key).fingerprint, id.fingerprint);
  EXPECT_FALSE(is_same_content(of_before, later, id_of(later, key), key));
  std::get<ApiCall>(event.fact).status = 500;
  EXPECT_FALSE(is_same_content(id.fingerprint, event, id_of(event, key), key));
}

UsageEvent event_named(const std::string& id) {
  UsageEvent event;
  event.tenant = TenantId::parse("acme").value();
  event.source = "till";
  event.id = id;
  event.fact = StorageReport{7};
  return event;
}

TEST(EventIds, FindsEachUnderTheContentItWasAddedWithWhateverRoomWasMade) {
  for (const std::size_t reserved : {0U, 1U, 100U, 5000U}) {
    std::mt19937_64 random{3};  // NOLINT(cert-msc51-cpp): the same ids in every run
    EventIds ids;
    ids.reserve(reserved);
    std::vector<EventId> added;
    for (int i = 0; i < 2000; ++i) {
      added.push_back({{random(), random()}, random()});
      ids.add(added.back(), i % 3);
    }
    EXPECT_EQ(ids.size(), added.size());
    for (std::size_t i = 0; i < added.size(); ++i) {
      ids.prefetch(added[i].hash);
      const std::int32_t period = static_cast<std::int32_t>(i) % 3;
      ASSERT_EQ(ids.find(added[i].hash, period - 1), added[i].fingerprint);
      ASSERT_FALSE(ids.find(added[i].hash, period));
      ASSERT_FALSE(ids.find({random(), random()}, -1));
    }
  }
}

TEST(EventIds, IdsOfManyAreThoseOfEach) {
  const HashKey key;
  std::vector<UsageEvent> events{event_named("1"), event_named("2"), event_named("1")};
  events[2].fact = StorageReport{8};
  const std::vector<EventId> ids = ids_of(events, key);
  ASSERT_EQ(ids.size(), events.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(ids[i].hash, id_of(events[i], key).hash);
    EXPECT_EQ(ids[i].fingerprint, id_of(events[i], key).fingerprint);
  }
  EXPECT_NE(ids[0].hash, ids[1].hash);
  EXPECT_EQ(ids[0].hash, ids[2].hash);
  EXPECT_NE(ids[0].fingerprint, ids[2].fingerprint);
}

// The hashes are on disk, so a later build must compute the same ones.
TEST(EventIds, HashesNeverChange) {
  const EventId id = id_of(event_named("1"), HashKey{});
  EXPECT_EQ(id.hash.high, 7262460004998150876U);
  EXPECT_EQ(id.hash.low, 6106843791616566553U);
  EXPECT_EQ(id.fingerprint, 4421903795816547962U);
  // The older form, with the time as part of the content.
  EXPECT_TRUE(is_same_content(4173628063159414060U, event_named("1"), id, HashKey{}));
}

}  // namespace
}  // namespace metergate
