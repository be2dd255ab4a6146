// Lease: which of several nodes does the work that one is to do: alerts, closing, deliveries. A
// document in `settings` names the holder, which writes it again every kRenewEvery. Another node
// takes it over once it has not changed for kOverAfter by that node's own clock, so no two clocks
// are compared. It saves work; nothing is wrong if two hold it for a moment, since every result is
// written under its revision.
//
// tick() from one thread; is_held() from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "storage/shapes/store.h"

namespace metergate {

class Lease {
 public:
  static constexpr Milliseconds kRenewEvery{2000};
  static constexpr Milliseconds kOverAfter{8000};

  // `name`: of this node in this run.
  Lease(Store& store, const Clock& clock, std::string name)
      : store_(store), clock_(clock), name_(std::move(name)) {}
  // Renews, takes over or observes; the caller repeats it every kRenewEvery.
  Result<> tick();
  // At an orderly stop: another may take over at once.
  Result<> release();
  // False too once this node could not renew for long enough that another may have taken over.
  bool is_held() const;

 private:
  // The holder is this node, or nobody.
  Result<> write(std::string_view holder, std::int64_t epoch, const Json* stored);

  Store& store_;
  const Clock& clock_;
  const std::string name_;
  std::int64_t seen_revision_ = -1;
  Microseconds seen_at_{0};
  std::atomic<std::int64_t> held_until_ = 0;  // microseconds of Clock::steady()
};

}  // namespace metergate
