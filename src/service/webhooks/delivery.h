// Delivery: one event on its way to one webhook, as it is kept, and what an attempt makes of it.
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
  std::int64_t number = 0;  // its place in its webhook's queue
  std::string type;         // "sale.created"
  std::string payload;      // the body, byte for byte
  DeliveryStatus status = DeliveryStatus::waiting;
  int attempts = 0;  // sent, ever
  int tries = 0;     // of the schedule, since it was stored or replayed
  Timestamp next_attempt_at{};
  std::optional<Timestamp> claimed_at;  // an attempt is under way since then
  std::optional<Timestamp> last_attempt_at;
  int last_status = 0;       // 0: no answer
  std::string last_problem;  // why there was none, or why it was given up
  std::string last_answer;   // what the body of the answer began with
  Timestamp created_at{};
  std::optional<Timestamp> completed_at;
  std::int64_t revision = 0;
};

enum class AttemptEnd : std::uint8_t {
  answered,
  failed,      // no answer
  not_sent,    // the URL or its address is not allowed, or not to be found
  interrupted  // Metergate ended before it knew
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
  gone       // the receiver wants nothing more
};

bool is_success(const AttemptOutcome& outcome);  // any 2xx

struct JudgedAt {
  Timestamp now{};
  std::uint32_t random = 0;  // spreads the retries
};

// The delivery after an attempt that was claimed, and what it means. An attempt that was not sent
// takes a try of the schedule and no number; an interrupted one the other way round, and is made
// again at once. Retry-After counts with 429 and 503.
Consequence take_outcome(Delivery& delivery, const AttemptOutcome& outcome, const JudgedAt& judged);

// A hard limit of the plan: nothing is sent while it lasts.
struct DeliveryHold {
  std::string reason;
  Timestamp until{};  // when the period ends; sooner where the limit is raised
};

Json to_document(const Delivery& delivery);
Result<Delivery> delivery_from(const Json& document);
// As it is shown: without the payload, and with the hold on its owner's deliveries, if any.
Json delivery_json(const Delivery& delivery, const std::optional<DeliveryHold>& hold);

}  // namespace metergate
