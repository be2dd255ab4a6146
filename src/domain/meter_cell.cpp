#include "domain/meter_cell.h"

#include <algorithm>

namespace metergate {
namespace {

void add_mark(MeterCell& cell, const UniqueMark& mark) {
  const auto at = std::ranges::lower_bound(cell.unique, mark);
  if (at != cell.unique.end() && *at == mark) return;
  if (cell.unique.size() < kUniqueMax) {
    cell.unique.insert(at, mark);
  } else {
    cell.is_full = true;
  }
}

void add_extremes(MeterCell& cell, Quantity least, Quantity greatest) {
  const bool is_first = cell.count == 0;
  cell.least = is_first ? least : std::min(cell.least, least);
  cell.greatest = is_first ? greatest : std::max(cell.greatest, greatest);
}

void set_latest(MeterCell& cell, Quantity value, Timestamp at) {
  const bool is_first = cell.count == 0;
  if (is_first || at > cell.latest_at) {
    cell.latest = value;
    cell.latest_at = at;
  } else if (at == cell.latest_at) {
    cell.latest = std::max(cell.latest, value);
  }
}

void merge_marks(MeterCell& cell, const MeterCell& other) {
  std::vector<UniqueMark> all;
  all.reserve(cell.unique.size() + other.unique.size());
  std::ranges::set_union(cell.unique, other.unique, std::back_inserter(all));
  cell.is_full = cell.is_full || other.is_full || all.size() > kUniqueMax;
  all.resize(std::min(all.size(), kUniqueMax));
  cell.unique = std::move(all);
}

}  // namespace

void MeterCell::fold(Folding aggregation, const MeterReading& reading) {
  if (!reading.is_usable) {
    ++unusable;
    return;
  }
  switch (aggregation) {
    case Folding::count:
      break;
    case Folding::sum:
    case Folding::average:
      sum += reading.value;
      break;
    case Folding::least:
    case Folding::greatest:
      add_extremes(*this, reading.value, reading.value);
      break;
    case Folding::latest:
      set_latest(*this, reading.value, reading.at);
      break;
    case Folding::unique_count:
      add_mark(*this, reading.mark);
      break;
    case Folding::median:
    case Folding::percentile_95:
    case Folding::percentile_99:
      add_extremes(*this, reading.value, reading.value);
      values.add_value(reading.value.billionths);
      break;
  }
  ++count;
}

void MeterCell::merge(Folding aggregation, const MeterCell& other) {
  unusable += other.unusable;
  if (other.count == 0) return;
  switch (aggregation) {
    case Folding::count:
      break;
    case Folding::sum:
    case Folding::average:
      sum += other.sum;
      break;
    case Folding::least:
    case Folding::greatest:
      add_extremes(*this, other.least, other.greatest);
      break;
    case Folding::latest:
      set_latest(*this, other.latest, other.latest_at);
      break;
    case Folding::unique_count:
      merge_marks(*this, other);
      break;
    case Folding::median:
    case Folding::percentile_95:
    case Folding::percentile_99:
      add_extremes(*this, other.least, other.greatest);
      values.merge(other.values);
      break;
  }
  count += other.count;
}

bool MeterCell::unfold(Folding aggregation, const MeterReading& reading) {
  if (!reading.is_usable) {
    --unusable;
    return true;
  }
  const bool is_sum = aggregation == Folding::sum || aggregation == Folding::average;
  if (!is_sum && aggregation != Folding::count) return false;
  if (is_sum) sum -= reading.value;
  --count;
  return true;
}

std::optional<Quantity> MeterCell::value(Folding aggregation) const {
  switch (aggregation) {
    case Folding::count:
      return Quantity::of(count);
    case Folding::sum:
      return sum;
    case Folding::unique_count:
      return Quantity::of(static_cast<std::int64_t>(unique.size()));
    default:
      break;
  }
  if (count == 0) return std::nullopt;
  switch (aggregation) {
    case Folding::average:
      return mean_of(sum, count);
    case Folding::least:
      return least;
    case Folding::greatest:
      return greatest;
    case Folding::latest:
      return latest;
    default: {
      const auto read = values.percentile_value(row_of(aggregation).permille);
      if (!read) return std::nullopt;
      return std::clamp(Quantity{*read}, least, greatest);
    }
  }
}

}  // namespace metergate
