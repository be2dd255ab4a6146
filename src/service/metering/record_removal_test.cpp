// Deleting a store, and the effect on its devices.
#include <map>

#include "service/metering/records.h"
#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;
using Devices = Records::Devices;

struct RemovalTown : TestWorld {
  Ingest ingest{*store, *directory, rules, clock};
  Enforcement enforcement{{*store, *directory, *catalog, ingest, rules, clock}};
  Records records{{*store, *directory, enforcement, *deliveries, rules, clock}};
  TenantAccess own = Caller::of_tenant("till", tenant_id("tenant_1"))
                         .access(tenant_id("tenant_1"), Permission::tenants_update)
                         .value();
  TenantAccess provider = Caller::provider("ann@example.com", Permissions::all())
                              .access(tenant_id("tenant_1"), Permission::tenants_update)
                              .value();
  const Records::Reference s1{RecordKind::store, "s1"};

  void add_store(const std::string& id) {
    ASSERT_TRUE(records.add_store(own, NewStore{id, "Store"}, actor));
  }
  void add_device(const std::string& id, const std::string& store_id) {
    ASSERT_TRUE(records.add_device(own, NewDevice{id, store_id, "Till", "POS"}, actor));
  }
  Result<Json> set_status(const std::string& device, const std::string& status) {
    return records.change(own, {RecordKind::device, device}, {{}, status}, actor);
  }
  std::string devices() const {
    std::string text;
    const RecordPage page = records.list(own, RecordKind::device, {}).value();
    for (const Json& device : page.records) text += device.string_at("device_id").value() + " ";
    return text;
  }
  const Gauges gauges() const { return counter("tenant_1").gauges; }
};

TEST(RecordRemoval, StoreWithActiveDevicesStaysAndSaysHowMany) {
  RemovalTown town;
  town.add_store("s1");
  town.add_device("d1", "s1");
  const auto one = town.records.remove(town.own, town.s1, town.actor);
  expect_error(one, ErrorCode::conflict);
  EXPECT_NE(one.error().message.find("1 active device:"), std::string::npos) << one.error().message;
  town.add_device("d2", "s1");
  const auto two = town.records.remove(town.own, town.s1, town.actor);
  expect_error(two, ErrorCode::conflict);
  EXPECT_NE(two.error().message.find("2 active devices"), std::string::npos) << two.error().message;
  EXPECT_EQ(town.gauges().stores.last, 1);
  EXPECT_EQ(town.gauges().devices.last, 2);
  // A suspended store's devices are billed too.
  ASSERT_TRUE(town.records.change(town.own, town.s1, {{}, "suspended"}, town.actor));
  expect_error(town.records.remove(town.own, town.s1, town.actor), ErrorCode::conflict);
}

TEST(RecordRemoval, DevicesOfOthersDoNotKeepAStore) {
  RemovalTown town;
  town.add_store("s1");
  town.add_store("s2");
  town.add_device("d2", "s2");
  town.add_device("d3", "s1");
  ASSERT_TRUE(town.records.remove(town.own, {RecordKind::device, "d3"}, town.actor));
  EXPECT_TRUE(town.records.remove(town.own, town.s1, town.actor));
  EXPECT_EQ(town.devices(), "d2 ");
}

TEST(RecordRemoval, DevicesGoWithTheirStoreInOneBatch) {
  RemovalTown town;
  town.add_store("s1");
  town.add_store("s2");
  for (const char* id : {"d1", "d2", "d3"}) town.add_device(id, "s1");
  town.add_device("d4", "s2");
  ASSERT_TRUE(town.set_status("d2", "suspended"));
  const Sequence before = town.store->head();
  ASSERT_TRUE(town.records.remove(town.provider, town.s1, town.actor, Devices::remove));
  EXPECT_EQ(town.store->head(), before + 1);
  EXPECT_EQ(town.devices(), "d4 ");
  EXPECT_EQ(town.gauges().stores.last, 1);
  EXPECT_EQ(town.gauges().devices.last, 1);
  EXPECT_EQ(town.audits("store.deleted").size(), 1U);
  const auto audits = town.audits("device.deleted");
  ASSERT_EQ(audits.size(), 3U);
  for (const Json& audit : audits) {
    EXPECT_NE(audit.find("before")->string_at("status"), "deleted");
    EXPECT_EQ(audit.find("after")->string_at("status"), "deleted");
  }
}

TEST(RecordRemoval, EachDeviceIsToldToTheTenantsWebhooks) {
  RemovalTown town;
  const auto owner = WebhookOwner::of(town.own);
  ASSERT_TRUE(town.webhooks->add(owner, {"https://example.com/hook", {"device.*", "store.*"}, {}},
                                 town.actor));
  town.add_store("s1");
  town.add_device("d1", "s1");
  town.add_device("d2", "s1");
  ASSERT_TRUE(town.records.remove(town.own, town.s1, town.actor, Devices::remove));
  std::map<std::string, int> told;
  for (const Json& delivery : town.all(Collection::webhook_deliveries))
    ++told[delivery.string_at("type").value()];
  EXPECT_EQ(told["device.deleted"], 2);
  EXPECT_EQ(told["store.deleted"], 1);
}

TEST(RecordRemoval, SuspendedDeviceStaysAndComesBackOnlyWithItsStore) {
  RemovalTown town;
  town.add_store("s1");
  town.add_device("d1", "s1");
  ASSERT_TRUE(town.set_status("d1", "suspended"));
  ASSERT_TRUE(town.records.remove(town.own, town.s1, town.actor));
  EXPECT_EQ(town.devices(), "d1 ");
  const auto orphan = town.set_status("d1", "active");
  expect_error(orphan, ErrorCode::conflict);
  EXPECT_NE(orphan.error().message.find("'s1'"), std::string::npos) << orphan.error().message;
  EXPECT_EQ(town.gauges().devices.last, 0);
  town.add_store("s1");
  EXPECT_TRUE(town.set_status("d1", "active"));
  EXPECT_EQ(town.gauges().devices.last, 1);
}

TEST(RecordRemoval, DeletedDevicesIdIsFreeInAnotherStore) {
  RemovalTown town;
  town.add_store("s1");
  town.add_device("d1", "s1");
  ASSERT_TRUE(town.records.remove(town.own, town.s1, town.actor, Devices::remove));
  expect_error(town.records.remove(town.own, town.s1, town.actor, Devices::remove),
               ErrorCode::not_found);
  town.add_store("s2");
  town.add_device("d1", "s2");
  EXPECT_EQ(town.gauges().devices.last, 1);
}

TEST(RecordRemoval, MoreDevicesThanABatchTakesAreLeft) {
  RemovalTown town;
  town.add_store("s1");
  for (std::int64_t i = 0; i <= kDevicesRemovedMax; ++i)
    town.add_device("d" + std::to_string(i), "s1");
  const auto removed = town.records.remove(town.own, town.s1, town.actor, Devices::remove);
  expect_error(removed, ErrorCode::conflict);
  EXPECT_NE(removed.error().message.find("1000"), std::string::npos) << removed.error().message;
  ASSERT_TRUE(town.records.remove(town.own, {RecordKind::device, "d0"}, town.actor));
  EXPECT_TRUE(town.records.remove(town.own, town.s1, town.actor, Devices::remove));
  EXPECT_EQ(town.gauges().devices.last, 0);
}

}  // namespace
}  // namespace metergate
