// Accepts deliveries, and serves their owners' requests about them.
#include "service/webhooks/deliveries.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"
#include "service/shared/listed_values.h"

namespace metergate {
namespace {

constexpr std::string_view kTestType = "webhook.test";

Query query_of(const WebhookKey& key, std::optional<DeliveryStatus> status) {
  std::vector<Filter> filters = {Filter::equal("tenant_id", key.owner),
                                 Filter::equal("webhook_id", key.id)};
  if (status) filters.push_back(Filter::equal("status", to_text(*status)));
  Query query;
  query.collection = Collection::webhook_deliveries;
  query.filter = Filter::all(std::move(filters));
  return query;
}

DocumentWrite write_of(const Delivery& delivery) {
  const bool is_new = delivery.revision == 0;
  return {Collection::webhook_deliveries,
          {delivery.webhook.owner, delivery.id},
          to_document(delivery),
          is_new ? Expect::absent : Expect::revision,
          delivery.revision};
}

Result<std::shared_ptr<const Webhook>> active_webhook(const Webhooks& webhooks,
                                                      const WebhookKey& key) {
  auto webhook = webhooks.find(key);
  if (webhook == nullptr) {
    return fail(ErrorCode::not_found, fmt::format("there is no webhook '{}'", key.id));
  }
  if (!webhook->is_active) {
    return fail(ErrorCode::conflict,
                fmt::format("webhook '{}' is not active: set is_active first", key.id));
  }
  return webhook;
}

void revive(Delivery& delivery, Timestamp now) {
  delivery.status = DeliveryStatus::waiting;
  delivery.tries = 0;
  delivery.next_attempt_at = now;
  delivery.completed_at.reset();
}

}  // namespace

Result<std::unique_ptr<Deliveries>> Deliveries::open(const Parts& parts) {
  std::unique_ptr<Deliveries> made(new Deliveries(parts));
  TRY(made->load());
  parts.webhooks.on_change([deliveries = made.get()](const WebhookKey& key) {
    deliveries->queue_.hasten(key, deliveries->parts_.clock.now());
    deliveries->tell_listener();
  });
  return made;
}

Result<> Deliveries::load() {
  Query query;
  query.collection = Collection::webhook_deliveries;
  query.filter = Filter::equal("status", to_text(DeliveryStatus::waiting));
  const Timestamp now = parts_.clock.now();
  TRY(parts_.store.for_each(query, [this, now](const Json& document) {
    const WebhookKey key{document.string_at("tenant_id").value_or(""),
                         document.string_at("webhook_id").value_or("")};
    queue_.add(key, 1, now);
    // Its call is counted when it is settled; until then it keeps its place.
    if (document.timestamp_at("claimed_at")) limit_.begin(key.owner);
    const std::lock_guard lock(mutex_);
    last_number_ = std::max(last_number_, document.integer_at("number").value_or(0));
    return true;
  }));
  return {};
}

Result<> Deliveries::take_over() {
  queue_.clear();
  limit_.clear();
  TRY(load());
  tell_listener();
  return {};
}

Result<> Deliveries::notice(const DocumentKey& key) {
  const auto document = TRY(parts_.store.get(Collection::webhook_deliveries, key));
  const bool is_new = document && document->integer_at("revision") == 1 &&
                      document->string_at("status") == to_text(DeliveryStatus::waiting);
  if (!is_new) return {};
  queue_.add({key.tenant, document->string_at("webhook_id").value_or("")}, 1, parts_.clock.now());
  tell_listener();
  return {};
}

// Later facts get higher numbers, even if the clock is set back.
std::int64_t Deliveries::next_number(Timestamp at) {
  const std::lock_guard lock(mutex_);
  const std::int64_t by_time = Microseconds{at.time_since_epoch()}.count();
  last_number_ = std::max(last_number_ + 1, by_time);
  return last_number_;
}

Delivery Deliveries::make(const WebhookKey& key, const Notice& notice, Timestamp at) {
  Delivery delivery;
  delivery.webhook = key;
  delivery.id = "msg_" + make_ulid(at);
  delivery.number = next_number(at);
  delivery.type = notice.type;
  delivery.payload =
      to_text(Json::object({{"type", notice.type}, {"timestamp", at}, {"data", notice.data}}));
  delivery.next_attempt_at = delivery.created_at = at;
  return delivery;
}

Announced Deliveries::announce(const Notice& notice, Batch& batch) {
  Announced announced;
  for (const auto& webhook : parts_.webhooks.all_of(notice.owner)) {
    if (!webhook->is_active || !webhook->wants(notice.type, notice.data)) continue;
    // From here on it counts as switched off; the worker's next check switches it off.
    if (queue_.waiting(webhook->key) >= kWaitingMax) continue;
    batch.documents.push_back(write_of(make(webhook->key, notice, batch.at)));
    announced.push_back(webhook->key);
  }
  return announced;
}

void Deliveries::committed(const Announced& announced) {
  if (announced.empty()) return;
  const Timestamp now = parts_.clock.now();
  for (const WebhookKey& key : announced) queue_.add(key, 1, now);
  tell_listener();
}

void Deliveries::set_listener(std::function<void()> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

void Deliveries::tell_listener() {
  const std::lock_guard lock(mutex_);
  if (listener_) listener_();
}

Result<Json> Deliveries::test(const WebhookOwner& owner, const std::string& webhook_id) {
  const WebhookKey key{owner.text(), webhook_id};
  const auto webhook = TRY(active_webhook(parts_.webhooks, key));
  if (queue_.waiting(key) >= kWaitingMax) {
    return fail(ErrorCode::conflict, fmt::format("{} deliveries wait already", kWaitingMax));
  }
  Batch batch;
  batch.at = parts_.clock.now();
  const Json data = Json::object(
      {{"webhook_id", webhook_id}, {"message", "A test: this webhook can be reached."}});
  const Delivery delivery = make(key, {owner.text(), std::string{kTestType}, data}, batch.at);
  batch.documents.push_back(write_of(delivery));
  TRY(parts_.store.apply(std::move(batch)));
  committed({key});
  // A test does not wait for the digest that others wait for.
  if (webhook->channel.digest != Digest::none) {
    queue_.hasten(key, parts_.clock.now());
    tell_listener();
  }
  const auto hold = TRY(limit_.hold(key.owner, delivery.created_at));
  return delivery_json(delivery, hold);
}

Result<std::vector<Delivery>> Deliveries::find_for_replay(const WebhookKey& key,
                                                          const ReplayRequest& request) const {
  std::vector<Delivery> found;
  if (!request.delivery_id.empty()) {
    const bool can_be_one = is_id_syntax(request.delivery_id);
    std::optional<Json> document;
    if (can_be_one) {
      document =
          TRY(parts_.store.get(Collection::webhook_deliveries, {key.owner, request.delivery_id}));
    }
    if (document) found.push_back(TRY(delivery_from(*document)));
    if (found.empty() || found[0].webhook != key) {
      return fail(ErrorCode::not_found,
                  fmt::format("there is no delivery '{}' of this webhook", request.delivery_id));
    }
    if (found[0].claimed_at) {
      return fail(ErrorCode::conflict, "the delivery is being sent at this moment");
    }
    return found;
  }
  Query query = query_of(key, DeliveryStatus::given_up);
  if (request.since) {
    query.filter.children.push_back(
        Filter::compare("created_at", FilterOperator::greater_or_equal, *request.since));
  }
  query.sort = {{"number", false}};
  query.limit = static_cast<std::int64_t>(kReplayMax);
  for (const Json& document : TRY(parts_.store.find(query))) {
    found.push_back(TRY(delivery_from(document)));
  }
  return found;
}

Result<Replayed> Deliveries::replay(const Webhooks::Reference& which, const ReplayRequest& request,
                                    const Actor& actor) {
  const WebhookKey key{which.owner.text(), which.id};
  TRY(active_webhook(parts_.webhooks, key));
  const std::vector<Delivery> found = TRY(find_for_replay(key, request));
  Replayed replayed{static_cast<std::int64_t>(found.size()), found.size() == kReplayMax};
  if (found.empty()) return replayed;
  if (queue_.waiting(key) + replayed.count > kWaitingMax) {
    return fail(ErrorCode::conflict, fmt::format("{} deliveries wait already", kWaitingMax));
  }
  Batch batch;
  batch.at = parts_.clock.now();
  std::int64_t revived = 0;  // those that already wait are counted
  for (Delivery delivery : found) {
    if (delivery.status != DeliveryStatus::waiting) ++revived;
    revive(delivery, batch.at);
    batch.documents.push_back(write_of(delivery));
  }
  AuditRecord audit = audit_of(actor, "webhook.replayed", batch.at);
  audit.tenant_id = key.owner;
  audit.after = Json::object({{"webhook_id", key.id}, {"deliveries", replayed.count}});
  batch.audits.push_back(std::move(audit));
  TRY(parts_.store.apply(std::move(batch)));
  queue_.add(key, revived, parts_.clock.now());
  queue_.hasten(key, parts_.clock.now());
  tell_listener();
  return replayed;
}

Result<DeliveryPage> Deliveries::list(const Webhooks::Reference& which,
                                      const DeliveryQuery& query) const {
  TRY(parts_.webhooks.get(which.owner, which.id));
  Query wanted = query_of({which.owner.text(), which.id}, std::nullopt);
  if (!query.status.empty())
    wanted.filter.children.push_back(equal_to_listed("status", query.status));
  const std::optional<DeliveryHold> hold = TRY(limit_.hold(which.owner.text(), parts_.clock.now()));
  DeliveryPage page;
  page.total = TRY(parts_.store.count(wanted));
  if (!query.sort.empty()) wanted.sort.push_back(sort_field(query.sort));
  wanted.sort.push_back({"number", true});
  wanted.skip = (query.page - 1) * query.limit;
  wanted.limit = query.limit;
  for (const Json& document : TRY(parts_.store.find(wanted))) {
    page.deliveries.push_back(delivery_json(TRY(delivery_from(document)), hold));
  }
  return page;
}

Result<TickReport> Deliveries::forget(Timestamp now) {
  constexpr std::int64_t kForgottenPerStep = 1000;
  Batch batch;
  batch.at = now;
  TickReport report;
  for (const auto& [status, kept] : {std::pair{DeliveryStatus::delivered, kDeliveredKept},
                                     std::pair{DeliveryStatus::given_up, kGivenUpKept}}) {
    Query query;
    query.collection = Collection::webhook_deliveries;
    query.filter = Filter::all({Filter::equal("status", to_text(status)),
                                Filter::compare("completed_at", FilterOperator::less, now - kept)});
    query.limit = kForgottenPerStep;
    const std::vector<Json> found = TRY(parts_.store.find(query));
    report.more = report.more || found.size() == static_cast<std::size_t>(kForgottenPerStep);
    for (const Json& document : found) {
      const Delivery delivery = TRY(delivery_from(document));
      DocumentWrite write = write_of(delivery);
      write.document.reset();
      batch.documents.push_back(std::move(write));
    }
  }
  report.done = static_cast<std::int64_t>(batch.documents.size());
  if (report.done > 0) TRY(parts_.store.apply(std::move(batch)));
  return report;
}

}  // namespace metergate
