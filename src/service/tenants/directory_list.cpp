// Finds tenants for a page of the directory.
#include <algorithm>
#include <compare>

#include "base/text.h"
#include "service/shared/listed_values.h"
#include "service/tenants/directory.h"

namespace metergate {
namespace {

// `folded` is query.search with its case folded.
bool matches(const TenantRecord& record, const TenantQuery& query, const std::string& folded) {
  const Tenant& tenant = record.tenant;
  if (!is_listed(query.plan, record.subscription.plan())) return false;
  if (!is_listed(query.status, tenant.status)) return false;
  return folded.empty() || folded_case(tenant.id.text()).contains(folded) ||
         folded_case(tenant.name).contains(folded);
}

std::strong_ordering compare_by(std::string_view field, const TenantRecord& first,
                                const TenantRecord& second) {
  const Tenant& a = first.tenant;
  const Tenant& b = second.tenant;
  if (field == "name" && a.name != b.name) return a.name <=> b.name;
  if (field == "status" && a.status != b.status) return a.status <=> b.status;
  if (field == "created_at" && a.created_at != b.created_at) return a.created_at <=> b.created_at;
  const std::strong_ordering by_plan = first.subscription.plan() <=> second.subscription.plan();
  if (field == "plan" && by_plan != 0) return by_plan;
  return a.id <=> b.id;
}

}  // namespace

TenantPage Directory::list(const TenantQuery& query) const {
  std::vector<std::shared_ptr<const TenantRecord>> found = all_tenants();
  const std::string folded = folded_case(query.search);
  std::erase_if(found, [&](const auto& record) { return !matches(*record, query, folded); });
  const bool descending = query.sort.starts_with('-');
  const std::string_view field = std::string_view(query.sort).substr(descending ? 1 : 0);
  std::ranges::sort(found, [&](const auto& a, const auto& b) {
    const auto order = compare_by(field, *a, *b);
    return descending ? order > 0 : order < 0;
  });
  TenantPage page;
  page.total = std::ssize(found);
  const std::int64_t first = std::min((query.page - 1) * query.limit, page.total);
  const std::int64_t last = std::min(first + query.limit, page.total);
  page.tenants.assign(found.begin() + first, found.begin() + last);
  return page;
}

}  // namespace metergate
