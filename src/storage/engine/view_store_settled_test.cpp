// Batches that are judged together, before any of them is folded, must come out as if each had been
// applied before the next.
#include "storage/engine/memory_store.h"
#include "storage/testing/random_batch_test.h"

namespace metergate {
namespace {

ViewStoreOptions with_key() { return {TimeZone::utc(), {}, HashKey{{9}}}; }

// Applies batches to one store at once, and gives them to another in groups.
class Pair {
 public:
  void send(Batch batch) {
    const bool is_alone = !Decider::is_like_others(batch);
    if (is_alone) flush();
    expected_.push_back(one_by_one_->apply(batch));
    waiting_.push_back(std::move(batch));
    if (is_alone) flush();
  }

  void flush() {
    std::vector<ViewStore::Prepared> prepared;
    std::vector<ViewStore::Proposal> proposals;
    prepared.reserve(waiting_.size());
    for (const Batch& batch : waiting_) {
      prepared.push_back(together_->prepare(batch).value());
      proposals.push_back({batch, prepared.back()});
    }
    const auto judged = together_->judge(proposals);
    for (std::size_t i = 0; i < judged.size(); ++i) compare(judged[i], expected_[i]);
    for (const auto& one : judged) {
      if (!one || one->bytes.empty()) continue;
      const auto batch = decode_batch(one->bytes).value();
      RC_ASSERT(together_->take(together_->head() + 1, batch, one->bytes));
    }
    waiting_.clear();
    expected_.clear();
    RC_ASSERT(together_->head() == one_by_one_->head());
    RC_ASSERT(together_->audit_head().hash == one_by_one_->audit_head().hash);
  }

  const Store& one_by_one() const { return *one_by_one_; }
  const Store& together() const { return *together_; }

 private:
  static void compare(const Result<ViewStore::Judged>& judged, const Result<Commit>& applied) {
    RC_ASSERT(judged.has_value() == applied.has_value());
    if (!judged) {
      RC_ASSERT(judged.error().message == applied.error().message);
      return;
    }
    RC_ASSERT(judged->outcomes == applied->outcomes);
    RC_ASSERT(judged->is_refused == !applied->applied);
  }

  std::unique_ptr<ViewStore> one_by_one_ = make_memory_view_store(with_key());
  std::unique_ptr<ViewStore> together_ = make_memory_view_store(with_key());
  std::vector<Batch> waiting_;
  std::vector<Result<Commit>> expected_;
};

std::vector<Json> all_of(const Store& store, Collection collection) {
  Query query;
  query.collection = collection;
  return store.find(query).value();
}

TEST(SettledBatches, AGroupIsJudgedAsIfEachWereAppliedBeforeTheNext) {
  int number = 0;
  const bool holds = rc::check([&number] {
    Pair pair;
    const int groups = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 6));
    for (int group = 0; group < groups; ++group) {
      const int batches = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 8));
      for (int i = 0; i < batches; ++i) {
        Batch batch = contract::any_batch(number++, pair.one_by_one());
        const bool is_first = *rc::gen::arbitrary<bool>();
        for (DocumentWrite& write : batch.documents)
          if (is_first && write.collection != Collection::meters) write.expect = Expect::absent;
        pair.send(std::move(batch));
      }
      pair.flush();
    }
    for (const Collection collection :
         {Collection::usage_counters, Collection::stores, Collection::devices, Collection::meters,
          Collection::provider_audits, Collection::events})
      RC_ASSERT(all_of(pair.together(), collection) == all_of(pair.one_by_one(), collection));
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace metergate
