// View: the state derived from the journal, as keys and rows: the base, the layer that takes
// changes, and the layer that a checkpoint is writing.
//
// A read searches the layers from the newest down, then the base. A checkpoint has three steps:
// freeze() sets the changes aside, write_frozen() writes them to the base in one atomic group with
// their sequence, thaw() drops them. So the base always equals the fold of the batches 1 to its
// sequence. Const members may run concurrently, also with write_frozen(); all others run alone
// (view_store holds the lock). Cursors are valid while that lock is held.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "domain/period.h"
#include "storage/ids/id_runs.h"
#include "storage/kv/kv.h"
#include "storage/shapes/audit.h"
#include "storage/shapes/keys.h"
#include "storage/view/layer.h"
#include "storage/view/meter_table.h"

namespace metergate {

// The state of the whole view besides its rows; one key.
struct ViewState {
  std::uint64_t sequence = 0;  // of the last batch folded
  std::optional<Period> closed_through;
  std::optional<Period> newest_period;  // of any tenant's month
  AuditLink next_audit;
  Timestamp events_removed_before = Timestamp::min();
};

// A range of a tenant's rows with one tag: from `from` to before `to`; an empty `to` means the
// tag's end.
struct PlaceRange {
  std::string from;
  std::string to;
};

class View {
 public:
  static Result<std::unique_ptr<View>> open(std::unique_ptr<KeyValues> base);

  const ViewState& state() const { return state_; }
  ViewState& state() { return state_; }

  // Keys.
  Result<std::optional<std::string>> get(std::string_view key) const;
  std::unique_ptr<KeyCursor> walk(const KeyRange& range, bool falling) const;
  void put(std::string key, std::optional<std::string> value);

  // Rows. The tenants that have any, in order.
  const std::set<std::string, std::less<>>& tenants() const { return tenants_; }
  void add_tenant(const std::string& tenant) { tenants_.insert(tenant); }
  // The earliest kept month of a tenant, as in its TotalsRow but without reading it, since every
  // statement needs it. Nothing if it has none.
  std::optional<std::int32_t> first_period(std::string_view tenant) const;
  Result<> set_first_period(const std::string& tenant, std::int32_t period);
  template <class Row>
  Result<std::optional<Row>> read(std::string_view tenant, std::string_view place) const;
  // The same without a copy, if the row is in the newest layer; otherwise nullptr, which proves
  // nothing.
  template <class Row>
  const Row* peek(std::string_view tenant, std::string_view place) const;
  // A row for changing; `is_new` if this call created it.
  template <class Row>
  struct Touched {
    Row* row;
    bool is_new;
    HotRow<Row>* hot;
  };
  template <class Row>
  Result<Touched<Row>> touch(const std::string& tenant, std::string_view place) {
    return touch<Row>(live_rows(tenant), tenant, place);
  }
  // The same, with the tenant's rows from live_rows() since the last freeze().
  template <class Row>
  Result<Touched<Row>> touch(TenantRows& rows, const std::string& tenant, std::string_view place);
  TenantRows& live_rows(const std::string& tenant);
  // The row if it is in the newest layer; otherwise nullptr, which proves nothing.
  template <class Row>
  HotRow<Row>* find_hot(TenantRows& rows, std::string_view place);
  // The row for changing, if there is one.
  template <class Row>
  static Row* touch_hot(HotRow<Row>* hot);
  template <class Row>
  void remove(const std::string& tenant, std::string_view place);
  // Calls visit(place, row) in the order of the places until it returns false.
  template <class Row, class Visit>
  Result<> scan(std::string_view tenant, const PlaceRange& range, const Visit& visit) const;
  // The same for several tenants, in order: calls visit(tenant, rows) for each, with its rows by
  // place. One walk over the base, at a fraction of the cost of one for each tenant.
  template <class Row, class Visit>
  Result<> scan_each(std::span<const std::string> tenants, const PlaceRange& range,
                     const Visit& visit) const;
  // The provider's own meters, as in their documents.
  const MeterTable& meters() const { return meters_; }
  MeterTable& meters() { return meters_; }
  // True if a late line was ever billed to the tenant. Nearly always false, and needed for each of
  // its statements.
  bool has_late_lines(std::string_view tenant) const { return late_tenants_.contains(tenant); }
  void add_late_tenant(const std::string& tenant) { late_tenants_.insert(tenant); }
  void account(std::size_t bytes) { live_->bytes += bytes; }

  // Event ids: find_id() searches the layers and the ids of the last checkpoint. find_in_base()
  // searches the base for several ids, without a lock; its result is valid until base_generation()
  // is two ahead.
  std::optional<std::uint64_t> find_id(const Hash128& hash) const;
  void prefetch_id(const Hash128& hash) const;
  void add_id(const EventId& id, Period period) { live_->ids.add(id, period.ordinal()); }
  Result<std::vector<std::optional<std::uint64_t>>> find_in_base(
      std::span<const EventId> ids) const {
    return id_runs_->find(ids);
  }
  std::uint64_t base_generation() const { return base_generation_; }
  void close_through(Period period);
  // Ids that return before their period is reopened; they are found once it is.
  Result<> recall_ids(const EventIds& ids) { return id_runs_->recall(ids); }
  Result<> reopen_from(Period period);

  // Checkpoints.
  std::size_t changed_bytes() const { return live_->bytes + live_->ids.size() * 48; }
  bool is_frozen() const { return frozen_ != nullptr; }
  std::uint64_t written_sequence() const { return written_sequence_; }
  void freeze();
  Result<> write_frozen();
  // Returns the layer, so that it can be destroyed without the lock held.
  std::shared_ptr<Layer> thaw(std::size_t kept_bytes_max);
  // A bounded part of merging the ids in the base. May run beside everything that write_frozen()
  // may, but not beside that itself.
  Result<> merge_ids() { return id_runs_->merge_some(); }
  Result<> flush() { return base_->flush(); }
  Result<> copy_base_to(const std::filesystem::path& folder) { return base_->copy_to(folder); }
  // After removals: rewrites one part after another of everything but the ids, until the files have
  // nothing left of earlier removed values. `cut` names the round, and a finished round is
  // recorded. True if more is left. One caller at a time; needs no lock.
  Result<bool> compact_some(Timestamp cut);

 private:
  explicit View(std::unique_ptr<KeyValues> base)
      : base_(std::move(base)), live_(std::make_shared<Layer>()) {}
  Result<> load();
  Result<> load_meters();
  Result<> load_late_tenants();
  std::string encode_state() const;
  template <class Row, class Visit>
  Result<> scan_from(KeyCursor& cursor, std::string_view tenant, const PlaceRange& range,
                     const Visit& visit) const;
  template <class Row>
  Result<std::optional<Row>> read_below(std::string_view tenant, std::string_view place) const;

  std::unique_ptr<KeyValues> base_;
  std::unique_ptr<IdRuns> id_runs_;
  std::shared_ptr<Layer> live_;
  std::shared_ptr<Layer> frozen_;
  ViewState state_;
  std::set<std::string, std::less<>> tenants_;
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> first_periods_;
  MeterTable meters_;
  std::set<std::string, std::less<>> late_tenants_;
  EventIds written_ids_;  // those that the last checkpoint moved into the base
  std::uint64_t base_generation_ = 0;
  std::uint64_t frozen_sequence_ = 0;
  std::uint64_t written_sequence_ = 0;
  std::optional<Timestamp> compacted_for_;  // nothing: not read yet
  std::size_t next_compacted_ = 0;          // the number of the part
};

}  // namespace metergate

#include "storage/view/view_rows.h"
