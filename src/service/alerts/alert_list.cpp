// The list of alerts: filters, sorts, pages.
#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "service/alerts/alerting.h"
#include "service/shared/listed_values.h"

namespace metergate {

namespace {

constexpr std::array<std::string_view, 17> kAlertSorts = {
    "last_seen",       "first_seen",      "count",       "tenant_id",   "tenant_name",
    "period",          "status",          "severity",    "alert_id",    "type",
    "acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by", "resolution_reason",
    "created_at",      "updated_at",
};

Filter filter_of(const AlertQuery& query) {
  const std::array<std::pair<std::string_view, const std::string*>, 5> wanted = {{
      {"type", &query.type},
      {"status", &query.status},
      {"severity", &query.severity},
      {"tenant_id", &query.tenant_id},
      {"period", &query.period},
  }};
  std::vector<Filter> all;
  for (const auto& [field, value] : wanted) {
    if (!value->empty()) all.push_back(equal_to_listed(std::string{field}, *value));
  }
  return Filter::all(std::move(all));
}

Result<std::vector<SortField>> sort_of(std::string_view text) {
  SortField field = sort_field(text);
  if (std::ranges::find(kAlertSorts, field.field) == kAlertSorts.end()) {
    std::string message =
        "sort is \"" + std::string{text} + "\": must be one of, each also with - before it:";
    for (const std::string_view known : kAlertSorts) {
      message += known == kAlertSorts.front() ? " " : ", ";
      message += known;
    }
    message += did_you_mean(field.field, kAlertSorts);
    return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "sort", message}}});
  }
  return std::vector<SortField>{std::move(field), {"alert_id", false}};
}

}  // namespace

std::vector<std::string> Alerting::sorts() {
  std::vector<std::string> names;
  for (const std::string_view name : kAlertSorts) {
    names.emplace_back(name);
    names.push_back("-" + std::string{name});
  }
  return names;
}

Result<AlertPage> Alerting::list(const AlertQuery& wanted) const {
  Query query;
  query.collection = Collection::provider_alerts;
  query.filter = filter_of(wanted);
  query.sort = TRY(sort_of(wanted.sort));
  AlertPage page;
  page.total = TRY(store_.count(query));
  if (wanted.page - 1 > page.total / wanted.limit) return page;
  query.skip = (wanted.page - 1) * wanted.limit;
  query.limit = wanted.limit;
  for (const Json& document : TRY(store_.find(query))) {
    page.alerts.push_back(alert_json(document));
  }
  return page;
}

}  // namespace metergate
