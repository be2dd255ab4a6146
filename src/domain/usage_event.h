// The usage event: one immutable fact about a tenant, and what kinds of fact there are.
//
// An event is the same as another when tenant, source and id are; its fingerprint tells whether the
// content is too. Events that Metergate makes itself (metered requests) have ids of our own and are
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
  std::string path;      // as requested, without the query; empty where an event does not say
  int status = 0;
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
  Microseconds duration{0};
  std::string ip;
  std::string store_id;
  std::string device_id;
  std::string caller{};  // "key:ID" or a token's sub; empty where nobody had to say
  friend bool operator==(const ApiCall&, const ApiCall&) = default;
};

struct WebhookCall {
  std::string webhook_id;
  bool success = false;
  int status = 0;  // 0: no answer, or not said
  std::int32_t attempt = 1;
  Microseconds duration{0};
  friend bool operator==(const WebhookCall&, const WebhookCall&) = default;
};

struct StorageReport {
  std::int64_t bytes = 0;
  friend bool operator==(const StorageReport&, const StorageReport&) = default;
};

// "device.count", "store.count": a count that the application states, or none: count the active
// records again.
struct CountReport {
  Meter meter = Meter::stores_count;  // stores_count or devices_count
  std::optional<std::int64_t> count;
  friend bool operator==(const CountReport&, const CountReport&) = default;
};

// Any other type: kept, and counted by no built-in meter.
struct OtherFact {
  std::string type;
  std::string data;  // JSON text
  // How meters read its numbers: rounded to what they keep. False: recorded before that was so;
  // then one with more decimals counts nothing, as it did.
  bool is_rounded = true;
  friend bool operator==(const OtherFact&, const OtherFact&) = default;
};

using Fact = std::variant<ApiCall, WebhookCall, StorageReport, CountReport, OtherFact>;

struct UsageEvent {
  TenantId tenant;
  std::string source;
  std::string id;
  Timestamp occurred_at{};
  bool has_own_time = true;  // false: the sender gave none, occurred_at is when it arrived
  bool billable = true;
  bool is_ours = false;  // made by Metergate: no look-up of its id
  Fact fact;
  friend bool operator==(const UsageEvent&, const UsageEvent&) = default;
};

std::string_view type_of(const Fact& fact);  // "api.call" …; an OtherFact's own type

// How many bytes all texts of an event have, its names too: what room its forms need.
std::size_t text_bytes(const UsageEvent& event);

// Who called, as a call's record keeps it: a text that could as well have come from outside, at
// most 256 bytes, a control character as "?".
std::string caller_in_record(std::string_view name);

// A canonical text of what the event says: its type and data, not its time. Two events of one
// tenant are the same content exactly when these are equal. Its hash is the fingerprint.
std::string canonical_content(const UsageEvent& event);
// The same into a text whose memory is used again.
void canonical_content(const UsageEvent& event, std::string& content);
// As it was before the time of an event was no part of its content: fingerprints of events that
// were recorded then are hashes of this.
std::string canonical_content_with_time(const UsageEvent& event);

// The bounds on outside input (lengths, ranges, time not more than 5 minutes ahead of `now`), as
// faults with field names of the wire format. Empty: fine.
std::vector<Fault> faults_of(const UsageEvent& event, Timestamp now);

// A proxied or reported path with its ids (numbers, UUIDs, ULIDs, long hex or base64url segments)
// replaced by {id}.
std::string endpoint_template(std::string_view method, std::string_view path);

}  // namespace metergate
