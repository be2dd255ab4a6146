// Alert ids: how a name becomes an id and is read from it; see alert.h.
#include <algorithm>
#include <charconv>

#include "domain/alert.h"
#include "domain/own_meter.h"

namespace metergate {
namespace {

constexpr std::size_t kPeriodLength = 7;

// Takes "75-" from the beginning of "75-rest" and returns "75". Parts that are read with it contain
// no hyphen.
std::optional<std::string_view> take_part(std::string_view& text) {
  const std::size_t end = text.find('-');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

bool read_threshold(std::string_view& text, int& threshold) {
  const auto part = take_part(text);
  if (!part) return false;
  const auto [end, code] = std::from_chars(part->data(), part->data() + part->size(), threshold);
  return code == std::errc{} && end == part->data() + part->size() && threshold > 0 &&
         part->front() != '0' && part->front() != '+';
}

bool is_about_a_meter(AlertKind kind) {
  return kind == AlertKind::near_limit || kind == AlertKind::forecast_over;
}

bool is_meter_name(std::string_view text) { return find_meter(text) || is_own_slug(text); }

}  // namespace

std::string alert_id_of(const AlertName& name) {
  std::string id{row_of(name.kind).id_prefix};
  id += name.period.text() + "-";
  if (name.kind == AlertKind::near_limit) id += std::to_string(name.threshold) + "-";
  if (is_about_a_meter(name.kind)) id += name.meter + "-";
  return id + name.tenant.text();
}

std::optional<AlertName> parse_alert_id(std::string_view id) {
  const auto* const row = std::ranges::find_if(
      kAlertKinds, [&](const AlertKindRow& each) { return id.starts_with(each.id_prefix); });
  if (row == kAlertKinds.end()) return std::nullopt;
  id.remove_prefix(row->id_prefix.size());
  if (id.size() <= kPeriodLength || id[kPeriodLength] != '-') return std::nullopt;
  const Result<Period> period = Period::parse(id.substr(0, kPeriodLength));
  if (!period) return std::nullopt;
  id.remove_prefix(kPeriodLength + 1);
  AlertName name{.kind = row->kind, .tenant = {}, .period = *period};
  if (row->kind == AlertKind::near_limit && !read_threshold(id, name.threshold))
    return std::nullopt;
  if (is_about_a_meter(row->kind)) {
    const auto meter = take_part(id);
    if (!meter || !is_meter_name(*meter)) return std::nullopt;
    name.meter = *meter;
  }
  Result<TenantId> tenant = TenantId::parse(id);
  if (!tenant) return std::nullopt;
  name.tenant = *std::move(tenant);
  return name;
}

}  // namespace metergate
