// Webhooks: subscriptions of tenants to their events, and the provider's destinations for alerts;
// both with the same verbs.
//
// Changes go to the store with their audit record in the same batch, one after another; reads are
// answered from memory, which is loaded at start. A secret is shown only when it is made. Safe from
// any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "domain/identity.h"
#include "service/shared/actor.h"
#include "service/webhooks/webhook.h"
#include "storage/shapes/store.h"

namespace metergate {

// The owner of webhooks: a tenant, with the proof of a right to it, or the provider.
class WebhookOwner {
 public:
  static WebhookOwner of(const TenantAccess& access) {
    return WebhookOwner{access.tenant().text()};
  }
  static WebhookOwner provider() { return WebhookOwner{""}; }
  const std::string& text() const { return text_; }
  bool is_provider() const { return text_.empty(); }

 private:
  explicit WebhookOwner(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct NewWebhook {
  std::string url;
  std::vector<std::string> events;
  std::optional<std::string> secret;  // nothing: a new one is made
  std::string kind{};                 // one of kChannelKinds; empty: webhook
  ChannelPatch channel{};             // the provider's only, as is kind
};

struct WebhookPatch {
  std::optional<std::string> url;
  std::optional<std::vector<std::string>> events;
  std::optional<bool> is_active;
  std::optional<std::string> secret;  // the old one signs as well for a day
  bool rotates_secret = false;        // the same, with a new secret made here
  ChannelPatch channel{};             // the provider's only
};

class Webhooks {
 public:
  static constexpr std::size_t kPerOwnerMax = 20;
  static constexpr std::chrono::hours kPreviousSecretKept{24};

  // Checks that a URL, of a mail server too, may be used; ErrorCode::invalid gives the reason if
  // not.
  using UrlCheck = std::function<Result<>(std::string_view url)>;

  static Result<std::unique_ptr<Webhooks>> open(Store& store, const Clock& clock, UrlCheck check);

  // From now on secrets are encrypted by the first of these keys, and those that are not are
  // written again. Called before anything is sent or changed, and when the keys change. Until then,
  // secrets that are kept encrypted stay so, which is enough for what does not send. If one cannot
  // be opened, nothing changes: ErrorCode::invalid (no such key) or corrupt. Returns how many were
  // written.
  Result<std::size_t> use_keys(SecretKeys keys);
  // How many webhooks' secrets are kept encrypted by which key; "" is in the clear.
  std::map<std::string, std::size_t> kept_secrets() const;

  // For the services: nullptr if it does not exist.
  std::shared_ptr<const Webhook> find(const WebhookKey& key) const;
  std::vector<std::shared_ptr<const Webhook>> all_of(const std::string& owner) const;

  // For the doors. ErrorCode::not_found if it does not exist; invalid with all faults of the
  // fields; conflict if the owner has kPerOwnerMax already.
  std::vector<Json> list(const WebhookOwner& owner) const;
  Result<Json> get(const WebhookOwner& owner, const std::string& id) const;
  Result<Json> add(const WebhookOwner& owner, const NewWebhook& wanted, const Actor& actor);
  struct Reference {
    WebhookOwner owner;
    std::string id;
  };
  Result<Json> change(const Reference& which, const WebhookPatch& patch, const Actor& actor);
  Result<Json> remove(const Reference& which, const Actor& actor);

  // For the deliveries: the result of the last one. Does nothing if the webhook was removed
  // meanwhile.
  Result<> note_success(const WebhookKey& key);
  Result<> note_given_up(const WebhookKey& key);
  Result<> disable(const WebhookKey& key, const std::string& reason);
  // Reads a webhook again, which another process may have changed or removed.
  Result<> reload(const WebhookKey& key);
  // Called with the key after each change by a door; set once, before there are doors.
  void on_change(std::function<void(const WebhookKey&)> tell) { tell_ = std::move(tell); }

 private:
  Webhooks(Store& store, const Clock& clock, UrlCheck check)
      : store_(store), clock_(clock), check_(std::move(check)) {}
  Result<std::shared_ptr<const Webhook>> must_find(const WebhookOwner& owner,
                                                   const std::string& id) const;
  Result<Webhook> changed(const Webhook& before, const WebhookPatch& patch) const;
  Result<> write(Webhook webhook, std::optional<AuditRecord> audit);
  Result<> note(const WebhookKey& key, const std::function<bool(Webhook&)>& edit);

  Store& store_;
  const Clock& clock_;
  const UrlCheck check_;
  std::function<void(const WebhookKey&)> tell_ = [](const WebhookKey&) {};
  std::mutex changing_;  // held over the batch and the update in memory
  SecretKeys keys_;      // with changing_ held, as is the next
  bool has_opened_secrets_ = false;
  mutable std::shared_mutex mutex_;
  std::map<WebhookKey, std::shared_ptr<const Webhook>> webhooks_;
};

}  // namespace metergate
