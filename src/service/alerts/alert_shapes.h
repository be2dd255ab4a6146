// How alerts are kept and named: keys and writes of their documents, the words of their turns.
// Functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/alert.h"
#include "storage/shapes/store.h"

namespace metergate {

// What becomes of an alert is told to webhooks, and people's part in it audited, by these names.
inline constexpr std::string_view kAlertOpened = "alert.opened";
inline constexpr std::string_view kAlertAcknowledged = "alert.acknowledged";
inline constexpr std::string_view kAlertResolved = "alert.resolved";

// How often a write is decided anew where somebody else wrote the alert meanwhile.
inline constexpr int kAlertWriteTriesMax = 5;

DocumentKey alert_key(const AlertName& name);
// Nothing for the revision: there is none yet.
DocumentWrite alert_write(const Alert& alert, std::optional<std::int64_t> revision,
                          const Currency& currency);

}  // namespace metergate
