#include "storage/fold/backfill.h"

#include <fmt/format.h>

namespace metergate {
namespace {

constexpr std::size_t kCellBytes = 96;  // a cell's numbers and its names' lengths, at most

std::size_t variable_bytes(const MeterCell& cell) {
  return cell.unique.size() * sizeof(UniqueMark) +
         cell.values.buckets().size() * sizeof(Histogram::Bucket);
}

}  // namespace

void Backfill::add(const ArchivedEvent& archived) {
  const UsageEvent& event = archived.event;
  const auto* fact = std::get_if<OtherFact>(&event.fact);
  if (fact == nullptr || fact->type != meter_.meter.event_type || is_too_large()) return;
  if (!meter_.counts(archived.sequence, event.occurred_at)) return;
  const EventContent data = data_of(*fact);
  const Period period = calendar_.slot_of(event.occurred_at).period;
  std::string group = group_within_cap(event.tenant, period, data.json);
  const Timestamp minute = std::chrono::floor<std::chrono::minutes>(event.occurred_at);
  const auto [at, is_new] =
      cells_.try_emplace({event.tenant, minute, std::move(group)}, MeterCell{});
  if (is_new)
    bytes_ += kCellBytes + meter_.meter.slug.size() + event.tenant.text().size() +
              std::get<2>(at->first).size();
  MeterCell& cell = at->second;
  const std::size_t before = variable_bytes(cell);
  cell.fold(meter_.meter.aggregation, reading_of(meter_, data, event.occurred_at, key_));
  bytes_ += variable_bytes(cell) - before;
}

std::string Backfill::group_within_cap(const TenantId& tenant, Period period, const Json& data) {
  if (meter_.group_paths.empty()) return {};
  std::string group = encode_group(group_of(meter_, data));
  Groups& known = groups_[{tenant, period}];
  if (known.names.contains(group)) return group;
  const bool has_room = known.names.size() < kGroupsMax &&
                        (known.bytes + group.size() <= kGroupBytesMax || known.names.empty());
  if (!has_room) return std::string(kOtherGroup);
  known.names.insert(group);
  known.bytes += group.size();
  bytes_ += group.size();
  return group;
}

Result<> Backfill::check_size() const {
  if (!is_too_large()) return {};
  return fail(
      ErrorCode::too_large,
      fmt::format("the kept events of the type '{}' make more than {} MiB of figures, which "
                  "is the most that can be counted at once: group by less, or leave out "
                  "\"from\"",
                  meter_.meter.event_type, kBytesMax >> 20U));
}

Result<std::vector<BackfilledCell>> Backfill::cells() const {
  TRY(check_size());
  std::vector<BackfilledCell> cells;
  cells.reserve(cells_.size());
  for (const auto& [place, cell] : cells_) {
    const auto& [tenant, minute, group] = place;
    cells.push_back({meter_.meter.slug, tenant, minute, group, cell});
  }
  return cells;
}

Result<std::vector<MeterMonth>> Backfill::months() const {
  TRY(check_size());
  std::map<std::pair<TenantId, Period>, MeterCell> months;
  Calendar calendar(calendar_.zone());
  for (const auto& [place, cell] : cells_) {
    const auto& [tenant, minute, group] = place;
    months[{tenant, calendar.slot_of(minute).period}].merge(meter_.meter.aggregation, cell);
  }
  std::vector<MeterMonth> rows;
  for (auto& [of, cell] : months) rows.push_back({of.first, of.second, std::move(cell)});
  return rows;
}

}  // namespace metergate
