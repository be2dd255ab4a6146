#include "service/webhooks/webhook.h"

#include <fmt/format.h>

#include <algorithm>

#include "service/webhooks/webhook_secret.h"

namespace metergate {
namespace {

Json texts(const std::vector<std::string>& values) {
  Json array = Json::array();
  for (const std::string& value : values) array.push_back(value);
  return array;
}

Result<std::vector<std::string>> read_texts(const Json* array) {
  std::vector<std::string> values;
  if (array == nullptr || !array->is_array()) return fail(ErrorCode::corrupt, "no list of texts");
  for (const Json& value : array->as_array()) {
    if (!value.is_string()) return fail(ErrorCode::corrupt, "a list of texts holds something else");
    values.push_back(value.as_string());
  }
  return values;
}

// A secret that is copied to another webhook does not open there.
std::string place_of(const Webhook& webhook, std::string_view field) {
  return fmt::format("webhooks/{}/{}/{}", webhook.key.owner, webhook.key.id, field);
}

// As they are kept: encrypted, or in the clear.
bool has_sound_secrets(const Webhook& webhook) {
  if (webhook.channel.kind == ChannelKind::slack) return !webhook.secret.empty();
  if (webhook.channel.kind == ChannelKind::email) return true;
  const auto is_secret = [](const std::string& text) {
    return sealing_key_of(text) || webhook_secret_bytes(text);
  };
  return is_secret(webhook.secret) &&
         (webhook.previous_secret.empty() || is_secret(webhook.previous_secret));
}

}  // namespace

bool is_of_pattern(std::string_view type, std::string_view pattern) {
  if (pattern == "*") return true;
  if (!pattern.ends_with(".*")) return type == pattern;
  return type.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool Webhook::wants(std::string_view type, const Json& data) const {
  const bool is_asked_for = std::ranges::any_of(
      events, [&](const std::string& pattern) { return is_of_pattern(type, pattern); });
  return is_asked_for && (!key.owner.empty() || channel.wants(data));
}

std::vector<std::string> Webhook::secrets_at(Timestamp now) const {
  std::vector<std::string> secrets = {secret};
  if (!previous_secret.empty() && now < previous_secret_until) secrets.push_back(previous_secret);
  return secrets;
}

Json webhook_json(const Webhook& webhook) {
  Json shown =
      Json::object({{"webhook_id", webhook.key.id},
                    {"url", webhook.url},
                    {"events", texts(webhook.events)},
                    {"is_active", webhook.is_active},
                    {"disabled_reason",
                     webhook.disabled_reason.empty() ? Json() : Json(webhook.disabled_reason)},
                    {"created_at", webhook.created_at},
                    {"updated_at", webhook.updated_at}});
  if (!webhook.key.owner.empty()) {
    shown.as_object().insert(shown.as_object().begin(), {"tenant_id", webhook.key.owner});
  } else {
    show_channel(webhook.channel, shown);
  }
  return shown;
}

Json to_document(const Webhook& webhook, const SecretKeys& keys) {
  Json document = Json::object({{"tenant_id", webhook.key.owner},
                                {"webhook_id", webhook.key.id},
                                {"url", webhook.url},
                                {"events", texts(webhook.events)},
                                {"secret", keys.seal(webhook.secret, place_of(webhook, "secret"))},
                                {"is_active", webhook.is_active},
                                {"created_at", webhook.created_at},
                                {"updated_at", webhook.updated_at}});
  if (!webhook.previous_secret.empty()) {
    document.set("previous_secret",
                 keys.seal(webhook.previous_secret, place_of(webhook, "previous_secret")));
    document.set("previous_secret_until", webhook.previous_secret_until);
  }
  if (!webhook.disabled_reason.empty()) document.set("disabled_reason", webhook.disabled_reason);
  if (webhook.given_up_at) document.set("given_up_at", *webhook.given_up_at);
  write_channel(webhook.channel, document);
  return document;
}

Result<> open_secrets(Webhook& webhook, const SecretKeys& keys) {
  const auto refuse = [&webhook](const Error& error) {
    const std::string owner = webhook.key.owner.empty() ? "the provider" : webhook.key.owner;
    return fail(error.code, fmt::format("the secret of webhook {} of {} cannot be read: {}",
                                        webhook.key.id, owner, error.message));
  };
  // One that is open in memory needs its key as well: an older backup would not open without it.
  if (!webhook.sealed_by.empty()) {
    if (const Result<> has = keys.check_has(webhook.sealed_by); !has) return refuse(has.error());
  }
  auto secret = keys.open(webhook.secret, place_of(webhook, "secret"));
  if (!secret) return refuse(secret.error());
  auto previous = keys.open(webhook.previous_secret, place_of(webhook, "previous_secret"));
  if (!previous) return refuse(previous.error());
  webhook.secret = *std::move(secret);
  webhook.previous_secret = *std::move(previous);
  return {};
}

Result<Webhook> webhook_from(const Json& document) {
  Webhook webhook;
  webhook.key = {document.string_at("tenant_id").value_or(""),
                 document.string_at("webhook_id").value_or("")};
  webhook.url = document.string_at("url").value_or("");
  webhook.events = TRY(read_texts(document.find("events")));
  webhook.secret = document.string_at("secret").value_or("");
  webhook.previous_secret = document.string_at("previous_secret").value_or("");
  webhook.previous_secret_until =
      document.timestamp_at("previous_secret_until").value_or(Timestamp{});
  webhook.is_active = document.bool_at("is_active").value_or(false);
  webhook.disabled_reason = document.string_at("disabled_reason").value_or("");
  webhook.given_up_at = document.timestamp_at("given_up_at");
  webhook.created_at = document.timestamp_at("created_at").value_or(Timestamp{});
  webhook.updated_at = document.timestamp_at("updated_at").value_or(Timestamp{});
  webhook.revision = document.integer_at("revision").value_or(0);
  webhook.sealed_by = sealing_key_of(webhook.secret).value_or("");
  auto channel = channel_from(document);
  if (channel) webhook.channel = *std::move(channel);
  const bool is_sound = channel.has_value() && has_sound_secrets(webhook);
  if (webhook.key.id.empty() || webhook.url.empty() || !is_sound) {
    return fail(ErrorCode::corrupt, "webhook '" + webhook.key.id + "' cannot be read");
  }
  return webhook;
}

}  // namespace metergate
