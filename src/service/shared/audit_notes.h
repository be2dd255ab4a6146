// AuditNotes: audit records of requests that changed nothing: refused changes, logins, and
// downloads of data (exports, reports). Callers can cause some of them at will, so each kind has a
// limit for an hour, for one actor or address and for all. Further ones are counted, and the next
// record of that kind has their number. Safe from any thread.
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
  // Failed logins are limited by address, all others by actor. A record that cannot be written is
  // logged and stops nothing.
  void keep(NoteKind kind, const Actor& actor, Note note);

 private:
  struct Hour {
    Timestamp start{};
    std::map<std::string, int, std::less<>> by_whom;  // as many entries as the total allows
    int all = 0;
    std::int64_t omitted = 0;  // since the last record
  };
  // Nothing if the limit is reached; otherwise the number omitted since the last record.
  std::optional<std::int64_t> admit(NoteKind kind, const std::string& whom, Timestamp now);

  Store& store_;
  const Clock& clock_;
  const Log& log_;
  std::mutex mutex_;
  std::array<Hour, 5> hours_;  // by kind
};

}  // namespace metergate
