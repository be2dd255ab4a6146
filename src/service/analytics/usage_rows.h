// UsageRows: totals over all tenants of the days of rows, kept from one question to the next.
//
// A row whose days changed is not made anew: of each tenant that changed, what it brought into the
// row is taken out and what it brings now is put in. Each tenant's share is kept for that, packed,
// of the row of today and of rows that changed before, in at most kShareBytesMax; beyond it, those
// of the rows that were asked for least recently go, and such a row is made anew when it changes.
// Any thread.
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
  struct Marks {  // had before what they stand for is read
    ChangeMark store = 0;
    ChangeMark directory = 0;
    friend bool operator==(const Marks&, const Marks&) = default;
  };
  // A row's sum, and what each tenant brought into it.
  struct Shares {
    UsageSum sum;
    std::vector<std::string> of;  // packed, by the tenant's place
    std::size_t bytes = 0;
    void put(std::size_t place, const UsageShare& share);
  };
  struct Kept {
    UsageTotals totals;
    Marks marks;
    Day made_on;
    std::uint64_t used = 0;
    std::unique_ptr<Shares> shares;  // nullptr: made anew when it changes
  };
  enum class Work : std::uint8_t { none, follow, make };
  // Rows that follow one another with the same to do, all of the same marks.
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
  std::mutex mutex_;  // guards what follows
  std::uint64_t uses_ = 0;
  std::map<RowDays, Kept> kept_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace metergate
