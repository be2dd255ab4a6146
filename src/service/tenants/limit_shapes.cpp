#include "service/tenants/limit_shapes.h"

#include <fmt/format.h>

namespace metergate {
namespace {

std::string allowed_text(Meter meter) {
  return meter == Meter::storage_gb
             ? fmt::format("a number of GB from 0 to {} with at most six decimals, or null",
                           kStorageLimitMax)
             : fmt::format("a whole number from 0 to {}, or null", kLimitMax);
}

}  // namespace

Result<Limit> limit_from(Meter meter, const Json& value) {
  if (value.is_null()) return Limit{};
  const bool is_storage = meter == Meter::storage_gb;
  const std::optional<Decimal> number = value.number();
  const Decimal most{is_storage ? kStorageLimitMax : kLimitMax, 0};
  if (!number || trimmed(*number).scale > (is_storage ? 6 : 0) || number->unscaled < 0 ||
      compare(*number, most) > 0) {
    return fail(ErrorCode::invalid,
                fmt::format("must be {}, not {}", allowed_text(meter), to_text(value)));
  }
  const std::optional<std::int64_t> units = from_display(meter, *number);
  if (!units) return fail(ErrorCode::invalid, fmt::format("must be {}", allowed_text(meter)));
  return Limit{units, LimitEffect::soft};
}

Json limit_json(Meter meter, const Limit& limit) {
  if (!limit.units) return {};
  if (meter != Meter::storage_gb) return Json(*limit.units);
  return Json(to_display(meter, *limit.units));
}

Json limits_json(const Limits& limits) {
  Json json = Json::object();
  for (const MeterRow& row : kMeters) {
    json.set(row.limit_name, limit_json(row.meter, limits[row.meter]));
  }
  return json;
}

}  // namespace metergate
