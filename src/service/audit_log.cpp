#include "service/audit_log.h"

#include <utility>

namespace metergate {

bool ChainCheck::take(const Json& document) {
  Result<AuditLink> next = check_link(document, next_);
  if (!next) {
    verdict_.first_bad_sequence = next_.sequence;
    verdict_.problem = std::move(next.error().message);
    return false;
  }
  next_ = *std::move(next);
  ++verdict_.checked;
  return true;
}

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
  // Sorted as an index has it, so that a page does not cost the whole trail; the order of the
  // chain is that of time.
  const bool is_narrowed =
      !filter.tenant_id.empty() || !filter.actor.empty() || filter.from || filter.to;
  query.sort = {{is_narrowed ? "timestamp" : "sequence", true}};
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
  ChainCheck check;
  TRY(store_.for_each(query, [&](const Json& document) { return check.take(document); }));
  return check.verdict();
}

}  // namespace metergate
