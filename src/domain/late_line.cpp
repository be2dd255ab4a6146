#include "domain/late_line.h"

#include <algorithm>

#include "domain/wide.h"

namespace metergate {
namespace {

// Built-in meters are counted in whole units.
Result<std::int64_t> usage_after(const LineItem& line, Quantity late) {
  const Wide usage = Wide{line.usage} + late.billionths / Quantity::kPerWhole;
  const std::optional<std::int64_t> fits = narrow(usage);
  if (late.billionths % Quantity::kPerWhole != 0)
    return fail(ErrorCode::invalid,
                std::string(row_of(line.meter).name) + " is counted in whole units");
  if (fits && *fits >= 0) return *fits;
  return fail(ErrorCode::invalid, "more would be taken back of " +
                                      std::string(row_of(line.meter).name) +
                                      " than the period's statement has");
}

template <class Line, class Usage>
Result<Money> difference(const Line& line, Usage before, Usage after) {
  const Money was = TRY(cost_with(line, before));
  const Money is = TRY(cost_with(line, after));
  return add(is, Money{-was.micros});
}

bool is_same_sum(const LateLine& a, const LateLine& b) {
  return a.meter == b.meter && a.period == b.period && a.currency == b.currency;
}

}  // namespace

Result<Money> late_cost(const Rated& frozen, std::string_view meter, Quantity before,
                        Quantity quantity) {
  Quantity after = before;
  after += quantity;
  if (const std::optional<Meter> built_in = find_meter(meter)) {
    const auto line = std::ranges::find(frozen.lines, *built_in, &LineItem::meter);
    if (line != frozen.lines.end()) {
      const std::int64_t was = TRY(usage_after(*line, before));
      const std::int64_t is = TRY(usage_after(*line, after));
      return difference(*line, was, is);
    }
  }
  const auto own = std::ranges::find(frozen.own_lines, meter, &OwnLineItem::meter);
  if (own == frozen.own_lines.end())
    return fail(ErrorCode::invalid,
                "the period's statement does not bill '" + std::string(meter) + "'");
  Quantity was = own->usage;
  was += before;
  Quantity is = own->usage;
  is += after;
  return difference(*own, was, is);
}

Result<std::vector<LateLine>> condensed(std::vector<LateLine> lines) {
  if (lines.size() <= kLateLinesShown) return lines;
  const auto behind = lines.begin() + kLateLinesShown;
  std::vector<LateLine> sums;
  for (auto line = behind; line != lines.end(); ++line) {
    const auto sum = std::ranges::find_if(
        sums, [&](const LateLine& other) { return is_same_sum(other, *line); });
    if (sum == sums.end()) {
      sums.push_back(std::move(*line));
      continue;
    }
    sum->quantity += line->quantity;
    sum->cost = TRY(add(sum->cost, line->cost));
    sum->corrections += line->corrections;
    sum->correction_id.clear();
    sum->reason.clear();
  }
  lines.erase(behind, lines.end());
  lines.insert(lines.end(), std::make_move_iterator(sums.begin()),
               std::make_move_iterator(sums.end()));
  return lines;
}

Result<Money> sum_with_late(const Rated& rated, const std::vector<LateLine>& late) {
  Money sum = TRY(sum_of_lines(rated));
  for (const LateLine& line : late) {
    if (line.currency.empty()) sum = TRY(add(sum, line.cost));
  }
  return sum;
}

}  // namespace metergate
