#include "service/corrections/corrections.h"

#include <fmt/format.h>

#include "base/id.h"
#include "domain/period.h"
#include "service/metering/event_shapes.h"
#include "service/shared/faults.h"
#include "service/shared/listed_values.h"
#include "service/shared/text_rules.h"
#include "service/tenants/own_lines.h"

namespace metergate {

// A correction's batch, and its document, which is not yet part of the batch.
struct Corrections::Draft {
  Batch batch;
  Json document;
};

namespace {

// Events may be this far ahead of the clock.
constexpr Milliseconds kSearchedAhead = std::chrono::minutes{5};
// Another late correction of the tenant, or the end of the period, may intervene.
constexpr int kLateTriesMax = 5;

// Corrections and audit records are kept for good, and who called from where is not.
Json shown(UsageEvent event) {
  if (auto* call = std::get_if<ApiCall>(&event.fact)) {
    call->ip.clear();
    call->caller.clear();
    call->traceparent.clear();
  }
  return event_json(event);
}

Json correction_document(const CorrectionRequest& request, const KeptEvent& kept,
                         const AuditRecord& audit, Period period) {
  Json replacement;
  if (request.replacement) replacement = shown(*request.replacement);
  return Json::object({{"correction_id", make_ulid(audit.timestamp)},
                       {"tenant_id", request.name.tenant.text()},
                       {"source", request.name.source},
                       {"event_id", request.name.id},
                       {"action", request.replacement ? "replace" : "void"},
                       {"reason", request.reason},
                       {"period", period.text()},
                       {"event", shown(kept.event)},
                       {"replacement", std::move(replacement)},
                       {"created_by", audit.actor},
                       {"created_at", audit.timestamp}});
}

void add_document(Batch& batch, const Json& document) {
  batch.documents.push_back(
      {Collection::corrections,
       {*document.string_at("tenant_id"), *document.string_at("correction_id")},
       document,
       Expect::absent,
       0});
}

// Adds the lines that a later statement shows to the correction itself.
void add_late(Json& document, const LateEntry& entry, const Currency& currency) {
  Json lines = Json::array();
  for (const LateLine& line : entry.lines)
    lines.push_back(Json::object({{"meter", line.meter},
                                  {"quantity", quantity_json(line.quantity)},
                                  {"cost", to_exact_decimal(line.cost, currency)},
                                  {"currency", currency.code()}}));
  document.set("billed_in", entry.billed_in.text());
  document.set("late_lines", std::move(lines));
}

// The replacement's name is ours: the original's stays used, and another's must not be taken.
CorrectionRequest with_own_name(const CorrectionRequest& request, const KeptEvent& kept,
                                Timestamp now) {
  CorrectionRequest wanted = request;
  if (!wanted.replacement) return wanted;
  wanted.replacement->source = kOwnSource;
  wanted.replacement->id = make_ulid(now);
  wanted.replacement->is_ours = true;
  wanted.replacement->has_own_time = true;
  wanted.replacement->billable = kept.event.billable;
  return wanted;
}

std::unexpected<Error> replacement_refused() {
  return fail(ErrorCode::period_closed,
              "the event that replaces it lies in a period that is closed");
}

}  // namespace

Result<KeptEvent> Corrections::find(const CorrectionRequest& request) const {
  TRY(parts_.directory.get(request.name.tenant));
  const TimeZone& zone = parts_.rules.zone;
  const Period first = parts_.billing.last_closed_period().next();
  Window window{first.window(zone).start, parts_.clock.now() + kSearchedAhead + Milliseconds{1}};
  if (request.time) window = {*request.time, *request.time + Milliseconds{1}};
  std::optional<KeptEvent> kept = TRY(parts_.store.find_event(request.name, window));
  if (kept) return *std::move(kept);
  std::string where =
      "in the periods that are open, from " + first.text() + " on; of an earlier one, say its time";
  if (request.time) {
    where = "at " + to_text(*request.time);
    if (!TRY(parts_.store.has_all_events(Period::of(*request.time, zone))))
      where += ", or it is no longer kept";
  }
  return fail(ErrorCode::not_found,
              fmt::format("there is no event '{}' from '{}' of tenant '{}' {}", request.name.id,
                          request.name.source, request.name.tenant.text(), where));
}

bool Corrections::is_late_replacement(const CorrectionRequest& wanted,
                                      const KeptEvent& kept) const {
  const TimeZone& zone = parts_.rules.zone;
  return wanted.replacement && Period::of(wanted.replacement->occurred_at, zone) ==
                                   Period::of(kept.event.occurred_at, zone);
}

Result<> Corrections::check(const CorrectionRequest& wanted, const KeptEvent& kept) const {
  Faults faults;
  check_reason(wanted.reason, faults);
  if (!wanted.replacement) return faults.result();
  TRY(parts_.ingest.check_values(*wanted.replacement, 0, EventSender::application, faults));
  const TimeZone& zone = parts_.rules.zone;
  const Period period = Period::of(kept.event.occurred_at, zone);
  if (!parts_.billing.is_closed(period)) {
    parts_.ingest.check(*wanted.replacement, 0, faults);
    return faults.result();
  }
  // A late replacement is not counted in its period, which may therefore be closed.
  for (Fault& fault : faults_of(*wanted.replacement, parts_.clock.now()))
    faults.add(ErrorCode::invalid, std::move(fault));
  const bool is_elsewhere = !is_late_replacement(wanted, kept);
  if (is_elsewhere && parts_.billing.is_closed(Period::of(wanted.replacement->occurred_at, zone)))
    faults.add(ErrorCode::period_closed,
               Fault{std::nullopt, "event.time",
                     fmt::format("lies in another period that is closed: must lie in {}, as the "
                                 "event does, or in an open period",
                                 period.text())});
  return faults.result();
}

Corrections::Draft Corrections::draft(const CorrectionRequest& wanted, const KeptEvent& kept,
                                      const Actor& actor) const {
  Draft draft;
  draft.batch.at = parts_.clock.now();
  AuditRecord audit =
      audit_of(actor, wanted.replacement ? "event.replaced" : "event.voided", draft.batch.at);
  audit.tenant_id = wanted.name.tenant.text();
  audit.reason = wanted.reason;
  audit.before = shown(kept.event);
  if (wanted.replacement) audit.after = shown(*wanted.replacement);
  const Period period = Period::of(kept.event.occurred_at, parts_.rules.zone);
  draft.document = correction_document(wanted, kept, audit, period);
  draft.batch.audits.push_back(std::move(audit));
  return draft;
}

Result<Json> Corrections::apply(const CorrectionRequest& request, const KeptEvent& kept,
                                const Actor& actor) {
  const CorrectionRequest wanted = with_own_name(request, kept, parts_.clock.now());
  TRY(check(wanted, kept));
  const Period period = Period::of(kept.event.occurred_at, parts_.rules.zone);
  if (parts_.billing.is_closed(period)) return apply_late(wanted, kept, actor);
  Draft made = draft(wanted, kept, actor);
  made.batch.voided = kept;
  if (wanted.replacement) made.batch.events.push_back(*wanted.replacement);
  add_document(made.batch, made.document);
  const Commit commit = TRY(parts_.store.apply(std::move(made.batch)));
  if (!commit.applied) return replacement_refused();
  return std::move(made.document);
}

Result<Json> Corrections::apply_late(const CorrectionRequest& wanted, const KeptEvent& kept,
                                     const Actor& actor) {
  const std::scoped_lock lock(late_);
  std::optional<UsageEvent> in_its_period;
  if (is_late_replacement(wanted, kept)) in_its_period = wanted.replacement;
  for (int left = kLateTriesMax; left > 0; --left) {
    LateEntry entry = TRY(pricing_.price(kept, in_its_period));
    Draft made = draft(wanted, kept, actor);
    entry.correction_id = *made.document.string_at("correction_id");
    entry.reason = wanted.reason;
    add_late(made.document, entry, parts_.rules.currency);
    add_document(made.batch, made.document);
    made.batch.documents.push_back({Collection::late_lines,
                                    {entry.tenant.text(), entry.event},
                                    late_document(entry),
                                    Expect::absent,
                                    0});
    made.batch.must_be_open = entry.billed_in;
    if (wanted.replacement && !in_its_period) made.batch.events.push_back(*wanted.replacement);
    const Result<Commit> commit = parts_.store.apply(std::move(made.batch));
    if (commit && !commit->applied) return replacement_refused();
    if (commit) return std::move(made.document);
    // The period ended, or another correction was written, so the price is computed again.
    const ErrorCode code = commit.error().code;
    const bool is_outrun = code == ErrorCode::conflict || code == ErrorCode::period_closed;
    if (!is_outrun) return fail(commit.error());
  }
  return fail(ErrorCode::overloaded,
              "too many corrections of this tenant's closed periods are made "
              "at once; try again");
}

Result<CorrectionPage> Corrections::list(const CorrectionQuery& wanted) const {
  Query query;
  query.collection = Collection::corrections;
  if (!wanted.tenant_id.empty()) query.filter = equal_to_listed("tenant_id", wanted.tenant_id);
  CorrectionPage page;
  page.total = TRY(parts_.store.count(query));
  if (wanted.sort.empty()) {
    query.sort = {{"created_at", true}};
  } else {
    query.sort = {sort_field(wanted.sort), {"correction_id", true}};
  }
  query.skip = (wanted.page - 1) * wanted.limit;
  query.limit = wanted.limit;
  page.corrections = TRY(parts_.store.find(query));
  for (Json& correction : page.corrections) correction.remove("revision");
  return page;
}

}  // namespace metergate
