#include "service/audit_log.h"

#include <utility>

#include "storage/audit.h"

namespace metergate {

Result<AuditPage> AuditLog::list(const AuditFilter& filter, std::int64_t page,
                                 std::int64_t limit) const {
  std::vector<Filter> filters;
  const auto add_equal = [&](const char* field, const std::string& value) {
    if (!value.empty()) filters.push_back(Filter::equal(field, value));
  };
  add_equal("tenant_id", filter.tenant_id);
  add_equal("actor", filter.actor);
  add_equal("action", filter.action);
  if (filter.from) {
    filters.push_back(Filter::compare("timestamp", FilterOperator::greater_or_equal, *filter.from));
  }
  if (filter.to) {
    filters.push_back(Filter::compare("timestamp", FilterOperator::less, *filter.to));
  }
  Query query;
  query.collection = Collection::provider_audits;
  query.filter = Filter::all(std::move(filters));
  AuditPage found;
  found.total = TRY(store_.count(query));
  query.sort = {{"timestamp", true}, {"sequence", true}};
  query.skip = (page - 1) * limit;
  query.limit = limit;
  found.records = TRY(store_.find(query));
  for (Json& record : found.records) record.remove("revision");
  return found;
}

Result<AuditVerdict> AuditLog::verify() const {
  Query query;
  query.collection = Collection::provider_audits;
  query.sort = {{"sequence", false}};
  AuditVerdict verdict;
  AuditLink link;  // of the first record
  const auto check = [&](const Json& document) {
    Result<AuditLink> next = check_link(document, link);
    if (!next) {
      verdict.first_bad_sequence = link.sequence;
      verdict.problem = std::move(next.error().message);
      return false;
    }
    link = *std::move(next);
    ++verdict.checked;
    return true;
  };
  TRY(store_.for_each(query, check));
  return verdict;
}

}  // namespace metergate
