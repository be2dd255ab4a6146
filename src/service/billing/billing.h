// Billing: statements of tenants, open (computed from counters now) and closed (as frozen), and
// what is derived from them. Any thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/forecast.h"
#include "domain/statement.h"
#include "service/billing/standings.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

struct StatementFilter {
  std::optional<Period> period;  // nothing: the current one
  std::vector<Health> healths;   // empty: any; likewise below
  std::optional<bool> has_overages;
  std::vector<std::string> plans;
  std::vector<std::string> statuses;
  std::string search;  // in id or name, ignoring case
  // Only who owes that much; a cost that could not be made counts as more than any.
  std::optional<Money> cost_min;
};

struct StatementPageRequest {
  StatementFilter filter;
  std::string sort =
      "tenant_id";  // or -…: tenant_id, tenant_name, plan, overage_cost, utilization, a meter
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

struct StatementPage {
  Period period;
  std::int64_t total = 0;  // that match
  std::vector<Statement> statements;
  StatementSummary summary;  // over all that match, all pages
  Currency currency = Currency::usd();
};

struct PeriodStats {
  // Nothing: what the calls were like is no longer kept.
  std::optional<Counter> counter;
  std::optional<std::int64_t> endpoints;  // unique ones; nothing: no longer kept
  // What was billed of them, where the counter is gone and a statement was frozen.
  std::optional<std::int64_t> calls_frozen;
  std::optional<std::int64_t> webhooks_frozen;
};

// A month of a tenant's past; nothing of a meter of the provider's own: it is not known.
struct HistoryRow {
  Period period;
  Usage usage;
  std::vector<std::pair<std::string, std::optional<Quantity>>> own;
};
using History = std::vector<HistoryRow>;
// At least so many months are told, where they are known, however few counters are kept.
inline constexpr std::size_t kHistoryMonths = 13;

// Sums over all tenants of a period, of what is known.
struct UsageOfAll {
  Usage built_in;
  std::map<std::string, Quantity> own;
};

// By slug, in the order of the statement's lines.
using OwnForecasts = std::vector<std::pair<std::string, std::optional<OwnForecast>>>;

class Billing {
 public:
  Billing(Store& store, const Directory& directory, const Catalog& catalog,
          const BillingRules& rules, const Clock& clock)
      : store_(store), directory_(directory), catalog_(catalog), rules_(rules), clock_(clock) {}

  Period current_period() const;
  // The period before the first open one.
  Period last_closed_period() const;
  // Whether events for it are refused now, by its grace or because it was closed.
  bool is_closed(Period period) const;
  // Whether counters of the period are within their retention.
  bool is_kept(Period period) const;
  // ErrorCode::invalid for a period after the current one.
  Result<> check_not_future(Period period) const;
  // ErrorCode::tenant_not_found; ErrorCode::invalid for a period in the future.
  Result<Statement> statement(const TenantId& tenant, Period period) const;
  // Of the current period, as if the tenant's subscription were this one: for dry_run.
  Result<Statement> statement_with(const Subscription& wanted) const;
  Result<StatementPage> statements(const StatementPageRequest& request) const;
  // ErrorCode::invalid for a period in the future.
  Result<UsageOfAll> usage_of_all(Period period) const;
  // The sorts that it knows, meters of the provider's own among them.
  Result<std::vector<std::string>> sorts() const;
  // Every tenant's, by id; what a report is made of.
  Result<std::vector<Statement>> all_statements(Period period) const;
  // Calls `visit` with each that is computed from counters, whether or not a frozen one is kept.
  Result<> for_each_computed(Period period, const std::function<Result<>(Statement)>& visit) const;
  // All of those.
  Result<std::vector<Statement>> computed_statements(Period period) const;
  // Whether there is anything to say of the period: a tenant that existed, or a counter.
  Result<bool> has_content(Period period) const;
  // Whether the tenant has a statement of the period: it existed before its end, or there is a
  // counter of it, or a late line is billed in it.
  Result<bool> has_row(const TenantRecord& record, Period period) const;
  // What the calls of a period were like; sums without anything in them where there were none.
  Result<PeriodStats> stats(const TenantId& tenant, Period period) const;
  // Newest first, as far back as counters are kept, without a hole: a month in which nothing
  // happened stands between its neighbours. Behind them what was frozen, up to kHistoryMonths in
  // all. Own meters are those of the statement, which is one of the tenant's.
  Result<History> history(const Statement& statement) const;
  // Of the current period what is to be expected; of every one the day on which a limit was passed.
  Result<PerMeter<std::optional<Forecast>>> forecast(const Statement& statement) const;
  // Nothing of a meter whose month is not a sum of its days, nor its latest or greatest value.
  Result<OwnForecasts> own_forecast(const Statement& statement) const;
  // The days on which limits were passed that the statement is over.
  Result<PassedDays> passed_days(const Statement& statement) const;

 private:
  // Nothing where the tenant was made after the period's end and has no counter in it.
  Result<std::optional<Statement>> find_computed(const TenantRecord& record,
                                                 const std::optional<Counter>& counter,
                                                 Period period, std::vector<LateLine> late) const;
  // Without late lines.
  Result<Statement> computed(const TenantRecord& record, const Subscription& subscription,
                             const std::optional<Counter>& counter, Period period) const;
  Result<Statement> with_late(Statement statement) const;
  Result<std::vector<std::pair<std::string, std::optional<Quantity>>>> own_of_month(
      const Statement& statement, Period period) const;
  Result<> add_frozen(const Statement& statement, History& history) const;
  Result<std::optional<OwnForecast>> own_forecast_of(const Statement& statement,
                                                     const OwnLineItem& line) const;
  // Under the lock of standings_: brings a list up to now; makes all of it; makes those of names.
  Result<> refresh(StandingList& list) const;
  Result<> remake(StandingList& list) const;
  Result<> update(StandingList& list, std::vector<std::string> names) const;
  Store& store_;
  const Directory& directory_;
  const Catalog& catalog_;
  const BillingRules& rules_;
  const Clock& clock_;
  mutable StandingBook standings_;
};

// The shapes of api.md, used by the API, reports and commands alike.
Json units_json(Meter meter, std::int64_t units);  // as people read them
Json usage_json(const Usage& usage);
Json overages_json(const Statement& statement);  // only the meters above their limit
// In the statement's own currency.
Json tenant_billing_json(const Statement& statement);
Json line_items_json(const Statement& statement);
// A cost in the minor unit, or to the millionth; null where there is none.
Json cost_json(const std::optional<Money>& cost, const Currency& currency);
Json exact_cost_json(const std::optional<Money>& cost, const Currency& currency);
Json forecast_json(const PerMeter<std::optional<Forecast>>& forecast, const OwnForecasts& own);
Json history_json(const History& history);
Json trends_json(const History& history);
Json stats_json(const PeriodStats& stats);
}  // namespace metergate
