// The sources of events: who says that something happened. Names that are not everybody's: the
// server's own, and those of tenants that speak for themselves. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace metergate {

// What Metergate makes itself is named so, and its ids are not looked up.
inline constexpr std::string_view kOwnSource = "metergate";
// Before the source of what a tenant's own token sends, so that it never takes an id of the
// application's.
inline constexpr std::string_view kTenantSources = "tenant/";

// Who sends an event.
enum class EventSender : std::uint8_t {
  application,  // with the provider's right to write events
  tenant,       // with the tenant's own token
  // The operator at the command line, who brings back what was exported: each source as it was.
  importer
};

// Whether a person, or a program that is not strict, takes the name for the server's own: in other
// letters' case, wide or Cyrillic or Greek letters that look alike, with blanks or characters that
// nobody sees.
bool reads_as_own_source(std::string_view source);

}  // namespace metergate
