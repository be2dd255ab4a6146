#include "storage/fold/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/shapes/meter_shapes.h"
#include "storage/view/documents.h"

namespace metergate {
namespace {

std::string name_of(Collection collection, const DocumentKey& key) {
  const std::string_view name = row_of(collection).name;
  if (key.tenant.empty() || key.tenant == key.id) return fmt::format("{} '{}'", name, key.id);
  return fmt::format("{} '{}' of tenant '{}'", name, key.id, key.tenant);
}

std::int64_t revision_of(const std::optional<Json>& document) {
  return document ? document->integer_at("revision").value_or(0) : 0;
}

Result<> check_expectation(const DocumentWrite& write, const std::optional<Json>& stored) {
  const auto broken = [&write](std::string_view what) {
    return fail(ErrorCode::conflict,
                fmt::format("{} {}", name_of(write.collection, write.key), what));
  };
  switch (write.expect) {
    case Expect::anything:
      return {};
    case Expect::absent:
      if (stored) return broken("exists already");
      return {};
    case Expect::revision:
      if (!stored)
        return broken(fmt::format("does not exist (revision {} was expected)", write.revision));
      if (revision_of(stored) != write.revision)
        return broken(fmt::format("was changed meanwhile: its revision is {}, {} was expected",
                                  revision_of(stored), write.revision));
      return {};
  }
  return {};
}

}  // namespace

Result<Decision> Decider::decide(Batch batch, const std::vector<KnownId>& known) {
  Decision decision;
  staged_.clear();
  if (batch.must_be_open && is_closed(*batch.must_be_open))
    return fail(ErrorCode::period_closed,
                fmt::format("the period {} is closed", batch.must_be_open->text()));
  judge_events(batch, known, decision);
  if (decision.is_refused) return decision;
  TRY(check_day_totals(batch.day_totals));
  if (batch.voided) decision.batch.voided = TRY(void_rule_.settle(*batch.voided, calendar_));
  for (DocumentWrite& write : batch.documents) TRY(stage(std::move(write)));
  TRY(stage_audits(batch.audits));
  for (const auto& [name, document] : staged_) {
    if (document) TRY(check_unique(name.first, name.second, *document));
  }
  TRY(take_events(batch, known, decision));
  decision.batch.at = batch.at;
  for (auto& [name, document] : staged_)
    decision.batch.documents.push_back({name.first, name.second, std::move(document)});
  decision.batch.day_totals = std::move(batch.day_totals);
  if (batch.close_through && !is_closed(*batch.close_through))
    decision.batch.close_through = batch.close_through;
  if (batch.reopen_from && is_closed(*batch.reopen_from))
    decision.batch.reopen_from = batch.reopen_from;
  return decision;
}

bool Decider::is_like_others(const Batch& batch) {
  const auto is_meter = [](const DocumentWrite& write) {
    return write.collection == Collection::meters;
  };
  return !batch.close_through && !batch.reopen_from && !batch.voided &&
         std::ranges::none_of(batch.documents, is_meter);
}

void Decider::follow(const Decision& decision) {
  if (!followed_) followed_.emplace();
  followed_->next_audit = next_audit_;
  for (const DecidedDocument& write : decision.batch.documents)
    followed_->documents.insert_or_assign({write.collection, write.key}, write.document);
  for (std::size_t i = 0; i < decision.ids.size(); ++i) {
    const UsageEvent& event = decision.batch.events[i];
    if (event.is_ours) continue;
    followed_->ids.add(decision.ids[i], calendar_.slot_of(event.occurred_at).period.ordinal());
  }
}

const std::optional<Json>* Decider::written(Collection collection, const DocumentKey& key) const {
  if (const auto at = staged_.find({collection, key}); at != staged_.end()) return &at->second;
  if (!followed_) return nullptr;
  const auto at = followed_->documents.find({collection, key});
  return at == followed_->documents.end() ? nullptr : &at->second;
}

template <class Visit>
void Decider::for_each_written(Collection collection, const DocumentKey& first,
                               const Visit& visit) const {
  const auto walk = [&](const Staged& documents, bool are_followed) {
    for (auto at = documents.lower_bound({collection, first});
         at != documents.end() && at->first.first == collection; ++at) {
      if (are_followed && staged_.contains(at->first)) continue;  // written again since
      if (!visit(at->first.second, at->second)) return;
    }
  };
  walk(staged_, false);
  if (followed_) walk(followed_->documents, true);
}

bool Decider::is_closed(Period period) const {
  const auto& closed = view_.state().closed_through;
  return closed && period <= *closed;
}

void Decider::judge_events(const Batch& batch, const std::vector<KnownId>& known,
                           Decision& decision) {
  // Tables of ids are larger than the caches, so later look-ups are prefetched.
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < std::min(kAhead, known.size()); ++i)
    view_.prefetch_id(known[i].id.hash);
  // Only needed if there are several events.
  std::optional<EventIds> in_batch;
  if (batch.events.size() > 1) in_batch.emplace().reserve(batch.events.size());
  decision.outcomes.reserve(batch.events.size());
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    if (i + kAhead < known.size()) view_.prefetch_id(known[i + kAhead].id.hash);
    const EventOutcome outcome = judge(batch.events[i], known[i], in_batch);
    decision.outcomes.push_back(outcome);
    if (outcome == EventOutcome::conflict || outcome == EventOutcome::period_closed)
      decision.is_refused = true;
  }
}

EventOutcome Decider::judge(const UsageEvent& event, const KnownId& known,
                            std::optional<EventIds>& in_batch) {
  const Period period = calendar_.slot_of(event.occurred_at).period;
  if (event.is_ours)
    return is_closed(period) ? EventOutcome::period_closed : EventOutcome::accepted;
  // Checked before the time: the first event with the id counts, whatever time this one has.
  std::optional<std::uint64_t> counted = view_.find_id(known.id.hash);
  if (!counted) counted = known.in_base;
  if (!counted && in_batch) counted = in_batch->find(known.id.hash, INT32_MIN);
  if (!counted && followed_) counted = followed_->ids.find(known.id.hash, INT32_MIN);
  if (counted && is_same_content(*counted, event, known.id, key_)) return EventOutcome::duplicate;
  if (is_closed(period)) return EventOutcome::period_closed;
  if (counted) return EventOutcome::conflict;
  if (in_batch) in_batch->add(known.id, period.ordinal());
  return is_matched(event) ? EventOutcome::accepted : EventOutcome::unmatched;
}

// Built-in types are always matched.
bool Decider::is_matched(const UsageEvent& event) const {
  const auto* fact = std::get_if<OtherFact>(&event.fact);
  return fact == nullptr || view_.meters().of_type(fact->type) != nullptr;
}

Result<std::optional<Json>> Decider::current(Collection collection, const DocumentKey& key) const {
  if (const auto* document = written(collection, key)) return *document;
  const auto bytes = TRY(view_.get(keys::document(collection, keys::tail_of(key))));
  if (!bytes) return std::optional<Json>();
  return std::optional(TRY(parse_document(*bytes)));
}

Result<> Decider::stage(DocumentWrite write) {
  const CollectionRow& row = row_of(write.collection);
  if (row.derived || write.collection == Collection::provider_audits)
    return fail(ErrorCode::invalid,
                fmt::format("documents of {} are made by the store alone", row.name));
  if (write.document && !write.document->is_object())
    return fail(ErrorCode::invalid,
                name_of(write.collection, write.key) + " is to be a document, an object");
  const std::optional<Json> stored = TRY(current(write.collection, write.key));
  TRY(check_expectation(write, stored));
  if (write.document) write.document->set("revision", revision_of(stored) + 1);
  if (write.document && write.collection == Collection::meters) TRY(check_meter(write, stored));
  // An absent document need not be removed.
  if (!write.document && !stored && !staged_.contains({write.collection, write.key})) return {};
  staged_.insert_or_assign({write.collection, std::move(write.key)}, std::move(write.document));
  return {};
}

// A meter counts events from the batch that creates it on, and with a backfill also earlier ones.
// The backfill was counted while the document did not exist, which is checked here.
Result<> Decider::check_meter(DocumentWrite& write, const std::optional<Json>& stored) const {
  Json& document = *write.document;
  // The fold relies on a valid document.
  if (const auto meter = meter_from(document); !meter)
    return fail(ErrorCode::invalid, meter.error().message);
  const auto next = static_cast<std::int64_t>(view_.state().sequence) + 1;
  const auto since = stored ? stored->integer_at(kMeterSince) : std::nullopt;
  document.set(kMeterSince, since.value_or(next));
  if (!stored && write.expect == Expect::absent) return {};
  document.remove(kMeterFrom);
  const auto from = stored ? stored->timestamp_at(kMeterFrom) : std::nullopt;
  if (from) document.set(kMeterFrom, *from);
  return {};
}

Result<> Decider::stage_audits(const std::vector<AuditRecord>& audits) {
  AuditLink& link = next_audit_;
  link = followed_ ? followed_->next_audit : view_.state().next_audit;
  for (const AuditRecord& record : audits) {
    const DocumentKey key{"", record.audit_id};
    if (TRY(current(Collection::provider_audits, key)))
      return fail(ErrorCode::conflict,
                  fmt::format("provider_audits '{}' exists already", record.audit_id));
    Json document = to_chained_document(record, link);
    link = TRY(link_after(document));
    document.set("revision", 1);
    staged_.insert_or_assign({Collection::provider_audits, key}, std::move(document));
  }
  return {};
}

Result<> Decider::check_unique(Collection collection, const DocumentKey& key,
                               const Json& document) {
  const auto indexes = row_of(collection).indexes;
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    const auto is_held = [&](const Json& one) {
      return indexes[i].unless.empty() || one.find(indexes[i].unless) == nullptr;
    };
    if (!indexes[i].unique || !is_held(document)) continue;
    const std::string entry = keys::index_entry(collection, i, document);
    const auto clash = [&](const std::string& other) {
      return fail(ErrorCode::conflict,
                  fmt::format("{} has the same {} as '{}'", name_of(collection, key),
                              indexes[i].name, other));
    };
    const auto cursor = view_.walk({entry, keys::after_prefix(entry)}, false);
    for (; cursor->is_valid(); cursor->next()) {
      const DocumentKey other = TRY(keys::parse_tail(cursor->value()));
      if (other == key || written(collection, other) != nullptr) continue;
      if (!indexes[i].unless.empty()) {
        const auto stored = TRY(current(collection, other));
        if (stored && !is_held(*stored)) continue;
      }
      return clash(other.id);
    }
    TRY(cursor->status());
    std::optional<std::string> clashing;
    for_each_written(collection, {}, [&](const DocumentKey& other, const auto& document_of) {
      if (other == key || !document_of || !is_held(*document_of)) return true;
      if (keys::index_entry(collection, i, *document_of) != entry) return true;
      clashing = other.id;
      return false;
    });
    if (clashing) return clash(*clashing);
  }
  return {};
}

Result<> Decider::check_day_totals(const std::vector<DayTotal>& totals) const {
  for (const DayTotal& total : totals) {
    if (is_closed(Period::of(total.day)))
      return fail(ErrorCode::period_closed,
                  fmt::format("the total of {} for {} is in a period that is closed",
                              total.tenant.text(), to_text(total.day)));
  }
  return {};
}

Result<> Decider::take_events(Batch& batch, const std::vector<KnownId>& known,
                              Decision& decision) const {
  std::vector<UsageEvent>& events = decision.batch.events;
  const auto is_accepted = [&](std::size_t i) { return is_kept(decision.outcomes[i]); };
  decision.ids.reserve(known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (is_accepted(i)) decision.ids.push_back(known[i].id);
  }
  // Usually no event is a duplicate.
  if (decision.ids.size() == known.size()) {
    events = std::move(batch.events);
  } else {
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
      if (!is_accepted(i)) continue;
      events.push_back(std::move(batch.events[i]));
      decision.places.push_back(i);
    }
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto* report = std::get_if<CountReport>(&events[i].fact);
    if (report != nullptr && !report->count)
      decision.batch.counts[i] = TRY(active_records(events[i].tenant, report->meter));
  }
  return {};
}

// The counts after this batch.
Result<std::int64_t> Decider::active_records(const TenantId& tenant, Meter meter) const {
  const auto totals = TRY(view_.read<TotalsRow>(tenant.text(), keys::totals_place()));
  const bool is_store = meter == Meter::stores_count;
  const Collection collection = is_store ? Collection::stores : Collection::devices;
  std::int64_t count = 0;
  if (totals) count = is_store ? totals->active_stores : totals->active_devices;
  std::vector<std::pair<DocumentKey, int>> changed;
  for_each_written(collection, {tenant.text(), ""}, [&](const DocumentKey& key, const auto& now) {
    if (key.tenant != tenant.text()) return false;
    changed.emplace_back(key, is_active(now));
    return true;
  });
  for (const auto& [key, is_active_now] : changed) {
    const auto bytes = TRY(view_.get(keys::document(collection, keys::tail_of(key))));
    std::optional<Json> stored;
    if (bytes) stored = TRY(parse_document(*bytes));
    count += is_active_now - is_active(stored);
  }
  return count;
}

}  // namespace metergate
