// Reopens a closed period of a ViewStore; see view_store.h.
#include <fmt/format.h>

#include "domain/event_source.h"
#include "storage/engine/view_store.h"

namespace metergate {
namespace {

constexpr std::size_t kRecalledAtOnce = 500'000;        // ids, about 24 MiB
constexpr std::string_view kServerSource = kOwnSource;  // its ids are never looked up

}  // namespace

// The runs written here are found only once the period is open, and nothing is added to it before,
// so none of its ids is missing then. After a crash they are removed when the period is closed
// again.
Result<> ViewStore::recall_ids(Period from) {
  EventIds ids;
  Result<> written;
  const EventRange range{std::nullopt, {from.window(options_.zone).start, kTimestampMax}};
  TRY(history_->for_each(range, [&](const ArchivedEvent& archived) {
    const UsageEvent& event = archived.event;
    if (event.source == kServerSource) return true;
    ids.add(id_of(event, options_.key), Period::of(event.occurred_at, options_.zone).ordinal());
    if (ids.size() < kRecalledAtOnce) return true;
    written = view_->recall_ids(std::exchange(ids, {}));
    return written.has_value();
  }));
  TRY(written);
  return view_->recall_ids(ids);
}

Result<> ViewStore::may_reopen(const Batch& batch) const {
  const auto closed = closed_through();
  if (!batch.reopen_from || !closed || *batch.reopen_from > *closed)
    return fail(ErrorCode::invalid, "a period that is not closed cannot be reopened");
  for (Period period = *batch.reopen_from; period <= *closed; period = period.next()) {
    if (!TRY(has_all_events(period)))
      return fail(ErrorCode::invalid,
                  fmt::format("the raw events of {} are not all kept any more, so that one sent "
                              "again could not be told from a new one",
                              period.text()));
  }
  return {};
}

Result<> ViewStore::recall(Period from) {
  // Removals left by the closing are written first, because they would remove these ids too.
  if (has_changes()) TRY(write_checkpoint());
  TRY(recall_ids(from));
  return view_->flush();
}

Result<Commit> ViewStore::reopen(Batch batch) {
  const auto held = hold_checkpoints();
  TRY(admits());
  TRY(may_reopen(batch));
  TRY(recall(*batch.reopen_from));
  return commit(std::move(batch), {});
}

}  // namespace metergate
