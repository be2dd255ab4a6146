#include "service/webhooks/delivery.h"

#include <algorithm>
#include <array>

#include "service/webhooks/delivery_schedule.h"

namespace metergate {
namespace {

constexpr std::array<std::string_view, 3> kStatuses = {"waiting", "delivered", "given_up"};
constexpr int kGone = 410;
constexpr int kTooManyRequests = 429;
constexpr int kUnavailable = 503;

bool may_ask_to_wait(int status) { return status == kTooManyRequests || status == kUnavailable; }

void complete(Delivery& delivery, DeliveryStatus status, Timestamp now) {
  delivery.status = status;
  delivery.completed_at = now;
}

void set_shown(Json& document, std::string_view name, const std::string& text) {
  if (!text.empty()) document.set(name, text);
}

}  // namespace

std::string_view to_text(DeliveryStatus status) {
  return kStatuses[static_cast<std::size_t>(status)];
}

std::optional<DeliveryStatus> find_delivery_status(std::string_view text) {
  const auto* found = std::ranges::find(kStatuses, text);
  if (found == kStatuses.end()) return std::nullopt;
  return static_cast<DeliveryStatus>(found - kStatuses.begin());
}

bool is_success(const AttemptOutcome& outcome) {
  return outcome.end == AttemptEnd::answered && outcome.status >= 200 && outcome.status < 300;
}

Consequence take_outcome(Delivery& delivery, const AttemptOutcome& outcome,
                         const JudgedAt& judged) {
  delivery.last_attempt_at = std::exchange(delivery.claimed_at, std::nullopt);
  delivery.last_status = outcome.end == AttemptEnd::answered ? outcome.status : 0;
  delivery.last_problem = outcome.problem;
  delivery.last_answer = outcome.answer;
  if (is_success(outcome)) {
    complete(delivery, DeliveryStatus::delivered, judged.now);
    return Consequence::delivered;
  }
  if (delivery.last_status == kGone) {
    complete(delivery, DeliveryStatus::given_up, judged.now);
    return Consequence::gone;
  }
  if (outcome.end == AttemptEnd::interrupted) {
    --delivery.tries;
    delivery.next_attempt_at = judged.now;
    return Consequence::waits;
  }
  if (outcome.end == AttemptEnd::not_sent) --delivery.attempts;
  FailedTry failed{delivery.tries, std::nullopt, judged.random};
  if (may_ask_to_wait(delivery.last_status)) failed.retry_after = outcome.retry_after;
  if (const auto wait = wait_after(failed)) {
    delivery.next_attempt_at = judged.now + *wait;
    return Consequence::waits;
  }
  complete(delivery, DeliveryStatus::given_up, judged.now);
  return Consequence::given_up;
}

Json to_document(const Delivery& delivery) {
  Json document = Json::object({{"tenant_id", delivery.webhook.owner},
                                {"delivery_id", delivery.id},
                                {"webhook_id", delivery.webhook.id},
                                {"number", delivery.number},
                                {"type", delivery.type},
                                {"payload", delivery.payload},
                                {"status", to_text(delivery.status)},
                                {"attempts", delivery.attempts},
                                {"tries", delivery.tries},
                                {"next_attempt_at", delivery.next_attempt_at},
                                {"created_at", delivery.created_at}});
  if (delivery.claimed_at) document.set("claimed_at", *delivery.claimed_at);
  if (delivery.last_attempt_at) {
    document.set("last_attempt_at", *delivery.last_attempt_at);
    document.set("last_status", delivery.last_status);
  }
  set_shown(document, "last_problem", delivery.last_problem);
  set_shown(document, "last_answer", delivery.last_answer);
  if (delivery.completed_at) document.set("completed_at", *delivery.completed_at);
  return document;
}

Result<Delivery> delivery_from(const Json& document) {
  Delivery delivery;
  delivery.webhook = {document.string_at("tenant_id").value_or(""),
                      document.string_at("webhook_id").value_or("")};
  delivery.id = document.string_at("delivery_id").value_or("");
  const auto number = document.integer_at("number");
  const auto payload = document.string_at("payload");
  const auto status = find_delivery_status(document.string_at("status").value_or(""));
  if (delivery.id.empty() || !number || !payload || !status) {
    return fail(ErrorCode::corrupt, "delivery '" + delivery.id + "' cannot be read");
  }
  delivery.number = *number;
  delivery.payload = *payload;
  delivery.status = *status;
  delivery.type = document.string_at("type").value_or("");
  delivery.attempts = static_cast<int>(document.integer_at("attempts").value_or(0));
  delivery.tries = static_cast<int>(document.integer_at("tries").value_or(0));
  delivery.next_attempt_at = document.timestamp_at("next_attempt_at").value_or(Timestamp{});
  delivery.claimed_at = document.timestamp_at("claimed_at");
  delivery.last_attempt_at = document.timestamp_at("last_attempt_at");
  delivery.last_status = static_cast<int>(document.integer_at("last_status").value_or(0));
  delivery.last_problem = document.string_at("last_problem").value_or("");
  delivery.last_answer = document.string_at("last_answer").value_or("");
  delivery.created_at = document.timestamp_at("created_at").value_or(Timestamp{});
  delivery.completed_at = document.timestamp_at("completed_at");
  delivery.revision = document.integer_at("revision").value_or(0);
  return delivery;
}

Json delivery_json(const Delivery& delivery, const std::optional<DeliveryHold>& hold) {
  const bool is_waiting = delivery.status == DeliveryStatus::waiting;
  const bool is_held = is_waiting && hold && !delivery.claimed_at;
  const Timestamp next =
      is_held ? std::max(hold->until, delivery.next_attempt_at) : delivery.next_attempt_at;
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return Json::object(
      {{"delivery_id", delivery.id},
       {"webhook_id", delivery.webhook.id},
       {"type", delivery.type},
       {"status", to_text(delivery.status)},
       {"attempts", delivery.attempts},
       {"next_attempt_at", is_waiting ? Json(next) : Json()},
       {"held_because", is_held ? Json(hold->reason) : Json()},
       {"last_attempt_at", Json(delivery.last_attempt_at)},
       {"last_status", delivery.last_status == 0 ? Json() : Json(delivery.last_status)},
       {"last_problem", or_null(delivery.last_problem)},
       {"last_answer", or_null(delivery.last_answer)},
       {"created_at", delivery.created_at},
       {"completed_at", Json(delivery.completed_at)}});
}

}  // namespace metergate
