// Webhook: a subscription to events, sent to a URL, in its stored and shown forms. A value; no
// threads.
//
// A webhook belongs to a tenant, or to the provider, whose owner text is empty.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/secret_keys.h"
#include "base/time.h"
#include "service/webhooks/channel.h"
#include "storage/shapes/store.h"

namespace metergate {

struct WebhookKey {
  std::string owner;  // a tenant's id; empty: the provider
  std::string id;
  friend auto operator<=>(const WebhookKey&, const WebhookKey&) = default;
};

struct Webhook {
  WebhookKey key;
  std::string url;                  // of a chat: hidden_url() of its own
  std::vector<std::string> events;  // patterns
  Channel channel;
  // "whsec_…"; of a chat the whole URL, of mail the password, possibly empty. Never shown again.
  // As it is kept, encrypted, until Webhooks::use_keys() has opened it.
  std::string secret;
  std::string previous_secret;  // signs as well for a while after a change; empty: none
  Timestamp previous_secret_until{};
  bool is_active = true;
  std::string disabled_reason;  // why Metergate switched it off; empty if it did not
  // Set when a delivery was given up after all its tries; cleared by the next success.
  std::optional<Timestamp> given_up_at;
  Timestamp created_at{};
  Timestamp updated_at{};
  std::int64_t revision = 0;
  // The name of the key that its stored secrets are encrypted with; empty: they lie in the clear.
  std::string sealed_by;

  bool wants(std::string_view type, const Json& data) const;
  const std::string& url_to_send_to() const {
    return channel.kind == ChannelKind::slack ? secret : url;
  }
  // The secrets that sign at `now`, newest first.
  std::vector<std::string> secrets_at(Timestamp now) const;
};

// The events to subscribe to, in the order shown.
inline constexpr std::array<std::string_view, 7> kTenantEvents = {
    "sale.created",     "ticket.created",       "store.*", "device.*",
    "usage.near_limit", "usage.limit_exceeded", "*"};
inline constexpr std::array<std::string_view, 5> kProviderEvents = {
    "alert.opened", "alert.acknowledged", "alert.resolved", "alert.*", "*"};

// True if "store.*" matches "store.created".
bool is_of_pattern(std::string_view type, std::string_view pattern);

Json to_document(const Webhook& webhook, const SecretKeys& keys);
// Opens its secrets, if they are encrypted. Errors as SecretKeys::open(), naming the webhook.
Result<> open_secrets(Webhook& webhook, const SecretKeys& keys);
Result<Webhook> webhook_from(const Json& document);
// The owner's view: everything but the secrets.
Json webhook_json(const Webhook& webhook);

}  // namespace metergate
