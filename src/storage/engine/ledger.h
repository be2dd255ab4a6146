// Ledger: makes decided batches durable before anyone outside learns of them. Either the journal
// or, for the store without a disk, a counter. Safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace metergate {

class Ledger {
 public:
  virtual ~Ledger() = default;
  // As Journal: consecutive numbers; a refused batch is not taken.
  virtual Result<> append(std::uint64_t sequence, std::string_view batch) = 0;
  virtual std::uint64_t written() const = 0;
  virtual void when_written(std::uint64_t sequence, std::move_only_function<void()> then) = 0;
  virtual std::uint64_t durable() const = 0;
  virtual void when_durable(std::uint64_t sequence, std::move_only_function<void()> then) = 0;
};

}  // namespace metergate
