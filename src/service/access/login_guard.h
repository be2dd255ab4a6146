// LoginGuard: slows down whoever guesses passwords, and nobody else. Counts failed logins by the
// caller's address and by the pair of address and account, never by the account alone: else anybody
// could keep its owner out.
//
// Each failure beyond the free ones doubles the wait until the next try from there, up to kWaitMax;
// what has been quiet for kForgottenAfter is forgotten. Bounded by kEntriesMax. Any thread.
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
    std::string address;  // as address_group() says
    std::string account;
  };

  // Counts the try as failed until succeeded() says otherwise, so that many at once are no way
  // around it. ErrorCode::rate_limit, with the wait, where it is too soon; such a try counts
  // nothing. `now` is of the steady clock.
  Result<> admit(const Try& login, Microseconds now);
  void succeeded(const Try& login);
  // The try was never held against a password: it counts as none.
  void withdrawn(const Try& login);
  std::size_t size() const;

  // The addresses that one caller can easily choose from count as one: of IPv6 the first 64 bits.
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
