// Fold: applies a decided batch to the view. A replay after a crash and a batch that has just been
// decided both go through this function, so both lead to the same bytes.
//
// Fails only if the base cannot be read; the view is then half changed and must not be used any
// more. One thread at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/fold/calendar.h"
#include "storage/fold/touched.h"
#include "storage/shapes/decided.h"
#include "storage/view/view.h"

namespace metergate {

inline constexpr std::size_t kEndpointsMax = 1000;

class Fold {
 public:
  Fold(View& view, Touched& touched, const TimeZone& zone, const HashKey& key)
      : view_(view), touched_(touched), calendar_(zone), key_(key) {}

  // `ids` are those of the events.
  Result<> apply(std::uint64_t sequence, const DecidedBatch& batch,
                 const std::vector<EventId>& ids);
  Calendar& calendar() { return calendar_; }

 private:
  Result<> fold_event(const UsageEvent& event);
  Result<> fold_call(const ApiCall& call, const UsageEvent& event, const Slot& slot,
                     TenantRows& rows);
  Result<std::string_view> endpoint_within_cap(const std::string& tenant, Period period,
                                               const std::string& endpoint);
  Result<> fold_meters(const OtherFact& fact, const UsageEvent& event);
  Result<> fold_meter(const CountedMeter& meter, const EventContent& data, const UsageEvent& event);
  Result<std::string> group_within_cap(const std::string& tenant, Period period,
                                       const CountedMeter& meter, const Json& data);
  Result<> fold_void(const DecidedVoid& voided, Timestamp at);
  Result<> unfold_calls(const UsageEvent& event);
  Result<> replace_bytes(const UsageEvent& event, const Gauge& day_bytes);
  Result<> unfold_meters(const DecidedVoid& voided);
  struct MeterPlaces;
  Result<> rebuild_meter(const std::string& tenant, const CountedMeter& meter,
                         const MeterPlaces& places);
  Result<> fold_documents(const DecidedBatch& batch);
  Result<> fold_backfilled(const BackfilledCell& backfilled);
  Result<> fold_day_total(const DayTotal& total);
  Result<> reopen_from(Period period);
  Result<Counter*> touch_month(const std::string& tenant, Period period);
  Result<Counter*> touch_day(const std::string& tenant, Day day) {
    return touch_day(view_.live_rows(tenant), tenant, day);
  }
  Result<Counter*> touch_day(TenantRows& rows, const std::string& tenant, Day day);
  Result<Counter*> touch_month(TenantRows& rows, const std::string& tenant, Period period);
  // Replaces the view's entries of one document: the document and its index entries.
  Result<std::optional<Json>> replace(const DecidedDocument& write);
  // The record counts of a tenant that a batch changed.
  struct Change {
    bool stores = false;
    bool devices = false;
    bool sales = false;
    bool tickets = false;
    bool audits = false;
  };
  using Changes = std::map<std::string, Change>;
  Result<> count_record(const DecidedDocument& write, const std::optional<Json>& old,
                        Changes& changes);
  void touch_priced(const DecidedDocument& write, Period period);
  Result<> set_gauges(const std::string& tenant, const Change& change, Timestamp at);
  Timestamp in_open_period(Timestamp at) const;

  View& view_;
  Touched& touched_;
  Calendar calendar_;
  HashKey key_;
  std::string place_;  // key of the hour being folded; reused for its memory
};

}  // namespace metergate
