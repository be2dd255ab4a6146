// AuditNotes: audit records of what changed nothing: changes that were refused, logins, and what
// was taken out (exports, reports). Anybody can cause some of them as often as they like, so each
// kind has so many an hour, of one actor or address and of all; what came beyond is counted, and
// the next record of that kind says so. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "service/shared/actor.h"
#include "storage/shapes/store.h"

namespace metergate {

enum class NoteKind : std::uint8_t { refused_change, login, failed_login, taken_out, brought_in };

class AuditNotes {
 public:
  AuditNotes(Store& store, const Clock& clock, const Log& log)
      : store_(store), clock_(clock), log_(log) {}

  struct Note {
    std::string action;  // "session.login_failed" …
    std::string tenant_id{};
    std::string reason{};
    Json what{};  // the record's `after`, an object
  };
  // Of failed logins the address is counted, of all else the actor. A record that cannot be written
  // stops nothing: that is logged.
  void keep(NoteKind kind, const Actor& actor, Note note);

 private:
  struct Hour {
    Timestamp start{};
    std::map<std::string, int, std::less<>> by_whom;  // at most what all may have
    int all = 0;
    std::int64_t omitted = 0;  // since the last record
  };
  // Nothing: there were enough. Else how many were omitted since the last.
  std::optional<std::int64_t> admit(NoteKind kind, const std::string& whom, Timestamp now);

  Store& store_;
  const Clock& clock_;
  const Log& log_;
  std::mutex mutex_;
  std::array<Hour, 5> hours_;  // by kind
};

}  // namespace metergate
