// The templates of View; included by view.h only.
#pragma once

#include "storage/view/view.h"

namespace metergate {

// Walks the hot rows of one tenant and range in one layer.
template <class Row>
class HotWalk {
 public:
  HotWalk(const Layer* layer, std::string_view tenant, const PlaceRange& range) {
    if (layer == nullptr) return;
    const auto found = layer->tenants.find(tenant);
    if (found == layer->tenants.end()) return;
    const HotRows<Row>& rows = found->second.template of<Row>();
    at_ = rows.lower_bound(range.from);
    // Rows of one type may have several tags, such as months and days.
    end_ =
        rows.lower_bound(range.to.empty() ? keys::after_prefix(range.from.substr(0, 1)) : range.to);
  }
  bool is_valid() const { return at_ != end_; }
  const std::string& place() const { return at_->first; }
  const std::optional<Row>& row() const { return at_->second.row; }
  bool is_at(std::string_view place) const { return is_valid() && at_->first == place; }
  void next() { ++at_; }

 private:
  typename HotRows<Row>::const_iterator at_{};
  typename HotRows<Row>::const_iterator end_{};
};

inline KeyRange base_range(std::string_view tenant, const PlaceRange& range) {
  const std::string_view tag = std::string_view(range.from).substr(0, 1);
  return {keys::row(tenant, range.from), range.to.starts_with(tag)
                                             ? keys::row(tenant, range.to)
                                             : keys::after_prefix(keys::row(tenant, tag))};
}

// The same in the base, with a cursor at the range or before it.
class BaseWalk {
 public:
  BaseWalk(KeyCursor& cursor, std::string_view tenant, const PlaceRange& range)
      : cursor_(cursor),
        range_(base_range(tenant, range)),
        skip_(keys::row(tenant, range.from.substr(0, 1)).size()),
        tag_(range.from.front()) {
    while (cursor_.is_valid() && cursor_.key() < range_.start) cursor_.next();
    read();
  }
  bool is_valid() const { return is_valid_; }
  const std::string& place() const { return place_; }
  std::string_view value() const { return cursor_.value(); }
  bool is_at(std::string_view place) const { return is_valid() && place_ == place; }
  void next() {
    cursor_.next();
    read();
  }
  Result<> status() const { return cursor_.status(); }

 private:
  void read() {
    is_valid_ = cursor_.is_valid() && (range_.end.empty() || cursor_.key() < range_.end);
    if (!is_valid_) return;
    place_.assign(1, tag_);
    place_ += cursor_.key().substr(skip_);
  }
  KeyCursor& cursor_;
  KeyRange range_;
  std::size_t skip_;
  char tag_;
  bool is_valid_ = false;
  std::string place_;
};

template <class Row>
Result<std::optional<Row>> View::read_below(std::string_view tenant, std::string_view place) const {
  if (frozen_) {
    if (const auto found = frozen_->tenants.find(tenant); found != frozen_->tenants.end()) {
      const HotRows<Row>& rows = found->second.template of<Row>();
      if (const auto at = rows.find(place); at != rows.end()) return at->second.row;
    }
  }
  // An unknown tenant has no rows in the base either.
  if (!tenants_.contains(tenant)) return std::optional<Row>();
  const std::optional<std::string> bytes = TRY(base_->get(keys::row(tenant, place)));
  if (!bytes) return std::optional<Row>();
  return std::optional<Row>(TRY(parse_row<Row>(*bytes)));
}

template <class Row>
Result<std::optional<Row>> View::read(std::string_view tenant, std::string_view place) const {
  if (const auto found = live_->tenants.find(tenant); found != live_->tenants.end()) {
    const HotRows<Row>& rows = found->second.template of<Row>();
    if (const auto at = rows.find(place); at != rows.end()) return at->second.row;
  }
  return read_below<Row>(tenant, place);
}

template <class Row>
const Row* View::peek(std::string_view tenant, std::string_view place) const {
  const auto found = live_->tenants.find(tenant);
  if (found == live_->tenants.end()) return nullptr;
  const HotRows<Row>& rows = found->second.template of<Row>();
  const auto at = rows.find(place);
  return at != rows.end() && at->second.row ? &*at->second.row : nullptr;
}

template <class Row>
Result<View::Touched<Row>> View::touch(TenantRows& of_tenant, const std::string& tenant,
                                       std::string_view place) {
  HotRows<Row>& rows = of_tenant.template of<Row>();
  auto at = rows.find(place);
  if (at == rows.end()) {
    std::optional<Row> row = TRY(read_below<Row>(tenant, place));
    if (row) live_->bytes += held_bytes(*row);
    at = rows.emplace(std::string(place), HotRow<Row>{std::move(row), false}).first;
    live_->bytes += sizeof(HotRow<Row>) + place.size() + 64;
  }
  HotRow<Row>& hot = at->second;
  hot.is_dirty = true;
  const bool is_new = !hot.row;
  if (is_new) hot.row.emplace();
  return Touched<Row>{&*hot.row, is_new, &hot};
}

template <class Row>
HotRow<Row>* View::find_hot(TenantRows& rows, std::string_view place) {
  HotRows<Row>& hot = rows.template of<Row>();
  const auto at = hot.find(place);
  return at == hot.end() ? nullptr : &at->second;
}

template <class Row>
Row* View::touch_hot(HotRow<Row>* hot) {
  if (hot == nullptr || !hot->row) return nullptr;
  hot->is_dirty = true;
  return &*hot->row;
}

template <class Row>
void View::remove(const std::string& tenant, std::string_view place) {
  HotRows<Row>& rows = live_rows(tenant).template of<Row>();
  rows.insert_or_assign(std::string(place), HotRow<Row>{std::nullopt, true});
  live_->bytes += sizeof(HotRow<Row>) + place.size() + 64;
}

template <class Row, class Visit>
Result<> View::scan(std::string_view tenant, const PlaceRange& range, const Visit& visit) const {
  CHECK(!range.from.empty());
  const auto cursor = base_->walk(base_range(tenant, range), false);
  return scan_from<Row>(*cursor, tenant, range, visit);
}

template <class Row, class Visit>
Result<> View::scan_each(std::span<const std::string> tenants, const PlaceRange& range,
                         const Visit& visit) const {
  CHECK(!range.from.empty());
  if (tenants.empty()) return {};
  const auto cursor = base_->walk(
      {base_range(tenants.front(), range).start, base_range(tenants.back(), range).end}, false);
  std::vector<std::pair<std::string, Row>> rows;
  for (const std::string& tenant : tenants) {
    rows.clear();
    TRY(scan_from<Row>(*cursor, tenant, range, [&rows](std::string_view place, Row& row) {
      rows.emplace_back(place, std::move(row));
      return true;
    }));
    TRY(visit(tenant, rows));
  }
  return {};
}

template <class Row, class Visit>
Result<> View::scan_from(KeyCursor& cursor, std::string_view tenant, const PlaceRange& range,
                         const Visit& visit) const {
  HotWalk<Row> live(live_.get(), tenant, range);
  HotWalk<Row> frozen(frozen_.get(), tenant, range);
  BaseWalk base(cursor, tenant, range);
  while (live.is_valid() || frozen.is_valid() || base.is_valid()) {
    std::string place = base.is_valid() ? base.place() : std::string();
    if (frozen.is_valid() && (place.empty() || frozen.place() < place)) place = frozen.place();
    if (live.is_valid() && (place.empty() || live.place() < place)) place = live.place();
    std::optional<Row> row;
    if (live.is_at(place)) {
      row = live.row();
    } else if (frozen.is_at(place)) {
      row = frozen.row();
    } else {
      row = TRY(parse_row<Row>(base.value()));
    }
    if (live.is_at(place)) live.next();
    if (frozen.is_at(place)) frozen.next();
    if (base.is_at(place)) base.next();
    if (row && !visit(place, *row)) return {};
  }
  return base.status();
}

}  // namespace metergate
