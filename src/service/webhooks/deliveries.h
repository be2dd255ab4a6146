// Deliveries: messages to webhooks, from their cause to the attempt that succeeds or the last one
// that fails.
//
// A delivery is stored in the same batch as its cause, so neither exists without the other. A
// webhook's deliveries are sent one after another in the order of their causes; different webhooks
// are independent. A claim must be durable before anything is sent: the sender waits for
// Attempt::sequence. Each attempt has one outcome, which is stored in one batch with the delivery's
// new state and the usage event that counts it. An attempt that a crash interrupted gets its
// outcome at the next start, and is repeated under the same id. While a hard limit of the plan
// leaves no room for an attempt, none is claimed and the delivery waits. Sending is the work of one
// worker; this class sends nothing. Other functions may be called from any thread.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/tally.h"
#include "service/shared/actor.h"
#include "service/shared/rules.h"
#include "service/shared/tick.h"
#include "service/webhooks/delivery.h"
#include "service/webhooks/delivery_limit.h"
#include "service/webhooks/delivery_queue.h"
#include "service/webhooks/webhooks.h"

namespace metergate {

// An occurrence that concerns the webhooks of its owner (a tenant's id; empty: the provider).
struct Notice {
  std::string owner;
  std::string type;
  Json data;
};

// The webhooks that a batch holds deliveries for.
using Announced = std::vector<WebhookKey>;

// A claimed attempt: its content, its target, and the earliest time to send it.
struct Attempt {
  // Set for mail: the login and the addresses; the body is then a message.
  struct Mail {
    std::string from;
    std::vector<std::string> to;
    std::string username;
    std::string password;
  };
  Delivery delivery;
  Sequence sequence = 0;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body{};
  std::optional<Mail> mail{};
};

struct DeliveryQuery {
  std::string status;  // one or several with commas between; empty: any
  std::string sort;    // one of kDeliverySorts, or with - before it; empty: the newest first
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

// The plain fields of a delivery.
inline constexpr std::array<std::string_view, 11> kDeliverySorts = {
    "created_at",  "completed_at", "next_attempt_at", "last_attempt_at", "status",     "type",
    "last_status", "last_problem", "last_answer",     "attempts",        "delivery_id"};

struct DeliveryPage {
  std::int64_t total = 0;
  std::vector<Json> deliveries;
};

struct ReplayRequest {
  std::string delivery_id;         // that one, of any status; empty: all that were given up
  std::optional<Timestamp> since;  // only those created from then on
};

struct Replayed {
  std::int64_t count = 0;
  bool more = false;  // the step was bounded; some are left
};

struct DeliveryTallies {
  Tally delivered;  // attempts, likewise the next two
  Tally failed;
  Tally not_sent;
  Tally given_up;  // deliveries
};

class Deliveries {
 public:
  static constexpr std::int64_t kWaitingMax = 100'000;  // of one webhook
  static constexpr std::size_t kReplayMax = 1000;       // in one step
  static constexpr std::int64_t kDigestMax = 200;       // notices in one
  static constexpr std::chrono::hours kDeliveredKept{7 * 24};
  static constexpr std::chrono::hours kGivenUpKept{30 * 24};

  struct Parts {
    Store& store;
    Webhooks& webhooks;
    const Directory& directory;
    const Catalog& catalog;
    const BillingRules& rules;
    const Clock& clock;
    const Log& log;
  };
  // Loads the waiting deliveries. Claimed ones were claimed by an earlier process.
  static Result<std::unique_ptr<Deliveries>> open(const Parts& parts);

  // Loads the waiting deliveries again: those of other processes too, whose claims are void from
  // now on.
  Result<> take_over();
  // Another process may have stored this delivery: if it is new, it waits here too.
  Result<> notice(const DocumentKey& key);

  // Adds a delivery to the batch for each active webhook of the owner that asked for it. Call
  // committed() with the result once the batch is applied.
  Announced announce(const Notice& notice, Batch& batch);
  void committed(const Announced& announced);

  // For the doors. ErrorCode::not_found if there is no such webhook or delivery; conflict if the
  // webhook is not active.
  Result<Json> test(const WebhookOwner& owner, const std::string& webhook_id);
  Result<Replayed> replay(const Webhooks::Reference& which, const ReplayRequest& request,
                          const Actor& actor);
  Result<DeliveryPage> list(const Webhooks::Reference& which, const DeliveryQuery& query) const;

  // For the worker: the next due attempt; nothing if none is due before next_due().
  Result<std::optional<Attempt>> claim(Timestamp now);
  // Records the outcome of a claimed attempt; call it again after an error. The webhook's next
  // delivery can then be claimed.
  Result<> record(const Attempt& attempt, const AttemptOutcome& outcome);
  std::optional<Timestamp> next_due() const {
    return is_resting_ ? std::nullopt : queue_.next_due();
  }
  // While it rests, claim() finds nothing: another process makes the attempts.
  void rest(bool is_resting) { is_resting_ = is_resting; }
  std::int64_t waiting() const { return queue_.waiting(); }
  const DeliveryTallies& tallies() const { return tallies_; }
  // Called from any thread when a delivery may be due. One listener; an empty one removes it.
  void set_listener(std::function<void()> listener);

  // Removes deliveries past their retention; a bounded step.
  Result<TickReport> forget(Timestamp now);

 private:
  explicit Deliveries(const Parts& parts)
      : parts_(parts), limit_({parts.store, parts.directory, parts.catalog, parts.rules}) {}
  Result<> load();
  Delivery make(const WebhookKey& key, const Notice& notice, Timestamp at);
  Result<std::optional<Attempt>> look_at(const WebhookKey& key, Timestamp now);
  Result<std::vector<Delivery>> waiting_of(const WebhookKey& key, std::int64_t limit) const;
  Result<std::optional<Delivery>> next_of(const Webhook& webhook, Timestamp now);
  Result<std::optional<Delivery>> made_already(const WebhookKey& key) const;
  Result<Delivery> fold_digest(const Webhook& webhook, std::vector<Delivery> notices,
                               Timestamp now);
  Result<> give_up_waiting(const WebhookKey& key, const std::string& reason, Timestamp now);
  Result<std::optional<Attempt>> claim_one(Delivery delivery, const Webhook& webhook,
                                           Timestamp now);
  Result<> write_outcome(const Delivery& after, const AttemptOutcome& outcome, int attempt);
  Result<> tell_webhook(const WebhookKey& key, Consequence consequence);
  Result<> switch_off(const WebhookKey& key, const std::string& reason);
  Result<std::vector<Delivery>> find_for_replay(const WebhookKey& key,
                                                const ReplayRequest& request) const;
  Result<> commit(Batch batch);
  std::int64_t next_number(Timestamp at);
  void tell_listener();

  const Parts parts_;
  DeliveryLimit limit_;
  DeliveryQueue queue_;
  DeliveryTallies tallies_;
  std::atomic<bool> is_resting_ = false;
  std::mutex mutex_;
  std::int64_t last_number_ = 0;
  std::function<void()> listener_;
};

}  // namespace metergate
