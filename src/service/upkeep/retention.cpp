#include "service/upkeep/retention.h"

#include <algorithm>
#include <set>

#include "service/upkeep/archive_file.h"

namespace metergate {

namespace {

constexpr std::size_t kArchiveBytesMax = std::size_t{2} << 30;
constexpr int kFilesPerPeriodMax = 1000;
constexpr int kPeriodsPerTick = 24;
constexpr int kStepsPerTick = 100;
constexpr std::size_t kKeysPerStep = 1000;

void add(TickReport& total, const TickReport& part) {
  total.done += part.done;
  total.faults += part.faults;
  total.more = total.more || part.more;
}

// A period's first archive file, or a further one if an interrupted removal left counters that the
// first one lacks.
std::filesystem::path archive_path(const BillingRules& rules, Period period, int number) {
  const std::string suffix = number == 1 ? "" : "." + std::to_string(number);
  return rules.archive_folder / ("usage_counters-" + period.text() + suffix + ".ndjson.zst");
}

void remove_lines(const std::string& text, std::set<std::string, std::less<>>& lines) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto found = lines.find(std::string_view{text}.substr(at, end - at));
    if (found != lines.end()) lines.erase(found);
    at = end + 1;
  }
}

}  // namespace

// The first period to keep: `months` full ones before the current one, and every one that is not
// closed.
Period Retention::cut_at(Timestamp now, int months) const {
  const Period current = Period::of(now, parts_.rules.zone);
  const Period by_age = Period::from_ordinal(current.ordinal() - months);
  const Period by_close = parts_.billing.last_closed_period().next();
  return std::min(by_age, by_close);
}

Result<std::optional<Period>> Retention::oldest_before(Period cut) const {
  Query query;
  query.collection = Collection::usage_counters;
  query.filter = Filter::compare("period", FilterOperator::less, cut.text());
  query.sort = {{"period", false}};
  query.limit = 1;
  const std::vector<Json> found = TRY(parts_.store.find(query));
  if (found.empty()) return std::nullopt;
  const std::string text = found.front().string_at("period").value_or("");
  return TRY(Period::parse(text));
}

Result<> Retention::archive(Period period) {
  Query query;
  query.collection = Collection::usage_counters;
  query.filter = Filter::equal("period", period.text());
  std::set<std::string, std::less<>> lines;
  TRY(parts_.store.for_each(query, [&](const Json& counter) {
    lines.insert(to_extended_text(counter));
    return true;
  }));
  for (int number = 1; number <= kFilesPerPeriodMax && !lines.empty(); ++number) {
    const std::filesystem::path path = archive_path(parts_.rules, period, number);
    const std::optional<std::string> there = TRY(read_archive_file(path, kArchiveBytesMax));
    if (there) {
      remove_lines(*there, lines);
      continue;
    }
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    TRY(write_archive_file(path, text));
    parts_.log.info("retention.archived", {{"period", period.text()},
                                           {"counters", static_cast<std::int64_t>(lines.size())},
                                           {"file", path.string()}});
    lines.clear();
  }
  if (lines.empty()) return {};
  return fail(ErrorCode::storage, "the archive of " + period.text() + " has too many files in " +
                                      parts_.rules.archive_folder.string());
}

Result<TickReport> Retention::retire(const RetentionCut& cut) {
  TickReport report;
  for (int step = 0; step < kStepsPerTick; ++step) {
    const RetentionDone done = TRY(parts_.store.retire(cut));
    report.done += done.counters_removed + done.metrics_removed + done.events_removed;
    report.more = done.more;
    if (!done.more) break;
  }
  return report;
}

Result<TickReport> Retention::retire_counters(Timestamp now) {
  TickReport total;
  // A month that can still change stays, however old.
  const std::optional<Period> closed = parts_.store.closed_through();
  if (!closed) return total;
  const Period cut = std::min(cut_at(now, parts_.rules.usage_retention_months), closed->next());
  for (int turn = 0; turn < kPeriodsPerTick; ++turn) {
    const std::optional<Period> oldest = TRY(oldest_before(cut));
    if (!oldest) return total;
    TRY(archive(*oldest));
    RetentionCut step;
    step.counters_before = oldest->next();
    const TickReport retired = TRY(retire(step));
    add(total, retired);
    if (retired.more) return total;
  }
  total.more = true;
  return total;
}

Result<TickReport> Retention::retire_events(Timestamp now) {
  RetentionCut cut;
  const Period first_kept = cut_at(now, parts_.rules.api_calls_retention_months);
  cut.events_before = first_kept.window(parts_.rules.zone).start;
  // The journal still contains records that were removed or overwritten elsewhere, so it keeps only
  // a day of them.
  cut.sealed_before = now - std::chrono::hours{24};
  return retire(cut);
}

Result<TickReport> Retention::sweep_keys(Timestamp now) {
  TickReport report;
  for (int step = 0; step < kStepsPerTick; ++step) {
    const std::size_t swept = TRY(parts_.idempotency.sweep(now, kKeysPerStep));
    report.done += static_cast<std::int64_t>(swept);
    report.more = swept == kKeysPerStep;
    if (!report.more) break;
  }
  return report;
}

// Called after the journal was cut, so that its remaining part has the head.
Result<> Retention::repeat_audit_head(Timestamp now) {
  Batch batch;
  batch.at = now;
  batch.documents.push_back(
      {Collection::settings,
       {"", std::string{kAuditHeadSetting}},
       Json::object({{"head", to_text(parts_.store.audit_head())}, {"at", now}}),
       Expect::anything,
       0});
  TRY(parts_.store.apply(std::move(batch)));
  return {};
}

Result<TickReport> Retention::tick(Timestamp now) {
  TickReport total;
  add(total, TRY(retire_counters(now)));
  add(total, TRY(retire_events(now)));
  add(total, TRY(sweep_keys(now)));
  if (!total.more) TRY(repeat_audit_head(now));
  return total;
}

}  // namespace metergate
