// Backfill: a new meter's figures from events that were kept before it was created, by tenant,
// minute and group.
//
// The figures go into the journal with the batch that creates the meter, so that a replay needs no
// earlier event; a recount from the raw events gives the same. Not safe from several threads.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "storage/archive/archive.h"
#include "storage/fold/calendar.h"
#include "storage/shapes/decided.h"
#include "storage/view/meter_table.h"

namespace metergate {

class Backfill {
 public:
  // The most that one batch may hold, well below the journal's limit.
  static constexpr std::size_t kBytesMax = std::size_t{16} << 20;

  Backfill(CountedMeter meter, const TimeZone& zone, const HashKey& key)
      : meter_(std::move(meter)), calendar_(zone), key_(key) {}

  // Adds the event if it is of the meter's type and not before its start. Events may come in any
  // order.
  void add(const ArchivedEvent& archived);
  bool is_too_large() const { return bytes_ > kBytesMax; }
  const CountedMeter& meter() const { return meter_; }
  // ErrorCode::too_large if there is more than kBytesMax.
  Result<std::vector<BackfilledCell>> cells() const;
  Result<std::vector<MeterMonth>> months() const;

 private:
  struct Groups {
    std::set<std::string> names;
    std::size_t bytes = 0;  // of the names
  };
  Result<> check_size() const;
  std::string group_within_cap(const TenantId& tenant, Period period, const Json& data);

  CountedMeter meter_;
  Calendar calendar_;
  HashKey key_;
  std::map<std::tuple<TenantId, Timestamp, std::string>, MeterCell> cells_;
  std::map<std::pair<TenantId, Period>, Groups> groups_;
  std::size_t bytes_ = 0;
};

}  // namespace metergate
