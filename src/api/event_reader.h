// Makes a usage event from a CloudEvent in JSON: the attributes, and the data of the built-in
// types. Checks shapes and kinds only; service/metering/ingest checks bounds, tenants and periods.
// Values; no threads.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "domain/usage_event.h"
#include "service/shared/faults.h"

namespace metergate::api {

struct EventContext {
  std::optional<TenantId> own_tenant;  // the token's tenant, used if the subject is absent
  Timestamp now{};                     // used if the time is absent
  bool needs_specversion = false;      // by the CloudEvents media types
};

// Gives an endpoint one name, whether or not it was sent with its method.
std::string endpoint_with_method(const std::string& method, const std::string& endpoint);

// True if a media type, with any parameters, is JSON: application/json, text/json, or anything with
// +json.
bool is_json_type(std::string_view media_type);

// Nothing if there is a fault; all of the element's faults are added to `faults`.
std::optional<UsageEvent> read_event(const Json& element, const EventContext& context,
                                     std::size_t index, Faults& faults);

}  // namespace metergate::api
