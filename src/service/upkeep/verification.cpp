#include "service/upkeep/verification.h"

#include <map>

#include "domain/each_line.h"
#include "service/billing/frozen_reports.h"
#include "service/billing/late_lines.h"
#include "service/metering/record_counts.h"

namespace metergate {

namespace {

struct Figure {
  std::string_view name;
  std::int64_t (*read)(const Counter& counter);
};

// Figures that are sums over events and can be recounted.
constexpr Figure kFigures[] = {
    {"api_calls", [](const Counter& c) { return c.calls.count; }},
    {"unbilled_calls", [](const Counter& c) { return c.calls.unbilled; }},
    {"successful_calls", [](const Counter& c) { return c.calls.successes(); }},
    {"request_bytes", [](const Counter& c) { return c.calls.request_bytes; }},
    {"response_bytes", [](const Counter& c) { return c.calls.response_bytes; }},
    {"response_time_us", [](const Counter& c) { return c.calls.duration_us; }},
    {"webhook_calls", [](const Counter& c) { return c.webhooks.count; }},
    {"webhook_failures", [](const Counter& c) { return c.webhooks.failures; }},
    {"webhook_time_us", [](const Counter& c) { return c.webhooks.duration_us; }},
};

void compare_figures(const TenantPeriod& which, const Counter& expected, const Counter& found,
                     Verdict& verdict) {
  for (const Figure& figure : kFigures) {
    const std::int64_t want = figure.read(expected);
    const std::int64_t have = figure.read(found);
    if (want == have) continue;
    verdict.add({"counter", which.period.text(), which.tenant.text(), std::string{figure.name},
                 std::to_string(want), std::to_string(have)});
  }
  if (expected.calls.durations != found.calls.durations) {
    verdict.add({"counter", which.period.text(), which.tenant.text(), "response_time_histogram",
                 std::to_string(expected.calls.durations.count()),
                 std::to_string(found.calls.durations.count())});
  }
}

constexpr int kReadTriesMax = 3;

std::string millionths(const std::optional<Money>& amount) {
  return amount ? to_text(Decimal{amount->micros, 6}) : "none";
}

// Reports of older builds are compared by the members that they have.
bool says_as_much(const Json& shown, const Json& want) {
  for (const auto& [name, value] : want.as_object()) {
    const Json* member = shown.find(name);
    const bool is_new = name == "currency" || name == "tenants_with_errors";
    if (member == nullptr ? !is_new : !(*member == value)) return false;
  }
  return true;
}

template <class Line>
void check_lines(const Statement& row, const std::vector<Line>& again,
                 const std::vector<Line>& stored, Verdict& verdict) {
  for (std::size_t at = 0; at < again.size(); ++at) {
    const Line& want = again[at];
    const Line& have = stored[at];
    if (want.cost == have.cost && want.overage == have.overage) continue;
    verdict.add({"report", row.period.text(), row.tenant.text(),
                 std::string{meter_of(want)} + " cost", millionths(want.cost),
                 millionths(have.cost)});
  }
}

// Compares a stored row with its figures rated again, with the currency's own rounding of the cost.
Result<> check_row(const Statement& row, const Currency& currency, Verdict& verdict) {
  std::vector<Quantity> own;
  for (const OwnLineItem& line : row.rated.own_lines) own.push_back(line.usage);
  Statement again_row = row;
  again_row.rated = rate(row.usage, row.terms, own, currency);
  const Rated again = again_row.rated;
  bill_late(again_row, row.late, currency);
  check_lines(row, again.own_lines, row.rated.own_lines, verdict);
  check_lines(row, again.lines, row.rated.lines, verdict);
  const std::optional<Money>& cost = again_row.rated.cost;
  if (cost != row.rated.cost) {
    verdict.add({"report", row.period.text(), row.tenant.text(), "overage_cost", millionths(cost),
                 millionths(row.rated.cost)});
  }
  return {};
}

// Compares the late lines of a frozen report with the corrections billed in its period.
Result<> check_late(const KeptReport& report, LateLinesByTenant expected, Verdict& verdict) {
  const Currency& currency = report.head.currency;
  const auto text = [&currency](const std::vector<LateLine>& lines) {
    return to_text(late_items_json(lines, currency));
  };
  for (const Statement& row : report.statements) {
    auto own = expected.extract(row.tenant.text());
    Statement again = row;
    again.late.clear();
    if (!own.empty()) bill_late(again, std::move(own.mapped()), currency);
    const std::vector<LateLine>& want = again.late;
    if (want == row.late) continue;
    verdict.add(
        {"report", row.period.text(), row.tenant.text(), "late_items", text(want), text(row.late)});
  }
  for (const auto& [tenant, lines] : expected)
    verdict.add(
        {"report", report.head.period.text(), tenant, "late_items", text(lines), "no statement"});
  return {};
}

}  // namespace

void Verdict::add(Difference difference) {
  ++differences_total;
  if (differences.size() < kDifferencesMax) differences.push_back(std::move(difference));
}

void Verdict::merge(Verdict other) {
  differences_total += other.differences_total - std::ssize(other.differences);
  for (Difference& one : other.differences) add(std::move(one));
  counters_checked += other.counters_checked;
  audits_checked += other.audits_checked;
  reports_checked += other.reports_checked;
  for (std::string& one : other.skipped) skipped.push_back(std::move(one));
}

Result<> Verification::check_counters(Period period, Verdict& verdict) const {
  // Events and counters are read one after the other; if something was written meanwhile, a
  // difference proves nothing.
  for (int attempt = 0; attempt < kReadTriesMax; ++attempt) {
    const Sequence before = parts_.store.head();
    Verdict found;
    TRY(count_again(period, found));
    TRY(check_meters(period, found));
    if (found.differences_total > 0 && parts_.store.head() != before) continue;
    verdict.merge(std::move(found));
    return {};
  }
  verdict.skipped.push_back("counters of " + period.text() +
                            ": they were written to while they were counted again, three times; "
                            "verify while less is coming in");
  return {};
}

Result<> Verification::count_again(Period period, Verdict& verdict) const {
  if (!TRY(parts_.store.has_all_events(period))) {
    verdict.skipped.push_back("counters of " + period.text() +
                              ": not every raw event of the period is kept");
    return {};
  }
  std::map<TenantId, Counter> expected;
  for (auto& [tenant, counter] : TRY(parts_.store.recount(period))) {
    expected.emplace(tenant, std::move(counter));
  }
  // A tenant without events has an empty counter; one with events but without a counter has lost
  // it.
  for (const std::shared_ptr<const TenantRecord>& record : parts_.directory.all_tenants()) {
    expected.try_emplace(record->tenant.id);
  }
  for (const auto& [tenant, counter] : expected) {
    const std::optional<Counter> found = TRY(parts_.store.counter(tenant, period));
    compare_figures({tenant, period}, counter, found.value_or(Counter{}), verdict);
    ++verdict.counters_checked;
  }
  return {};
}

// Compares each own meter with its events since it was created.
Result<> Verification::check_meters(Period period, Verdict& verdict) const {
  if (!TRY(parts_.store.has_all_events(period))) return {};
  Query query;
  query.collection = Collection::meters;
  const std::vector<Json> meters = TRY(parts_.store.find(query));
  std::map<std::pair<TenantId, std::string>, MeterCell> expected;
  for (MeterTotal& total : TRY(parts_.store.recount_meters(period)))
    expected[{total.tenant, total.slug}] = std::move(total.cell);
  for (const Json& document : meters) {
    const OwnMeter meter = TRY(meter_from(document)).meter;
    for (const std::shared_ptr<const TenantRecord>& record : parts_.directory.all_tenants()) {
      const TenantId& tenant = record->tenant.id;
      const MeterCell want = expected[{tenant, meter.slug}];
      const auto found = TRY(parts_.store.meter_total(tenant, meter.slug, period));
      const MeterCell have = found.value_or(MeterCell{});
      // The values in a full set depend on the order of events.
      const bool is_full = want.is_full && have.is_full;
      if (want == have || (is_full && want.count == have.count)) continue;
      const auto text = [&meter](const MeterCell& cell) {
        const auto value = cell.value(meter.aggregation);
        return (value ? to_text(value->shown()) : "nothing") + " of " + std::to_string(cell.count) +
               " events, " + std::to_string(cell.unusable) + " unusable";
      };
      verdict.add({"meter", period.text(), tenant.text(), meter.slug, text(want), text(have)});
    }
  }
  return {};
}

Result<> Verification::check_records(Verdict& verdict) const {
  const Period current = parts_.billing.current_period();
  for (const std::shared_ptr<const TenantRecord>& record : parts_.directory.all_tenants()) {
    const TenantId& tenant = record->tenant.id;
    for (const CountDifference& one : TRY(compare_counts(parts_.store, tenant, current))) {
      verdict.add({"records", current.text(), tenant.text(), std::string{row_of(one.meter).name},
                   std::to_string(one.records), std::to_string(one.gauge)});
    }
  }
  return {};
}

Result<> Verification::check_audits(const std::optional<AuditHead>& wanted,
                                    Verdict& verdict) const {
  const AuditVerdict audits = TRY(parts_.audit_log.verify(wanted));
  verdict.audits_checked = audits.checked;
  verdict.audit_head = to_text(audits.head);
  for (const LostAnchor& lost : audits.lost)
    verdict.add({"audit", "", "", lost.where, lost.expected, lost.found});
  if (audits.first_bad_sequence) {
    verdict.add({"audit", "", "", "sequence " + std::to_string(*audits.first_bad_sequence),
                 "an unbroken chain", audits.problem});
  }
  return {};
}

Result<> Verification::check_reports(Period period, Verdict& verdict) const {
  const FrozenReports reports{parts_.store};
  const std::optional<KeptReport> report = TRY(reports.closed_report(period));
  if (!report) return {};
  ++verdict.reports_checked;
  for (const Statement& row : report->statements) {
    TRY(check_row(row, report->head.currency, verdict));
  }
  LateLinesByTenant late =
      TRY(late_lines_of_all_tenants(parts_.store, period, report->head.currency));
  TRY(check_late(*report, std::move(late), verdict));
  const Json& shown = report->head.shown_summary;
  const Json want = summary_json(report->head.summary, report->head.currency);
  if (!says_as_much(shown, want)) {
    verdict.add({"report", period.text(), "", "summary", to_text(want), to_text(shown)});
  }
  return {};
}

Result<Verdict> Verification::verify(std::optional<Period> wanted,
                                     const std::optional<AuditHead>& head) const {
  Verdict verdict;
  std::vector<Period> periods;
  if (wanted) {
    TRY(parts_.billing.check_not_future(*wanted));
    periods.push_back(*wanted);
  } else {
    Period period = parts_.billing.current_period();
    for (; !parts_.billing.is_closed(period); period = period.previous()) {
      periods.push_back(period);
    }
    periods.push_back(period);  // the newest closed one, with its report
  }
  for (const Period period : periods) {
    TRY(check_counters(period, verdict));
    TRY(check_reports(period, verdict));
  }
  TRY(check_records(verdict));
  TRY(check_audits(head, verdict));
  return verdict;
}

Json verdict_json(const Verdict& verdict) {
  Json differences = Json::array();
  for (const Difference& one : verdict.differences) {
    differences.push_back(Json::object({
        {"what", one.what},
        {"period", one.period},
        {"tenant_id", one.tenant},
        {"figure", one.meter},
        {"expected", one.expected},
        {"found", one.found},
    }));
  }
  Json skipped = Json::array();
  for (const std::string& one : verdict.skipped) skipped.push_back(one);
  return Json::object({
      {"ok", verdict.differences_total == 0},
      {"differences_total", verdict.differences_total},
      {"differences", std::move(differences)},
      {"counters_checked", verdict.counters_checked},
      {"audits_checked", verdict.audits_checked},
      {"audit_head", verdict.audit_head},
      {"reports_checked", verdict.reports_checked},
      {"skipped", std::move(skipped)},
  });
}

}  // namespace metergate
