#include "service/metering/enforcement.h"

#include <fmt/format.h>

namespace metergate {

class Enforcement::Lane {
 public:
  std::mutex mutex;
  std::int64_t under_way = 0;  // calls that hold a place
  TokenBucket bucket;
};

namespace {

using std::chrono::seconds;

Error over_limit(Meter meter, std::int64_t limit, seconds retry_after) {
  return {ErrorCode::limit_exceeded, hard_limit_text(meter, limit), {}, retry_after};
}

Error too_fast(const RequestRate& rate, seconds retry_after) {
  return {ErrorCode::rate_limit,
          fmt::format("too many requests: the plan allows {} a second and {} at once",
                      rate.per_second, rate.burst),
          {},
          retry_after};
}

seconds whole_seconds(Microseconds time) {
  return std::max(seconds{1}, std::chrono::ceil<seconds>(time));
}

}  // namespace

Enforcement::Place::~Place() {
  if (lane_ == nullptr) return;
  const std::lock_guard lock(lane_->mutex);
  --lane_->under_way;
}

Enforcement::Place& Enforcement::Place::operator=(Place&& other) noexcept {
  std::swap(lane_, other.lane_);
  return *this;
}

Enforcement::Hold::Hold(std::shared_ptr<Lane> lane) : lane_(std::move(lane)), lock_(lane_->mutex) {}

std::shared_ptr<Enforcement::Lane> Enforcement::lane_of(const TenantId& tenant) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Lane>& lane = lanes_[tenant];
  if (lane == nullptr) lane = std::make_shared<Lane>();
  return lane;
}

Result<Enforcement::Admitted> Enforcement::admit_call(const TenantRecord& record, PastLimit past) {
  Admitted admitted;
  if (!parts_.rules.tracking_enabled) return admitted;
  const TenantId& tenant = record.tenant.id;
  const Timestamp now = parts_.clock.now();
  const Offer offer = TRY(find_offer(parts_.catalog, {record, Meter::api_calls, now}));
  const Period period = Period::of(now, parts_.rules.zone);
  const Window window = period.window(parts_.rules.zone);
  CallStanding& standing = admitted.standing.emplace();
  standing.limit = offer.limit.units;
  standing.window = std::chrono::ceil<seconds>(window.end - window.start);
  standing.resets_in = whole_seconds(window.end - now);
  const bool is_hard = offer.is_hard();
  if (!is_hard && !offer.request_rate) {
    standing.used = TRY(parts_.store.billable_calls(tenant, period)) + 1;
    tallies_.admitted.add();
    return admitted;
  }
  std::shared_ptr<Lane> lane = lane_of(tenant);
  const std::lock_guard lock(lane->mutex);
  standing.used = TRY(parts_.store.billable_calls(tenant, period)) + lane->under_way + 1;
  bool is_past_limit = true;
  if (offer.request_rate && !lane->bucket.take(*offer.request_rate, parts_.clock.steady())) {
    admitted.refusal = too_fast(*offer.request_rate, whole_seconds(lane->bucket.wait()));
  } else if (is_hard && standing.used > *offer.limit.units) {
    admitted.is_billable = false;
    if (past == PastLimit::refuse)
      admitted.refusal = over_limit(Meter::api_calls, *offer.limit.units, standing.resets_in);
  } else {
    is_past_limit = false;
  }
  if (admitted.refusal) admitted.is_billable = false;
  if (!parts_.rules.limits_enforced) {
    admitted.refusal.reset();
    admitted.is_billable = true;
  }
  if (is_hard && admitted.is_billable) {
    ++lane->under_way;
    admitted.place = Place(std::move(lane));
  }
  count(is_past_limit, admitted);
  return admitted;
}

void Enforcement::count(bool is_past_limit, const Admitted& admitted) {
  if (!is_past_limit) return tallies_.admitted.add();
  if (!admitted.refusal) return tallies_.passed.add();
  const bool is_too_fast = admitted.refusal->code == ErrorCode::rate_limit;
  (is_too_fast ? tallies_.too_fast : tallies_.over_limit).add();
}

Result<> Enforcement::record(UsageEvent event, Place place) {
  if (place.lane_ == nullptr) return parts_.ingest.record_own(std::move(event));
  const std::shared_ptr<Lane> lane = std::move(place.lane_);
  const std::lock_guard lock(lane->mutex);
  --lane->under_way;
  return parts_.ingest.record_own(std::move(event));
}

// An application may state fewer stores or devices than there are records; the limit applies to the
// greater number.
Result<std::int64_t> Enforcement::active_records(const TenantId& tenant, Meter meter) const {
  if (meter != Meter::stores_count && meter != Meter::devices_count) return 0;
  Query query;
  query.collection = meter == Meter::stores_count ? Collection::stores : Collection::devices;
  query.filter =
      Filter::all({Filter::equal("tenant_id", tenant.text()), Filter::equal("status", "active")});
  return parts_.store.count(query);
}

Result<Enforcement::Hold> Enforcement::hold_units(const TenantId& tenant, Meter meter,
                                                  std::int64_t added) {
  if (!parts_.rules.tracking_enabled || !parts_.rules.limits_enforced) return Hold{};
  const Timestamp now = parts_.clock.now();
  const auto record = TRY(parts_.directory.get(tenant));
  const Offer offer = TRY(find_offer(parts_.catalog, {*record, meter, now}));
  if (!offer.is_hard()) return Hold{};
  Hold hold(lane_of(tenant));
  const Period period = Period::of(now, parts_.rules.zone);
  const auto counter = TRY(parts_.store.counter(tenant, period));
  const Usage usage = usage_of(counter.value_or(Counter{}), parts_.rules.storage);
  const std::int64_t used = std::max(usage[meter], TRY(active_records(tenant, meter)));
  if (used + added > *offer.limit.units)
    return fail(over_limit(meter, *offer.limit.units, seconds{0}));
  return hold;
}

}  // namespace metergate
