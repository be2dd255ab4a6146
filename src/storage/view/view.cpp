#include "storage/view/view.h"

#include <fmt/format.h>

#include <algorithm>

namespace metergate {
namespace {

using EntryMap = decltype(Layer::entries);

// A range of one layer's entries, walked from either end.
class EntryWalk {
 public:
  EntryWalk(const Layer* layer, const KeyRange& range, bool falling) : falling_(falling) {
    if (layer == nullptr) return;
    first_ = layer->entries.lower_bound(range.start);
    last_ = range.end.empty() ? layer->entries.end() : layer->entries.lower_bound(range.end);
  }
  bool is_valid() const { return first_ != last_; }
  const EntryMap::value_type& entry() const { return falling_ ? *std::prev(last_) : *first_; }
  bool is_at(std::string_view key) const { return is_valid() && entry().first == key; }
  void next() {
    if (falling_) {
      --last_;
    } else {
      ++first_;
    }
  }

 private:
  bool falling_;
  EntryMap::const_iterator first_{};
  EntryMap::const_iterator last_{};
};

// The layers and the base as one: the newest that has a key decides.
class LayeredCursor final : public KeyCursor {
 public:
  LayeredCursor(EntryWalk live, EntryWalk frozen, std::unique_ptr<KeyCursor> base, bool falling)
      : live_(live), frozen_(frozen), base_(std::move(base)), falling_(falling) {
    settle();
  }
  bool is_valid() const override { return is_valid_; }
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return value_; }
  void next() override {
    pass();
    settle();
  }
  Result<> status() const override { return base_->status(); }

 private:
  bool is_before(std::string_view a, std::string_view b) const { return falling_ ? a > b : a < b; }
  bool base_is_at(std::string_view key) const { return base_->is_valid() && base_->key() == key; }

  void pass() {
    if (live_.is_at(key_)) live_.next();
    if (frozen_.is_at(key_)) frozen_.next();
    if (base_is_at(key_)) base_->next();
  }

  bool find_next_key() {
    is_valid_ = false;
    const auto consider = [this](std::string_view key) {
      if (is_valid_ && !is_before(key, key_)) return;
      key_ = key;
      is_valid_ = true;
    };
    if (live_.is_valid()) consider(live_.entry().first);
    if (frozen_.is_valid()) consider(frozen_.entry().first);
    if (base_->is_valid()) consider(base_->key());
    return is_valid_;
  }

  void settle() {
    for (; find_next_key(); pass()) {
      if (live_.is_at(key_) || frozen_.is_at(key_)) {
        const auto& value = live_.is_at(key_) ? live_.entry().second : frozen_.entry().second;
        if (!value) continue;
        value_ = *value;
      } else {
        value_ = base_->value();
      }
      return;
    }
  }

  EntryWalk live_;
  EntryWalk frozen_;
  std::unique_ptr<KeyCursor> base_;
  bool falling_;
  bool is_valid_ = false;
  std::string key_;
  std::string value_;
};

// 2: the ids of events are in runs, which an older build would not search.
constexpr std::uint8_t kStateVersion = 2;
constexpr std::uint8_t kStateVersionOfSingleIds = 1;

Result<ViewState> parse_state(std::string_view bytes) {
  Decoder from(bytes);
  const std::uint8_t version = TRY(from.byte());
  if (version != kStateVersion && version != kStateVersionOfSingleIds)
    return fail(ErrorCode::corrupt, "the view was made by a newer version");
  const auto take_period = [&from]() -> Result<std::optional<Period>> {
    const std::int64_t ordinal = TRY(from.number());
    if (ordinal < 0) return std::optional<Period>();
    if (ordinal > INT32_MAX) return fail(ErrorCode::corrupt, "a period of the view does not fit");
    return std::optional(Period::from_ordinal(static_cast<std::int32_t>(ordinal)));
  };
  ViewState state;
  state.sequence = TRY(from.unsigned_number());
  state.closed_through = TRY(take_period());
  state.newest_period = TRY(take_period());
  state.next_audit.sequence = TRY(from.number());
  state.next_audit.previous_hash = TRY(from.text());
  state.events_removed_before = Timestamp{Milliseconds{TRY(from.number())}};
  return state;
}

}  // namespace

Result<std::unique_ptr<View>> View::open(std::unique_ptr<KeyValues> base) {
  std::unique_ptr<View> view(new View(std::move(base)));
  TRY(view->load());
  return view;
}

Result<> View::load() {
  const std::optional<std::string> state = TRY(base_->get(keys::meta("state")));
  if (state) state_ = TRY(parse_state(*state));
  written_sequence_ = state_.sequence;
  const std::string totals(1, keys::kTotals);
  const auto cursor = base_->walk({totals, keys::after_prefix(totals)}, false);
  for (; cursor->is_valid(); cursor->next()) {
    std::string_view key = cursor->key().substr(1);
    std::string tenant = TRY(keys::take_text(key));
    const TotalsRow row = TRY(parse_row<TotalsRow>(cursor->value()));
    if (row.first_period != INT32_MAX) first_periods_[tenant] = row.first_period;
    tenants_.insert(std::move(tenant));
  }
  TRY(cursor->status());
  TRY(load_meters());
  TRY(load_late_tenants());
  id_runs_ = TRY(IdRuns::open(*base_));
  if (!state || state->front() != kStateVersionOfSingleIds) return {};
  TRY(id_runs_->take_over_single_ids());
  return base_->write([this](KeyWriter& to) {
    const std::string single_ids(1, keys::kEventId);
    to.remove_range({single_ids, keys::after_prefix(single_ids)});
    to.put(keys::meta("state"), encode_state());
  });
}

Result<> View::load_meters() {
  const std::string prefix = keys::document_prefix(Collection::meters);
  const auto cursor = base_->walk({prefix, keys::after_prefix(prefix)}, false);
  for (; cursor->is_valid(); cursor->next()) {
    const DocumentKey key = TRY(keys::parse_tail(cursor->key().substr(prefix.size())));
    Decoder from(cursor->value());
    Json document = TRY(from.json());
    TRY(meters_.set(key.id, std::move(document)));
  }
  return cursor->status();
}

Result<> View::load_late_tenants() {
  const std::string prefix = keys::document_prefix(Collection::late_lines);
  const auto cursor = base_->walk({prefix, keys::after_prefix(prefix)}, false);
  for (; cursor->is_valid(); cursor->next())
    late_tenants_.insert(TRY(keys::parse_tail(cursor->key().substr(prefix.size()))).tenant);
  return cursor->status();
}

std::optional<std::int32_t> View::first_period(std::string_view tenant) const {
  const auto found = first_periods_.find(tenant);
  if (found == first_periods_.end()) return std::nullopt;
  return found->second;
}

Result<> View::set_first_period(const std::string& tenant, std::int32_t period) {
  TRY(touch<TotalsRow>(tenant, keys::totals_place())).row->first_period = period;
  first_periods_[tenant] = period;
  return {};
}

std::string View::encode_state() const {
  std::string bytes;
  Encoder to(bytes);
  const auto put_period = [&to](const std::optional<Period>& period) {
    to.number(period ? period->ordinal() : -1);
  };
  to.byte(kStateVersion);
  to.unsigned_number(state_.sequence);
  put_period(state_.closed_through);
  put_period(state_.newest_period);
  to.number(state_.next_audit.sequence);
  to.text(state_.next_audit.previous_hash);
  to.number(state_.events_removed_before.time_since_epoch().count());
  return bytes;
}

Result<std::optional<std::string>> View::get(std::string_view key) const {
  for (const Layer* layer : {live_.get(), frozen_.get()}) {
    if (layer == nullptr) continue;
    if (const auto at = layer->entries.find(key); at != layer->entries.end()) return at->second;
  }
  return base_->get(key);
}

std::unique_ptr<KeyCursor> View::walk(const KeyRange& range, bool falling) const {
  return std::make_unique<LayeredCursor>(EntryWalk(live_.get(), range, falling),
                                         EntryWalk(frozen_.get(), range, falling),
                                         base_->walk(range, falling), falling);
}

void View::put(std::string key, std::optional<std::string> value) {
  live_->bytes += key.size() + (value ? value->size() : 0) + 96;
  live_->entries.insert_or_assign(std::move(key), std::move(value));
}

TenantRows& View::live_rows(const std::string& tenant) {
  const auto at = live_->tenants.find(tenant);
  return at != live_->tenants.end() ? at->second : live_->tenants[tenant];
}

void View::prefetch_id(const Hash128& hash) const {
  live_->ids.prefetch(hash);
  if (frozen_) frozen_->ids.prefetch(hash);
  written_ids_.prefetch(hash);
}

std::optional<std::uint64_t> View::find_id(const Hash128& hash) const {
  const std::int32_t closed =
      state_.closed_through ? state_.closed_through->ordinal() : INT32_MIN + 1;
  if (const auto found = live_->ids.find(hash, closed)) return found;
  if (frozen_) {
    if (const auto found = frozen_->ids.find(hash, closed)) return found;
  }
  return written_ids_.find(hash, closed);
}

void View::close_through(Period period) {
  if (state_.closed_through && *state_.closed_through >= period) return;
  state_.closed_through = period;
  live_->closed_through = period.ordinal();
  id_runs_->close_through(period.ordinal());
}

Result<> View::reopen_from(Period period) {
  state_.closed_through = period.previous();
  for (Layer* layer : {live_.get(), frozen_.get()}) {
    if (layer == nullptr || !layer->closed_through) continue;
    layer->closed_through = std::min(*layer->closed_through, period.ordinal() - 1);
  }
  // Makes earlier look-ups of ids repeat: only the last two generations are remembered.
  base_generation_ += 2;
  return id_runs_->reopen_from(period.ordinal());
}

// A crash begins the round anew.
Result<bool> View::compact_some(Timestamp cut) {
  // By first byte, half-open. Pages and heads of ids are left out: they are hashes, and many.
  constexpr std::pair<char, char> kParts[] = {{'\0', keys::kDocument},
                                              {keys::kDocument, keys::kDocument + 1},
                                              {keys::kDocument + 1, keys::kIdRunHead},
                                              {keys::kIdRunHead + 1, keys::kEventId},
                                              {keys::kIdRunPage + 1, 'a'},
                                              {'a', keys::kHour},
                                              {keys::kHour, keys::kHour + 1},
                                              {keys::kHour + 1, keys::kMeterMinute},
                                              {keys::kMeterMinute, keys::kMeterMinute + 1},
                                              {keys::kMeterMinute + 1, '\x7f'}};
  const std::string name = keys::meta("compacted_for");
  if (!compacted_for_) {
    const auto bytes = TRY(base_->get(name));
    compacted_for_ = Timestamp::min();
    if (bytes) {
      Decoder from(*bytes);
      compacted_for_ = Timestamp{Milliseconds{TRY(from.number())}};
    }
  }
  if (*compacted_for_ >= cut) return false;
  const auto [first, end] = kParts[next_compacted_];
  TRY(base_->compact({std::string(1, first), std::string(1, end)}));
  if (++next_compacted_ < std::size(kParts)) return true;
  next_compacted_ = 0;
  compacted_for_ = cut;
  TRY(base_->write([&](KeyWriter& to) {
    std::string bytes;
    Encoder(bytes).number(cut.time_since_epoch().count());
    to.put(name, bytes);
  }));
  return false;
}

void View::freeze() {
  CHECK(!frozen_);
  live_->entries.insert_or_assign(keys::meta("state"), encode_state());
  frozen_ = std::exchange(live_, std::make_shared<Layer>());
  // The same number is likely until the next time.
  live_->ids.reserve(frozen_->ids.size());
  frozen_sequence_ = state_.sequence;
}

Result<> View::write_frozen() {
  CHECK(frozen_ != nullptr);
  IdRuns::Runs runs;
  TRY(base_->write([&](KeyWriter& to) {
    frozen_->write(to);
    runs = id_runs_->write(frozen_->ids, to);
    if (frozen_->closed_through) IdRuns::remove_through(*frozen_->closed_through, to);
  }));
  id_runs_->publish(runs);
  return {};
}

std::shared_ptr<Layer> View::thaw(std::size_t kept_bytes_max) {
  CHECK(frozen_ != nullptr);
  if (frozen_->bytes <= kept_bytes_max) live_->keep_rows_of(*frozen_);
  written_sequence_ = frozen_sequence_;
  std::swap(written_ids_, frozen_->ids);  // the earlier ones go with the layer
  ++base_generation_;
  return std::exchange(frozen_, nullptr);
}

}  // namespace metergate
