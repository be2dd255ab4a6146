#include "service/reports/reporting.h"

#include <algorithm>
#include <iterator>

#include "base/id.h"
#include "service/reports/periods.h"

namespace metergate {
namespace {

std::unexpected<Error> no_report(Period period) {
  Error error{ErrorCode::disabled,
              "Reports are not made here (BILLING_REPORT_GENERATION=false), and none of " +
                  period.text() + " is kept"};
  error.required = "BILLING_REPORT_GENERATION=true";
  return fail(std::move(error));
}

}  // namespace

Result<KeptReport> Reporting::make(std::optional<Period> wanted, Keeping keeping) {
  const Period period = wanted.value_or(billing_.last_closed_period());
  TRY(billing_.check_not_future(period));
  return billing_.is_closed(period) ? closed_report(period, keeping) : open_report(period, keeping);
}

Result<ReportRows> Reporting::rows(std::optional<Period> wanted, Keeping keeping) {
  const Period period = wanted.value_or(billing_.last_closed_period());
  if (billing_.is_closed(period)) {
    std::optional<ReportHead> head = TRY(FrozenReports(store_).closed_head(period));
    if (head) return ReportRows(store_, *std::move(head));
  }
  return ReportRows(TRY(make(period, keeping)));
}

Result<std::vector<Statement>> ReportRows::next() {
  if (store_ != nullptr) {
    if (given_ == static_cast<std::size_t>(head_.parts)) return std::vector<Statement>{};
    return FrozenReports(*store_).part(head_, static_cast<std::int64_t>(++given_));
  }
  const std::size_t end = std::min(rows_.size(), given_ + kTenantsPerPart);
  std::vector<Statement> some(
      std::move_iterator(rows_.begin() + static_cast<std::ptrdiff_t>(given_)),
      std::move_iterator(rows_.begin() + static_cast<std::ptrdiff_t>(end)));
  given_ = end;
  return some;
}

Result<KeptReport> Reporting::compute(Period period, std::string name) const {
  KeptReport report;
  report.head.period = period;
  report.head.generated_at = clock_.now();
  report.head.is_closed = billing_.is_closed(period);
  report.head.name = std::move(name);
  report.head.currency = rules_.currency;
  report.head.audit_head = to_text(store_.audit_head());
  report.statements = TRY(billing_.computed_statements(period));
  for (Statement& statement : report.statements) {
    report.head.summary.add(statement);
    if (report.head.is_closed) statement.passed = TRY(billing_.passed_days(statement));
  }
  return report;
}

Result<ReportColumns> ReportRows::columns() const {
  if (store_ == nullptr) return columns_of(rows_);
  if (head_.columns) return *head_.columns;
  ReportColumns columns;
  for (std::int64_t number = 1; number <= head_.parts; ++number) {
    for (const Statement& row : TRY(FrozenReports(*store_).part(head_, number))) columns.note(row);
  }
  return columns;
}

Result<KeptReport> Reporting::closed_report(Period period, Keeping keeping) {
  std::optional<KeptReport> kept = TRY(FrozenReports(store_).closed_report(period));
  if (kept) return *std::move(kept);
  if (!rules_.report_generation) {
    return no_report(period);
  }
  // A month from before the first record, or without counters, has no known figures to freeze.
  // Closing it would also refuse its history, which may still be imported.
  const bool may_freeze = keeping == Keeping::keep && billing_.is_kept(period);
  if (!may_freeze || !TRY(billing_.has_content(period))) return compute(period, "");
  TRY(close(period));
  kept = TRY(FrozenReports(store_).closed_report(period));
  if (!kept) return fail(ErrorCode::internal, "the report of " + period.text() + " was not kept");
  return *std::move(kept);
}

Result<KeptReport> Reporting::open_report(Period period, Keeping keeping) {
  if (!rules_.report_generation) {
    std::optional<KeptReport> kept = TRY(FrozenReports(store_).newest_report(period));
    if (kept) return *std::move(kept);
    return no_report(period);
  }
  KeptReport report = TRY(compute(period, open_report_name(period, make_ulid(clock_.now()))));
  if (keeping == Keeping::keep) report.head = TRY(FrozenReports(store_).write_if_new(report));
  return report;
}

Result<> Reporting::note_time() {
  constexpr std::chrono::minutes kOften{5};
  if (clock_.doubt()) return {};
  const Timestamp now = clock_.now();
  const std::optional<Timestamp> known = TRY(remembered_time(store_));
  if (known && now >= *known && now - *known < kOften) return {};
  return remember_time(store_, now);
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
  // From here on no event changes the period's counters, so a run after a crash computes the same
  // statements.
  const KeptReport report = TRY(compute(period, closed_report_name(period)));
  TRY(FrozenReports(store_).write(report));
  return true;
}

Json report_head_json(const ReportHead& head, std::string_view list) {
  Json summary = head.shown_summary;
  if (summary.is_null()) summary = summary_json(head.summary, head.currency);
  // Summaries of older reports lack it.
  if (summary.find("currency") == nullptr) summary.set("currency", head.currency.code());
  Json json = Json::object({
      {"period", head.period.text()},
      {"generated_at", head.generated_at},
      {"closed", head.is_closed},
  });
  if (!head.audit_head.empty()) json.set("audit_head", head.audit_head);
  json.set("summary", std::move(summary));
  json.set(std::string(list), Json::array());  // last, since the rows may be written after it
  return json;
}

Json report_json(const KeptReport& report) {
  Json json = report_head_json(report.head);
  Json tenants = Json::array();
  for (const Statement& statement : report.statements)
    tenants.push_back(tenant_billing_json(statement));
  json.set("tenants", std::move(tenants));
  return json;
}

}  // namespace metergate
