// Applies batches to a ViewStore; see view_store.h.
#include <algorithm>
#include <mutex>

#include "base/stop.h"
#include "storage/engine/view_store.h"

namespace metergate {
namespace {

constexpr std::size_t kKeptBytesMax = 24UL << 20;  // rows kept after a checkpoint

}  // namespace

Result<std::vector<KnownId>> ViewStore::identify(const std::vector<UsageEvent>& events,
                                                 Generation& generation) const {
  const std::vector<EventId> ids = ids_of(events, options_.key);
  std::vector<KnownId> known;
  known.reserve(ids.size());
  for (const EventId& id : ids) known.push_back({id, std::nullopt});
  if (std::ranges::all_of(events, &UsageEvent::is_ours)) return known;
  {
    const std::shared_lock lock(mutex_);
    generation = view_->base_generation();
  }
  TRY(look_up(known));
  return known;
}

Result<> ViewStore::look_up(std::vector<KnownId>& known) const {
  std::vector<EventId> asked;
  asked.reserve(known.size());
  for (const KnownId& event : known) asked.push_back(event.id);
  const auto found = TRY(view_->find_in_base(asked));
  for (std::size_t i = 0; i < found.size(); ++i) known[i].in_base = found[i];
  return {};
}

Result<ViewStore::Prepared> ViewStore::prepare(const Batch& batch) const {
  Prepared prepared;
  prepared.known = TRY(identify(batch.events, prepared.generation));
  prepared.encoded = EncodedEvents(batch.events);
  prepared.backfills = TRY(prepare_backfills(batch));
  return prepared;
}

Result<Commit> ViewStore::apply(Batch batch) {
  TRY(admits());
  Prepared prepared = TRY(prepare(batch));
  return commit(std::move(batch), std::move(prepared));
}

Result<Commit> ViewStore::commit(Batch batch, Prepared prepared) {
  const std::unique_lock lock(mutex_);
  // Other batches may have been admitted with this one, and each may change much.
  TRY(admits());
  // Checkpoints have moved ids into the base since the look-up, and the view does not remember all
  // of them.
  const auto& generation = prepared.generation;
  if (generation && view_->base_generation() > *generation + 1) TRY(look_up(prepared.known));
  const VoidRule void_rule(*view_, *history_, options_.key);
  Decider decider(*view_, fold_.calendar(), void_rule, options_.key);
  Decision decision = TRY(decider.decide(std::move(batch), prepared.known));
  Commit commit{head_, std::move(decision.outcomes), !decision.is_refused};
  if (decision.is_refused || decision.is_empty()) return commit;
  if (decision.batch.events.size() < prepared.encoded.size())
    prepared.encoded.keep(decision.places);
  TRY(finish_backfills(decision.batch, std::move(prepared.backfills)));
  commit.sequence = head_ + 1;
  TRY(ledger_->append(commit.sequence, encode(decision.batch, prepared.encoded)));
  fold_settled({commit.sequence, decision.batch, decision.ids, prepared.encoded});
  return commit;
}

void ViewStore::fold_settled(const Settled& settled) {
  const auto& [sequence, batch, ids, encoded] = settled;
  // The batch is decided and cannot be undone, and the state in memory cannot be trusted any more.
  if (const auto folded = fold_.apply(sequence, batch, ids); !folded)
    stop_process("stopped, the store cannot go on: " + folded.error().message);
  note_changes(batch);
  history_->add(sequence, batch, encoded);
  head_ = sequence;
  if (batch.voided) last_void_ = sequence;
  on_applied(view_->changed_bytes());
}

Result<> ViewStore::replay(Sequence sequence, const DecidedBatch& batch,
                           std::size_t changed_bytes_max) {
  TRY(fold_.apply(sequence, batch, ids_of(batch.events, options_.key)));
  head_ = sequence;
  if (view_->changed_bytes() <= changed_bytes_max) return {};
  view_->freeze();
  TRY(view_->write_frozen());
  view_->thaw(kKeptBytesMax);
  return view_->merge_ids();
}

Result<> ViewStore::write_checkpoint() {
  Sequence sequence = 0;
  {
    const std::unique_lock lock(mutex_);
    if (!view_->is_frozen()) view_->freeze();
    sequence = head_;
  }
  // The base must not contain changes that a power cut could still remove from the journal.
  wait_durable(sequence);
  TRY(view_->write_frozen());
  std::shared_ptr<Layer> written;
  {
    const std::unique_lock lock(mutex_);
    written = view_->thaw(kKeptBytesMax);
  }
  return view_->merge_ids();
}

}  // namespace metergate
