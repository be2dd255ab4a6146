#include "service/webhooks/webhooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/id.h"
#include "base/nearest.h"
#include "base/text.h"
#include "service/shared/faults.h"
#include "service/webhooks/webhook_secret.h"

namespace metergate {
namespace {

constexpr std::string_view kSecretRule =
    "must be whsec_ and the base64 of 24 to 64 bytes, or left out: then one is made";

DocumentKey document_key(const WebhookKey& key) { return {key.owner, key.id}; }

std::span<const std::string_view> events_for(const std::string& owner) {
  return owner.empty() ? std::span<const std::string_view>{kProviderEvents}
                       : std::span<const std::string_view>{kTenantEvents};
}

void check_events(const std::vector<std::string>& events, const std::string& owner,
                  Faults& faults) {
  const auto known = events_for(owner);
  for (const std::string& event : events) {
    if (std::ranges::find(known, event) != known.end()) continue;
    faults.add("events", fmt::format("'{}' is none of {}{}", event, fmt::join(known, ", "),
                                     did_you_mean(event, known)));
  }
  if (events.empty()) {
    faults.add("events", fmt::format("name at least one of {}", fmt::join(known, ", ")));
  }
}

std::vector<std::string> without_repeats(const std::vector<std::string>& events) {
  std::vector<std::string> kept;
  for (const std::string& event : events) {
    if (std::ranges::find(kept, event) == kept.end()) kept.push_back(event);
  }
  return kept;
}

bool is_mail_server(std::string_view url) {
  return url.starts_with("smtp://") || url.starts_with("smtps://");
}

void check_secret(const std::optional<std::string>& secret, const Channel& channel,
                  Faults& faults) {
  if (!secret) return;
  if (channel.kind != ChannelKind::webhook) {
    faults.add("secret", "is for the kind webhook only: nothing else is signed");
  } else if (!webhook_secret_bytes(*secret)) {
    faults.add("secret", std::string{kSecretRule});
  }
}

// A URL must be one of the kind's own: a chat's hook is never spoken to as a mail server.
void check_url(const std::string& url, const Channel& channel, const Webhooks::UrlCheck& check,
               Faults& faults) {
  const bool is_mail = channel.kind == ChannelKind::email;
  if (is_mail != is_mail_server(url)) {
    faults.add("url", is_mail ? "must begin with smtps:// or smtp://: it names a mail server"
                              : "must begin with https://; for a mail server say kind email");
    return;
  }
  if (const Result<> allowed = check(url); !allowed) faults.add("url", allowed.error().message);
}

constexpr std::size_t kLoginBytesMax = 256;

bool is_login(std::string_view text) {
  return text.size() <= kLoginBytesMax && is_plain_text(text) &&
         text.find_first_of("\r\n\t") == std::string_view::npos;
}

// The password is in none of the shown or stored parts of the channel, so it is checked beside it.
void check_login(const Channel& channel, const std::string& password, Faults& faults) {
  if (channel.kind != ChannelKind::email) return;
  if (sealing_key_of(password))
    faults.add("password", "must not begin as an encrypted secret does");
  if (!is_login(channel.username) || !is_login(password))
    faults.add("username", "username and password have at most 256 bytes and no line ends");
  if (channel.username.empty() != password.empty())
    faults.add("password", "give username and password, or neither");
}

void take_url(Webhook& webhook, const std::string& url) {
  const bool is_secret = webhook.channel.kind == ChannelKind::slack;
  webhook.url = is_secret ? hidden_url(url) : url;
  if (is_secret) webhook.secret = url;
}

AuditRecord audit_for(const Webhook& webhook, std::string_view verb, const Actor& actor) {
  const std::string_view noun = webhook.key.owner.empty() ? "provider_webhook" : "webhook";
  AuditRecord audit = audit_of(actor, fmt::format("{}.{}", noun, verb), webhook.updated_at);
  audit.tenant_id = webhook.key.owner;
  return audit;
}

Json with_secret(const Webhook& webhook) {
  Json shown = webhook_json(webhook);
  shown.set("secret", webhook.secret);
  return shown;
}

void take_secret(Webhook& webhook, std::string secret) {
  webhook.previous_secret = std::exchange(webhook.secret, std::move(secret));
  webhook.previous_secret_until = webhook.updated_at + Webhooks::kPreviousSecretKept;
}

// Compares all that a patch can change, except the secret.
bool is_same(const Webhook& a, const Webhook& b) {
  return a.url == b.url && a.events == b.events && a.channel == b.channel &&
         a.is_active == b.is_active && a.disabled_reason == b.disabled_reason &&
         a.given_up_at == b.given_up_at;
}

}  // namespace

Result<std::unique_ptr<Webhooks>> Webhooks::open(Store& store, const Clock& clock, UrlCheck check) {
  std::unique_ptr<Webhooks> made(new Webhooks(store, clock, std::move(check)));
  Query query;
  query.collection = Collection::webhooks;
  for (const Json& document : TRY(store.find(query))) {
    auto webhook = std::make_shared<Webhook>(TRY(webhook_from(document)));
    made->webhooks_[webhook->key] = std::move(webhook);
  }
  return made;
}

Result<std::size_t> Webhooks::use_keys(SecretKeys keys) {
  const std::lock_guard lock(changing_);
  std::vector<Webhook> opened;
  for (const auto& [key, webhook] : webhooks_) {
    opened.push_back(*webhook);
    TRY(open_secrets(opened.back(), keys));
  }
  keys_ = std::move(keys);
  has_opened_secrets_ = true;
  const std::string first = keys_.is_empty() ? "" : keys_.names().front();
  std::size_t written = 0;
  for (Webhook& webhook : opened) {
    if (webhook.sealed_by != first) {
      TRY(write(std::move(webhook), std::nullopt));
      ++written;
      continue;
    }
    const std::unique_lock shown(mutex_);
    const WebhookKey key = webhook.key;
    webhooks_[key] = std::make_shared<const Webhook>(std::move(webhook));
  }
  return written;
}

std::map<std::string, std::size_t> Webhooks::kept_secrets() const {
  std::map<std::string, std::size_t> kept;
  const std::shared_lock lock(mutex_);
  for (const auto& [key, webhook] : webhooks_) ++kept[webhook->sealed_by];
  return kept;
}

std::shared_ptr<const Webhook> Webhooks::find(const WebhookKey& key) const {
  const std::shared_lock lock(mutex_);
  const auto found = webhooks_.find(key);
  return found == webhooks_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const Webhook>> Webhooks::all_of(const std::string& owner) const {
  std::vector<std::shared_ptr<const Webhook>> all;
  const std::shared_lock lock(mutex_);
  for (auto at = webhooks_.lower_bound({owner, ""}); at != webhooks_.end(); ++at) {
    if (at->first.owner != owner) break;
    all.push_back(at->second);
  }
  return all;
}

std::vector<Json> Webhooks::list(const WebhookOwner& owner) const {
  std::vector<Json> shown;
  for (const auto& webhook : all_of(owner.text())) shown.push_back(webhook_json(*webhook));
  return shown;
}

Result<std::shared_ptr<const Webhook>> Webhooks::must_find(const WebhookOwner& owner,
                                                           const std::string& id) const {
  auto webhook = find({owner.text(), id});
  if (webhook == nullptr) {
    return fail(ErrorCode::not_found, fmt::format("there is no webhook '{}'", id));
  }
  return webhook;
}

Result<Json> Webhooks::get(const WebhookOwner& owner, const std::string& id) const {
  return webhook_json(*TRY(must_find(owner, id)));
}

Result<> Webhooks::write(Webhook webhook, std::optional<AuditRecord> audit) {
  Batch batch;
  batch.at = clock_.now();
  const bool is_new = webhook.revision == 0;
  const Json document = to_document(webhook, keys_);
  webhook.sealed_by = sealing_key_of(document.string_at("secret").value_or("")).value_or("");
  batch.documents.push_back({Collection::webhooks, document_key(webhook.key), document,
                             is_new ? Expect::absent : Expect::revision, webhook.revision});
  if (audit) batch.audits.push_back(*std::move(audit));
  TRY(store_.apply(std::move(batch)));
  ++webhook.revision;
  const std::unique_lock lock(mutex_);
  const WebhookKey key = webhook.key;
  webhooks_[key] = std::make_shared<const Webhook>(std::move(webhook));
  return {};
}

Result<> Webhooks::reload(const WebhookKey& key) {
  const std::lock_guard changing(changing_);
  const auto document = TRY(store_.get(Collection::webhooks, document_key(key)));
  std::shared_ptr<const Webhook> webhook;
  if (document) {
    Webhook read = TRY(webhook_from(*document));
    if (has_opened_secrets_) TRY(open_secrets(read, keys_));
    webhook = std::make_shared<const Webhook>(std::move(read));
  }
  {
    const std::unique_lock lock(mutex_);
    if (webhook == nullptr) {
      webhooks_.erase(key);
    } else {
      webhooks_[key] = std::move(webhook);
    }
  }
  tell_(key);
  return {};
}

Result<Json> Webhooks::add(const WebhookOwner& owner, const NewWebhook& wanted,
                           const Actor& actor) {
  Faults faults;
  Webhook webhook;
  const auto kind = std::ranges::find(kChannelKinds, wanted.kind.empty() ? "webhook" : wanted.kind);
  if (kind == kChannelKinds.end()) {
    faults.add("kind",
               fmt::format("'{}' is none of {}", wanted.kind, fmt::join(kChannelKinds, ", ")));
  } else {
    webhook.channel.kind = static_cast<ChannelKind>(kind - kChannelKinds.begin());
  }
  apply(wanted.channel, webhook.channel, faults);
  check_channel(webhook.channel, faults);
  check_login(webhook.channel, wanted.channel.password.value_or(""), faults);
  check_url(wanted.url, webhook.channel, check_, faults);
  check_events(wanted.events, owner.text(), faults);
  check_secret(wanted.secret, webhook.channel, faults);
  TRY(faults.result());
  const std::lock_guard lock(changing_);
  if (all_of(owner.text()).size() >= kPerOwnerMax) {
    return fail(ErrorCode::conflict,
                fmt::format("there are {} webhooks already: no more can be kept", kPerOwnerMax));
  }
  webhook.created_at = webhook.updated_at = clock_.now();
  webhook.key = {owner.text(), make_ulid(webhook.created_at)};
  take_url(webhook, wanted.url);
  webhook.events = without_repeats(wanted.events);
  const bool is_signed = webhook.channel.kind == ChannelKind::webhook;
  if (is_signed) webhook.secret = wanted.secret.value_or(make_webhook_secret());
  if (wanted.channel.password) webhook.secret = *wanted.channel.password;
  AuditRecord audit = audit_for(webhook, "created", actor);
  audit.after = webhook_json(webhook);
  TRY(write(webhook, std::move(audit)));
  return is_signed ? with_secret(webhook) : webhook_json(webhook);
}

Result<Webhook> Webhooks::changed(const Webhook& before, const WebhookPatch& patch) const {
  Faults faults;
  Webhook after = before;
  after.updated_at = clock_.now();
  apply(patch.channel, after.channel, faults);
  check_channel(after.channel, faults);
  const bool is_signed = after.channel.kind == ChannelKind::webhook;
  if (patch.channel.password) {
    if (after.channel.kind == ChannelKind::email) {
      after.secret = *patch.channel.password;
    } else {
      faults.add("password", "is for the kind email only");
    }
  }
  check_login(after.channel, after.secret, faults);
  if (patch.url) {
    check_url(*patch.url, after.channel, check_, faults);
    const bool is_other_server =
        after.channel.kind == ChannelKind::email && *patch.url != before.url;
    if (is_other_server && !after.secret.empty() && !patch.channel.password)
      faults.add("password", "give it again: url names another server than it was given for");
    take_url(after, *patch.url);
  }
  if (patch.events) {
    check_events(*patch.events, before.key.owner, faults);
    after.events = without_repeats(*patch.events);
  }
  check_secret(patch.secret, after.channel, faults);
  if (patch.rotates_secret && !is_signed)
    faults.add("rotate_secret", "is for the kind webhook only: nothing else is signed");
  if (patch.is_active) {
    after.is_active = *patch.is_active;
    after.disabled_reason.clear();
    after.given_up_at.reset();
  }
  TRY(faults.result());
  // Setting the present secret again must not push out the previous one.
  if (patch.rotates_secret || (patch.secret && *patch.secret != before.secret))
    take_secret(after, patch.secret ? *patch.secret : make_webhook_secret());
  return after;
}

Result<Json> Webhooks::change(const Reference& which, const WebhookPatch& patch,
                              const Actor& actor) {
  const bool is_empty = !patch.url && !patch.events && !patch.is_active && !patch.secret &&
                        !patch.rotates_secret && patch.channel.is_empty();
  Faults faults;
  if (is_empty) {
    faults.add("", which.owner.is_provider()
                       ? "nothing to change: give a field of the destination or rotate_secret"
                       : "nothing to change: give url, events, is_active, secret or rotate_secret");
  }
  const std::lock_guard lock(changing_);
  const std::shared_ptr<const Webhook> before = TRY(must_find(which.owner, which.id));
  TRY(faults.result());
  const Webhook after = TRY(changed(*before, patch));
  const bool has_secret = after.secret != before->secret;
  if (!has_secret && is_same(*before, after)) return webhook_json(*before);
  AuditRecord audit = audit_for(after, has_secret ? "secret_changed" : "updated", actor);
  audit.before = webhook_json(*before);
  audit.after = webhook_json(after);
  TRY(write(after, std::move(audit)));
  tell_(after.key);
  const bool is_shown = has_secret && after.channel.kind == ChannelKind::webhook;
  return is_shown ? with_secret(after) : webhook_json(after);
}

Result<Json> Webhooks::remove(const Reference& which, const Actor& actor) {
  const std::lock_guard lock(changing_);
  Webhook webhook = *TRY(must_find(which.owner, which.id));
  webhook.updated_at = clock_.now();
  AuditRecord audit = audit_for(webhook, "deleted", actor);
  audit.before = webhook_json(webhook);
  Batch batch;
  batch.at = webhook.updated_at;
  batch.documents.push_back({Collection::webhooks, document_key(webhook.key), std::nullopt,
                             Expect::revision, webhook.revision});
  batch.audits.push_back(std::move(audit));
  TRY(store_.apply(std::move(batch)));
  {
    const std::unique_lock shown(mutex_);
    webhooks_.erase(webhook.key);
  }
  tell_(webhook.key);
  return webhook_json(webhook);
}

Result<> Webhooks::note(const WebhookKey& key, const std::function<bool(Webhook&)>& edit) {
  const std::lock_guard lock(changing_);
  const std::shared_ptr<const Webhook> before = find(key);
  if (before == nullptr) return {};
  Webhook after = *before;
  if (!edit(after)) return {};
  if (after.is_active == before->is_active) return write(after, std::nullopt);
  after.updated_at = clock_.now();
  AuditRecord audit = audit_for(after, "disabled", Actor{"system:delivery", "", "", ""});
  audit.reason = after.disabled_reason;
  audit.before = webhook_json(*before);
  audit.after = webhook_json(after);
  return write(after, std::move(audit));
}

Result<> Webhooks::note_success(const WebhookKey& key) {
  return note(key, [](Webhook& webhook) {
    return std::exchange(webhook.given_up_at, std::nullopt).has_value();
  });
}

Result<> Webhooks::note_given_up(const WebhookKey& key) {
  return note(key, [now = clock_.now()](Webhook& webhook) {
    webhook.given_up_at = now;
    return webhook.is_active;
  });
}

Result<> Webhooks::disable(const WebhookKey& key, const std::string& reason) {
  return note(key, [&reason](Webhook& webhook) {
    webhook.disabled_reason = reason;
    return std::exchange(webhook.is_active, false);
  });
}

}  // namespace metergate
