// The stored form of alerts: keys and writes of their documents, and the names of their changes.
// Plain functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/alert.h"
#include "storage/shapes/store.h"

namespace metergate {

// The names of changes, for webhooks and audit records.
inline constexpr std::string_view kAlertOpened = "alert.opened";
inline constexpr std::string_view kAlertAcknowledged = "alert.acknowledged";
inline constexpr std::string_view kAlertResolved = "alert.resolved";

// The number of tries for a write when someone else changes the alert at the same time.
inline constexpr int kAlertWriteTriesMax = 5;

DocumentKey alert_key(const AlertName& name);
// Without a revision, the alert must not exist yet.
DocumentWrite alert_write(const Alert& alert, std::optional<std::int64_t> revision,
                          const Currency& currency);

}  // namespace metergate
