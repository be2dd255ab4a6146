// Judges and folds batches whose order is settled outside of a ViewStore; see view_store.h.
#include <mutex>

#include "base/check.h"
#include "storage/engine/view_store.h"

namespace metergate {

std::vector<Result<ViewStore::Judged>> ViewStore::judge(std::span<const Proposal> proposals) const {
  std::vector<Result<Judged>> judged;
  judged.reserve(proposals.size());
  const std::shared_lock lock(mutex_);
  const VoidRule void_rule(*view_, *history_, options_.key);
  Decider decider(*view_, fold_.calendar(), void_rule, options_.key);
  for (const Proposal& proposal : proposals) judged.push_back(judge_next(decider, proposal));
  return judged;
}

Result<ViewStore::Judged> ViewStore::judge_next(Decider& decider, const Proposal& proposal) const {
  // A lost proposal is judged again, on a later state.
  Prepared prepared = proposal.prepared;
  const auto& generation = prepared.generation;
  if (generation && view_->base_generation() > *generation + 1) TRY(look_up(prepared.known));
  Decision decision = TRY(decider.decide(proposal.batch, prepared.known));
  Judged judged{std::move(decision.outcomes), decision.is_refused, {}};
  if (decision.is_refused || decision.is_empty()) return judged;
  if (decision.batch.events.size() < prepared.encoded.size())
    prepared.encoded.keep(decision.places);
  TRY(finish_backfills(decision.batch, std::move(prepared.backfills)));
  judged.bytes = encode(decision.batch, prepared.encoded);
  decider.follow(decision);
  return judged;
}

Result<> ViewStore::take(Sequence sequence, const DecidedBatch& batch, std::string_view bytes) {
  CHECK(sequence == head_ + 1);
  const std::vector<EventId> ids = ids_of(batch.events, options_.key);
  const EncodedEvents encoded(batch.events);
  if (batch.reopen_from) {
    const auto held = hold_checkpoints();
    TRY(recall(*batch.reopen_from));
  }
  const std::unique_lock lock(mutex_);
  TRY(admits());
  TRY(ledger_->append(sequence, bytes));
  fold_settled({sequence, batch, ids, encoded});
  return {};
}

}  // namespace metergate
