// From a CloudEvent as JSON to a usage event: the attributes, and the data of the built-in types.
// Reads shapes and kinds; bounds and what is known of tenants and periods are
// service/metering/ingest's. Values; no threads.
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
  std::optional<TenantId> own_tenant;  // of a tenant's token: what an absent subject means
  Timestamp now{};                     // what an absent time means
  bool needs_specversion = false;      // by the CloudEvents media types
};

// One endpoint has one name, with or without the method as it is sent.
std::string endpoint_with_method(const std::string& method, const std::string& endpoint);

// Whether a media type, of whatever parameters, says that content is JSON: application/json,
// text/json, anything with +json.
bool is_json_type(std::string_view media_type);

// Nothing where there is a fault; all of the element's faults are added.
std::optional<UsageEvent> read_event(const Json& element, const EventContext& context,
                                     std::size_t index, Faults& faults);

}  // namespace metergate::api
