// Finds tenants for a page of the directory.
#include <algorithm>
#include <compare>

#include "service/directory.h"

namespace metergate {
namespace {

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// ASCII letters without case; other characters as they are.
bool holds_ignoring_case(std::string_view text, std::string_view searched) {
  const auto same = [](char a, char b) { return to_lower(a) == to_lower(b); };
  return !std::ranges::search(text, searched, same).empty() || searched.empty();
}

bool matches(const TenantRecord& record, const TenantQuery& query) {
  const Tenant& tenant = record.tenant;
  if (!query.plan.empty() && record.subscription.plan() != query.plan) return false;
  if (!query.status.empty() && tenant.status != query.status) return false;
  return holds_ignoring_case(tenant.id.text(), query.search) ||
         holds_ignoring_case(tenant.name, query.search);
}

std::strong_ordering compare_by(std::string_view field, const Tenant& a, const Tenant& b) {
  if (field == "name" && a.name != b.name) return a.name <=> b.name;
  if (field == "created_at" && a.created_at != b.created_at) return a.created_at <=> b.created_at;
  return a.id <=> b.id;
}

}  // namespace

TenantPage Directory::list(const TenantQuery& query) const {
  std::vector<std::shared_ptr<const TenantRecord>> found = all_tenants();
  std::erase_if(found, [&](const auto& record) { return !matches(*record, query); });
  const bool descending = query.sort.starts_with('-');
  const std::string_view field = std::string_view(query.sort).substr(descending ? 1 : 0);
  std::ranges::sort(found, [&](const auto& a, const auto& b) {
    const auto order = compare_by(field, a->tenant, b->tenant);
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
