// Billing: statements of tenants, open (computed from counters) and closed (frozen), and figures
// derived from them. Safe from any thread.
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
  std::vector<Health> healths;   // empty: any; also below
  std::optional<bool> has_overages;
  std::vector<std::string> plans;
  std::vector<std::string> statuses;
  std::string search;  // in id or name, ignoring case
  // Keeps tenants that owe at least this much; a cost that could not be computed counts as more.
  std::optional<Money> cost_min;
};

struct StatementPageRequest {
  StatementFilter filter;
  std::string sort =
      "tenant_id";  // or with -: tenant_id, tenant_name, plan, overage_cost, utilization, a meter
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

struct StatementPage {
  Period period;
  std::int64_t total = 0;  // the number that match
  std::vector<Statement> statements;
  StatementSummary summary;  // over all that match, on all pages
  Currency currency = Currency::usd();
};

struct PeriodStats {
  // Nothing if details of the calls are no longer kept.
  std::optional<Counter> counter;
  std::optional<std::int64_t> endpoints;  // the number of endpoints; nothing: no longer kept
  // The billed number of calls, if the counter is gone and a statement was frozen.
  std::optional<std::int64_t> calls_frozen;
  std::optional<std::int64_t> webhooks_frozen;
};

// A past month of a tenant; an own meter without a value is unknown.
struct HistoryRow {
  Period period;
  Usage usage;
  std::vector<std::pair<std::string, std::optional<Quantity>>> own;
};
using History = std::vector<HistoryRow>;
// The number of past months that are shown if they are known, however few counters are kept.
inline constexpr std::size_t kHistoryMonths = 13;

// Sums over all tenants of a period, as far as they are known.
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
  // True if its events are refused now, because its grace is over or it was closed.
  bool is_closed(Period period) const;
  // True if counters of the period are within their retention.
  bool is_kept(Period period) const;
  // ErrorCode::invalid for a period after the current one.
  Result<> check_not_future(Period period) const;
  // ErrorCode::conflict if a tenant has a limit of the provider's own meter in a period that is not
  // closed: without the meter its usage there would be 0.
  Result<> check_unpriced(std::string_view meter) const;
  // ErrorCode::tenant_not_found; ErrorCode::invalid for a period in the future.
  Result<Statement> statement(const TenantId& tenant, Period period) const;
  // The current period's statement with this subscription: for dry_run.
  Result<Statement> statement_with(const Subscription& wanted) const;
  Result<StatementPage> statements(const StatementPageRequest& request) const;
  // ErrorCode::invalid for a period in the future.
  Result<UsageOfAll> usage_of_all(Period period) const;
  // The accepted sorts, with those of the provider's own meters.
  Result<std::vector<std::string>> sorts() const;
  // Every tenant's statement, by id, for a report.
  Result<std::vector<Statement>> all_statements(Period period) const;
  // Calls `visit` with each statement computed from counters, even if a frozen one is kept.
  Result<> for_each_computed(Period period, const std::function<Result<>(Statement)>& visit) const;
  // All of these statements.
  Result<std::vector<Statement>> computed_statements(Period period) const;
  // True if the period has any content: a tenant that existed, or a counter.
  Result<bool> has_content(Period period) const;
  // True if the tenant has a statement of the period: it existed before the period's end, has a
  // counter in it, or has a late line billed in it.
  Result<bool> has_row(const TenantRecord& record, Period period) const;
  // Details of a period's calls; empty sums if there were none.
  Result<PeriodStats> stats(const TenantId& tenant, Period period) const;
  // Newest first, as far back as counters are kept and without gaps: a month without usage is
  // included. Older months come from frozen statements, up to kHistoryMonths in all. Own meters are
  // those of the statement.
  Result<History> history(const Statement& statement) const;
  // The forecast of the current period; for any period, the day on which a limit was passed.
  Result<PerMeter<std::optional<Forecast>>> forecast(const Statement& statement) const;
  // Nothing for a meter whose month is neither the sum of its days nor its latest or greatest
  // value.
  Result<OwnForecasts> own_forecast(const Statement& statement) const;
  // The days on which the statement's passed limits were passed.
  Result<PassedDays> passed_days(const Statement& statement) const;

 private:
  // Nothing if the tenant was created after the period's end and has no counter in it.
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
  // With the lock of standings_ held: updates a list; makes it anew; makes the rows of some names.
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

// The JSON forms of api.md, used by the API, reports and commands alike.
Json units_json(Meter meter, std::int64_t units);  // as shown to people
Json usage_json(const Usage& usage);
Json overages_json(const Statement& statement);  // only the meters above their limit
// Amounts are in the statement's own currency.
Json tenant_billing_json(const Statement& statement);
Json line_items_json(const Statement& statement);
// A cost in the minor unit, or to the millionth; null if there is none.
Json cost_json(const std::optional<Money>& cost, const Currency& currency);
Json exact_cost_json(const std::optional<Money>& cost, const Currency& currency);
Json forecast_json(const PerMeter<std::optional<Forecast>>& forecast, const OwnForecasts& own);
Json history_json(const History& history);
Json trends_json(const History& history);
Json stats_json(const PeriodStats& stats);
}  // namespace metergate
