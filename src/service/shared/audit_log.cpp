#include "service/shared/audit_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "service/shared/listed_values.h"

namespace metergate {
namespace {

// An invalid head cannot be on the chain: it is compared before the first record and fails.
AuditAnchor anchor_of(const std::optional<std::string>& text, std::string where) {
  auto head = parse_audit_head(text.value_or(""));
  if (head) return {*std::move(head), std::move(where)};
  return {{0, text.value_or("")}, std::move(where)};
}

}  // namespace

ChainCheck::ChainCheck(std::vector<AuditAnchor> anchors) : anchors_(std::move(anchors)) {
  std::ranges::stable_sort(anchors_, {}, [](const AuditAnchor& one) { return one.head.sequence; });
  compare();
}

// Compares the anchors that name the last record taken.
void ChainCheck::compare() {
  const AuditHead at = head_before(next_);
  for (; compared_ < anchors_.size() && anchors_[compared_].head.sequence <= at.sequence;
       ++compared_) {
    const AuditAnchor& anchor = anchors_[compared_];
    if (anchor.head == at) continue;
    verdict_.lost.push_back({anchor.where, to_text(anchor.head), to_text(at)});
  }
  verdict_.head = at;
}

const AuditVerdict& ChainCheck::finish() {
  // Everything after a bad record is unknown, and the bad record is reported already.
  if (verdict_.first_bad_sequence) return verdict_;
  for (; compared_ < anchors_.size(); ++compared_) {
    const AuditAnchor& anchor = anchors_[compared_];
    const std::int64_t missing = anchor.head.sequence - verdict_.checked;
    verdict_.lost.push_back({anchor.where, to_text(anchor.head),
                             fmt::format("the trail ends {} records before that, with {}", missing,
                                         to_text(verdict_.head))});
  }
  return verdict_;
}

bool ChainCheck::take(const Json& document) {
  Result<AuditLink> next = check_link(document, next_);
  if (!next) {
    verdict_.first_bad_sequence = next_.sequence;
    verdict_.problem = std::move(next.error().message);
    return false;
  }
  next_ = *std::move(next);
  ++verdict_.checked;
  compare();
  return true;
}

Result<AuditPage> AuditLog::list(const AuditFilter& filter, std::int64_t page,
                                 std::int64_t limit) const {
  std::vector<Filter> filters;
  const auto add_equal = [&](const char* field, const std::string& value) {
    if (!value.empty()) filters.push_back(equal_to_listed(field, value));
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
  // Filtered records are sorted by an index, so that a page does not read the whole trail; the
  // chain's order is that of time.
  const bool is_narrowed =
      !filter.tenant_id.empty() || !filter.actor.empty() || filter.from || filter.to;
  if (filter.sort.empty()) {
    query.sort = {{is_narrowed ? "timestamp" : "sequence", true}};
  } else {
    query.sort = {sort_field(filter.sort)};
    if (query.sort.front().field != "sequence") query.sort.push_back({"sequence", true});
  }
  query.skip = (page - 1) * limit;
  query.limit = limit;
  found.records = TRY(store_.find(query));
  for (Json& record : found.records) record.remove("revision");
  return found;
}

Result<std::vector<AuditAnchor>> AuditLog::anchors(const std::optional<AuditHead>& wanted) const {
  std::vector<AuditAnchor> anchors{{store_.audit_head(), "the end that the store knows"}};
  if (const auto head = store_.journal_audit_head())
    anchors.push_back({*head, "the end that the journal had at the start"});
  const DocumentKey repeated{"", std::string{kAuditHeadSetting}};
  if (const auto document = TRY(store_.get(Collection::settings, repeated)))
    anchors.push_back(
        anchor_of(document->string_at("head"), "the head that the cleanup wrote down"));
  if (wanted) anchors.push_back({*wanted, "the head that was given"});
  Query query;
  query.collection = Collection::usage_reports;
  query.filter = Filter::equal("part", Json{1});
  TRY(store_.for_each(query, [&](const Json& report) {
    // Reports of older builds have no head.
    if (const auto head = report.string_at("audit_head"))
      anchors.push_back(anchor_of(head, "the report " + report.string_at("report").value_or("")));
    return true;
  }));
  return anchors;
}

Result<AuditVerdict> AuditLog::verify(const std::optional<AuditHead>& wanted) const {
  // Taken before the records are read, so that later records are not missed.
  ChainCheck check{TRY(anchors(wanted))};
  Query query;
  query.collection = Collection::provider_audits;
  query.sort = {{"sequence", false}};
  TRY(store_.for_each(query, [&](const Json& document) { return check.take(document); }));
  AuditVerdict verdict = check.finish();
  const std::int64_t made = store_.audit_head().sequence;
  if (verdict.checked > made)
    verdict.lost.push_back({"the end that the store knows", std::to_string(made) + " records",
                            std::to_string(verdict.checked) + " records"});
  return verdict;
}

}  // namespace metergate
