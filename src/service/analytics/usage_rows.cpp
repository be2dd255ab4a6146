#include "service/analytics/usage_rows.h"

#include <algorithm>

namespace metergate {
namespace {

constexpr std::size_t kShareBytesUsual = 200;

std::size_t bytes_of(const std::string& text) { return sizeof(text) + text.capacity(); }

bool holds(const RowDays& row, Day day) { return row.date <= day && day <= row.last; }

}  // namespace

void UsageRows::Shares::put(std::size_t place, const UsageShare& share) {
  if (place >= of.size()) {
    bytes += (place + 1 - of.size()) * bytes_of({});
    of.resize(place + 1);
  }
  std::string& kept = of[place];
  bytes -= bytes_of(kept);
  sum.subtract(unpacked(kept));
  sum.add(share);
  kept = packed(share);
  bytes += bytes_of(kept);
}

UsageRows::Marks UsageRows::marks_now() const {
  return {store_.changed_tenants(UINT64_MAX).through,
          directory_.changed_tenants(UINT64_MAX).through};
}

// True if the row is still valid as regards the day: storage is shown up to today.
bool UsageRows::has_right_day(const RowDays& row, Day today) const {
  const Kept& kept = kept_.at(row);
  return row.last < kept.made_on ? kept.made_on <= today : kept.made_on == today;
}

// Storage carries over from earlier days, but not into future days.
bool UsageRows::has_changed(const RowDays& row, Day today) const {
  const Day first = row.date > today ? row.first : Day::min();
  return kept_.at(row).marks.store < store_.days_changed(first, row.last);
}

// A row of past days does not change with the directory: a later tenant has no usage then.
UsageRows::Work UsageRows::work_for(const RowDays& row, Day today, const Marks& now) const {
  const auto kept = kept_.find(row);
  if (kept == kept_.end() || !has_right_day(row, today)) return Work::make;
  const bool is_over = row.last < today;
  const bool is_good =
      !has_changed(row, today) && (is_over || kept->second.marks.directory == now.directory);
  if (is_good) return Work::none;
  return kept->second.shares != nullptr ? Work::follow : Work::make;
}

std::size_t UsageRows::place_of(const std::string& tenant) {
  return places_.emplace(tenant, places_.size()).first->second;
}

Result<> UsageRows::follow(const Run& run) {
  const ChangedNames in_store = store_.changed_tenants(run.marks.store);
  const ChangedNames in_directory = directory_.changed_tenants(run.marks.directory);
  if (in_store.is_all || in_directory.is_all)
    return make({run.rows, run.today, {in_store.through, in_directory.through}});
  std::vector<std::string> names = in_store.names;
  names.insert(names.end(), in_directory.names.begin(), in_directory.names.end());
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  const ShareSources sources{store_, rules_, run.today};
  std::vector<UsageShare> shares;
  for (const std::string& name : names) {
    const Result<TenantId> id = TenantId::parse(name);
    const auto record = id ? directory_.find(*id) : nullptr;
    if (record == nullptr) continue;
    TRY(read_shares(sources, *record, run.rows, shares));
    const std::size_t place = place_of(name);
    for (std::size_t at = 0; at < run.rows.size(); ++at)
      kept_.at(run.rows[at]).shares->put(place, shares[at]);
  }
  for (const RowDays& row : run.rows) {
    Kept& kept = kept_.at(row);
    kept.totals = kept.shares->sum.totals();
    kept.marks = {in_store.through, in_directory.through};
  }
  return {};
}

Result<> UsageRows::make(const Run& run) {
  std::vector<UsageSum> sums(run.rows.size());
  std::vector<std::unique_ptr<Shares>> kept_shares(run.rows.size());
  // With more rows the shares would be dropped again; the newest rows change most.
  std::size_t room =
      share_bytes_max_ / (kShareBytesUsual * std::max<std::size_t>(1, directory_.size()));
  for (std::size_t at = run.rows.size(); at-- > 0 && room > 0;) {
    const RowDays& row = run.rows[at];
    // A row that changed once is likely to change again.
    const bool changed = kept_.contains(row) && has_right_day(row, run.today);
    if (!changed && !holds(row, run.today)) continue;
    kept_shares[at] = std::make_unique<Shares>();
    --room;
  }
  const ShareSources sources{store_, rules_, run.today};
  const auto take = [&](const TenantRecord& record, const std::vector<UsageShare>& shares) {
    const std::size_t place = place_of(record.tenant.id.text());
    for (std::size_t at = 0; at < run.rows.size(); ++at) {
      if (kept_shares[at] != nullptr) {
        kept_shares[at]->put(place, shares[at]);
      } else {
        sums[at].add(shares[at]);
      }
    }
  };
  TRY(read_all_shares(sources, directory_, run.rows, take));
  for (std::size_t at = 0; at < run.rows.size(); ++at) {
    const UsageSum& sum = kept_shares[at] != nullptr ? kept_shares[at]->sum : sums[at];
    kept_.insert_or_assign(
        run.rows[at], Kept{sum.totals(), run.marks, run.today, uses_, std::move(kept_shares[at])});
  }
  return {};
}

void UsageRows::drop_shares_over_bound() {
  std::size_t bytes = 0;
  std::vector<Kept*> with_shares;
  for (auto& [row, kept] : kept_) {
    if (kept.shares == nullptr) continue;
    bytes += kept.shares->bytes;
    with_shares.push_back(&kept);
  }
  if (bytes <= share_bytes_max_) return;
  std::ranges::stable_sort(with_shares, {}, &Kept::used);
  for (Kept* kept : with_shares) {
    if (bytes <= share_bytes_max_) return;
    bytes -= kept->shares->bytes;
    kept->shares.reset();
  }
}

Result<std::vector<UsageTotals>> UsageRows::totals(std::span<const RowDays> rows, Day today) {
  const std::lock_guard lock{mutex_};
  if (kept_.size() + rows.size() > kKeptRowsMax) kept_.clear();
  ++uses_;
  const Marks now = marks_now();
  for (std::size_t at = 0; at < rows.size();) {
    const Work work = work_for(rows[at], today, now);
    const Marks marks = work == Work::follow ? kept_.at(rows[at]).marks : now;
    std::size_t end = at + 1;
    while (end < rows.size() && work_for(rows[end], today, now) == work &&
           (work != Work::follow || kept_.at(rows[end]).marks == marks))
      ++end;
    const Run run{rows.subspan(at, end - at), today, marks};
    if (work == Work::follow) TRY(follow(run));
    if (work == Work::make) TRY(make(run));
    at = end;
  }
  std::vector<UsageTotals> totals;
  for (const RowDays& row : rows) {
    Kept& kept = kept_.at(row);
    // A valid row includes all changes up to the marks taken first.
    kept.marks.store = std::max(kept.marks.store, now.store);
    kept.marks.directory = std::max(kept.marks.directory, now.directory);
    kept.used = uses_;
    totals.push_back(kept.totals);
  }
  drop_shares_over_bound();
  return totals;
}

}  // namespace metergate
