#include "storage/engine/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/crypto.h"
#include "storage/engine/view_store.h"
#include "storage/history/event_tail.h"
#include "storage/kv/memory_kv.h"

namespace metergate {
namespace {

// Durable at once, unless a test delays it.
class MemoryLedger final : public Ledger {
 public:
  explicit MemoryLedger(const MemoryFaults& faults) : faults_(faults) {}

  Result<> append(std::uint64_t sequence, std::string_view) override {
    if (faults_.refuse_writes)
      return fail(ErrorCode::storage, "the disk has no room (a test asked for this)");
    {
      const std::scoped_lock lock(mutex_);
      appended_ = sequence;
    }
    if (!faults_.hold_durable) release();
    return {};
  }

  std::uint64_t written() const override {
    const std::scoped_lock lock(mutex_);
    return appended_;
  }
  void when_written(std::uint64_t sequence, std::move_only_function<void()> then) override {
    CHECK(sequence <= written());
    then();
  }

  std::uint64_t durable() const override {
    const std::scoped_lock lock(mutex_);
    return durable_;
  }

  void when_durable(std::uint64_t sequence, std::move_only_function<void()> then) override {
    {
      const std::scoped_lock lock(mutex_);
      if (sequence > durable_) {
        waiting_.emplace(sequence, std::move(then));
        return;
      }
    }
    then();
  }

  void release() {
    std::vector<std::move_only_function<void()>> ready;
    {
      const std::scoped_lock lock(mutex_);
      durable_ = appended_;
      const auto end = waiting_.upper_bound(durable_);
      for (auto at = waiting_.begin(); at != end; ++at) ready.push_back(std::move(at->second));
      waiting_.erase(waiting_.begin(), end);
    }
    for (auto& then : ready) then();
  }

 private:
  const MemoryFaults& faults_;
  mutable std::mutex mutex_;
  std::uint64_t appended_ = 0;
  std::uint64_t durable_ = 0;
  std::multimap<std::uint64_t, std::move_only_function<void()>> waiting_;
};

class PlainStore final : public ViewStore {
 public:
  PlainStore(const ViewStoreOptions& options, std::unique_ptr<View> view,
             std::unique_ptr<Ledger> ledger)
      : ViewStore(options, std::move(view)) {
    start(std::move(ledger), std::make_unique<EventTail>());
  }
  Result<> checkpoint() override {
    const std::scoped_lock lock(mutex_);
    return write_checkpoint();
  }
  Result<Commit> reopen(Batch batch) override {
    const std::scoped_lock lock(mutex_);
    return reopen_alone(std::move(batch));
  }

 private:
  void on_applied(std::size_t) override {}
  std::mutex mutex_;
};

// Checks the injected faults, then calls the store.
class MemoryStore final : public ControlledStore {
 public:
  explicit MemoryStore(const ViewStoreOptions& options) {
    auto view = View::open(make_memory_kv());
    CHECK(view.has_value());
    auto ledger = std::make_unique<MemoryLedger>(faults_);
    ledger_ = ledger.get();
    store_ = std::make_unique<PlainStore>(options, *std::move(view), std::move(ledger));
  }

  MemoryFaults& faults() override { return faults_; }
  void release() override { ledger_->release(); }

  Result<Commit> apply(Batch batch) override {
    if (faults_.refuse_writes)
      return fail(ErrorCode::storage, "the disk has no room (a test asked for this)");
    return store_->apply(std::move(batch));
  }
  AuditHead audit_head() const override { return store_->audit_head(); }
  Result<> admits() const override {
    if (faults_.refuse_writes)
      return fail(ErrorCode::storage, "the disk has no room (a test asked for this)");
    return store_->admits();
  }
  Sequence head() const override { return store_->head(); }
  Sequence written() const override { return store_->written(); }
  void when_written(Sequence sequence, std::move_only_function<void()> then) override {
    store_->when_written(sequence, std::move(then));
  }
  Sequence durable() const override { return store_->durable(); }
  void when_durable(Sequence sequence, std::move_only_function<void()> then) override {
    store_->when_durable(sequence, std::move(then));
  }

  Result<std::optional<Json>> get(Collection collection, const DocumentKey& key) const override {
    TRY(readable());
    return store_->get(collection, key);
  }
  Result<std::optional<StoredDocument>> get_stored(Collection collection,
                                                   const DocumentKey& key) const override {
    TRY(readable());
    return store_->get_stored(collection, key);
  }
  Result<std::vector<Json>> find(const Query& query) const override {
    TRY(readable());
    return store_->find(query);
  }
  Result<std::int64_t> count(const Query& query) const override {
    TRY(readable());
    return store_->count(query);
  }
  Result<> for_each(const Query& query,
                    const std::function<bool(const Json&)>& visit) const override {
    TRY(readable());
    return store_->for_each(query, visit);
  }
  Result<std::optional<Counter>> counter(const TenantId& tenant, Period period) const override {
    TRY(readable());
    return store_->counter(tenant, period);
  }
  Result<std::int64_t> billable_calls(const TenantId& tenant, Period period) const override {
    TRY(readable());
    return store_->billable_calls(tenant, period);
  }
  Result<std::vector<std::pair<Period, Counter>>> counters(const TenantId& tenant) const override {
    TRY(readable());
    return store_->counters(tenant);
  }
  Result<> months_of_all_tenants(const MonthSpan& span,
                                 const std::function<bool(TenantMonths&)>& visit) const override {
    TRY(readable());
    return store_->months_of_all_tenants(span, visit);
  }
  Result<std::vector<DayRow>> days(const TenantId& tenant, Day first, Day last) const override {
    TRY(readable());
    return store_->days(tenant, first, last);
  }
  Result<Gauges> gauges_before(const TenantId& tenant, Day day) const override {
    TRY(readable());
    return store_->gauges_before(tenant, day);
  }
  Result<std::int64_t> endpoint_count(const TenantId& tenant, Period period) const override {
    TRY(readable());
    return store_->endpoint_count(tenant, period);
  }

  Result<> meter_cells(const MeterRange& range,
                       const std::function<bool(const MeterCellRow&)>& visit) const override {
    TRY(readable());
    return store_->meter_cells(range, visit);
  }
  Result<std::optional<MeterCell>> meter_total(const TenantId& tenant, std::string_view slug,
                                               Period period) const override {
    TRY(readable());
    return store_->meter_total(tenant, slug, period);
  }

  std::optional<Period> closed_through() const override { return store_->closed_through(); }
  bool may_have_late_lines(const TenantId& tenant) const override {
    return store_->may_have_late_lines(tenant);
  }
  ChangedNames changed_tenants(ChangeMark after) const override {
    return store_->changed_tenants(after);
  }
  ChangeMark days_changed(Day first, Day last) const override {
    return store_->days_changed(first, last);
  }
  std::vector<TenantPeriod> take_touched(std::size_t max) override {
    return store_->take_touched(max);
  }
  Result<> counted_calls(const CallRange& range,
                         const std::function<bool(Timestamp)>& visit) const override {
    TRY(readable());
    return store_->counted_calls(range, visit);
  }
  Result<std::optional<KeptEvent>> find_event(const EventName& name,
                                              const Window& within) const override {
    TRY(readable());
    return store_->find_event(name, within);
  }
  Result<bool> is_voided(const KeptEvent& kept) const override {
    TRY(readable());
    return store_->is_voided(kept);
  }
  Result<std::vector<OwnReading>> own_readings(const UsageEvent& event,
                                               Sequence sequence) const override {
    TRY(readable());
    return store_->own_readings(event, sequence);
  }
  Result<Commit> reopen(Batch batch) override { return store_->reopen(std::move(batch)); }
  Result<> raw_events(const RawRange& range,
                      const std::function<bool(const RawEvent&)>& visit) const override {
    TRY(readable());
    return store_->raw_events(range, visit);
  }
  Result<bool> is_counted(const UsageEvent& event) const override {
    TRY(readable());
    return store_->is_counted(event);
  }
  Result<std::vector<MeterMonth>> count_back(const OwnMeter& meter, Timestamp from) const override {
    TRY(readable());
    return store_->count_back(meter, from);
  }
  Result<RetentionDone> retire(const RetentionCut& cut) override { return store_->retire(cut); }
  Result<> checkpoint() override { return store_->checkpoint(); }
  Result<std::vector<std::pair<TenantId, Counter>>> recount(Period period) const override {
    TRY(readable());
    return store_->recount(period);
  }
  Result<std::vector<MeterTotal>> recount_meters(Period period) const override {
    TRY(readable());
    return store_->recount_meters(period);
  }
  Result<bool> has_all_events(Period period) const override {
    TRY(readable());
    return store_->has_all_events(period);
  }
  StoreFigures figures() const override {
    StoreFigures figures = store_->figures();
    figures.accepts_writes = !faults_.refuse_writes;
    return figures;
  }

 private:
  Result<> readable() const {
    if (!faults_.refuse_reads) return {};
    return fail(ErrorCode::corrupt, "a file cannot be read (a test asked for this)");
  }

  MemoryFaults faults_;
  MemoryLedger* ledger_ = nullptr;  // owned by the store
  std::unique_ptr<PlainStore> store_;
};

}  // namespace

std::unique_ptr<ControlledStore> make_memory_store(const TimeZone& zone,
                                                   const StorageFormula& formula) {
  ViewStoreOptions options{zone, formula, {}};
  const std::string key = random_bytes(sizeof(options.key.bytes));
  std::ranges::copy(key, std::begin(options.key.bytes));
  return std::make_unique<MemoryStore>(options);
}

}  // namespace metergate
