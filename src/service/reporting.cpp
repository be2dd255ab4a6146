#include "service/reporting.h"

#include "base/id.h"

namespace metergate {

Result<KeptReport> Reporting::make(std::optional<Period> wanted) {
  const Period period = wanted.value_or(billing_.last_closed_period());
  TRY(billing_.check_not_future(period));
  return billing_.is_closed(period) ? closed_report(period) : open_report(period);
}

Result<KeptReport> Reporting::compute(Period period, std::string name) const {
  KeptReport report;
  report.head.period = period;
  report.head.generated_at = clock_.now();
  report.head.is_closed = billing_.is_closed(period);
  report.head.name = std::move(name);
  report.head.currency = rules_.currency;
  report.statements = TRY(billing_.computed_statements(period));
  for (const Statement& statement : report.statements) {
    TRY(report.head.summary.add(statement));
  }
  return report;
}

Result<KeptReport> Reporting::closed_report(Period period) {
  std::optional<KeptReport> kept = TRY(FrozenReports(store_).closed_report(period));
  if (kept) return *std::move(kept);
  if (!rules_.report_generation) {
    return fail(ErrorCode::disabled,
                "Reports are not made here (BILLING_REPORT_GENERATION=false), and none of " +
                    period.text() + " is kept");
  }
  // Of a month from before anything was here, or whose counters are gone, nothing is known that
  // could be frozen; closing it would also refuse its history, should that be imported yet.
  if (!billing_.is_kept(period) || !TRY(billing_.has_content(period))) return compute(period, "");
  TRY(close(period));
  kept = TRY(FrozenReports(store_).closed_report(period));
  if (!kept) return fail(ErrorCode::internal, "the report of " + period.text() + " was not kept");
  return *std::move(kept);
}

Result<KeptReport> Reporting::open_report(Period period) {
  if (!rules_.report_generation) {
    std::optional<KeptReport> kept = TRY(FrozenReports(store_).newest_report(period));
    if (kept) return *std::move(kept);
    return fail(ErrorCode::disabled,
                "Reports are not made here (BILLING_REPORT_GENERATION=false), and none of " +
                    period.text() + " is kept");
  }
  KeptReport report = TRY(compute(period, open_report_name(period, make_ulid(clock_.now()))));
  report.head = TRY(FrozenReports(store_).write(report));
  return report;
}

Result<bool> Reporting::close(Period period) {
  if (!billing_.is_closed(period)) {
    return fail(ErrorCode::invalid,
                "Period " + period.text() + " still takes events: it is closed " +
                    std::to_string(rules_.grace.count()) + " hours after its end");
  }
  const std::lock_guard lock{closing_};
  const std::optional<Period> closed = store_.closed_through();
  const bool closes = !closed || *closed < period;
  if (closes) {
    Batch batch;
    batch.at = clock_.now();
    batch.close_through = period;
    TRY(store_.apply(std::move(batch)));
  }
  const bool is_frozen = TRY(FrozenReports(store_).has_closed_report(period));
  if (is_frozen || !rules_.report_generation) return closes;
  // From here on no event changes the period's counters, so that whoever goes on after a crash
  // computes the same statements again.
  const KeptReport report = TRY(compute(period, closed_report_name(period)));
  TRY(FrozenReports(store_).write(report));
  return true;
}

Json report_json(const KeptReport& report) {
  const Currency& currency = report.head.currency;
  Json tenants = Json::array();
  for (const Statement& statement : report.statements) {
    tenants.push_back(tenant_billing_json(statement, currency));
  }
  return Json::object({
      {"period", report.head.period.text()},
      {"generated_at", report.head.generated_at},
      {"closed", report.head.is_closed},
      {"summary", summary_json(report.head.summary, currency)},
      {"tenants", std::move(tenants)},
  });
}

}  // namespace metergate
