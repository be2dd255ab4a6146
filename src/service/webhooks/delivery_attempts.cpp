// Claims deliveries and records their attempts; see deliveries.h.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/crypto.h"
#include "domain/event_source.h"
#include "service/webhooks/deliveries.h"
#include "service/webhooks/mail_message.h"
#include "service/webhooks/notice_text.h"
#include "service/webhooks/webhook_secret.h"

namespace metergate {
namespace {

constexpr int kLooksMax = 100;  // in one claim()
constexpr std::int64_t kGivenUpPerStep = 500;
constexpr Milliseconds kAfterFault{1000};
// A limit may be raised, or a call voided, at any time.
constexpr Milliseconds kHeldLookEvery{5000};

std::uint32_t random_number() {
  std::uint32_t number = 0;
  const std::string bytes = random_bytes(sizeof number);
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

DocumentWrite next_write(const Delivery& delivery) {
  return {Collection::webhook_deliveries,
          {delivery.webhook.owner, delivery.id},
          to_document(delivery),
          Expect::revision,
          delivery.revision};
}

UsageEvent event_of(const Delivery& after, const AttemptOutcome& outcome, int attempt) {
  UsageEvent event;
  event.tenant = *TenantId::parse(after.webhook.owner);
  event.source = kOwnSource;
  event.id = fmt::format("{}-{}", after.id, attempt);
  event.occurred_at = *after.last_attempt_at;
  event.is_ours = true;
  event.fact = WebhookCall{after.webhook.id, is_success(outcome), after.last_status, attempt,
                           outcome.duration};
  return event;
}

AttemptOutcome interruption() {
  AttemptOutcome outcome;
  outcome.end = AttemptEnd::interrupted;
  outcome.problem = "Metergate ended during the attempt: whether it arrived is not known";
  return outcome;
}

void sign(const Webhook& webhook, Timestamp now, Attempt& attempt) {
  const Delivery& delivery = attempt.delivery;
  const std::string seconds =
      fmt::format("{}", std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  attempt.headers.insert(
      attempt.headers.end(),
      {{"webhook-id", delivery.id},
       {"webhook-timestamp", seconds},
       {"webhook-signature",
        webhook_signature({delivery.id, seconds, delivery.payload}, webhook.secrets_at(now))}});
  attempt.body = delivery.payload;
}

Result<> write_content(const Webhook& webhook, Timestamp now, Attempt& attempt) {
  const Channel& channel = webhook.channel;
  if (channel.kind != ChannelKind::email)
    attempt.headers.emplace_back("Content-Type", "application/json");
  if (channel.kind == ChannelKind::webhook) {
    sign(webhook, now, attempt);
    return {};
  }
  NoticeText text = notice_text(TRY(parse_json(attempt.delivery.payload)));
  if (channel.kind == ChannelKind::slack) {
    attempt.body = chat_body(text);
    return {};
  }
  attempt.mail = Attempt::Mail{channel.from, channel.to, channel.username, webhook.secret};
  attempt.body = mail_text({.from = channel.from,
                            .to = channel.to,
                            .id = attempt.delivery.id,
                            .at = now,
                            .subject = std::move(text.subject),
                            .lines = std::move(text.lines)});
  return {};
}

std::string disabled_text(Consequence consequence) {
  return consequence == Consequence::gone
             ? "the receiver answered 410: it wants nothing more"
             : "a delivery failed at every try over three days, and the next one failed too";
}

}  // namespace

Result<std::optional<Attempt>> Deliveries::claim(Timestamp now) {
  if (is_resting_) return std::nullopt;
  for (int looks = 0; looks < kLooksMax; ++looks) {
    const std::optional<WebhookKey> key = queue_.take(now);
    if (!key) return std::nullopt;
    Result<std::optional<Attempt>> attempt = look_at(*key, now);
    if (!attempt) queue_.settle(*key, 0, now + kAfterFault);
    if (!attempt || *attempt) return attempt;
  }
  return std::nullopt;
}

Result<std::vector<Delivery>> Deliveries::waiting_of(const WebhookKey& key,
                                                     std::int64_t limit) const {
  Query query;
  query.collection = Collection::webhook_deliveries;
  query.filter =
      Filter::all({Filter::equal("tenant_id", key.owner), Filter::equal("webhook_id", key.id),
                   Filter::equal("status", to_text(DeliveryStatus::waiting))});
  query.sort = {{"number", false}};
  query.limit = limit;
  std::vector<Delivery> found;
  for (const Json& document : TRY(parts_.store.find(query))) {
    found.push_back(TRY(delivery_from(document)));
  }
  return found;
}

// Returns the attempt that it claimed, or settles the webhook; after an error the caller settles
// it.
Result<std::optional<Attempt>> Deliveries::look_at(const WebhookKey& key, Timestamp now) {
  const std::shared_ptr<const Webhook> webhook = parts_.webhooks.find(key);
  const std::int64_t seen = queue_.waiting(key);
  if (webhook != nullptr && webhook->is_active && seen >= kWaitingMax) {
    TRY(switch_off(key, fmt::format("{} deliveries waited", kWaitingMax)));
    queue_.settle(key, 0, now);
    return std::nullopt;
  }
  if (webhook == nullptr || !webhook->is_active) {
    TRY(give_up_waiting(
        key, webhook == nullptr ? "the webhook was deleted" : "the webhook is not active", now));
    return std::nullopt;
  }
  const std::optional<Delivery> head = TRY(next_of(*webhook, now));
  if (!head) {
    queue_.settle(key, seen, now);
    return std::nullopt;
  }
  if (head->claimed_at) {
    Attempt cut_off;
    cut_off.delivery = *head;
    TRY(record(cut_off, interruption()));
    return std::nullopt;
  }
  // If the clock was set back since, only the queue knows how long it has waited.
  const bool is_set_back = now < head->last_attempt_at.value_or(head->created_at);
  if (head->next_attempt_at > now && !is_set_back) {
    queue_.settle(key, 0, head->next_attempt_at);
    return std::nullopt;
  }
  if (const auto hold = TRY(limit_.hold(key.owner, now))) {
    queue_.settle(key, 0, std::min(hold->until, now + kHeldLookEvery));
    return std::nullopt;
  }
  return claim_one(*head, *webhook, now);
}

Result<std::optional<Attempt>> Deliveries::claim_one(Delivery delivery, const Webhook& webhook,
                                                     Timestamp now) {
  ++delivery.attempts;
  ++delivery.tries;
  delivery.claimed_at = now;
  Batch batch;
  batch.at = now;
  batch.documents.push_back(next_write(delivery));
  Attempt attempt;
  attempt.sequence = TRY(parts_.store.apply(std::move(batch))).sequence;
  limit_.begin(delivery.webhook.owner);
  ++delivery.revision;
  attempt.url = webhook.url_to_send_to();
  attempt.delivery = std::move(delivery);
  TRY(write_content(webhook, now, attempt));
  return attempt;
}

// If the period of an attempt has closed meanwhile, the attempt counts in the present one.
Result<> Deliveries::commit(Batch batch) {
  Batch again = batch;
  const Commit first = TRY(parts_.store.apply(std::move(batch)));
  if (first.applied) return {};
  for (UsageEvent& event : again.events) event.occurred_at = again.at;
  const Commit second = TRY(parts_.store.apply(std::move(again)));
  if (second.applied) return {};
  return fail(ErrorCode::internal, "the store refused the outcome of a delivery's attempt");
}

Result<> Deliveries::write_outcome(const Delivery& after, const AttemptOutcome& outcome,
                                   int attempt) {
  Batch batch;
  batch.at = parts_.clock.now();
  batch.documents.push_back(next_write(after));
  const bool is_metered = !after.webhook.owner.empty() && parts_.rules.tracking_enabled &&
                          outcome.end != AttemptEnd::not_sent;
  if (is_metered) batch.events.push_back(event_of(after, outcome, attempt));
  return commit(std::move(batch));
}

Result<> Deliveries::record(const Attempt& attempt, const AttemptOutcome& outcome) {
  Delivery after = attempt.delivery;
  const Timestamp now = parts_.clock.now();
  const Consequence consequence = take_outcome(after, outcome, {now, random_number()});
  const Result<> written = write_outcome(after, outcome, attempt.delivery.attempts);
  // Only a bug of ours lets anyone else write a delivery that is under way: logged and ended.
  const bool is_lost = !written && written.error().code == ErrorCode::conflict;
  if (!written && !is_lost) return written;
  limit_.end(after.webhook.owner);
  const bool was_sent = outcome.end != AttemptEnd::not_sent;
  (is_success(outcome) ? tallies_.delivered : was_sent ? tallies_.failed : tallies_.not_sent).add();
  if (is_lost) parts_.log.error("delivery.claim_lost", {{"delivery_id", after.id}});
  if (consequence == Consequence::given_up) {
    tallies_.given_up.add();
    parts_.log.warn("delivery.given_up", {{"tenant_id", after.webhook.owner},
                                          {"webhook_id", after.webhook.id},
                                          {"delivery_id", after.id},
                                          {"attempts", after.attempts}});
  }
  const bool is_over = after.status != DeliveryStatus::waiting;
  const Result<> told = tell_webhook(after.webhook, consequence);
  if (!told) parts_.log.error("delivery.webhook_not_told", {{"problem", told.error().message}});
  queue_.settle(after.webhook, is_over && !is_lost ? 1 : 0, now);
  return {};
}

Result<> Deliveries::tell_webhook(const WebhookKey& key, Consequence consequence) {
  const std::shared_ptr<const Webhook> webhook = parts_.webhooks.find(key);
  if (webhook == nullptr) return {};
  const bool was_given_up = webhook->given_up_at.has_value();
  switch (consequence) {
    case Consequence::delivered:
      return was_given_up ? parts_.webhooks.note_success(key) : Result<>();
    case Consequence::gone:
      return switch_off(key, disabled_text(consequence));
    case Consequence::waits:
    case Consequence::given_up:
      if (was_given_up) return switch_off(key, disabled_text(consequence));
      return consequence == Consequence::given_up ? parts_.webhooks.note_given_up(key) : Result<>();
  }
  return {};
}

Result<> Deliveries::switch_off(const WebhookKey& key, const std::string& reason) {
  parts_.log.warn("webhook.switched_off",
                  {{"tenant_id", key.owner}, {"webhook_id", key.id}, {"reason", reason}});
  return parts_.webhooks.disable(key, reason);
}

// A bounded step that settles the webhook. An interrupted attempt is counted first.
Result<> Deliveries::give_up_waiting(const WebhookKey& key, const std::string& reason,
                                     Timestamp now) {
  const std::int64_t seen = queue_.waiting(key);
  std::vector<Delivery> found = TRY(waiting_of(key, kGivenUpPerStep));
  if (!found.empty() && found[0].claimed_at) {
    const int attempt = found[0].attempts;
    const AttemptOutcome outcome = interruption();
    take_outcome(found[0], outcome, {now, 0});
    TRY(write_outcome(found[0], outcome, attempt));
    limit_.end(key.owner);
    queue_.settle(key, 0, now);
    return {};
  }
  Batch batch;
  batch.at = now;
  for (Delivery& delivery : found) {
    delivery.status = DeliveryStatus::given_up;
    delivery.completed_at = now;
    delivery.last_problem = reason;
    batch.documents.push_back(next_write(delivery));
  }
  if (!found.empty()) TRY(parts_.store.apply(std::move(batch)));
  const auto count = static_cast<std::int64_t>(found.size());
  queue_.settle(key, count < kGivenUpPerStep ? seen : count, now);
  return {};
}

}  // namespace metergate
