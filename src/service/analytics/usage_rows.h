// UsageRows: totals over all tenants for rows of days, kept from one query to the next.
//
// A changed row is not made anew: for each changed tenant, its old share is taken out and the new
// one put in. For that, each tenant's share of today's row, and of rows that changed before, is
// kept in packed form, in at most kShareBytesMax. Beyond that, the shares of the least recently
// used rows are dropped, and such a row is made anew when it changes. Safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "service/analytics/usage_shares.h"

namespace metergate {

inline constexpr std::size_t kKeptRowsMax = 1500;
inline constexpr std::size_t kShareBytesMax = 64UL << 20;

class UsageRows {
 public:
  UsageRows(const Store& store, const Directory& directory, const BillingRules& rules,
            std::size_t share_bytes_max = kShareBytesMax)
      : store_(store), directory_(directory), rules_(rules), share_bytes_max_(share_bytes_max) {}

  // One for each row; the rows follow one another without a gap.
  Result<std::vector<UsageTotals>> totals(std::span<const RowDays> rows, Day today);

 private:
  struct Marks {  // taken before the data that they cover is read
    ChangeMark store = 0;
    ChangeMark directory = 0;
    friend bool operator==(const Marks&, const Marks&) = default;
  };
  // A row's sum, and each tenant's share of it.
  struct Shares {
    UsageSum sum;
    std::vector<std::string> of;  // packed, by the tenant's index
    std::size_t bytes = 0;
    void put(std::size_t place, const UsageShare& share);
  };
  struct Kept {
    UsageTotals totals;
    Marks marks;
    Day made_on;
    std::uint64_t used = 0;
    std::unique_ptr<Shares> shares;  // nullptr: the row is made anew when it changes
  };
  enum class Work : std::uint8_t { none, follow, make };
  // Consecutive rows with the same work to do and the same marks.
  struct Run {
    std::span<const RowDays> rows;
    Day today;
    Marks marks;
  };
  Marks marks_now() const;
  bool has_right_day(const RowDays& row, Day today) const;
  bool has_changed(const RowDays& row, Day today) const;
  Work work_for(const RowDays& row, Day today, const Marks& now) const;
  Result<> follow(const Run& run);
  Result<> make(const Run& run);
  std::size_t place_of(const std::string& tenant);
  void drop_shares_over_bound();

  const Store& store_;
  const Directory& directory_;
  const BillingRules& rules_;
  const std::size_t share_bytes_max_;
  std::mutex mutex_;  // guards the members below
  std::uint64_t uses_ = 0;
  std::map<RowDays, Kept> kept_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace metergate
