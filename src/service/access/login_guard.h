// LoginGuard: slows down callers that guess passwords, and only those. Counts failed logins by
// address and by the pair of address and account, never by account alone, since anyone could then
// lock its owner out.
//
// Each failure beyond the free ones doubles the wait until the next try, up to kWaitMax; entries
// are forgotten after kForgottenAfter without a try. Bounded by kEntriesMax. Safe from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/time.h"

namespace metergate {

class LoginGuard {
 public:
  static constexpr int kPairFailuresFree = 5;
  static constexpr int kAddressFailuresFree = 20;
  static constexpr std::chrono::seconds kWaitMax{15 * 60};
  static constexpr std::chrono::minutes kForgottenAfter{30};
  static constexpr std::size_t kEntriesMax = 20'000;

  struct Try {
    std::string address;  // as address_group() returns it
    std::string account;
  };

  // Counts the try as failed until succeeded() is called, so that many at once do not get around
  // it. ErrorCode::rate_limit, with the wait, if it is too soon; such a try does not count. `now`
  // is of the steady clock.
  Result<> admit(const Try& login, Microseconds now);
  void succeeded(const Try& login);
  // The try was never compared with a password, so it does not count.
  void withdrawn(const Try& login);
  std::size_t size() const;

  // Addresses that one caller can easily choose among count as one: for IPv6, the first 64 bits.
  static std::string address_group(std::string_view ip);

 private:
  struct Failures {
    int count = 0;
    Microseconds last{};
  };
  using Table = std::unordered_map<std::string, Failures>;
  static std::chrono::seconds wait_of(const Table& table, const std::string& key, int free,
                                      Microseconds now);
  static void count(Table& table, const std::string& key, Microseconds now);
  static void take_back(Table& table, const std::string& key);

  mutable std::mutex mutex_;
  Table addresses_;
  Table pairs_;
};

}  // namespace metergate
