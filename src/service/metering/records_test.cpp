#include "service/metering/records.h"

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

struct RecordsTown : TestWorld {
  Ingest ingest{*store, *directory, rules, clock};
  Enforcement enforcement{{*store, *directory, *catalog, ingest, rules, clock}};
  Records records{{*store, *directory, enforcement, *deliveries, rules, clock}};
  TenantAccess own = of_tenant("tenant_1");
  TenantAccess provider = Caller::provider("ann@example.com", Permissions::all())
                              .access(tenant_id("tenant_1"), Permission::tenants_update)
                              .value();

  static TenantAccess of_tenant(std::string_view id) {
    return Caller::of_tenant("till", tenant_id(id))
        .access(tenant_id(id), Permission::tenants_update)
        .value();
  }
  Json add_store(const std::string& id) {
    return records.add_store(own, NewStore{id, "Store " + id}, actor).value();
  }
  Json add_device(const std::string& id, const std::string& store_id) {
    return records.add_device(own, NewDevice{id, store_id, "Till", "POS"}, actor).value();
  }
  RecordPage list(RecordKind kind, const RecordQuery& query = {}) const {
    return records.list(own, kind, query).value();
  }
  std::string ids(RecordKind kind, const RecordQuery& query = {}) const {
    std::string text;
    for (const Json& record : list(kind, query).records) {
      text += record.string_at(row_of(kind).id_name).value_or("?") + " ";
    }
    return text;
  }
};

TEST(Records, StoreIsAnsweredAsItIsKept) {
  RecordsTown town;
  const Json made = town.add_store("s1");
  EXPECT_EQ(to_text(made), R"({"tenant_id":"tenant_1","store_id":"s1","name":"Store s1",)"
                           R"("status":"active","created_at":"2026-03-05T10:30:00.000Z",)"
                           R"("updated_at":"2026-03-05T10:30:00.000Z"})");
  EXPECT_EQ(town.records.get(town.own, RecordKind::store, "s1").value(), made);
}

TEST(Records, IdThatIsLeftOutIsAUlid) {
  RecordsTown town;
  const Json made =
      town.records.add_store(town.own, NewStore{std::nullopt, "Nameless"}, town.actor).value();
  EXPECT_EQ(made.string_at("store_id")->size(), 26u);
}

TEST(Records, TakenIdIsADuplicateAndThatOfADeletedRecordIsFree) {
  RecordsTown town;
  town.add_store("s1");
  expect_error(town.records.add_store(town.own, NewStore{"s1", "Again"}, town.actor),
               ErrorCode::duplicate);
  ASSERT_TRUE(town.records.remove(town.own, {RecordKind::store, "s1"}, town.actor));
  town.clock.advance(std::chrono::hours{1});
  const Json again =
      town.records.add_store(town.provider, NewStore{"s1", "Again"}, town.actor).value();
  EXPECT_EQ(again.string_at("name"), "Again");
  EXPECT_EQ(again.timestamp_at("created_at"), town.clock.now());
  EXPECT_EQ(town.counter("tenant_1").gauges.stores.last, 1);
  EXPECT_EQ(town.ids(RecordKind::store), "s1 ");
  EXPECT_TRUE(town.audits("store.created")[0].find("before")->is_null());
  expect_error(town.records.add_store(town.own, NewStore{"s1", "Twice"}, town.actor),
               ErrorCode::duplicate);
  // Another tenant's ids are its own.
  EXPECT_TRUE(town.records.add_store(RecordsTown::of_tenant("tenant_2"), NewStore{"s1", "Other"},
                                     town.actor));
}

TEST(Records, AllThatIsWrongWithAStoreIsTold) {
  RecordsTown town;
  const auto added = town.records.add_store(town.own, NewStore{"a b", ""}, town.actor);
  expect_error(added, ErrorCode::invalid, "store_id");
  EXPECT_EQ(added.error().faults.size(), 2u);
}

TEST(Records, DeviceNeedsAStoreThatIsThere) {
  RecordsTown town;
  town.add_store("s1");
  EXPECT_EQ(town.add_device("d1", "s1").string_at("type"), "POS");
  const auto add = [&](const std::string& store_id, const std::string& type) {
    return town.records.add_device(town.own, NewDevice{"d2", store_id, "Till", type}, town.actor);
  };
  expect_error(add("s9", "POS"), ErrorCode::invalid, "store_id");
  expect_error(add("not an id", "POS"), ErrorCode::invalid, "store_id");
  expect_error(add("s1", "TILL"), ErrorCode::invalid, "type");
  ASSERT_TRUE(town.records.change(town.own, {RecordKind::store, "s1"}, {{}, "suspended"}, {}));
  EXPECT_TRUE(add("s1", "GATE"));
  ASSERT_TRUE(town.records.remove(town.own, {RecordKind::store, "s1"}, town.actor,
                                  Records::Devices::remove));
  expect_error(town.records.add_device(town.own, NewDevice{"d3", "s1", "Till", "POS"}, town.actor),
               ErrorCode::invalid, "store_id");
}

TEST(Records, CountersFollowSuspendingResumingAndDeleting) {
  RecordsTown town;
  const auto active = [&] { return town.counter("tenant_1").gauges.stores.last; };
  town.add_store("s1");
  town.add_store("s2");
  town.clock.advance(Milliseconds{1});
  EXPECT_EQ(active(), 2);
  ASSERT_TRUE(town.records.change(town.own, {RecordKind::store, "s1"}, {{}, "suspended"}, {}));
  EXPECT_EQ(active(), 1);
  town.clock.advance(Milliseconds{1});
  ASSERT_TRUE(town.records.change(town.own, {RecordKind::store, "s1"}, {{}, "active"}, {}));
  EXPECT_EQ(active(), 2);
  town.clock.advance(Milliseconds{1});
  ASSERT_TRUE(town.records.remove(town.own, {RecordKind::store, "s2"}, {}));
  EXPECT_EQ(active(), 1);
  EXPECT_EQ(town.counter("tenant_1").gauges.stores.peak, 2);
}

TEST(Records, DeletedRecordIsKeptAndShownNowhere) {
  RecordsTown town;
  town.add_store("s1");
  const Json removed = town.records.remove(town.own, {RecordKind::store, "s1"}, town.actor).value();
  EXPECT_EQ(removed.string_at("status"), "deleted");
  EXPECT_EQ(town.ids(RecordKind::store), "");
  EXPECT_EQ(town.all(Collection::stores).size(), 1u);
  const Records::Reference gone{RecordKind::store, "s1"};
  expect_error(town.records.get(town.own, RecordKind::store, "s1"), ErrorCode::not_found);
  expect_error(town.records.change(town.own, gone, {"New", {}}, town.actor), ErrorCode::not_found);
  expect_error(town.records.remove(town.own, gone, town.actor), ErrorCode::not_found);
}

TEST(Records, ChangeKeepsWhatItDoesNotName) {
  RecordsTown town;
  town.add_store("s1");
  town.clock.advance(std::chrono::seconds{1});
  const Records::Reference store{RecordKind::store, "s1"};
  const Json changed = town.records.change(town.own, store, {"New", {}}, town.actor).value();
  EXPECT_EQ(changed.string_at("name"), "New");
  EXPECT_EQ(changed.string_at("status"), "active");
  EXPECT_EQ(changed.timestamp_at("updated_at"), town.clock.now());
  EXPECT_LT(*changed.timestamp_at("created_at"), town.clock.now());
  expect_error(town.records.change(town.own, store, {}, town.actor), ErrorCode::invalid);
  expect_error(town.records.change(town.own, store, {{}, "deleted"}, town.actor),
               ErrorCode::invalid, "status");
  expect_error(town.records.change(town.own, store, {"\n", {}}, town.actor), ErrorCode::invalid,
               "name");
}

TEST(Records, RecordOfAnotherTenantIsNotThere) {
  RecordsTown town;
  town.add_store("s1");
  expect_error(town.records.get(RecordsTown::of_tenant("tenant_2"), RecordKind::store, "s1"),
               ErrorCode::not_found);
  expect_error(town.records.get(town.own, RecordKind::store, "s2"), ErrorCode::not_found);
  expect_error(town.records.get(town.own, RecordKind::store, "../s1"), ErrorCode::not_found);
}

TEST(Records, TenantThatIsNotInTheDirectoryHasNoRecords) {
  RecordsTown town;
  const TenantAccess nobody = RecordsTown::of_tenant("nobody");
  expect_error(town.records.add_store(nobody, NewStore{"s1", "Store"}, {}),
               ErrorCode::tenant_not_found);
  expect_error(town.records.add_sale(nobody, NewTrade{}, {}), ErrorCode::tenant_not_found);
  expect_error(town.records.get(nobody, RecordKind::store, "s1"), ErrorCode::tenant_not_found);
  expect_error(town.records.list(nobody, RecordKind::store, {}), ErrorCode::tenant_not_found);
}

TEST(Records, ProvidersChangesAreAuditedAndTenantsOwnAreNot) {
  RecordsTown town;
  town.add_store("s1");
  EXPECT_TRUE(town.audits("store.created").empty());
  ASSERT_TRUE(town.records.add_store(town.provider, NewStore{"s2", "Two"}, town.actor));
  const Records::Reference store{RecordKind::store, "s2"};
  ASSERT_TRUE(town.records.change(town.provider, store, {"Second", {}}, town.actor));
  ASSERT_TRUE(town.records.remove(town.provider, store, town.actor));
  EXPECT_EQ(town.audits("store.created").size(), 1u);
  const auto updated = town.audits("store.updated");
  ASSERT_EQ(updated.size(), 1u);
  EXPECT_EQ(updated[0].string_at("tenant_id"), "tenant_1");
  EXPECT_EQ(updated[0].find("before")->string_at("name"), "Two");
  EXPECT_EQ(updated[0].find("after")->string_at("name"), "Second");
  EXPECT_EQ(town.audits("store.deleted").size(), 1u);
}

TEST(Records, SaleHasTheServersTimeAndTheBillingCurrencyByDefault) {
  RecordsTown town;
  NewTrade wanted;
  wanted.id = "sale1";
  wanted.amount = 1250;
  EXPECT_EQ(to_text(town.records.add_sale(town.own, wanted, town.actor).value()),
            R"({"tenant_id":"tenant_1","sale_id":"sale1","amount":1250,"currency":"USD",)"
            R"("timestamp":"2026-03-05T10:30:00.000Z","created_at":"2026-03-05T10:30:00.000Z",)"
            R"("updated_at":"2026-03-05T10:30:00.000Z"})");
  EXPECT_EQ(town.counter("tenant_1").gauges.sales.last, 1);
  expect_error(town.records.add_sale(town.own, wanted, town.actor), ErrorCode::duplicate);
}

TEST(Records, BoundsOfASaleAreExact) {
  RecordsTown town;
  const auto add = [&](NewTrade wanted) { return town.records.add_sale(town.own, wanted, {}); };
  NewTrade wanted;
  wanted.amount = kAmountMax;
  EXPECT_TRUE(add(wanted));
  wanted.amount = kAmountMax + 1;
  expect_error(add(wanted), ErrorCode::invalid, "amount");
  wanted.amount = -1;
  expect_error(add(wanted), ErrorCode::invalid, "amount");
  wanted.amount = 0;
  EXPECT_TRUE(add(wanted));
  wanted.currency = "JPY";
  EXPECT_TRUE(add(wanted));
  wanted.currency = "XYZ";
  expect_error(add(wanted), ErrorCode::invalid, "currency");
  wanted.currency = std::nullopt;
  wanted.occurred_at = town.clock.now() + std::chrono::minutes{5};
  EXPECT_TRUE(add(wanted));
  wanted.occurred_at = *wanted.occurred_at + Milliseconds{1};
  expect_error(add(wanted), ErrorCode::invalid, "timestamp");
  wanted.occurred_at = std::nullopt;
  wanted.store_id = "no id";
  expect_error(add(wanted), ErrorCode::invalid, "store_id");
}

TEST(Records, TicketNamesItsSaleAndHasNoAmount) {
  RecordsTown town;
  NewTrade wanted;
  wanted.id = "t1";
  wanted.sale_id = "sale1";
  wanted.device_id = "d1";
  const Json ticket = town.records.add_ticket(town.own, wanted, town.actor).value();
  EXPECT_EQ(ticket.string_at("ticket_id"), "t1");
  EXPECT_EQ(ticket.string_at("sale_id"), "sale1");
  EXPECT_EQ(ticket.string_at("device_id"), "d1");
  EXPECT_EQ(ticket.find("amount"), nullptr);
  EXPECT_EQ(town.counter("tenant_1").gauges.tickets.last, 1);
}

TEST(Records, ListFiltersSortsAndPages) {
  RecordsTown town;
  for (const char* id : {"s1", "s2", "s3"}) town.add_store(id);
  town.add_device("d1", "s1");
  town.add_device("d2", "s2");
  ASSERT_TRUE(town.records.change(town.own, {RecordKind::store, "s2"}, {"A", "suspended"}, {}));
  EXPECT_EQ(town.ids(RecordKind::store), "s1 s2 s3 ");
  EXPECT_EQ(town.ids(RecordKind::store, {.sort = "-store_id"}), "s3 s2 s1 ");
  EXPECT_EQ(town.ids(RecordKind::store, {.sort = "name"}), "s2 s1 s3 ");
  EXPECT_EQ(town.ids(RecordKind::store, {.equal = {{"status", "active"}}}), "s1 s3 ");
  EXPECT_EQ(town.ids(RecordKind::device, {.equal = {{"store_id", "s2"}}}), "d2 ");
  EXPECT_EQ(town.ids(RecordKind::store, {.page = 2, .limit = 2}), "s3 ");
  EXPECT_EQ(town.list(RecordKind::store, {.page = 2, .limit = 2}).total, 3);
  EXPECT_EQ(town.list(RecordKind::store, {.page = 9, .limit = 2}).records.size(), 0u);
  EXPECT_EQ(town.list(RecordKind::store).records[0].find("revision"), nullptr);
}

TEST(Records, ListOfSalesHasAHalfOpenRange) {
  RecordsTown town;
  for (int hour = 8; hour < 11; ++hour) {
    NewTrade wanted;
    wanted.id = "sale" + std::to_string(hour);
    wanted.occurred_at = at("2026-03-05T00:00:00Z") + std::chrono::hours{hour};
    ASSERT_TRUE(town.records.add_sale(town.own, wanted, {}));
  }
  RecordQuery query;
  query.sort = "-timestamp";
  EXPECT_EQ(town.ids(RecordKind::sale, query), "sale10 sale9 sale8 ");
  query.from = at("2026-03-05T08:00:00Z");
  query.to = at("2026-03-05T10:00:00Z");
  EXPECT_EQ(town.ids(RecordKind::sale, query), "sale9 sale8 ");
}

TEST(Records, WriteThatFailsIsPassedOn) {
  RecordsTown town;
  town.store->faults().refuse_writes = true;
  expect_error(town.records.add_store(town.own, NewStore{"s1", "Store"}, {}), ErrorCode::storage);
}

TEST(Records, AnUnchangedPatchWritesNothingAndTellsNobody) {
  RecordsTown town;
  town.add_store("s1");
  town.add_device("d1", "s1");
  for (const RecordKind kind : {RecordKind::store, RecordKind::device}) {
    const std::string id = kind == RecordKind::store ? "s1" : "d1";
    const Json shown = town.records.get(town.own, kind, id).value();
    const Sequence before = town.store->head();
    town.clock.advance(std::chrono::seconds{1});
    const Records::Reference which{kind, id};
    const std::string name = shown.string_at("name").value();
    EXPECT_EQ(town.records.change(town.provider, which, {name, {}}, town.actor).value(), shown);
    EXPECT_EQ(town.records.change(town.own, which, {name, "active"}, town.actor).value(), shown);
    EXPECT_EQ(town.store->head(), before);
    ASSERT_TRUE(town.records.change(town.own, which, {{}, "suspended"}, town.actor));
    EXPECT_GT(town.store->head(), before);
  }
  EXPECT_TRUE(town.audits("store.updated").empty());
}

}  // namespace
}  // namespace metergate
