// Delivery: one message to one webhook in its stored form, and the effect of an attempt on it.
// Values and pure functions; no threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "service/webhooks/webhook.h"

namespace metergate {

enum class DeliveryStatus : std::uint8_t { waiting, delivered, given_up };
std::string_view to_text(DeliveryStatus status);
std::optional<DeliveryStatus> find_delivery_status(std::string_view text);

struct Delivery {
  WebhookKey webhook;
  std::string id;           // "msg_…": the webhook-id header of every attempt
  std::int64_t number = 0;  // its position in the webhook's queue
  std::string type;         // "sale.created"
  std::string payload;      // the body, byte for byte
  DeliveryStatus status = DeliveryStatus::waiting;
  int attempts = 0;  // attempts sent, in all
  int tries = 0;     // tries of the schedule since it was stored or replayed
  Timestamp next_attempt_at{};
  std::optional<Timestamp> claimed_at;  // the start of the attempt under way
  std::optional<Timestamp> last_attempt_at;
  int last_status = 0;       // 0: no answer
  std::string last_problem;  // why there was none, or why it was given up
  std::string last_answer;   // the beginning of the answer's body
  Timestamp created_at{};
  std::optional<Timestamp> completed_at;
  std::int64_t revision = 0;
};

enum class AttemptEnd : std::uint8_t {
  answered,
  failed,      // no answer
  not_sent,    // the URL or its address is not allowed, or not found
  interrupted  // Metergate ended before the outcome was known
};

struct AttemptOutcome {
  AttemptEnd end = AttemptEnd::failed;
  int status = 0;
  std::optional<Milliseconds> retry_after;
  std::string problem;
  std::string answer;
  Microseconds duration{0};
};

enum class Consequence : std::uint8_t {
  delivered,
  waits,     // it will be tried again
  given_up,  // that was the last try
  gone       // the receiver wants no more deliveries
};

bool is_success(const AttemptOutcome& outcome);  // any 2xx

struct JudgedAt {
  Timestamp now{};
  std::uint32_t random = 0;  // spreads the retries
};

// Updates the delivery after a claimed attempt, and returns the consequence. An attempt that was
// not sent uses up a try of the schedule but no number. An interrupted one uses up a number but no
// try, and is repeated at once. Retry-After counts with 429 and 503.
Consequence take_outcome(Delivery& delivery, const AttemptOutcome& outcome, const JudgedAt& judged);

// A hard limit of the plan: nothing is sent while it lasts.
struct DeliveryHold {
  std::string reason;
  Timestamp until{};  // the end of the period; sooner if the limit is raised
};

Json to_document(const Delivery& delivery);
Result<Delivery> delivery_from(const Json& document);
// The shown form: without the payload, and with the hold on its owner's deliveries, if any.
Json delivery_json(const Delivery& delivery, const std::optional<DeliveryHold>& hold);

}  // namespace metergate
