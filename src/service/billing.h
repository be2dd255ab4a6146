// Billing: statements of tenants, open (computed from counters now) and closed (as frozen), and
// what is derived from them. Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/forecast.h"
#include "domain/statement.h"
#include "service/directory.h"
#include "service/rules.h"
#include "service/standings.h"
#include "storage/store.h"

namespace metergate {

struct StatementFilter {
  std::optional<Period> period;  // nothing: the current one
  std::optional<Health> health;
  std::optional<bool> has_overages;
  std::string plan;  // empty: any; likewise below
  std::string status;
  std::string search;  // in id or name, ignoring case
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
};

struct PeriodStats {
  Counter counter;
  std::int64_t endpoints = 0;  // unique ones
};

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
  // happened stands between its neighbours.
  Result<std::vector<std::pair<Period, Usage>>> history(const TenantId& tenant) const;
  // From a statement of the current period.
  Result<PerMeter<std::optional<Forecast>>> forecast(const Statement& statement) const;

 private:
  // Nothing where the tenant was made after the period's end and has no counter in it.
  Result<std::optional<Statement>> find_computed(const TenantRecord& record,
                                                 const std::optional<Counter>& counter,
                                                 Period period, std::vector<LateLine> late) const;
  // Without late lines.
  Result<Statement> computed(const TenantRecord& record, const Subscription& subscription,
                             const std::optional<Counter>& counter, Period period) const;
  Result<Statement> with_late(Statement statement) const;
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
Json tenant_billing_json(const Statement& statement, const Currency& currency);
Result<Json> line_items_json(const Statement& statement, const Currency& currency);
Json forecast_json(const PerMeter<std::optional<Forecast>>& forecast);
Json stats_json(const PeriodStats& stats);
// The sorts that a list of statements knows, for a person and for the API's documents.
std::vector<std::string> statement_sorts();

}  // namespace metergate
