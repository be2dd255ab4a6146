// The sources of events, and the names that are reserved: the server's own, and those for events
// that tenants send themselves. Pure functions; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace metergate {

// The source of events that Metergate makes itself; their ids are not looked up.
inline constexpr std::string_view kOwnSource = "metergate";
// The prefix for sources of events sent with a tenant's own token, so that they never collide with
// ids of the application's.
inline constexpr std::string_view kTenantSources = "tenant/";

// The sender of an event.
enum class EventSender : std::uint8_t {
  application,  // with the provider's right to write events
  tenant,       // with the tenant's own token
  // The operator at the command line, who brings back what was exported: each source as it was.
  importer
};

// True if a person, or a lenient program, may take the name for the server's own: in another case,
// with wide, Cyrillic or Greek letters that look alike, with blanks or invisible characters.
bool reads_as_own_source(std::string_view source);

}  // namespace metergate
