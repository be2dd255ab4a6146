#include "service/analytics/usage_sum.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"

namespace metergate {
namespace {

// Calls `visit` with each number of a share's calls and webhooks.
template <class Calls, class Webhooks, class Visit>
void for_each_number(Calls& calls, Webhooks& webhooks, const Visit& visit) {
  visit(calls.count);
  visit(calls.unbilled);
  for (auto& count : calls.by_status_class) visit(count);
  visit(calls.request_bytes);
  visit(calls.response_bytes);
  visit(calls.duration_us);
  visit(webhooks.count);
  visit(webhooks.failures);
  visit(webhooks.duration_us);
}

void put(std::string& out, std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

std::uint64_t take(std::string_view& from) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto part = static_cast<std::uint8_t>(from.front());
    from.remove_prefix(1);
    value |= std::uint64_t{part & 0x7fU} << shift;
    if (part < 0x80U) return value;
  }
}

}  // namespace

// Numbers of seven bits a byte, low bits first: the tenant's two, those of its calls and webhooks,
// then for each bucket the difference of its index to the one before, and its count.
std::string packed(const UsageShare& share) {
  std::string out;
  if (share == UsageShare{}) return out;
  put(out, share.is_active ? 1 : 0);
  put(out, static_cast<std::uint64_t>(share.storage_bytes));
  for_each_number(share.calls, share.webhooks,
                  [&](std::int64_t number) { put(out, static_cast<std::uint64_t>(number)); });
  unsigned before = 0;
  for (const Histogram::Bucket& bucket : share.calls.durations.buckets()) {
    put(out, bucket.index - before);
    put(out, bucket.count);
    before = bucket.index;
  }
  out.shrink_to_fit();
  return out;
}

UsageShare unpacked(std::string_view bytes) {
  UsageShare share;
  if (bytes.empty()) return share;
  share.is_active = take(bytes) != 0;
  share.storage_bytes = static_cast<std::int64_t>(take(bytes));
  for_each_number(share.calls, share.webhooks,
                  [&](std::int64_t& number) { number = static_cast<std::int64_t>(take(bytes)); });
  std::vector<Histogram::Bucket> buckets;
  for (std::uint64_t index = 0; !bytes.empty();) {
    index += take(bytes);
    const auto count = static_cast<std::uint32_t>(take(bytes));
    buckets.push_back({static_cast<std::uint16_t>(index), count});
  }
  CHECK(share.calls.durations.assign(std::move(buckets)));
  return share;
}

void UsageSum::fold(const UsageShare& share, int sign) {
  auto number = numbers_.begin();
  for_each_number(share.calls, share.webhooks,
                  [&](std::int64_t amount) { *number++ += sign * Wide{amount}; });
  const auto buckets = share.calls.durations.buckets();
  if (!buckets.empty() && buckets.back().index >= durations_.size())
    durations_.resize(buckets.back().index + std::size_t{1});
  for (const Histogram::Bucket& bucket : buckets)
    durations_[bucket.index] += static_cast<std::uint64_t>(sign * std::int64_t{bucket.count});
  storage_bytes_ += sign * Wide{share.storage_bytes};
  if (share.is_active) active_tenants_ += sign;
}

void UsageSum::add(const UsageShare& share) { fold(share, 1); }
void UsageSum::subtract(const UsageShare& share) { fold(share, -1); }

UsageTotals UsageSum::totals() const {
  UsageTotals totals;
  auto number = numbers_.begin();
  for_each_number(totals.calls, totals.webhooks,
                  [&](std::int64_t& to) { to = saturate(*number++); });
  std::vector<Histogram::Bucket> buckets;
  for (std::size_t index = 0; index < durations_.size(); ++index) {
    const auto count = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(durations_[index], std::numeric_limits<std::uint32_t>::max()));
    if (count > 0) buckets.push_back({static_cast<std::uint16_t>(index), count});
  }
  CHECK(totals.calls.durations.assign(std::move(buckets)));
  totals.storage_bytes = saturate(storage_bytes_);
  totals.active_tenants = active_tenants_;
  return totals;
}

}  // namespace metergate
