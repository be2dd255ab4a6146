#include "service/shared/audit_notes.h"

#include <iterator>
#include <utility>

#include "base/characters.h"

namespace metergate {
namespace {

struct Bound {
  NoteKind kind;
  std::string_view name;
  int of_one;  // of one actor or address in an hour
  int of_all;
};

// A record takes about a kilobyte, so callers without a token cannot make more than five megabytes
// a day.
constexpr Bound kBounds[] = {
    {NoteKind::refused_change, "refused_change", 60, 600},
    {NoteKind::login, "login", 60, 600},
    {NoteKind::failed_login, "failed_login", 20, 200},
    {NoteKind::taken_out, "taken_out", 120, 1200},
    {NoteKind::brought_in, "brought_in", 120, 1200},
};
static_assert(std::size(kBounds) == 5);

constexpr std::chrono::hours kSpan{1};
constexpr std::size_t kReasonMax = 500;

const Bound& bound_of(NoteKind kind) { return kBounds[static_cast<std::size_t>(kind)]; }

}  // namespace

std::optional<std::int64_t> AuditNotes::admit(NoteKind kind, const std::string& whom,
                                              Timestamp now) {
  const Bound& bound = bound_of(kind);
  const std::lock_guard lock{mutex_};
  Hour& hour = hours_[static_cast<std::size_t>(kind)];
  // A clock that was set back begins a new hour as well.
  if (now < hour.start || now - hour.start >= kSpan)
    hour = {.start = now, .by_whom = {}, .all = 0, .omitted = hour.omitted};
  const auto found = hour.by_whom.find(whom);
  const int of_one = found == hour.by_whom.end() ? 0 : found->second;
  if (hour.all >= bound.of_all || of_one >= bound.of_one) {
    if (hour.omitted++ == 0)
      log_.warn("audit.enough_of_a_kind", {{"kind", bound.name}, {"actor", whom}});
    return std::nullopt;
  }
  ++hour.all;
  ++hour.by_whom[whom];
  return std::exchange(hour.omitted, 0);
}

void AuditNotes::keep(NoteKind kind, const Actor& actor, Note note) {
  const Timestamp now = clock_.now();
  const auto omitted = admit(kind, kind == NoteKind::failed_login ? actor.ip : actor.name, now);
  if (!omitted) return;
  Batch batch;
  batch.at = now;
  AuditRecord record = audit_of(actor, std::move(note.action), now);
  record.tenant_id = std::move(note.tenant_id);
  record.reason = clipped(note.reason, kReasonMax);
  record.after = std::move(note.what);
  if (!record.after.is_object()) record.after = Json::object({});
  if (*omitted > 0) record.after.set("omitted_before", *omitted);
  const std::string action = record.action;
  batch.audits.push_back(std::move(record));
  if (const auto kept = store_.apply(std::move(batch)); !kept)
    log_.error("audit.not_kept", {{"action", action}, {"error", kept.error().message}});
}

}  // namespace metergate
