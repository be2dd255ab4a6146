#include "service/tenants/directory_documents.h"

#include <fmt/format.h>

#include <algorithm>

#include "service/shared/faults.h"
#include "service/tenants/limits_override.h"

namespace metergate {
namespace {

std::unexpected<Error> corrupt(std::string_view what, const Json& document) {
  return fail(ErrorCode::corrupt,
              fmt::format("the stored {} of tenant '{}' cannot be read", what,
                          document.string_at("tenant_id").value_or("without an id")));
}

Json history_json(const std::vector<PlanSpan>& history) {
  Json spans = Json::array();
  for (const PlanSpan& span : history) {
    spans.push_back(Json::object({{"plan", span.plan}, {"from", span.from}}));
  }
  return spans;
}

std::vector<PlanSpan> history_from(const Json& document) {
  std::vector<PlanSpan> history;
  const Json* spans = document.find("history");
  if (spans == nullptr || !spans->is_array()) return history;
  for (const Json& span : spans->as_array()) {
    const auto plan = span.string_at("plan");
    const auto from = span.timestamp_at("from");
    if (!plan || !from) return {};
    history.push_back(PlanSpan{*plan, *from});
  }
  return history;
}

Json limits_history_json(const std::vector<OwnLimitsSpan>& history) {
  Json spans = Json::array();
  for (const OwnLimitsSpan& span : history) {
    spans.push_back(Json::object({{"limits_override", to_json(span.limits)}, {"from", span.from}}));
  }
  return spans;
}

// Older documents have no history: their limits have applied from the start.
std::optional<std::vector<OwnLimitsSpan>> limits_history_from(const Json& document,
                                                              Timestamp start) {
  std::vector<OwnLimitsSpan> history;
  const auto add = [&history](const Json* own, std::optional<Timestamp> from) {
    if (own == nullptr || !from) return false;
    Result<LimitsOverride> limits = parse_override(*own);
    if (!limits) return false;
    history.push_back(OwnLimitsSpan{*std::move(limits), *from});
    return true;
  };
  const Json* spans = document.find("limits_history");
  if (spans == nullptr) {
    if (!add(document.find("limits_override"), start)) return std::nullopt;
    if (history.front().limits == LimitsOverride{}) history.clear();
    return history;
  }
  if (!spans->is_array()) return std::nullopt;
  for (const Json& span : spans->as_array()) {
    if (!add(span.find("limits_override"), span.timestamp_at("from"))) return std::nullopt;
  }
  return history;
}

}  // namespace

DocumentKey directory_key(const TenantId& id) { return DocumentKey{id.text(), id.text()}; }

Json tenant_document(const Tenant& tenant, Timestamp updated_at) {
  return Json::object({{"tenant_id", tenant.id.text()},
                       {"name", tenant.name},
                       {"status", tenant.status},
                       {"created_at", tenant.created_at},
                       {"updated_at", updated_at}});
}

Json subscription_document(const Subscription& subscription, const SubscriptionStamp& stamp) {
  return Json::object({{"tenant_id", subscription.tenant.text()},
                       {"plan", subscription.plan()},
                       {"plan_version", stamp.plan_version},
                       {"status", subscription.status},
                       {"start", subscription.started_at},
                       {"renew_on", stamp.renew_on},
                       {"limits_override", to_json(subscription.own_limits())},
                       {"history", history_json(subscription.history)},
                       {"limits_history", limits_history_json(subscription.limits_history)},
                       {"created_at", subscription.started_at},
                       {"updated_at", stamp.updated_at}});
}

Result<Tenant> tenant_from(const Json& document) {
  const Result<TenantId> id = TenantId::parse(document.string_at("tenant_id").value_or(""));
  const auto name = document.string_at("name");
  const auto status = document.string_at("status");
  const auto created_at = document.timestamp_at("created_at");
  const auto revision = document.integer_at("revision");
  if (!id || !name || !status || !created_at || !revision) return corrupt("record", document);
  return Tenant{*id, *name, *status, *created_at, *revision};
}

Result<Subscription> subscription_from(const Json& document) {
  const Result<TenantId> id = TenantId::parse(document.string_at("tenant_id").value_or(""));
  const auto status = document.string_at("status");
  const auto start = document.timestamp_at("start");
  std::vector<PlanSpan> history = history_from(document);
  const bool has_limits = document.find("limits_override") != nullptr;
  if (!id || !status || !start || !has_limits || history.empty())
    return corrupt("subscription", document);
  auto limits = limits_history_from(document, *start);
  if (!limits) return corrupt("subscription", document);
  return Subscription{*id, *status, std::move(history), *std::move(limits), *start};
}

}  // namespace metergate
