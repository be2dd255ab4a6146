#include "storage/engine/view_store.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "storage/view/derived_documents.h"

namespace metergate {

ViewStore::ViewStore(const ViewStoreOptions& options, std::unique_ptr<View> view)
    : options_(options),
      view_(std::move(view)),
      fold_(*view_, touched_, options_.zone, options_.key),
      head_(view_->state().sequence) {
  // Changes not yet reported before the last stop are reported again, which only means another
  // check.
  if (const auto newest = view_->state().newest_period) {
    for (const std::string& tenant : view_->tenants()) touched_.add(tenant, *newest);
  }
}

void ViewStore::start(std::unique_ptr<Ledger> ledger, std::unique_ptr<EventHistory> history) {
  ledger_ = std::move(ledger);
  history_ = std::move(history);
}

bool ViewStore::has_changes() const {
  const std::shared_lock lock(mutex_);
  return view_->changed_bytes() > 0 || view_->is_frozen() || view_->written_sequence() != head_;
}

Result<std::optional<StoredDocument>> ViewStore::get_stored(Collection collection,
                                                            const DocumentKey& key) const {
  if (row_of(collection).derived)
    return fail(ErrorCode::invalid, "documents of a derived collection are had by find()");
  const std::shared_lock lock(mutex_);
  auto bytes = TRY(view_->get(keys::document(collection, keys::tail_of(key))));
  if (!bytes) return std::optional<StoredDocument>();
  return std::optional(StoredDocument{*std::move(bytes)});
}

Result<std::optional<Json>> ViewStore::get(Collection collection, const DocumentKey& key) const {
  const auto stored = TRY(get_stored(collection, key));
  if (!stored) return std::optional<Json>();
  return std::optional(TRY(parse_document(stored->bytes)));
}

namespace {

bool is_of_events(Collection collection) {
  return collection == Collection::api_calls || collection == Collection::webhook_calls;
}

// The range of raw events that a filter allows.
EventRange range_of(const Conjunction& filter) {
  EventRange range{std::nullopt, window_of(filter, "timestamp")};
  const Json* tenant = filter.equal("tenant_id");
  if (tenant == nullptr) return range;
  auto id = TenantId::parse(tenant->is_string() ? tenant->as_string() : "");
  // No event belongs to an id that no tenant can have.
  if (id) {
    range.tenant = *std::move(id);
  } else {
    range.window.end = range.window.start;
  }
  return range;
}

}  // namespace

struct ViewStore::Open {
  std::unique_ptr<DocumentSource> source;
  bool is_sorted = false;
};

Result<ViewStore::Open> ViewStore::open(const Query& query) const {
  const Conjunction filter(query.filter);
  switch (query.collection) {
    case Collection::api_calls:
    case Collection::webhook_calls: {
      const EventRange range = range_of(filter);
      const bool is_newest_first =
          query.sort.size() == 1 && query.sort[0].descending && query.sort[0].field == "timestamp";
      return Open{make_event_source(query.collection, TRY(history_->newest_first(range))),
                  query.sort.empty() || is_newest_first};
    }
    case Collection::events: {
      const bool is_newest_first =
          query.sort.size() == 1 && query.sort[0].descending && query.sort[0].field == "timestamp";
      return Open{make_raw_source(TRY(history_->newest_first(range_of(filter))), fates()),
                  query.sort.empty() || is_newest_first};
    }
    case Collection::response_metrics:
      return Open{make_metric_source(context(), filter), query.sort.empty()};
    case Collection::usage_counters:
      return Open{make_counter_source(context(), filter), query.sort.empty()};
    default: {
      const ReadPlan plan = plan_for(query);
      return Open{make_stored_source(context(), query.collection, plan), plan.is_sorted};
    }
  }
}

Result<> ViewStore::for_each(const Query& query,
                             const std::function<bool(const Json&)>& visit) const {
  const Open opened = TRY(open(query));
  return run_query(*opened.source, query, opened.is_sorted, visit);
}

Result<std::vector<Json>> ViewStore::find(const Query& query) const {
  std::vector<Json> documents;
  TRY(for_each(query, [&documents](const Json& document) {
    documents.push_back(document);
    return true;
  }));
  return documents;
}

// Counts in any order, since newest first would have to be merged from all files.
Result<std::int64_t> ViewStore::count_events(const Query& query) const {
  const EventRange range = range_of(Conjunction(query.filter));
  if (is_tenant_and_window(query.filter, "timestamp")) {
    const bool is_call = query.collection == Collection::api_calls;
    return history_->count(range, is_call ? Fact(ApiCall{}).index() : Fact(WebhookCall{}).index());
  }
  std::int64_t count = 0;
  TRY(history_->for_each(range, [&](const ArchivedEvent& archived) {
    const auto document = to_document(archived.event, query.collection);
    if (document && query.filter.matches(*document)) ++count;
    return true;
  }));
  return count;
}

Result<std::int64_t> ViewStore::count(const Query& query) const {
  if (is_of_events(query.collection)) return count_events(query);
  Query all;
  all.collection = query.collection;
  all.filter = query.filter;
  std::int64_t count = 0;
  TRY(for_each(all, [&count](const Json&) {
    ++count;
    return true;
  }));
  return count;
}

Result<std::optional<Counter>> ViewStore::counter(const TenantId& tenant, Period period) const {
  const std::shared_lock lock(mutex_);
  return Figures(*view_, options_.zone).counter(tenant.text(), period);
}

Result<std::int64_t> ViewStore::billable_calls(const TenantId& tenant, Period period) const {
  const std::shared_lock lock(mutex_);
  return Figures(*view_, options_.zone).billable_calls(tenant.text(), period);
}

Result<std::vector<std::pair<Period, Counter>>> ViewStore::counters(const TenantId& tenant) const {
  const std::shared_lock lock(mutex_);
  auto months = TRY(Figures(*view_, options_.zone).counters(tenant.text()));
  std::ranges::reverse(months);
  return months;
}

Result<> ViewStore::months_of_all_tenants(const MonthSpan& span,
                                          const std::function<bool(TenantMonths&)>& visit) const {
  constexpr std::size_t kTenantsInOneLook = 64;
  std::vector<std::string> tenants;
  for (std::string last;; last = tenants.back()) {
    std::vector<TenantMonths> found;
    {
      const std::shared_lock lock(mutex_);
      tenants.clear();
      for (auto at = view_->tenants().upper_bound(last);
           at != view_->tenants().end() && tenants.size() < kTenantsInOneLook; ++at)
        tenants.push_back(*at);
      found = TRY(Figures(*view_, options_.zone).months(tenants, span));
    }
    for (TenantMonths& one : found) {
      if (!visit(one)) return {};
    }
    if (tenants.size() < kTenantsInOneLook) return {};
  }
}

Result<std::vector<DayRow>> ViewStore::days(const TenantId& tenant, Day first, Day last) const {
  const std::shared_lock lock(mutex_);
  return Figures(*view_, options_.zone).days(tenant.text(), first, last);
}

Result<Gauges> ViewStore::gauges_before(const TenantId& tenant, Day day) const {
  const std::shared_lock lock(mutex_);
  return Figures(*view_, options_.zone).gauges_before(tenant.text(), day);
}

Result<std::int64_t> ViewStore::endpoint_count(const TenantId& tenant, Period period) const {
  const std::shared_lock lock(mutex_);
  return Figures(*view_, options_.zone).endpoint_count(tenant.text(), period);
}

bool ViewStore::may_have_late_lines(const TenantId& tenant) const {
  const std::shared_lock lock(mutex_);
  return view_->has_late_lines(tenant.text());
}

std::optional<Period> ViewStore::closed_through() const {
  const std::shared_lock lock(mutex_);
  return view_->state().closed_through;
}

std::vector<TenantPeriod> ViewStore::take_touched(std::size_t max) {
  const std::unique_lock lock(mutex_);
  return touched_.take(max);
}

Result<bool> ViewStore::has_all_events(Period period) const {
  const std::shared_lock lock(mutex_);
  return period.window(options_.zone).start >= view_->state().events_removed_before;
}

AuditHead ViewStore::audit_head() const {
  const std::shared_lock lock(mutex_);
  return head_before(view_->state().next_audit);
}

StoreFigures ViewStore::figures() const {
  StoreFigures figures;
  figures.durable = durable();
  figures.head = head();
  figures.events_kept = history_->event_count();
  const std::shared_lock lock(mutex_);
  figures.checkpointed = view_->written_sequence();
  return figures;
}

}  // namespace metergate
