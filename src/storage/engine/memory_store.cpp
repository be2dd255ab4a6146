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
    const auto lock = hold_checkpoints();
    return write_checkpoint();
  }

 private:
  std::unique_lock<std::mutex> hold_checkpoints() override { return std::unique_lock(mutex_); }
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
    TRY(may_write());
    return store_->apply(std::move(batch));
  }
  Result<> admits() const override {
    TRY(may_write());
    return store_->admits();
  }
  StoreFigures figures() const override {
    StoreFigures figures = store_->figures();
    figures.accepts_writes = !faults_.refuse_writes;
    return figures;
  }

 private:
  Store& store() const override { return *store_; }
  Result<> may_write() const {
    if (!faults_.refuse_writes) return {};
    return fail(ErrorCode::storage, "the disk has no room (a test asked for this)");
  }
  Result<> may_read() const override {
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

std::unique_ptr<ViewStore> make_memory_view_store(const ViewStoreOptions& options) {
  static const MemoryFaults kNone;
  auto view = View::open(make_memory_kv());
  CHECK(view.has_value());
  return std::make_unique<PlainStore>(options, *std::move(view),
                                      std::make_unique<MemoryLedger>(kNone));
}

}  // namespace metergate
