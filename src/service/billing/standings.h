// Standings: how every tenant stands in a period, in short: what lists filter, sort and sum up.
// Kept from one list to the next, so that a list costs the tenants that changed and not all of
// them.
//
// Only data: Billing makes the rows, keeps them up to date and holds the lock. Bounded: a row of
// about 250 bytes a tenant, of at most kStandingListsMax periods.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/change_book.h"
#include "base/id.h"
#include "domain/statement.h"

namespace metergate {

inline constexpr std::size_t kStandingListsMax = 3;

struct Standing {
  TenantId tenant;
  std::string folded_name;  // without regard to case
  std::string plan;
  std::string status;
  Usage usage;
  Utilization highest;        // of all meters, the provider's own among them
  std::optional<Money> cost;  // nothing: a billing error
  Health health = Health::healthy;
  bool has_overages = false;
  bool is_known = true;
  std::vector<std::pair<std::string, Quantity>> own;  // of the plan's own meters, by slug
};

Standing standing_of(const Statement& statement);

struct StandingList {
  Period period;
  bool is_frozen = false;  // of a closed report: never changes again
  Period seen_in;          // the current period when the rows were made; likewise the next
  Timestamp seen_at{};
  std::optional<Timestamp> good_until;  // when other terms hold without anything being written
  ChangeMark store_mark = 0;            // what has been seen; 0: nothing
  ChangeMark directory_mark = 0;
  std::vector<Standing> rows;  // by tenant

  // Rows made anew, by tenant; `gone` are those that have none any more.
  void update(std::vector<Standing> changed, const std::vector<TenantId>& gone);
};

class StandingBook {
 public:
  std::mutex& mutex() { return mutex_; }
  // Under the lock: the list of a period, maybe an empty one in the place of the least used.
  StandingList& of(Period period);

 private:
  struct Place {
    StandingList list;
    std::uint64_t used = 0;
  };
  std::mutex mutex_;
  std::uint64_t uses_ = 0;
  std::array<Place, kStandingListsMax> places_;
};

}  // namespace metergate
