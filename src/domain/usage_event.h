// The usage event: one immutable fact about a tenant, and the kinds of facts.
//
// Two events are the same if tenant, source and id are equal; the fingerprint shows whether their
// content is too. Events that Metergate makes itself (metered requests) have ids of its own and are
// never looked up. Values; no threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/meter.h"

namespace metergate {

struct ApiCall {
  std::string method;
  std::string endpoint;  // the route template, "GET /api/tenants/{tenant_id}/stores"
  std::string path;      // as requested, without the query; empty if unknown
  int status = 0;
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
  Microseconds duration{0};
  std::string ip;
  std::string store_id;
  std::string device_id;
  std::string caller{};  // "key:ID" or a token's sub; empty where nobody had to say
  // The trace that it belongs to (W3C Trace Context), as its caller named it; empty if unknown.
  std::string traceparent{};
  friend bool operator==(const ApiCall&, const ApiCall&) = default;
};

struct WebhookCall {
  std::string webhook_id;
  bool success = false;
  int status = 0;  // 0: no answer, or unknown
  std::int32_t attempt = 1;
  Microseconds duration{0};
  friend bool operator==(const WebhookCall&, const WebhookCall&) = default;
};

struct StorageReport {
  std::int64_t bytes = 0;
  friend bool operator==(const StorageReport&, const StorageReport&) = default;
};

// "device.count", "store.count": a count that the application states; without one, the active
// records are counted again.
struct CountReport {
  Meter meter = Meter::stores_count;  // stores_count or devices_count
  std::optional<std::int64_t> count;
  friend bool operator==(const CountReport&, const CountReport&) = default;
};

// Any other type: kept, and not counted by built-in meters.
struct OtherFact {
  std::string type;
  std::string data;  // JSON text
  // True if meters read its numbers rounded to their precision. False for events recorded before
  // that rule: a number with more decimals still counts nothing.
  bool is_rounded = true;
  friend bool operator==(const OtherFact&, const OtherFact&) = default;
};

using Fact = std::variant<ApiCall, WebhookCall, StorageReport, CountReport, OtherFact>;

struct UsageEvent {
  TenantId tenant;
  std::string source;
  std::string id;
  Timestamp occurred_at{};
  bool has_own_time = true;  // false: the sender gave none, and occurred_at is the time of arrival
  bool billable = true;
  bool is_ours = false;  // made by Metergate; its id is not looked up
  Fact fact;
  friend bool operator==(const UsageEvent&, const UsageEvent&) = default;
};

std::string_view type_of(const Fact& fact);  // "api.call" …; an OtherFact's own type

// The total size of all texts of an event, names included: the room that its encoded forms need.
std::size_t text_bytes(const UsageEvent& event);

// The name of a caller as a call's record keeps it: at most 256 bytes, with "?" for control
// characters, so that the same text would be valid from outside.
std::string caller_in_record(std::string_view name);

// A `traceparent` as a call's record keeps it: the 55 characters that every version of W3C Trace
// Context begins with. Empty for one that is not valid: a caller can send anything, and its call
// counts all the same.
std::string traceparent_in_record(std::string_view field);

// A canonical text of the event's content: its type and data, without its time. Two events of one
// tenant have the same content exactly if these texts are equal. The fingerprint is its hash.
std::string canonical_content(const UsageEvent& event);
// As above, into a text whose memory is reused.
void canonical_content(const UsageEvent& event, std::string& content);
// The form from when an event's time was part of its content. Fingerprints of events recorded then
// are hashes of this form.
std::string canonical_content_with_time(const UsageEvent& event);

// Checks the bounds on outside input (lengths, ranges, time at most 5 minutes ahead of `now`).
// Returns faults with the field names of the wire format; empty if there are none.
std::vector<Fault> faults_of(const UsageEvent& event, Timestamp now);

// A proxied or reported path with its ids (numbers, UUIDs, ULIDs, long hex or base64url segments)
// replaced by {id}.
std::string endpoint_template(std::string_view method, std::string_view path);

}  // namespace metergate
