// The engines and helpers of the contract, and the contract for events and batches.
#include "storage/testing/store_contract.h"

#include <future>

#include "storage/cluster/cluster_store.h"
#include "storage/cluster/memory_journal.h"
#include "storage/engine/memory_store.h"
#include "storage/engine/open_store.h"
#include "storage/testing/test_folder.h"

namespace metergate::contract {
namespace {

class MemoryUnderTest final : public StoreUnderTest {
 public:
  explicit MemoryUnderTest(const TimeZone& zone) : store_(make_memory_store(zone)) {}
  Store& store() override { return *store_; }
  void reopen() override {}

 private:
  std::unique_ptr<ControlledStore> store_;
};

class EmbeddedUnderTest final : public StoreUnderTest {
 public:
  explicit EmbeddedUnderTest(const TimeZone& zone) {
    options_.folder = folder_.path();
    options_.zone = zone;
    options_.segment_bytes = 1 << 20;
    reopen();
  }
  Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    auto opened = open_embedded_store(options_, clock_, log_);
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().message);
    store_ = std::move(opened).value();
  }

 private:
  TestFolder folder_;
  ManualClock clock_{Timestamp{}};  // never later than the facts, unless a test says so
  Log log_{clock_, LogLevel::error};
  EmbeddedOptions options_;
  std::unique_ptr<Store> store_;
};

ClusterOptions node_options(const std::string& name) {
  return {.name = name,
          .mark = {},
          .poll_min = Milliseconds{1},
          .poll_max = Milliseconds{1},
          .answer_within = std::chrono::seconds{60}};
}

std::unique_ptr<ClusterStore> must_open(Result<std::unique_ptr<ClusterStore>> opened) {
  EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().message);
  return std::move(opened).value();
}

// One node, whose copy of the journal is on disk.
class NodeUnderTest final : public StoreUnderTest {
 public:
  explicit NodeUnderTest(const TimeZone& zone) {
    options_.folder = folder_.path();
    options_.zone = zone;
    options_.segment_bytes = 1 << 20;
    options_.shared_id_key = HashKey{{1, 2, 3}};
    reopen();
  }
  Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    auto copy = open_embedded_view_store(options_, clock_, log_);
    EXPECT_TRUE(copy.has_value()) << (copy ? "" : copy.error().message);
    ClusterOptions node = node_options("node");
    node.mark = folder_ / "mark";
    store_ = must_open(open_cluster_store(database_.link(), *std::move(copy), node, clock_, log_));
  }

 private:
  TestFolder folder_;
  MemoryDatabase database_;
  ManualClock clock_{Timestamp{}};
  Log log_{clock_, LogLevel::error};
  EmbeddedOptions options_;
  std::unique_ptr<ClusterStore> store_;
};

// Three nodes that take turns: each call goes to the next one, once it has followed so far.
class TurnsUnderTest final : public StoreUnderTest, private ForwardingStore {
 public:
  explicit TurnsUnderTest(const TimeZone& zone) {
    for (const char* name : {"a", "b", "c"}) {
      ViewStoreOptions options{zone, {}, HashKey{{1, 2, 3}}};
      nodes_.push_back(must_open(open_cluster_store(
          database_.link(), make_memory_view_store(options), node_options(name), clock_, log_)));
    }
  }
  Store& store() override { return *this; }
  void reopen() override {}

 private:
  Store& store() const override {
    Store& before = *nodes_[turn_];
    const Sequence reached = before.head();
    turn_ = (turn_ + 1) % nodes_.size();
    nodes_[turn_]->wait_durable(reached);
    return *nodes_[turn_];
  }
  // These concern a node's own copy: all of them do it.
  Result<RetentionDone> retire(const RetentionCut& cut) override {
    Result<RetentionDone> done = RetentionDone{};
    for (std::size_t i = 0; i < nodes_.size(); ++i) done = ForwardingStore::retire(cut);
    return done;
  }
  std::vector<TenantPeriod> take_touched(std::size_t max) override {
    std::vector<TenantPeriod> taken;
    for (std::size_t i = 0; i < nodes_.size(); ++i) taken = ForwardingStore::take_touched(max);
    return taken;
  }
  Result<> checkpoint() override {
    for (std::size_t i = 0; i < nodes_.size(); ++i) TRY(ForwardingStore::checkpoint());
    return {};
  }

  MemoryDatabase database_;
  ManualClock clock_{Timestamp{}};
  Log log_{clock_, LogLevel::error};
  mutable std::size_t turn_ = 0;
  std::vector<std::unique_ptr<ClusterStore>> nodes_;
};

}  // namespace

std::vector<Engine> all_engines() {
  return {
      {"memory", [](const TimeZone& zone) { return std::make_unique<MemoryUnderTest>(zone); }},
      {"embedded", [](const TimeZone& zone) { return std::make_unique<EmbeddedUnderTest>(zone); }},
      {"node", [](const TimeZone& zone) { return std::make_unique<NodeUnderTest>(zone); }},
      {"turns", [](const TimeZone& zone) { return std::make_unique<TurnsUnderTest>(zone); }}};
}

Commit StoreContract::apply(Batch batch) {
  auto commit = store().apply(std::move(batch));
  EXPECT_TRUE(commit.has_value()) << (commit ? "" : commit.error().message);
  return commit.value_or(Commit{});
}

Json StoreContract::get(Collection collection, const DocumentKey& key) {
  const auto document = store().get(collection, key);
  EXPECT_TRUE(document.has_value()) << document.error().message;
  return document->value_or(Json());
}

std::vector<Json> StoreContract::find(Collection collection, std::string_view filter,
                                      std::string_view sort, std::int64_t limit) {
  Query query;
  query.collection = collection;
  query.filter = parse_filter(*parse_extended_json(filter)).value();
  query.sort = parse_sort(*parse_json(sort)).value();
  query.limit = limit;
  auto documents = store().find(query);
  EXPECT_TRUE(documents.has_value()) << (documents ? "" : documents.error().message);
  return documents.value_or(std::vector<Json>{});
}

Counter StoreContract::counter(std::string_view tenant_id, std::string_view of_period) {
  const auto counter = store().counter(tenant(tenant_id), period(of_period));
  EXPECT_TRUE(counter.has_value() && counter->has_value());
  return counter && *counter ? **counter : Counter{};
}

TenantId tenant(std::string_view text) { return TenantId::parse(text).value(); }

Timestamp at(std::string_view text) {
  const bool is_date = text.find('T') == std::string_view::npos;
  return parse_timestamp(is_date ? std::string(text) + "T00:00:00Z" : std::string(text)).value();
}

Period period(std::string_view text) { return Period::parse(text).value(); }

Day day(std::string_view text) { return parse_day(text).value(); }

UsageEvent call(std::string_view tenant_id, std::string_view id, std::string_view when) {
  return fact(tenant_id, id, when,
              ApiCall{"GET", "GET /a", "/a", 200, 10, 20, Microseconds{1500}, "", "", ""});
}

UsageEvent fact(std::string_view tenant_id, std::string_view id, std::string_view when,
                Fact content) {
  UsageEvent event;
  event.tenant = tenant(tenant_id);
  event.source = "test";
  event.id = id;
  event.occurred_at = at(when);
  event.fact = std::move(content);
  return event;
}

Batch events(std::vector<UsageEvent> list) {
  Batch batch;
  batch.at = at("2026-03-10");
  batch.events = std::move(list);
  return batch;
}

Batch write(Collection collection, DocumentKey key, std::optional<Json> document,
            std::string_view when) {
  Batch batch;
  batch.at = at(when);
  batch.documents.push_back({collection, std::move(key), std::move(document)});
  return batch;
}

Batch record(Collection collection, std::string_view tenant_id, std::string_view id,
             std::string_view status, std::string_view when) {
  const std::string id_name(collection == Collection::stores ? "store_id" : "device_id");
  return write(collection, {std::string(tenant_id), std::string(id)},
               Json::object({{"tenant_id", tenant_id}, {id_name, id}, {"status", status}}), when);
}

AuditRecord audit(std::string_view id, std::string_view tenant_id) {
  AuditRecord record;
  record.audit_id = id;
  record.actor = "ann";
  record.action = "subscription.plan_changed";
  record.tenant_id = tenant_id;
  record.reason = "they asked";
  record.before = Json::object({{"plan", "free"}});
  record.after = Json::object({{"plan", "basic"}});
  record.timestamp = at("2026-03-10");
  return record;
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, testing::ValuesIn(all_engines()),
                         [](const auto& param) { return param.param.name; });

TEST_P(StoreContract, EachBatchGetsTheNextSequence) {
  EXPECT_EQ(store().head(), 0U);
  EXPECT_EQ(apply(events({call("a", "1", "2026-03-01")})).sequence, 1U);
  EXPECT_EQ(apply(events({call("a", "2", "2026-03-01")})).sequence, 2U);
  EXPECT_EQ(store().head(), 2U);
  store().wait_durable(2);
  EXPECT_EQ(store().durable(), 2U);
}

TEST_P(StoreContract, SaysBeforehandThatItTakesMore) { EXPECT_TRUE(store().admits()); }

TEST_P(StoreContract, WhatIsDurableHasBeenWrittenBefore) {
  std::promise<void> is_written;
  apply(events({call("a", "1", "2026-03-01")}));
  store().when_written(1, [&] { is_written.set_value(); });
  is_written.get_future().wait();
  EXPECT_EQ(store().written(), 1U);
  store().wait_durable(1);
  EXPECT_GE(store().written(), store().durable());
  bool is_called = false;
  store().when_written(1, [&] { is_called = true; });
  EXPECT_TRUE(is_called) << "what is written already is answered at once";
}

TEST_P(StoreContract, NothingNewTakesNoSequence) {
  EXPECT_EQ(apply(events({})).sequence, 0U);
  apply(events({call("a", "1", "2026-03-01")}));
  const Commit again = apply(events({call("a", "1", "2026-03-01")}));
  EXPECT_EQ(again.sequence, 1U);
  EXPECT_TRUE(again.applied);
  EXPECT_EQ(again.outcomes, std::vector{EventOutcome::duplicate});
}

TEST_P(StoreContract, TheSameEventCountsOnce) {
  apply(events({call("a", "1", "2026-03-01"), call("a", "1", "2026-03-01")}));
  const Commit later = apply(events({call("a", "1", "2026-03-01"), call("a", "2", "2026-03-01")}));
  EXPECT_EQ(later.outcomes, (std::vector{EventOutcome::duplicate, EventOutcome::accepted}));
  EXPECT_EQ(counter("a", "2026-03").calls.count, 2);
}

TEST_P(StoreContract, IdsAreByTenantAndSource) {
  UsageEvent other_source = call("a", "1", "2026-03-01");
  other_source.source = "other";
  apply(events({call("a", "1", "2026-03-01"), call("b", "1", "2026-03-01"), other_source}));
  EXPECT_EQ(counter("a", "2026-03").calls.count, 2);
  EXPECT_EQ(counter("b", "2026-03").calls.count, 1);
}

TEST_P(StoreContract, OtherContentUnderTheSameIdIsAConflictAndNothingIsWritten) {
  apply(events({call("a", "1", "2026-03-01")}));
  UsageEvent changed = call("a", "1", "2026-03-01");
  std::get<ApiCall>(changed.fact).status = 500;
  Batch batch = events({call("a", "2", "2026-03-01"), changed});
  batch.documents.push_back({Collection::settings, {"", "x"}, Json::object()});
  const Commit commit = apply(std::move(batch));
  EXPECT_FALSE(commit.applied);
  EXPECT_EQ(commit.outcomes, (std::vector{EventOutcome::accepted, EventOutcome::conflict}));
  EXPECT_EQ(commit.sequence, 1U);
  EXPECT_EQ(counter("a", "2026-03").calls.count, 1);
  EXPECT_TRUE(get(Collection::settings, {"", "x"}).is_null());
  EXPECT_EQ(apply(events({call("a", "2", "2026-03-01")})).outcomes[0], EventOutcome::accepted);
}

TEST_P(StoreContract, AConflictWithinABatchRefusesIt) {
  UsageEvent changed = call("a", "1", "2026-03-01");
  changed.billable = false;
  EXPECT_FALSE(apply(events({call("a", "1", "2026-03-01"), changed})).applied);
  EXPECT_EQ(store().head(), 0U);
}

TEST_P(StoreContract, AnotherTimeAloneIsADuplicateWhileTheFirstOnesPeriodIsOpen) {
  apply(events({call("a", "1", "2026-03-01"), call("a", "2", "2026-02-01")}));
  EXPECT_EQ(apply(events({call("a", "1", "2026-03-02")})).outcomes[0], EventOutcome::duplicate);
  EXPECT_EQ(apply(events({call("a", "1", "2026-04-01")})).outcomes[0], EventOutcome::duplicate);
  EXPECT_EQ(store().billable_calls(tenant("a"), period("2026-04")).value(), 0);
  Batch close;
  close.close_through = period("2026-02");
  apply(std::move(close));
  // The first one counts, even against a time that is now closed.
  EXPECT_EQ(apply(events({call("a", "1", "2026-02-01")})).outcomes[0], EventOutcome::duplicate);
  EXPECT_TRUE(store().is_counted(call("a", "1", "2026-02-01")).value());
  EXPECT_FALSE(store().is_counted(call("b", "1", "2026-02-01")).value());
  UsageEvent changed = call("a", "1", "2026-02-01");
  std::get<ApiCall>(changed.fact).status = 500;
  EXPECT_FALSE(store().is_counted(changed).value());
  EXPECT_EQ(apply(events({changed})).outcomes[0], EventOutcome::period_closed);
  // An id of a closed period is forgotten with the period.
  EXPECT_EQ(apply(events({call("a", "2", "2026-03-01")})).outcomes[0], EventOutcome::accepted);
  EXPECT_EQ(counter("a", "2026-03").calls.count, 2);
}

TEST_P(StoreContract, ATypeThatNoMeterKnowsIsKeptUnmatched) {
  const UsageEvent own = fact("a", "1", "2026-03-01", OtherFact{"prompt", "{}"});
  const Commit commit = apply(events({own, call("a", "2", "2026-03-01"), own}));
  EXPECT_EQ(commit.outcomes, (std::vector{EventOutcome::unmatched, EventOutcome::accepted,
                                          EventOutcome::duplicate}));
  EXPECT_EQ(apply(events({own})).outcomes[0], EventOutcome::duplicate);
}

TEST_P(StoreContract, AnEventWithoutATimeOfItsOwnIsTheSameWheneverItComes) {
  UsageEvent event = call("a", "1", "2026-03-31");
  event.has_own_time = false;
  apply(events({event}));
  event.occurred_at = at("2026-04-01");
  EXPECT_EQ(apply(events({event})).outcomes[0], EventOutcome::duplicate);
}

TEST_P(StoreContract, EventsOfOurOwnAreNotLookedUp) {
  UsageEvent event = call("a", "1", "2026-03-01");
  event.is_ours = true;
  apply(events({event}));
  apply(events({event}));
  EXPECT_EQ(counter("a", "2026-03").calls.count, 2);
}

TEST_P(StoreContract, IdsAreKnownAfterACheckpointAndAReopening) {
  apply(events({call("a", "1", "2026-03-01")}));
  ASSERT_TRUE(store().checkpoint());
  EXPECT_EQ(apply(events({call("a", "1", "2026-03-01")})).outcomes[0], EventOutcome::duplicate);
  apply(events({call("a", "2", "2026-04-01")}));
  reopen();
  UsageEvent changed = call("a", "1", "2026-03-01");
  changed.billable = false;
  EXPECT_EQ(apply(events({changed})).outcomes[0], EventOutcome::conflict);
  EXPECT_EQ(apply(events({call("a", "2", "2026-04-01")})).outcomes[0], EventOutcome::duplicate);
}

TEST_P(StoreContract, AClosedPeriodTakesNoMoreEvents) {
  Batch close;
  close.close_through = period("2026-03");
  apply(std::move(close));
  EXPECT_EQ(store().closed_through(), period("2026-03"));
  const Commit late = apply(events({call("a", "1", "2026-04-01"), call("a", "2", "2026-03-31")}));
  EXPECT_FALSE(late.applied);
  EXPECT_EQ(late.outcomes, (std::vector{EventOutcome::accepted, EventOutcome::period_closed}));
  EXPECT_EQ(store().counter(tenant("a"), period("2026-04")).value(), std::nullopt);
  EXPECT_FALSE(apply(events({call("a", "3", "2025-12-31")})).applied);
  EXPECT_TRUE(apply(events({call("a", "1", "2026-04-01")})).applied);
}

TEST_P(StoreContract, ABatchForAPeriodThatMustBeOpenIsRefusedOnceThatIsClosed) {
  const DocumentKey key{"a", "1"};
  Batch batch = write(Collection::corrections, key, Json::object({{"tenant_id", "a"}}));
  batch.must_be_open = period("2026-03");
  apply(batch);
  Batch close;
  close.close_through = period("2026-03");
  apply(std::move(close));
  batch.events.push_back(call("a", "1", "2026-04-01"));
  const auto refused = store().apply(batch);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::period_closed);
  EXPECT_EQ(get(Collection::corrections, key).integer_at("revision"), 1);
  EXPECT_EQ(store().counter(tenant("a"), period("2026-04")).value(), std::nullopt);
  reopen();
  EXPECT_FALSE(store().apply(batch));
  batch.must_be_open = period("2026-04");
  EXPECT_TRUE(apply(batch).applied);
}

TEST_P(StoreContract, ABatchMayCloseThePeriodThatMustBeOpenBeforeIt) {
  Batch batch = write(Collection::corrections, {"a", "1"}, Json::object({{"tenant_id", "a"}}));
  batch.must_be_open = period("2026-03");
  batch.close_through = period("2026-03");
  EXPECT_TRUE(apply(batch).applied);
  EXPECT_FALSE(store().apply(batch));
}

TEST_P(StoreContract, ClosingNeverGoesBack) {
  Batch close;
  close.close_through = period("2026-03");
  apply(close);
  close.close_through = period("2026-01");
  EXPECT_EQ(apply(close).sequence, 1U);
  EXPECT_EQ(store().closed_through(), period("2026-03"));
}

TEST_P(StoreContract, ABatchMayBringEventsAndCloseTheirPeriod) {
  Batch batch = events({call("a", "1", "2025-03-01")});
  batch.close_through = period("2025-03");
  EXPECT_TRUE(apply(std::move(batch)).applied);
  EXPECT_EQ(counter("a", "2025-03").calls.count, 1);
  EXPECT_FALSE(apply(events({call("a", "1", "2025-03-01")})).applied);
}

TEST_P(StoreContract, PeriodsAreCutInTheBillingTimeZone) {
  use_zone("Asia/Kathmandu");  // +05:45
  apply(
      events({call("a", "1", "2026-02-28T18:14:59.999Z"), call("a", "2", "2026-02-28T18:15:00Z")}));
  EXPECT_EQ(counter("a", "2026-02").calls.count, 1);
  EXPECT_EQ(counter("a", "2026-03").calls.count, 1);
}

}  // namespace metergate::contract
