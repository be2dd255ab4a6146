#include "service/reports/periods.h"

#include <fmt/format.h>

#include <algorithm>

#include "service/billing/frozen_reports.h"
#include "service/shared/faults.h"
#include "service/shared/text_rules.h"

namespace metergate {
namespace {

const DocumentKey kClockKey{"", "clock"};
constexpr const char* kSeenAt = "seen_at";

std::unexpected<Error> invalid_period(std::string message) {
  return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "period", message}}});
}

}  // namespace

Result<std::optional<Timestamp>> remembered_time(const Store& store) {
  const auto kept = TRY(store.get(Collection::settings, kClockKey));
  return kept ? kept->timestamp_at(kSeenAt) : std::nullopt;
}

Result<> remember_time(Store& store, Timestamp now) {
  Batch batch;
  batch.at = now;
  Json document = Json::object({{kSeenAt, now}});
  batch.documents.push_back(
      {Collection::settings, kClockKey, std::move(document), Expect::anything, 0});
  TRY(store.apply(std::move(batch)));
  return {};
}

Timestamp Periods::closes_at(Period period) const {
  return period.window(parts_.rules.zone).end + parts_.rules.grace;
}

Result<std::vector<PeriodState>> Periods::list(std::int64_t limit) const {
  const FrozenReports frozen(parts_.store);
  const Period current = parts_.billing.current_period();
  Query query;
  query.collection = Collection::usage_counters;
  query.sort = {{"period", false}};
  query.limit = 1;
  Period oldest = std::min(current, parts_.billing.last_closed_period());
  for (const Json& first : TRY(parts_.store.find(query)))
    oldest = std::min(oldest, TRY(Period::parse(first.string_at("period").value_or(""))));
  std::vector<PeriodState> states;
  for (Period period = current; period >= oldest && std::cmp_less(states.size(), limit);
       period = period.previous()) {
    PeriodState state{period, parts_.billing.is_closed(period),
                      TRY(frozen.has_closed_report(period)), std::nullopt};
    if (!state.is_closed) state.closes_at = closes_at(period);
    states.push_back(state);
  }
  return states;
}

// Checks that no frozen statement or billed correction depends on their being closed.
Result<> Periods::check(Period first, Period last) const {
  const FrozenReports frozen(parts_.store);
  const Timestamp now = parts_.clock.settled_now();
  for (Period period = first; period <= last; period = period.next()) {
    const bool is_over = now >= closes_at(period);
    if (is_over && TRY(frozen.has_closed_report(period)))
      return fail(ErrorCode::conflict,
                  fmt::format("the statements of {} are frozen and may have been sent: they stay, "
                              "and what is wrong in them is corrected by an event that is voided "
                              "or replaced",
                              period.text()));
    Query query;
    query.collection = Collection::late_lines;
    query.filter = Filter::equal("period", period.text());
    query.limit = 1;
    if (!TRY(parts_.store.find(query)).empty())
      return fail(ErrorCode::conflict,
                  fmt::format("corrections of {} were billed in a later period since it was "
                              "closed: it stays closed",
                              period.text()));
  }
  return {};
}

Result<std::vector<Period>> Periods::reopen(Period first, const std::string& reason,
                                            const Actor& actor) {
  Faults faults;
  check_reason(reason, faults);
  TRY(faults.result());
  const std::optional<Period> closed = parts_.store.closed_through();
  if (!closed || first > *closed)
    return invalid_period(
        fmt::format("period {} is not closed{}", first.text(),
                    closed ? fmt::format(": the last that is closed is {}", closed->text()) : ""));
  const Timestamp now = parts_.clock.settled_now();
  if (now >= closes_at(first) && !TRY(FrozenReports(parts_.store).has_closed_report(first)))
    return invalid_period(
        fmt::format("period {} would be closed again at once, as its grace ended at {}: raise "
                    "BILLING_GRACE_HOURS first (it is {})",
                    first.text(), to_text(closes_at(first)), parts_.rules.grace.count()));
  TRY(check(first, *closed));

  std::vector<Period> reopened;
  Batch batch;
  batch.at = parts_.clock.now();
  batch.reopen_from = first;
  std::int64_t discarded = 0;
  for (Period period = first; period <= *closed; period = period.next()) {
    reopened.push_back(period);
    auto removal = TRY(FrozenReports(parts_.store).removal(period));
    if (!removal.empty()) ++discarded;
    std::ranges::move(removal, std::back_inserter(batch.documents));
  }
  AuditRecord audit = audit_of(actor, "period.reopened", batch.at);
  audit.reason = reason;
  audit.before = Json::object({{"closed_through", closed->text()}});
  audit.after =
      Json::object({{"closed_through", first.previous().text()}, {"reports_discarded", discarded}});
  batch.audits.push_back(std::move(audit));
  TRY(parts_.store.reopen(std::move(batch)));
  return reopened;
}

}  // namespace metergate
