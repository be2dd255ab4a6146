#include "service/corrections.h"

#include <fmt/format.h>

#include "base/id.h"
#include "domain/period.h"
#include "service/event_shapes.h"
#include "service/faults.h"
#include "service/text_rules.h"

namespace metergate {
namespace {

constexpr std::size_t kReasonLeast = 3;
constexpr std::size_t kReasonMost = 500;
// Events may be this far ahead of the clock.
constexpr Milliseconds kAheadMax = std::chrono::minutes{5};
// What Metergate makes itself is named so.
constexpr std::string_view kOwnSource = "metergate";

Json correction_document(const CorrectionRequest& request, const KeptEvent& kept,
                         const AuditRecord& audit, Period period) {
  Json replacement;
  if (request.replacement) replacement = event_json(*request.replacement);
  return Json::object({{"correction_id", make_ulid(audit.timestamp)},
                       {"tenant_id", request.name.tenant.text()},
                       {"source", request.name.source},
                       {"event_id", request.name.id},
                       {"action", request.replacement ? "replace" : "void"},
                       {"reason", request.reason},
                       {"period", period.text()},
                       {"event", event_json(kept.event)},
                       {"replacement", std::move(replacement)},
                       {"created_by", audit.actor},
                       {"created_at", audit.timestamp}});
}

}  // namespace

bool Corrections::is_closed(Period period) const {
  const std::optional<Period> closed = store_.closed_through();
  return (closed && period <= *closed) ||
         is_closed_by_time(period, clock_.now(), rules_.zone, rules_.grace);
}

Result<KeptEvent> Corrections::find(const CorrectionRequest& request) const {
  TRY(directory_.get(request.name.tenant));
  const Timestamp now = clock_.now();
  Period first = Period::of(now, rules_.zone);
  while (!is_closed(first.previous())) first = first.previous();
  Window window{first.window(rules_.zone).start, now + kAheadMax + Milliseconds{1}};
  if (request.time) {
    const Period period = Period::of(*request.time, rules_.zone);
    if (is_closed(period))
      return fail(ErrorCode::period_closed,
                  fmt::format("{} lies in the period {}, which is closed: what was billed for it "
                              "does not change any more",
                              to_text(*request.time), period.text()));
    window = {*request.time, *request.time + Milliseconds{1}};
  }
  std::optional<KeptEvent> kept = TRY(store_.find_event(request.name, window));
  if (kept) return *std::move(kept);
  return fail(
      ErrorCode::not_found,
      fmt::format("there is no event '{}' from '{}' of tenant '{}' {}", request.name.id,
                  request.name.source, request.name.tenant.text(),
                  request.time ? "at " + to_text(*request.time)
                               : "in the periods that are open, from " + first.text() + " on"));
}

Result<> Corrections::check(const CorrectionRequest& request) const {
  Faults faults;
  const std::size_t length = trimmed_length(request.reason);
  if (length < kReasonLeast || request.reason.size() > kReasonMost * 4 || length > kReasonMost)
    faults.add("reason", fmt::format("must be {} to {} characters, not {}", kReasonLeast,
                                     kReasonMost, length));
  if (request.replacement) ingest_.check(*request.replacement, 0, faults);
  return faults.result();
}

Result<Json> Corrections::apply(const CorrectionRequest& request, const KeptEvent& kept,
                                const Actor& actor) {
  CorrectionRequest wanted = request;
  if (wanted.replacement) {
    // Its name is ours: the original's stays taken, and another's must not be.
    wanted.replacement->source = kOwnSource;
    wanted.replacement->id = make_ulid(clock_.now());
    wanted.replacement->is_ours = true;
    wanted.replacement->has_own_time = true;
    wanted.replacement->billable = kept.event.billable;
  }
  TRY(check(wanted));
  Batch batch;
  batch.at = clock_.now();
  batch.voided = kept;
  if (wanted.replacement) batch.events.push_back(*wanted.replacement);
  AuditRecord audit =
      audit_of(actor, wanted.replacement ? "event.replaced" : "event.voided", batch.at);
  audit.tenant_id = wanted.name.tenant.text();
  audit.reason = wanted.reason;
  audit.before = event_json(kept.event);
  if (wanted.replacement) audit.after = event_json(*wanted.replacement);
  const Period period = Period::of(kept.event.occurred_at, rules_.zone);
  Json document = correction_document(wanted, kept, audit, period);
  batch.audits.push_back(std::move(audit));
  batch.documents.push_back({Collection::corrections,
                             {wanted.name.tenant.text(), *document.string_at("correction_id")},
                             document,
                             Expect::absent,
                             0});
  const Commit commit = TRY(store_.apply(std::move(batch)));
  if (!commit.applied)
    return fail(ErrorCode::period_closed,
                "the event that replaces it lies in a period that is closed");
  return document;
}

Result<CorrectionPage> Corrections::list(const CorrectionQuery& wanted) const {
  Query query;
  query.collection = Collection::corrections;
  if (!wanted.tenant_id.empty()) query.filter = Filter::equal("tenant_id", wanted.tenant_id);
  CorrectionPage page;
  page.total = TRY(store_.count(query));
  query.sort = {{"created_at", true}};
  query.skip = (wanted.page - 1) * wanted.limit;
  query.limit = wanted.limit;
  page.corrections = TRY(store_.find(query));
  for (Json& correction : page.corrections) correction.remove("revision");
  return page;
}

}  // namespace metergate
