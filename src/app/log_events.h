// LogEvents: lines of an access log as usage events, api.call each. The id of an event comes from
// the line's content: its hash, and how many equal lines came before it in the file. So a file that
// is imported again, has grown, was renamed, compressed or moved counts each line once. Used by one
// thread; the lines of a file in their order.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "app/access_log.h"
#include "app/log_tenants.h"
#include "base/crypto.h"
#include "base/json.h"

namespace metergate {

class LogEvents {
 public:
  struct Parts {
    LogFormat format;
    const LogTenants& tenants;
    std::string source;
    const TimeZone& zone;
  };
  explicit LogEvents(Parts parts) : parts_(std::move(parts)) {}

  // ErrorCode::not_found for a line that bills nobody, invalid for one that cannot be read.
  Result<Json> event(std::string_view line);

 private:
  std::uint32_t repeats_before(std::uint64_t hash);

  // Equal lines have the same time, so they are near each other: the newest million is remembered.
  static constexpr std::size_t kRememberedMax = 1 << 20;

  Parts parts_;
  std::unordered_map<std::uint64_t, std::uint32_t> seen_;
  std::deque<std::uint64_t> order_;  // of the hashes in seen_, oldest first
};

}  // namespace metergate
