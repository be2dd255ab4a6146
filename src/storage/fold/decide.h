// Decider: decides the changes of a batch, given the present view: which events count, whether the
// expectations hold, and the final documents. Changes nothing. The store's lock must be held.
//
// With follow() it decides several batches before any of them is folded: each on the view and on
// the batches before it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/fold/calendar.h"
#include "storage/fold/void_rule.h"
#include "storage/shapes/decided.h"
#include "storage/view/view.h"

namespace metergate {

// An event's id and its fingerprint in the base, both looked up before the lock was taken.
struct KnownId {
  EventId id;
  std::optional<std::uint64_t> in_base;
};

struct Decision {
  std::vector<EventOutcome> outcomes;
  bool is_refused = false;          // an event is a conflict or late: nothing is written
  DecidedBatch batch;               // empty: nothing new
  std::vector<EventId> ids;         // of the batch's events
  std::vector<std::size_t> places;  // indexes of the batch's events among those given; empty: all
  bool is_empty() const {
    return batch.events.empty() && batch.documents.empty() && batch.day_totals.empty() &&
           !batch.close_through && !batch.reopen_from && !batch.voided;
  }
};

class Decider {
 public:
  Decider(const View& view, Calendar& calendar, const VoidRule& void_rule, const HashKey& key)
      : view_(view), calendar_(calendar), void_rule_(void_rule), key_(key) {}
  // `known` has an element for each event; those of our own events are ignored.
  Result<Decision> decide(Batch batch, const std::vector<KnownId>& known);
  // Later batches are decided as if the last one decided, which is_like_others(), were folded.
  void follow(const Decision& decision);
  // False for a batch that changes how others are decided in more than ids, documents and audit
  // records: it is decided and folded by itself.
  static bool is_like_others(const Batch& batch);

 private:
  using Staged = std::map<std::pair<Collection, DocumentKey>, std::optional<Json>>;
  void judge_events(const Batch& batch, const std::vector<KnownId>& known, Decision& decision);
  // `in_batch`: the ids of the events before it in the batch.
  EventOutcome judge(const UsageEvent& event, const KnownId& known,
                     std::optional<EventIds>& in_batch);
  bool is_closed(Period period) const;
  bool is_matched(const UsageEvent& event) const;
  Result<std::optional<Json>> current(Collection collection, const DocumentKey& key) const;
  Result<> stage(DocumentWrite write);
  Result<> check_meter(DocumentWrite& write, const std::optional<Json>& stored) const;
  Result<> stage_audits(const std::vector<AuditRecord>& audits);
  Result<> check_unique(Collection collection, const DocumentKey& key, const Json& document);
  Result<> check_day_totals(const std::vector<DayTotal>& totals) const;
  Result<> take_events(Batch& batch, const std::vector<KnownId>& known, Decision& decision) const;
  Result<std::int64_t> active_records(const TenantId& tenant, Meter meter) const;
  // The document that this batch or, before it, one that is followed writes; nullptr: neither does.
  const std::optional<Json>* written(Collection collection, const DocumentKey& key) const;
  // Calls visit(key, document) for the written documents of a collection from `first` on, until it
  // returns false.
  template <class Visit>
  void for_each_written(Collection collection, const DocumentKey& first, const Visit& visit) const;

  const View& view_;
  Calendar& calendar_;
  const VoidRule& void_rule_;
  const HashKey& key_;
  Staged staged_;
  AuditLink next_audit_;  // after this batch
  // The state that the batches leave that are followed.
  struct Followed {
    Staged documents;
    EventIds ids;
    AuditLink next_audit;
  };
  std::optional<Followed> followed_;
};

}  // namespace metergate
