// Idempotency: the answers to requests with an Idempotency-Key, kept for 24 hours, so that a
// repeated request gets the same answer and changes nothing.
//
// A key belongs to one actor on one route. The answer is part of the batch of the change itself, so
// neither exists without the other. Safe from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/shapes/store.h"

namespace metergate {

struct KeyedRequest {
  std::string actor;
  std::string route;  // "POST /provider/billing/tenants/tenant_456/plan": the path as requested
  std::string key;    // 1 to 255 visible ASCII characters
  std::string body;
};

struct KeyedAnswer {
  int status = 200;
  Json data;
};

class Idempotency {
 public:
  static constexpr std::chrono::hours kKept{24};

  Idempotency(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // The earlier answer to this request; nothing if the request is new. ErrorCode::invalid for a
  // malformed key, conflict if the key came with another body.
  Result<std::optional<KeyedAnswer>> find(const KeyedRequest& request) const;
  // The write that stores the answer, for the batch of the change. Of two batches with the same
  // key, one is refused with ErrorCode::conflict.
  Result<DocumentWrite> remember(const KeyedRequest& request, const KeyedAnswer& answer) const;
  // Removes at most `max` keys past their retention at `now`; returns their number.
  Result<std::size_t> sweep(Timestamp now, std::size_t max);

 private:
  Store& store_;
  const Clock& clock_;
};

}  // namespace metergate
