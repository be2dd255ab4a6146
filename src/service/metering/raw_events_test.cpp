#include "service/metering/raw_events.h"

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

struct RawTown : TestWorld {
  void record(std::string_view tenant, const std::string& id, std::string_view when) {
    UsageEvent event;
    event.tenant = tenant_id(tenant);
    event.source = "pos";
    event.id = id;
    event.occurred_at = at(when);
    event.fact = OtherFact{"prompt", "{}"};
    Batch batch;
    batch.at = clock.now();
    batch.events.push_back(std::move(event));
    ASSERT_TRUE(store->apply(std::move(batch)));
  }
  std::string ids(const RawPage& page) const {
    std::string text;
    for (const RawEvent& raw : page.events) text += raw.kept.event.id + " ";
    return text + (page.next ? "…" : ".");
  }
};

// Events of the same instant differ in their position.
TEST(RawEvents, PagesMeetEveryEventOnce) {
  RawTown town;
  for (int i = 0; i < 7; ++i)
    town.record("tenant_1", std::to_string(i),
                i < 5 ? "2026-03-02T00:00:00Z" : "2026-03-01T00:00:00Z");
  std::string seen;
  std::optional<RawPosition> after;
  do {
    const RawPage page = list_raw_events(*town.store, {}, after, 2).value();
    seen += town.ids(page);
    after = page.next;
  } while (after);
  EXPECT_EQ(seen, "4 3 …2 1 …0 6 …5 .");
}

TEST(RawEvents, AFullPageIsTheLastWhereNothingFollowsThatMatches) {
  RawTown town;
  town.record("tenant_1", "1", "2026-03-01T00:00:00Z");
  town.record("tenant_2", "2", "2026-03-02T00:00:00Z");
  RawFilter filter;
  filter.tenants = {"tenant_2"};
  EXPECT_EQ(town.ids(list_raw_events(*town.store, filter, {}, 1).value()), "2 .");
  filter.tenants = {"tenant_2", "tenant_1"};
  EXPECT_EQ(town.ids(list_raw_events(*town.store, filter, {}, 1).value()), "2 …");
  filter.tenants = {"no tenant at all"};
  EXPECT_EQ(town.ids(list_raw_events(*town.store, filter, {}, 1).value()), ".");
  EXPECT_EQ(find_fate("voided"), EventFate::voided);
  EXPECT_FALSE(find_fate("void"));
}

}  // namespace
}  // namespace metergate
