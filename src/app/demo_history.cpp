#include "app/demo_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "app/demo_tenants.h"
#include "app/dice.h"
#include "base/check.h"
#include "domain/identity.h"
#include "service/alerts/alerting.h"
#include "service/metering/ingest.h"
#include "service/metering/records.h"
#include "service/tenants/directory.h"
#include "service/upkeep/aggregation.h"

namespace metergate {
namespace {

constexpr int kUpgradeMonthsAgo = 4;
constexpr std::int64_t kEventsPerDayMax = 250;
constexpr std::size_t kEventsPerBatch = 500;
constexpr std::string_view kSource = "demo";

struct EndpointRow {
  std::string_view method;
  std::string_view endpoint;
};

constexpr std::array<EndpointRow, 6> kEndpoints = {{
    {"GET", "GET /api/tenants/{tenant_id}/stores"},
    {"GET", "GET /api/tenants/{tenant_id}/devices"},
    {"POST", "POST /api/tenants/{tenant_id}/sales"},
    {"GET", "GET /api/tenants/{tenant_id}/sales"},
    {"POST", "POST /api/tenants/{tenant_id}/tickets"},
    {"GET", "GET /api/tenants/{tenant_id}/usage"},
}};

// The spread of response times around the typical one, and of statuses by class, in thousandths.
struct ShareRow {
  std::int64_t permille;
  std::int64_t value;
};
constexpr std::array<ShareRow, 6> kDurationShares = {
    {{400, 70}, {300, 100}, {180, 150}, {80, 260}, {30, 700}, {10, 2400}}};
constexpr std::array<ShareRow, 4> kStatusShares = {{{968, 1}, {12, 2}, {17, 3}, {3, 4}}};
constexpr std::int64_t kWebhookFailuresPermille = 14;
constexpr std::int64_t kRequestBytes = 310;
constexpr std::int64_t kResponseBytes = 1870;

std::vector<std::int64_t> permilles(std::span<const ShareRow> rows) {
  std::vector<std::int64_t> weights;
  for (const ShareRow& row : rows) weights.push_back(row.permille);
  return weights;
}

CallSums call_sums(const DemoTenantRow& tenant, std::int64_t count) {
  CallSums sums;
  sums.count = count;
  sums.request_bytes = count * kRequestBytes;
  sums.response_bytes = count * kResponseBytes;
  const auto by_status = spread(count, permilles(kStatusShares));
  for (std::size_t i = 0; i < kStatusShares.size(); ++i) {
    sums.by_status_class[static_cast<std::size_t>(kStatusShares[i].value)] = by_status[i];
  }
  const auto by_duration = spread(count, permilles(kDurationShares));
  for (std::size_t i = 0; i < kDurationShares.size(); ++i) {
    if (by_duration[i] == 0) continue;
    const Microseconds duration{tenant.typical_us * kDurationShares[i].value / 100};
    sums.durations.add(duration, static_cast<std::uint32_t>(by_duration[i]));
    sums.duration_us += duration.count() * by_duration[i];
  }
  return sums;
}

WebhookSums webhook_sums(const DemoTenantRow& tenant, std::int64_t count) {
  return {.count = count,
          .failures = count * kWebhookFailuresPermille / 1000,
          .duration_us = count * tenant.typical_us * 9};
}

struct MonthTotals {
  std::int64_t api_calls;
  std::int64_t webhook_calls;
};

// Fills one tenant after another, month by month.
class MadeUpHistory {
 public:
  MadeUpHistory(Services& services, DemoClock& clock, Timestamp now)
      : services_(services), clock_(clock), now_(now), zone_(services.rules.zone) {
    current_ = Period::of(now, zone_);
  }

  Result<> fill() {
    TRY(add_tenants());
    for (int months_ago = kDemoMonths - 1; months_ago > 0; --months_ago) TRY(fill_past(months_ago));
    clock_.advance_to(current_.window(zone_).start);
    for (const DemoTenantRow& tenant : kDemoTenants) TRY(fill_current(tenant));
    clock_.advance_to(now_);
    TRY(services_.alerting.sweep());
    services_.store.wait_durable(services_.store.head());
    return {};
  }

 private:
  Result<> add_tenants() {
    for (const DemoTenantRow& tenant : kDemoTenants) {
      const NewTenant wanted{.id = TRY(TenantId::parse(tenant.id)),
                             .name = std::string{tenant.name},
                             .plan = std::string{tenant.first_plan},
                             .own_limits = {}};
      TRY(services_.directory.add(wanted, actor_));
      TRY(add_records(tenant, wanted.id));
    }
    return {};
  }

  Result<> add_records(const DemoTenantRow& tenant, const TenantId& id) {
    // A tenant records its own sales, so they make no audit records.
    const Caller caller = Caller::of_tenant("demo", id);
    const TenantAccess access = TRY(caller.access(id, Permission::tenants_update));
    for (int store = 1; store <= tenant.stores; ++store) {
      const NewStore wanted{.id = fmt::format("store_{}", store),
                            .name = fmt::format("{} {}", tenant.name, store)};
      TRY(services_.records.add_store(access, wanted, actor_));
    }
    for (int device = 1; device <= tenant.devices; ++device) {
      const std::string_view type = kDeviceTypes[static_cast<std::size_t>(device) % 3];
      const NewDevice wanted{.id = fmt::format("device_{}", device),
                             .store_id = fmt::format("store_{}", device % tenant.stores + 1),
                             .name = fmt::format("{} {}", type, device),
                             .type = std::string{type}};
      TRY(services_.records.add_device(access, wanted, actor_));
    }
    services_.store.wait_durable(services_.store.head());
    return {};
  }

  Result<> fill_past(int months_ago) {
    const Period period = Period::from_ordinal(current_.ordinal() - months_ago);
    const Window window = period.window(zone_);
    clock_.advance_to(window.start);
    if (months_ago == kUpgradeMonthsAgo) TRY(change_plans());
    for (const DemoTenantRow& tenant : kDemoTenants) {
      const auto then = [&](std::int64_t now_figure) {
        return now_figure * 1000 / (1000 + tenant.growth_permille * months_ago);
      };
      const std::vector<Day> days = days_between(period.first_day(), period.last_day());
      TRY(write_days(tenant, days, {then(tenant.api_calls), then(tenant.webhook_calls)}));
      TRY(report_storage(tenant, window.start, then(tenant.storage_bytes)));
    }
    clock_.advance_to(window.end - Milliseconds{1});
    TRY(services_.alerting.sweep());
    const Timestamp closing = window.end + services_.rules.grace + std::chrono::hours{1};
    if (closing > now_) return {};
    clock_.advance_to(closing);
    TRY(resolve_alerts(period));
    TRY(services_.aggregation.close_periods());
    services_.store.wait_durable(services_.store.head());
    return {};
  }

  Result<> change_plans() {
    for (const DemoTenantRow& tenant : kDemoTenants) {
      if (tenant.plan == tenant.first_plan) continue;
      const PlanChange change{.tenant = TRY(TenantId::parse(tenant.id)),
                              .plan = std::string{tenant.plan},
                              .reason = "Opened more stores than the plan includes"};
      TRY(services_.directory.change_plan(change, actor_));
    }
    return {};
  }

  Result<> resolve_alerts(Period period) {
    AlertQuery query;
    query.period = period.text();
    query.limit = 200;
    for (const Json& alert : TRY(services_.alerting.list(query)).alerts) {
      const auto id = alert.string_at("alert_id");
      if (!id || alert.string_at("status") == "resolved") continue;
      TRY(services_.alerting.resolve(*id, "Overage accepted and billed with the statement",
                                     actor_));
    }
    return {};
  }

  static std::vector<Day> days_between(Day first, Day last) {
    std::vector<Day> days;
    for (Day day = first; day <= last; day += std::chrono::days{1}) days.push_back(day);
    return days;
  }

  std::vector<std::int64_t> day_weights(const DemoTenantRow& tenant, const std::vector<Day>& days) {
    std::vector<std::int64_t> weights;
    for (const Day day : days) {
      const unsigned weekday = std::chrono::weekday{day}.iso_encoding() - 1;
      weights.push_back((*tenant.week)[weekday] * dice_.roll(85, 115));
    }
    return weights;
  }

  Result<> write_days(const DemoTenantRow& tenant, const std::vector<Day>& days,
                      MonthTotals totals) {
    const std::vector<std::int64_t> weights = day_weights(tenant, days);
    const auto calls = spread(totals.api_calls, weights);
    const auto webhooks = spread(totals.webhook_calls, weights);
    Batch batch;
    batch.at = clock_.now();
    const TenantId id = TRY(TenantId::parse(tenant.id));
    for (std::size_t i = 0; i < days.size(); ++i) {
      DayTotal total{.tenant = id, .day = days[i], .counter = {}};
      total.counter.calls = call_sums(tenant, calls[i]);
      total.counter.webhooks = webhook_sums(tenant, webhooks[i]);
      total.counter.updated_at = batch.at;
      batch.day_totals.push_back(std::move(total));
    }
    TRY(services_.store.apply(std::move(batch)));
    return {};
  }

  Result<> report_storage(const DemoTenantRow& tenant, Timestamp at, std::int64_t bytes) {
    std::vector<UsageEvent> events;
    events.push_back(TRY(new_event(tenant, at, StorageReport{bytes})));
    TRY(services_.ingest.record(std::move(events)));
    return {};
  }

  Result<UsageEvent> new_event(const DemoTenantRow& tenant, Timestamp at, Fact fact) {
    UsageEvent event;
    event.tenant = TRY(TenantId::parse(tenant.id));
    event.source = kSource;
    event.id = fmt::format("demo-{}", ++events_made_);
    event.occurred_at = at;
    event.fact = std::move(fact);
    return event;
  }

  // Fills up to now: the last two days, within this month, partly as single events.
  Result<> fill_current(const DemoTenantRow& tenant) {
    const Day today = zone_.day_of(now_);
    const std::vector<Day> days = days_between(current_.first_day(), today);
    const auto whole =
        static_cast<std::int64_t>(days_between(current_.first_day(), current_.last_day()).size());
    const auto so_far = static_cast<std::int64_t>(days.size());
    // The worked example gives the figures of the month so far.
    const bool is_example = tenant.id == kDemoTenant;
    MonthTotals totals{is_example ? tenant.api_calls : tenant.api_calls * so_far / whole,
                       is_example ? tenant.webhook_calls : tenant.webhook_calls * so_far / whole};
    const std::vector<Timestamp> times =
        event_times(days, std::min(kEventsPerDayMax, totals.api_calls / 4 / so_far + 1));
    const auto singles = static_cast<std::int64_t>(times.size());
    totals.api_calls -= std::min(totals.api_calls, singles);
    TRY(write_days(tenant, days, totals));
    TRY(record_calls(tenant, times));
    return report_storage(tenant, current_.window(zone_).start, tenant.storage_bytes);
  }

  std::vector<Timestamp> event_times(const std::vector<Day>& days, std::int64_t per_day) {
    std::vector<Timestamp> times;
    const std::size_t first = days.size() > 2 ? days.size() - 2 : 0;
    for (std::size_t i = first; i < days.size(); ++i) {
      const Timestamp start = zone_.start_of(days[i]);
      const Timestamp end = std::min(zone_.start_of(days[i] + std::chrono::days{1}), now_);
      const std::int64_t length = (end - start).count();
      for (std::int64_t n = 0; n < per_day && length > 0; ++n) {
        times.push_back(start + Milliseconds{length * n / per_day});
      }
    }
    return times;
  }

  Result<> record_calls(const DemoTenantRow& tenant, const std::vector<Timestamp>& times) {
    // Events must not be ahead of the clock, as with a real sender.
    clock_.advance_to(now_);
    std::vector<UsageEvent> events;
    for (const Timestamp at : times) {
      events.push_back(TRY(new_event(tenant, at, make_call(tenant))));
      if (events.size() < kEventsPerBatch) continue;
      TRY(services_.ingest.record(std::exchange(events, {})));
    }
    if (!events.empty()) TRY(services_.ingest.record(std::move(events)));
    services_.store.wait_durable(services_.store.head());
    return {};
  }

  ApiCall make_call(const DemoTenantRow& tenant) {
    const EndpointRow& endpoint = kEndpoints[static_cast<std::size_t>(dice_.roll(0, 5))];
    ApiCall call;
    call.method = endpoint.method;
    call.endpoint = endpoint.endpoint;
    const bool is_fine = dice_.roll(1, 100) <= 98;
    call.status = is_fine ? (endpoint.method == "POST" ? 201 : 200) : 404;
    call.request_bytes = dice_.roll(180, 600);
    call.response_bytes = dice_.roll(240, 4200);
    call.duration = Microseconds{tenant.typical_us * dice_.roll(60, 190) / 100};
    call.ip = fmt::format("198.51.100.{}", dice_.roll(1, 254));
    call.store_id = fmt::format("store_{}", dice_.roll(1, tenant.stores));
    call.device_id = fmt::format("device_{}", dice_.roll(1, tenant.devices));
    return call;
  }

  Services& services_;
  DemoClock& clock_;
  Timestamp now_;
  const TimeZone& zone_;
  Period current_;
  Dice dice_{48080};
  std::int64_t events_made_ = 0;
  const Actor actor_{.name = "demo",
                     .ip = {},
                     .user_agent = "metergate",
                     .request_id = {},
                     .rights = Permissions::all()};
};

}  // namespace

Timestamp demo_start(Timestamp now, const TimeZone& zone) {
  const Period current = Period::of(now, zone);
  return Period::from_ordinal(current.ordinal() - (kDemoMonths - 1)).window(zone).start;
}

Result<> fill_demo(Services& services, DemoClock& clock, Timestamp now) {
  return MadeUpHistory(services, clock, now).fill();
}

std::vector<std::int64_t> spread(std::int64_t total, std::span<const std::int64_t> weights) {
  const std::int64_t all = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  CHECK(all > 0);
  std::vector<std::int64_t> parts;
  std::int64_t weight_before = 0;
  std::int64_t given = 0;
  for (const std::int64_t weight : weights) {
    weight_before += weight;
    const std::int64_t through = total * weight_before / all;
    parts.push_back(through - given);
    given = through;
  }
  return parts;
}

}  // namespace metergate
