#include "api/billing_query.h"

#include "service/shared/listed_values.h"

namespace metergate::api {

std::optional<Period> read_period(QueryReader& reader, std::string_view name) {
  const std::optional<std::string> text = reader.text(name);
  if (!text) return std::nullopt;
  const Result<Period> period = Period::parse(*text);
  if (period) return *period;
  reader.fault(name, "is \"" + *text + "\": must be a month as YYYY-MM, like 2026-03");
  return std::nullopt;
}

std::string read_periods(QueryReader& reader, std::string_view name) {
  const std::optional<std::string> text = reader.text(name);
  if (!text) return {};
  std::vector<std::string> values = listed_values(*text);
  if (values.empty()) values.push_back(*text);  // which is no month either
  for (const std::string& one : values) {
    if (Period::parse(one)) continue;
    reader.fault(name, "is \"" + one + "\": must be a month as YYYY-MM, like 2026-03, or several " +
                           "with commas between");
    return {};
  }
  return *text;
}

Result<TenantId> tenant_of_path(const Call& call) {
  const std::string& text = call.path_value("tenant_id");
  Result<TenantId> id = TenantId::parse(text);
  if (!id) return fail(ErrorCode::tenant_not_found, "there is no tenant '" + text + "'");
  return id;
}

}  // namespace metergate::api
