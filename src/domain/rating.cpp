#include "domain/rating.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "domain/each_line.h"
#include "domain/wide.h"

namespace metergate {
namespace {

// The status is decided on usage × 100 against limit × bound, without division.
constexpr std::int64_t kCautionPercent = 75;
constexpr std::int64_t kWarningPercent = 90;
// The most decimals with which 64 bits still hold a little over 100, and 128 bits its product with
// any usage.
constexpr std::uint8_t kPercentDecimalsMax = 16;

struct HealthRow {
  Health health;
  std::string_view name;
};

constexpr std::array<HealthRow, 4> kHealths = {{
    {Health::healthy, "healthy"},
    {Health::caution, "caution"},
    {Health::warning, "warning"},
    {Health::critical, "critical"},
}};

bool is_beyond_measure(const Utilization& utilization) {
  return utilization.limit == 0 && utilization.usage > 0;
}

// A limit that usage can be divided by; 0 for unlimited and for a limit of 0.
std::int64_t divisor_of(const Utilization& utilization) {
  return utilization.limit.value_or(0) > 0 ? *utilization.limit : 0;
}

// Nothing if the amount is beyond kMoneyMax; sum_of_lines() reports that.
std::optional<Money> cost_or_nothing(Result<Money> cost) {
  return cost ? std::optional(*cost) : std::nullopt;
}

std::unexpected<Error> no_cost(std::string_view meter) {
  return fail(ErrorCode::invalid, std::string(meter) +
                                      ": what it has over its limit costs more than "
                                      "9000000000000, the greatest amount that can be billed; "
                                      "check its usage and its rate");
}

LineItem line_of(Meter meter, std::int64_t usage, const Limit& limit, const UnitPrice& price) {
  CHECK(usage >= 0);
  LineItem line;
  line.meter = meter;
  line.usage = usage;
  line.included = limit.units;
  line.overage = limit.units ? std::max<std::int64_t>(0, usage - *limit.units) : 0;
  line.rate = price;
  line.cost = cost_or_nothing(charge(price, line.overage));
  return line;
}

OwnLineItem own_line_of(const OwnTerm& term, Quantity usage) {
  OwnLineItem line;
  line.meter = term.meter;
  line.usage = usage;
  line.included = term.limit;
  line.rate = term.rate;
  if (term.limit && usage > *term.limit) {
    line.overage = usage;
    line.overage -= *term.limit;
  }
  line.cost = cost_or_nothing(charge_quantity(line.rate, line.overage));
  return line;
}

}  // namespace

Result<Money> cost_with(const LineItem& line, std::int64_t usage) {
  const LineItem other = line_of(line.meter, usage, Limit{line.included}, line.rate);
  if (!other.cost) return no_cost(row_of(line.meter).name);
  return *other.cost;
}

Result<Money> cost_with(const OwnLineItem& line, Quantity usage) {
  const OwnLineItem other = own_line_of({line.meter, line.included, line.rate}, usage);
  if (!other.cost) return no_cost(line.meter);
  return *other.cost;
}

Result<Money> sum_of_lines(const Rated& rated) {
  Result<Money> sum{Money{}};
  each_line(rated, [&sum](const auto& line) {
    if (!sum) return;
    sum = line.cost ? add(*sum, *line.cost) : Result<Money>{no_cost(meter_of(line))};
  });
  return sum;
}

void settle(Rated& rated, const Result<Money>& sum, const Currency& currency) {
  rated.cost.reset();
  rated.billing_error.clear();
  if (sum) {
    rated.cost = round_to_minor_unit(*sum, currency);
  } else {
    rated.billing_error = sum.error().message;
  }
}

std::optional<Decimal> Utilization::percent() const {
  if (is_beyond_measure(*this)) return std::nullopt;
  const std::int64_t divisor = divisor_of(*this);
  if (divisor == 0) return Decimal{0, 1};
  const auto hundred = [](std::uint8_t decimals) { return 100 * power_of_ten(decimals); };
  for (std::uint8_t decimals = 1; decimals <= kPercentDecimalsMax; ++decimals) {
    const Wide shown = divide_rounded(Wide{usage} * hundred(decimals), divisor);
    if (usage <= divisor || shown > hundred(decimals)) return Decimal{saturate(shown), decimals};
  }
  // A smaller excess is shown as one unit of the last decimal.
  return Decimal{saturate(hundred(kPercentDecimalsMax) + 1), kPercentDecimalsMax};
}

std::strong_ordering compare(const Utilization& a, const Utilization& b) {
  if (is_beyond_measure(a) || is_beyond_measure(b))
    return is_beyond_measure(a) <=> is_beyond_measure(b);
  // Utilization without a divisor is 0 / 1, so that both sides can be multiplied out.
  const std::int64_t a_divisor = divisor_of(a);
  const std::int64_t b_divisor = divisor_of(b);
  const Wide left = a_divisor == 0 ? 0 : Wide{a.usage} * std::max<std::int64_t>(b_divisor, 1);
  const Wide right = b_divisor == 0 ? 0 : Wide{b.usage} * std::max<std::int64_t>(a_divisor, 1);
  if (left == right) return std::strong_ordering::equal;
  return left < right ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::string_view to_text(Health health) { return kHealths[static_cast<std::size_t>(health)].name; }

std::optional<Health> find_health(std::string_view text) {
  const auto row = std::ranges::find(kHealths, text, &HealthRow::name);
  if (row == kHealths.end()) return std::nullopt;
  return row->health;
}

Health health_of(const Utilization& utilization) {
  if (is_beyond_measure(utilization)) return Health::critical;
  const std::int64_t limit = divisor_of(utilization);
  if (limit == 0) return Health::healthy;
  if (utilization.usage > limit) return Health::critical;
  const Wide usage_percent = Wide{utilization.usage} * 100;
  if (usage_percent >= Wide{limit} * kWarningPercent) return Health::warning;
  return usage_percent >= Wide{limit} * kCautionPercent ? Health::caution : Health::healthy;
}

Utilization utilization_of(const OwnLineItem& line) {
  if (!line.included) return {};
  Wide usage = std::max<Wide>(line.usage.billionths, 0);
  Wide limit = line.included->billionths;
  if (limit == 0) return {usage > 0 ? 1 : 0, 0};
  // Usage and limit are scaled down alike until they fit; any loss is below what a percentage
  // shows.
  const bool is_over = usage > limit;
  while (limit > std::numeric_limits<std::int64_t>::max() / 1000) {
    usage /= 10;
    limit /= 10;
  }
  if (is_over) usage = std::max(usage, limit + 1);
  return {saturate(usage), saturate(limit)};
}

Health health_of(const OwnLineItem& line) {
  if (!line.included || line.usage.billionths <= 0) return Health::healthy;
  const Wide limit = line.included->billionths;
  const Wide usage = line.usage.billionths;
  if (usage > limit) return Health::critical;
  // The usage is at most the limit here, so 100 times the usage fits.
  if (usage * 100 >= limit * kWarningPercent) return Health::warning;
  return usage * 100 >= limit * kCautionPercent ? Health::caution : Health::healthy;
}

Rated rate(const Usage& usage, const Terms& terms, const std::vector<Quantity>& own_usage,
           const Currency& currency) {
  CHECK(own_usage.size() == terms.own.size());
  Rated rated = rate(usage, terms.limits, terms.rates, currency);
  if (terms.own.empty()) return rated;
  for (std::size_t i = 0; i < terms.own.size(); ++i) {
    OwnLineItem line = own_line_of(terms.own[i], own_usage[i]);
    rated.health = std::max(rated.health, health_of(line));
    rated.has_overages = rated.has_overages || line.overage.billionths > 0;
    rated.own_lines.push_back(std::move(line));
  }
  settle(rated, sum_of_lines(rated), currency);
  return rated;
}

Rated rate(const Usage& usage, const Limits& limits, const RateCard& rates,
           const Currency& currency) {
  Rated rated;
  rated.lines.reserve(kMeters.size());
  for (const MeterRow& row : kMeters) {
    const Meter meter = row.meter;
    const LineItem line = line_of(meter, usage[meter], limits[meter], rates[meter]);
    rated.has_overages = rated.has_overages || line.overage > 0;
    rated.utilization[meter] = {line.usage, line.included};
    if (compare(rated.utilization[meter], rated.utilization[rated.highest]) > 0)
      rated.highest = meter;
    rated.lines.push_back(line);
  }
  rated.health = health_of(rated.utilization[rated.highest]);
  settle(rated, sum_of_lines(rated), currency);
  return rated;
}

}  // namespace metergate
