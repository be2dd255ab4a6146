// The list of statements: filters, order and pages.
#include <algorithm>
#include <array>
#include <compare>
#include <span>

#include "base/characters.h"
#include "base/nearest.h"
#include "base/text.h"
#include "domain/wide.h"
#include "service/billing/billing.h"
#include "service/billing/frozen_reports.h"
#include "service/billing/late_lines.h"
#include "service/billing/statement_sorts.h"

namespace metergate {

namespace {

struct Sorting {
  StatementOrder order;  // nullptr: by `meter`
  bool descending;
  std::string meter;  // an own meter

  std::strong_ordering compare(const Standing& a, const Standing& b) const {
    return order != nullptr ? order(a, b) : own_usage_of(a) <=> own_usage_of(b);
  }

 private:
  // A tenant without the meter has used none of it.
  Quantity own_usage_of(const Standing& standing) const {
    for (const auto& [slug, usage] : standing.own) {
      if (slug == meter) return usage;
    }
    return {};
  }
};

// The provider's own meters, and those that any version of a plan names.
Result<std::vector<std::string>> own_meters(const Store& store, const Catalogue& plans) {
  std::vector<std::string> slugs;
  for (const Plan& plan : plans.versions()) {
    for (const OwnTerm& term : plan.own) slugs.push_back(term.meter);
  }
  Query query;
  query.collection = Collection::meters;
  for (const Json& meter : TRY(store.find(query)))
    slugs.push_back(meter.string_at("slug").value_or(""));
  std::ranges::sort(slugs);
  slugs.erase(std::ranges::unique(slugs).begin(), slugs.end());
  return slugs;
}

Result<Sorting> parse_sorting(std::string_view text, const Store& store, const Catalogue& plans) {
  const bool descending = text.starts_with('-');
  const std::string_view name = descending ? text.substr(1) : text;
  for (const StatementSort& row : kStatementSorts) {
    if (row.name == name) return Sorting{row.order, descending, ""};
  }
  const std::vector<std::string> own = TRY(own_meters(store, plans));
  if (std::ranges::find(own, name) != own.end())
    return Sorting{nullptr, descending, std::string{name}};
  std::string message =
      "sort is \"" + std::string{text} + "\": must be one of, each also with - before it:";
  std::vector<std::string_view> known;
  for (const StatementSort& row : kStatementSorts) known.push_back(row.name);
  known.insert(known.end(), own.begin(), own.end());
  for (const std::string_view one : known) {
    message += one == known.front() ? " " : ", ";
    message += one;
  }
  message += did_you_mean(name, known);
  return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "sort", message}}});
}

// `searched` is in lower case.
bool holds(std::string_view text, std::string_view searched) {
  const auto same = [](char a, char b) { return a == b || to_lower(a) == b; };
  return !std::ranges::search(text, searched, same).empty();
}

template <class T>
bool is_one_of(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool matches(const StatementFilter& filter, std::string_view searched, const Standing& standing) {
  if ((!filter.healths.empty() || filter.has_overages) && !standing.is_known) return false;
  if (!is_one_of(filter.healths, standing.health)) return false;
  if (filter.has_overages && *filter.has_overages != standing.has_overages) return false;
  if (filter.cost_min && standing.cost && *standing.cost < *filter.cost_min) return false;
  if (!is_one_of(filter.plans, standing.plan)) return false;
  if (!is_one_of(filter.statuses, standing.status)) return false;
  if (searched.empty()) return true;
  return holds(standing.tenant.text(), searched) ||
         standing.folded_name.find(searched) != std::string::npos;
}

using Found = std::vector<const Standing*>;

Found find_matches(const StandingList& list, const StatementFilter& filter,
                   StatementSummary& summary) {
  const std::string searched = folded_case(filter.search);
  Found found;
  for (const Standing& one : list.rows) {
    if (!matches(filter, searched, one)) continue;
    summary.add(SummaryShare{one.plan, one.health, one.has_overages, one.cost, one.is_known});
    found.push_back(&one);
  }
  return found;
}

// The rows of a page, in order; rows before and after it are not sorted.
std::span<const Standing*> sort_page(Found& found, const Sorting& sorting,
                                     const StatementPageRequest& request) {
  // A page beyond the end is empty. Division cannot overflow.
  if (request.page - 1 > std::ssize(found) / request.limit) return {};
  const auto first = static_cast<std::size_t>((request.page - 1) * request.limit);
  const std::size_t end = std::min(found.size(), first + static_cast<std::size_t>(request.limit));
  if (first >= end) return {};
  const auto is_before = [&](const Standing* a, const Standing* b) {
    const std::strong_ordering order = sorting.compare(*a, *b);
    if (order != 0) return sorting.descending ? order > 0 : order < 0;
    return a->tenant < b->tenant;
  };
  const auto from = found.begin() + static_cast<std::ptrdiff_t>(first);
  const auto to = found.begin() + static_cast<std::ptrdiff_t>(end);
  const bool is_sorted = sorting.order == kStatementSorts.front().order && !sorting.descending;
  if (!is_sorted) {
    std::nth_element(found.begin(), from, found.end(), is_before);
    std::partial_sort(from, to, found.end(), is_before);
  }
  return {from, to};
}

// Notes the next time at which other terms apply without a write: after a clock that was set back,
// or when a plan's version begins.
void note_later_terms(const TenantRecord& record, Timestamp now, StandingList& list) {
  const auto note = [&](Timestamp from) {
    if (from > now) list.good_until = std::min(list.good_until.value_or(from), from);
  };
  for (const PlanSpan& span : record.subscription.history) note(span.from);
  for (const OwnLimitsSpan& span : record.subscription.limits_history) note(span.from);
}

void note_later_versions(const Catalogue& plans, Timestamp now, StandingList& list) {
  for (const Plan& plan : plans.versions()) {
    if (plan.valid_from > now)
      list.good_until = std::min(list.good_until.value_or(plan.valid_from), plan.valid_from);
  }
}

}  // namespace

Result<std::vector<std::string>> Billing::sorts() const {
  std::vector<std::string> names;
  const auto add = [&names](std::string_view name) {
    names.emplace_back(name);
    names.push_back("-" + std::string{name});
  };
  for (const StatementSort& row : kStatementSorts) add(row.name);
  for (const std::string& meter : TRY(own_meters(store_, *catalog_.plans()))) add(meter);
  return names;
}

Result<> Billing::remake(StandingList& list) const {
  const Timestamp now = clock_.now();
  std::vector<Standing> rows;
  TRY(for_each_computed(list.period, [&](Statement statement) -> Result<> {
    rows.push_back(standing_of(statement));
    return {};
  }));
  list.rows = std::move(rows);
  list.good_until.reset();
  note_later_versions(*catalog_.plans(), now, list);
  for (const auto& record : directory_.all_tenants()) note_later_terms(*record, now, list);
  return {};
}

Result<> Billing::update(StandingList& list, std::vector<std::string> names) const {
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  std::vector<Standing> changed;
  std::vector<TenantId> gone;
  for (const std::string& name : names) {
    const Result<TenantId> id = TenantId::parse(name);
    const auto record = id ? directory_.find(*id) : nullptr;
    if (record == nullptr) continue;
    std::vector<LateLine> late = TRY(late_lines_of(store_, *id, list.period, rules_.currency));
    const std::optional<Counter> counter = TRY(store_.counter(*id, list.period));
    const std::optional<Statement> statement =
        TRY(find_computed(*record, counter, list.period, std::move(late)));
    if (statement) {
      changed.push_back(standing_of(*statement));
    } else {
      gone.push_back(*id);
    }
    note_later_terms(*record, clock_.now(), list);
  }
  list.update(std::move(changed), gone);
  return {};
}

Result<> Billing::refresh(StandingList& list) const {
  const bool closed = is_closed(list.period);
  if (list.is_frozen && closed) return {};
  list.is_frozen = false;  // the period was reopened
  if (closed) {
    std::vector<Standing> rows;
    const auto keep = [&rows](Statement statement) -> Result<> {
      rows.push_back(standing_of(statement));
      return {};
    };
    list.is_frozen = TRY(FrozenReports(store_).for_each_closed(list.period, keep));
    if (list.is_frozen) list.rows = std::move(rows);
    if (list.is_frozen) return {};
  }
  // Marks are taken before reading, so that a change meanwhile is seen next time.
  const ChangedNames in_store = store_.changed_tenants(list.store_mark);
  const ChangedNames in_directory = directory_.changed_tenants(list.directory_mark);
  const Timestamp now = clock_.now();
  const bool has_passed = now < list.seen_at || (list.good_until && now >= *list.good_until) ||
                          list.seen_in != current_period();
  if (has_passed || in_store.is_all || in_directory.is_all) {
    TRY(remake(list));
  } else {
    std::vector<std::string> names = in_store.names;
    names.insert(names.end(), in_directory.names.begin(), in_directory.names.end());
    TRY(update(list, std::move(names)));
  }
  list.store_mark = in_store.through;
  list.directory_mark = in_directory.through;
  list.seen_at = now;
  list.seen_in = current_period();
  return {};
}

Result<UsageOfAll> Billing::usage_of_all(Period period) const {
  TRY(check_not_future(period));
  UsageOfAll sums;
  const std::lock_guard lock{standings_.mutex()};
  StandingList& list = standings_.of(period);
  TRY(refresh(list));
  for (const Standing& one : list.rows) {
    if (!one.is_known) continue;
    for (const MeterRow& row : kMeters) {
      std::int64_t& sum = sums.built_in[row.meter];
      sum = saturate(Wide{sum} + one.usage[row.meter]);
    }
    for (const auto& [meter, quantity] : one.own) sums.own[meter] += quantity;
  }
  return sums;
}

Result<StatementPage> Billing::statements(const StatementPageRequest& request) const {
  const Sorting sorting = TRY(parse_sorting(request.sort, store_, *catalog_.plans()));
  StatementPage page;
  page.period = request.filter.period.value_or(current_period());
  TRY(check_not_future(page.period));
  std::vector<TenantId> wanted;
  bool is_frozen = false;
  {
    const std::lock_guard lock{standings_.mutex()};
    StandingList& list = standings_.of(page.period);
    TRY(refresh(list));
    is_frozen = list.is_frozen;
    Found found = find_matches(list, request.filter, page.summary);
    page.total = std::ssize(found);
    for (const Standing* one : sort_page(found, sorting, request)) wanted.push_back(one->tenant);
  }
  page.currency = rules_.currency;
  if (is_frozen) {
    const std::optional<ReportHead> head = TRY(FrozenReports(store_).closed_head(page.period));
    if (head) page.currency = head->currency;
    page.statements = TRY(FrozenReports(store_).closed_statements(page.period, wanted));
    return page;
  }
  for (const TenantId& tenant : wanted)
    page.statements.push_back(TRY(statement(tenant, page.period)));
  return page;
}

}  // namespace metergate
