#include "service/metering/record_counts.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class RecordCounts : public testing::Test {
 protected:
  RecordCounts() { world_.add("a", "free"); }

  void add_store(const std::string& id, const std::string& status) {
    Batch batch;
    batch.at = world_.clock.now();
    batch.documents.push_back(
        {Collection::stores,
         {"a", id},
         Json::object(
             {{"tenant_id", "a"}, {"store_id", id}, {"status", status}, {"updated_at", batch.at}}),
         Expect::anything,
         0});
    must(world_.store->apply(std::move(batch)));
  }

  std::vector<CountDifference> differences() {
    return must(compare_counts(*world_.store, tenant("a"), period("2026-03")));
  }

  ServicesWorld world_;
};

TEST_F(RecordCounts, TenantWithoutRecordsHasNothingToCompare) {
  world_.stores("a", "2026-03-05T00:00:00Z", 7);
  EXPECT_TRUE(differences().empty());
}

TEST_F(RecordCounts, ActiveRecordsAgreeWithTheirGauge) {
  add_store("s1", "active");
  add_store("s2", "active");
  add_store("s3", "suspended");
  EXPECT_TRUE(differences().empty());
}

TEST_F(RecordCounts, DifferenceIsFound) {
  add_store("s1", "active");
  // A state that no verb creates: a level of the same instant with another value.
  world_.stores("a", "2026-03-10T12:00:00Z", 9);
  const std::vector<CountDifference> found = differences();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].meter, Meter::stores_count);
  EXPECT_EQ(found[0].records, 1);
  EXPECT_EQ(found[0].gauge, 9);
}

TEST_F(RecordCounts, CountThatTheApplicationStatedLaterStands) {
  add_store("s1", "active");
  world_.stores("a", "2026-03-10T12:00:01Z", 9);
  EXPECT_TRUE(differences().empty());
}

}  // namespace
}  // namespace metergate
