// Digests: the notices to a destination that asked for them by the hour or the day, made into one
// delivery when the hour or day is over; see deliveries.h.
//
// The batch that stores a digest removes the notices that it holds, so a notice is told of once,
// whatever happens between.
#include <algorithm>

#include "service/webhooks/deliveries.h"

namespace metergate {
namespace {

constexpr std::string_view kDigestType = "alert.digest";

bool is_notice(const Delivery& delivery) {
  return delivery.type.starts_with("alert.") && delivery.type != kDigestType;
}

DocumentWrite removal_of(const Delivery& delivery) {
  return {Collection::webhook_deliveries,
          {delivery.webhook.owner, delivery.id},
          std::nullopt,
          Expect::revision,
          delivery.revision};
}

}  // namespace

// A digest that waits to be tried again, or a test: those are sent by themselves.
Result<std::optional<Delivery>> Deliveries::made_already(const WebhookKey& key) const {
  std::optional<Delivery> found;
  Query query;
  query.collection = Collection::webhook_deliveries;
  query.filter =
      Filter::all({Filter::equal("tenant_id", key.owner), Filter::equal("webhook_id", key.id),
                   Filter::equal("status", to_text(DeliveryStatus::waiting))});
  query.sort = {{"number", false}};
  std::optional<Error> fault;
  TRY(parts_.store.for_each(query, [&](const Json& document) {
    const std::string type = document.string_at("type").value_or("");
    if (type.starts_with("alert.") && type != kDigestType) return true;
    auto delivery = delivery_from(document);
    if (delivery) found = *std::move(delivery);
    if (!delivery) fault = delivery.error();
    return false;
  }));
  if (fault) return std::unexpected(*std::move(fault));
  return found;
}

// The delivery to send next, now or at its time; nothing if none waits.
Result<std::optional<Delivery>> Deliveries::next_of(const Webhook& webhook, Timestamp now) {
  const bool is_digested = webhook.channel.digest != Digest::none;
  std::vector<Delivery> head = TRY(waiting_of(webhook.key, is_digested ? kDigestMax : 1));
  if (head.empty()) return std::nullopt;
  const bool is_single = !is_digested || head[0].claimed_at || head[0].attempts > 0;
  if (is_single || !is_notice(head[0])) return std::move(head[0]);
  auto made = TRY(made_already(webhook.key));
  if (made) return made;
  const Timestamp begun = head[0].created_at;
  const Timestamp due = webhook.channel.digest_due(begun, parts_.rules.zone);
  // If the clock was set back since, it is sent rather than kept for who knows how long.
  if (now < due && now >= begun) {
    head[0].next_attempt_at = due;
    return std::move(head[0]);
  }
  std::erase_if(head, [&](const Delivery& one) {
    return !is_notice(one) || one.claimed_at || one.attempts > 0 ||
           (one.created_at >= due && now >= begun);
  });
  return TRY(fold_digest(webhook, std::move(head), now));
}

Result<Delivery> Deliveries::fold_digest(const Webhook& webhook, std::vector<Delivery> notices,
                                         Timestamp now) {
  Json::Array told;
  for (const Delivery& notice : notices) told.push_back(TRY(parse_json(notice.payload)));
  const Json data = Json::object({{"since", notices.front().created_at},
                                  {"until", notices.back().created_at},
                                  {"notices", std::move(told)}});
  Delivery digest = make(webhook.key, {webhook.key.owner, std::string{kDigestType}, data}, now);
  digest.number = notices.front().number;  // it takes the place of the first
  Batch batch;
  batch.at = now;
  batch.documents.push_back({Collection::webhook_deliveries,
                             {webhook.key.owner, digest.id},
                             to_document(digest),
                             Expect::absent,
                             0});
  for (const Delivery& notice : notices) batch.documents.push_back(removal_of(notice));
  TRY(parts_.store.apply(std::move(batch)));
  digest.revision = 1;
  queue_.fold(webhook.key, static_cast<std::int64_t>(notices.size()) - 1);
  return digest;
}

}  // namespace metergate
