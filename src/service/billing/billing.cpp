#include "service/billing/billing.h"

#include <fmt/format.h>

#include <algorithm>

#include "service/billing/frozen_reports.h"
#include "service/billing/late_lines.h"
#include "service/billing/tenant_months.h"
#include "service/tenants/own_lines.h"

namespace metergate {

Period Billing::current_period() const { return Period::of(clock_.now(), rules_.zone); }

Period Billing::last_closed_period() const {
  Period period = current_period().previous();
  while (!is_closed(period)) period = period.previous();
  return period;
}

bool Billing::is_closed(Period period) const {
  const std::optional<Period> closed = store_.closed_through();
  if (closed && period <= *closed) return true;
  return is_closed_by_time(period, clock_.settled_now(), rules_.zone, rules_.grace);
}

// A period is priced until it is closed in the store, and not by its time alone.
Result<> Billing::check_unpriced(std::string_view meter) const {
  const std::shared_ptr<const Catalogue> plans = catalog_.plans();
  const std::optional<Period> closed = store_.closed_through();
  for (const auto& record : directory_.all_tenants()) {
    const Period first = Period::of(record->tenant.created_at, rules_.zone);
    for (Period period = current_period(); !closed || period > *closed;
         period = period.previous()) {
      if (period < first && is_closed(period)) break;
      const Terms terms =
          TRY(terms_for(record->subscription, *plans, period.window(rules_.zone), clock_.now()));
      if (std::ranges::find(terms.own, meter, &OwnTerm::meter) == terms.own.end()) continue;
      return fail(ErrorCode::conflict,
                  fmt::format("the tenant '{}' has a limit of '{}' in {}, on the plan '{}': remove "
                              "the limit first, and wait until the month is closed",
                              record->tenant.id.text(), meter, period.text(), terms.plan));
    }
  }
  return {};
}

bool Billing::is_kept(Period period) const {
  return period.ordinal() >= current_period().ordinal() - rules_.usage_retention_months;
}

Result<bool> Billing::has_content(Period period) const {
  const Timestamp end = period.window(rules_.zone).end;
  for (const std::shared_ptr<const TenantRecord>& record : directory_.all_tenants()) {
    if (record->tenant.created_at < end) return true;
  }
  Query query;
  query.collection = Collection::usage_counters;
  query.filter = Filter::equal("period", period.text());
  query.limit = 1;
  const std::vector<Json> found = TRY(store_.find(query));
  return !found.empty();
}

Result<bool> Billing::has_row(const TenantRecord& record, Period period) const {
  if (record.tenant.created_at < period.window(rules_.zone).end) return true;
  if (TRY(store_.counter(record.tenant.id, period))) return true;
  return !TRY(late_lines_of(store_, record.tenant.id, period, rules_.currency)).empty();
}

Result<> Billing::check_not_future(Period period) const {
  const Period current = current_period();
  if (period <= current) return {};
  const std::string message = "period " + period.text() +
                              " is in the future: must be the current one, " + current.text() +
                              ", or an earlier one";
  return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "period", message}}});
}

namespace {

void make_unknown(Statement& statement) {
  statement.is_known = false;
  const Result<Money> none =
      fail(ErrorCode::invalid, "what was used in " + statement.period.text() +
                                   " is no longer kept, and no statement of it was frozen");
  settle(statement.rated, none, statement.currency);
}

}  // namespace

Result<Statement> Billing::computed(const TenantRecord& record, const Subscription& subscription,
                                    const std::optional<Counter>& counter, Period period) const {
  const std::shared_ptr<const Catalogue> plans = catalog_.plans();
  Statement statement;
  statement.tenant = record.tenant.id;
  statement.tenant_name = record.tenant.name;
  statement.status = record.tenant.status;
  statement.period = period;
  statement.is_closed = is_closed(period);
  statement.currency = rules_.currency;
  statement.terms = TRY(terms_for(subscription, *plans, period.window(rules_.zone), clock_.now()));
  // An existing tenant has the base of the storage formula even before its first event; before it
  // was made it had nothing. If a period's counters are no longer kept, its usage is unknown.
  const bool existed = record.tenant.created_at < period.window(rules_.zone).end;
  if (counter || (existed && is_kept(period))) {
    const Counter figures = counter.value_or(Counter{});
    statement.usage = usage_of(figures, rules_.storage);
    statement.peaks = peaks_of(figures, rules_.storage);
  }
  std::vector<Quantity> own(statement.terms.own.size());
  if (is_kept(period)) own = TRY(own_usage(store_, record.tenant.id, statement.terms.own, period));
  statement.rated = rate(statement.usage, statement.terms, own, rules_.currency);
  if (!counter && existed && !is_kept(period)) make_unknown(statement);
  return statement;
}

Result<Statement> Billing::with_late(Statement statement) const {
  std::vector<LateLine> late =
      TRY(late_lines_of(store_, statement.tenant, statement.period, rules_.currency));
  if (statement.is_known) bill_late(statement, std::move(late), rules_.currency);
  return statement;
}

Result<std::optional<Statement>> Billing::find_computed(const TenantRecord& record,
                                                        const std::optional<Counter>& counter,
                                                        Period period,
                                                        std::vector<LateLine> late) const {
  const bool existed = record.tenant.created_at < period.window(rules_.zone).end;
  if (!counter && !existed && late.empty()) return std::nullopt;
  Statement statement = TRY(computed(record, record.subscription, counter, period));
  if (statement.is_known) bill_late(statement, std::move(late), rules_.currency);
  return statement;
}

Result<Statement> Billing::statement(const TenantId& tenant, Period period) const {
  const std::shared_ptr<const TenantRecord> record = TRY(directory_.get(tenant));
  TRY(check_not_future(period));
  if (is_closed(period)) {
    std::optional<FrozenStatement> frozen =
        TRY(FrozenReports(store_).closed_statement(period, tenant));
    if (frozen) return std::move(frozen->statement);
  }
  const std::optional<Counter> counter = TRY(store_.counter(tenant, period));
  return with_late(TRY(computed(*record, record->subscription, counter, period)));
}

Result<Statement> Billing::statement_with(const Subscription& wanted) const {
  const std::shared_ptr<const TenantRecord> record = TRY(directory_.get(wanted.tenant));
  const Period period = current_period();
  const std::optional<Counter> counter = TRY(store_.counter(wanted.tenant, period));
  return with_late(TRY(computed(*record, wanted, counter, period)));
}

Result<std::vector<Statement>> Billing::all_statements(Period period) const {
  TRY(check_not_future(period));
  if (is_closed(period)) {
    std::optional<KeptReport> frozen = TRY(FrozenReports(store_).closed_report(period));
    if (frozen) return std::move(frozen->statements);
  }
  return computed_statements(period);
}

Result<> Billing::for_each_computed(Period period,
                                    const std::function<Result<>(Statement)>& visit) const {
  // Read once for all tenants: most have none.
  LateLinesByTenant late = TRY(late_lines_of_all_tenants(store_, period, rules_.currency));
  return for_each_with_months(store_, directory_, {period, period},
                              [&](const TenantRecord& record, Months months) -> Result<> {
                                const auto own = late.find(record.tenant.id.text());
                                std::vector<LateLine> lines;
                                if (own != late.end()) lines = std::move(own->second);
                                std::optional<Counter> counter;
                                if (!months.empty()) counter = std::move(months.front().second);
                                std::optional<Statement> statement =
                                    TRY(find_computed(record, counter, period, std::move(lines)));
                                return statement ? visit(*std::move(statement)) : Result<>();
                              });
}

Result<std::vector<Statement>> Billing::computed_statements(Period period) const {
  std::vector<Statement> statements;
  TRY(for_each_computed(period, [&](Statement statement) -> Result<> {
    statements.push_back(std::move(statement));
    return {};
  }));
  return statements;
}

}  // namespace metergate
