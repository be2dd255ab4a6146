// ForwardingStore: a Store that asks another one, for engines that differ from it in a few members.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/shapes/store.h"

namespace metergate {

class ForwardingStore : public Store {
 public:
  Result<Commit> apply(Batch batch) override { return store().apply(std::move(batch)); }
  Result<> admits() const override { return store().admits(); }
  AuditHead audit_head() const override { return store().audit_head(); }
  std::optional<AuditHead> journal_audit_head() const override {
    return store().journal_audit_head();
  }
  Sequence head() const override { return store().head(); }
  Sequence written() const override { return store().written(); }
  void when_written(Sequence sequence, std::move_only_function<void()> then) override {
    store().when_written(sequence, std::move(then));
  }
  Sequence durable() const override { return store().durable(); }
  void when_durable(Sequence sequence, std::move_only_function<void()> then) override {
    store().when_durable(sequence, std::move(then));
  }

  Result<std::optional<Json>> get(Collection collection, const DocumentKey& key) const override {
    TRY(may_read());
    return store().get(collection, key);
  }
  Result<std::optional<StoredDocument>> get_stored(Collection collection,
                                                   const DocumentKey& key) const override {
    TRY(may_read());
    return store().get_stored(collection, key);
  }
  Result<std::vector<Json>> find(const Query& query) const override {
    TRY(may_read());
    return store().find(query);
  }
  Result<std::int64_t> count(const Query& query) const override {
    TRY(may_read());
    return store().count(query);
  }
  Result<> for_each(const Query& query,
                    const std::function<bool(const Json&)>& visit) const override {
    TRY(may_read());
    return store().for_each(query, visit);
  }
  Result<std::optional<Counter>> counter(const TenantId& tenant, Period period) const override {
    TRY(may_read());
    return store().counter(tenant, period);
  }
  Result<std::int64_t> billable_calls(const TenantId& tenant, Period period) const override {
    TRY(may_read());
    return store().billable_calls(tenant, period);
  }
  Result<std::vector<std::pair<Period, Counter>>> counters(const TenantId& tenant) const override {
    TRY(may_read());
    return store().counters(tenant);
  }
  Result<> months_of_all_tenants(const MonthSpan& span,
                                 const std::function<bool(TenantMonths&)>& visit) const override {
    TRY(may_read());
    return store().months_of_all_tenants(span, visit);
  }
  Result<std::vector<DayRow>> days(const TenantId& tenant, Day first, Day last) const override {
    TRY(may_read());
    return store().days(tenant, first, last);
  }
  Result<Gauges> gauges_before(const TenantId& tenant, Day day) const override {
    TRY(may_read());
    return store().gauges_before(tenant, day);
  }
  Result<std::int64_t> endpoint_count(const TenantId& tenant, Period period) const override {
    TRY(may_read());
    return store().endpoint_count(tenant, period);
  }

  Result<> meter_cells(const MeterRange& range,
                       const std::function<bool(const MeterCellRow&)>& visit) const override {
    TRY(may_read());
    return store().meter_cells(range, visit);
  }
  Result<std::optional<MeterCell>> meter_total(const TenantId& tenant, std::string_view slug,
                                               Period period) const override {
    TRY(may_read());
    return store().meter_total(tenant, slug, period);
  }

  std::optional<Period> closed_through() const override { return store().closed_through(); }
  bool may_have_late_lines(const TenantId& tenant) const override {
    return store().may_have_late_lines(tenant);
  }
  ChangedNames changed_tenants(ChangeMark after) const override {
    return store().changed_tenants(after);
  }
  ChangeMark days_changed(Day first, Day last) const override {
    return store().days_changed(first, last);
  }
  std::vector<TenantPeriod> take_touched(std::size_t max) override {
    return store().take_touched(max);
  }
  Result<> counted_calls(const CallRange& range,
                         const std::function<bool(Timestamp)>& visit) const override {
    TRY(may_read());
    return store().counted_calls(range, visit);
  }
  Result<std::optional<KeptEvent>> find_event(const EventName& name,
                                              const Window& within) const override {
    TRY(may_read());
    return store().find_event(name, within);
  }
  Result<bool> is_voided(const KeptEvent& kept) const override {
    TRY(may_read());
    return store().is_voided(kept);
  }
  Result<std::vector<OwnReading>> own_readings(const UsageEvent& event,
                                               Sequence sequence) const override {
    TRY(may_read());
    return store().own_readings(event, sequence);
  }
  Result<Commit> reopen(Batch batch) override { return store().reopen(std::move(batch)); }
  Result<> raw_events(const RawRange& range,
                      const std::function<bool(const RawEvent&)>& visit) const override {
    TRY(may_read());
    return store().raw_events(range, visit);
  }
  Result<bool> is_counted(const UsageEvent& event) const override {
    TRY(may_read());
    return store().is_counted(event);
  }
  Result<std::vector<MeterMonth>> count_back(const OwnMeter& meter, Timestamp from) const override {
    TRY(may_read());
    return store().count_back(meter, from);
  }
  Result<RetentionDone> retire(const RetentionCut& cut) override { return store().retire(cut); }
  Result<> checkpoint() override { return store().checkpoint(); }
  Result<std::vector<std::pair<TenantId, Counter>>> recount(Period period) const override {
    TRY(may_read());
    return store().recount(period);
  }
  Result<std::vector<MeterTotal>> recount_meters(Period period) const override {
    TRY(may_read());
    return store().recount_meters(period);
  }
  Result<bool> has_all_events(Period period) const override {
    TRY(may_read());
    return store().has_all_events(period);
  }
  StoreFigures figures() const override { return store().figures(); }

 protected:
  virtual Store& store() const = 0;
  // Asked before each read that can fail.
  virtual Result<> may_read() const { return {}; }
};

}  // namespace metergate
