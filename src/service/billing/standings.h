// Standings: a short row for each tenant and period, which lists filter, sort and sum. Kept from
// one list to the next, so that a list costs only the tenants that have changed.
//
// Only data: Billing makes and updates the rows and holds the lock. Bounded: about 250 bytes a row,
// for at most kStandingListsMax periods.
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
  std::string folded_name;  // with its case folded
  std::string plan;
  std::string status;
  Usage usage;
  Utilization highest;        // of all meters, own ones included
  std::optional<Money> cost;  // nothing: a billing error
  Health health = Health::healthy;
  bool has_overages = false;
  bool is_known = true;
  std::vector<std::pair<std::string, Quantity>> own;  // the plan's own meters, by slug
};

Standing standing_of(const Statement& statement);

struct StandingList {
  Period period;
  bool is_frozen = false;  // from a closed report: never changes
  Period seen_in;          // the current period when the rows were made; likewise below
  Timestamp seen_at{};
  std::optional<Timestamp> good_until;  // the time from which other terms apply without a write
  ChangeMark store_mark = 0;            // changes up to it are included; 0: none
  ChangeMark directory_mark = 0;
  std::vector<Standing> rows;  // by tenant

  // Replaces changed rows, by tenant, and removes those of `gone`.
  void update(std::vector<Standing> changed, const std::vector<TenantId>& gone);
};

class StandingBook {
 public:
  std::mutex& mutex() { return mutex_; }
  // With the lock held: the list of a period; may be an empty one in place of the least recently
  // used.
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
