// The document of an own meter in the collection `meters`: writes and reads the definition. Plain
// functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/own_meter.h"

namespace metergate {

struct MeterRecord {
  std::string id;  // a ULID
  OwnMeter meter;
  std::string name;
  std::string description;
  Timestamp created_at{};
  Timestamp updated_at{};
  std::optional<Timestamp> counts_from{};  // kMeterFrom
};

Json to_document(const MeterRecord& record);
// ErrorCode::corrupt if a member is missing or of the wrong kind.
Result<MeterRecord> meter_from(const Json& document);

// The batch that created the meter: it counts that batch's events and all later ones. Set by the
// store.
inline constexpr std::string_view kMeterSince = "since_sequence";
// If present, the meter also counts earlier kept events, from this instant on.
inline constexpr std::string_view kMeterFrom = "counts_from";

}  // namespace metergate
