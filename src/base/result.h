// Result, Error and TRY: how every floor reports an expected failure as a value.
//
// An Error carries the one code that decides what a caller sees (http/words/problem.cpp maps it to
// a status and an E_ name), a sentence for a person, and, for rejected input, one Fault for each
// bad field. Nothing here throws. Values only; safe from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace metergate {

enum class ErrorCode : std::uint8_t {
  invalid,
  period_closed,
  unauthorized,
  permission,
  disabled,
  not_found,
  tenant_not_found,
  alert_not_found,
  method,
  too_large,
  media_type,
  headers_too_large,
  duplicate,
  conflict,
  alert_already_resolved,
  rate_limit,
  limit_exceeded,
  upstream,
  overloaded,
  storage,
  upstream_timeout,
  corrupt,
  internal
};

// One rejected part of an input: which element (of a batch), which field, what is allowed.
struct Fault {
  std::optional<std::size_t> index;
  std::string field;
  std::string message;
  ErrorCode kind = ErrorCode::invalid;
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // for people; never branch on it
  std::vector<Fault> faults{};
  std::chrono::seconds retry_after{0};  // where it is known; 0: what its code says
  std::string required{};  // of a refusal for want of rights: the permissions, a space between
};

// A std::expected that the compiler does not let anyone drop: g++ 12's own is not [[nodiscard]].
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message), {}});
}

inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace metergate

// Evaluates to the value of a Result, or returns its error from the enclosing function. One a
// statement, and never behind another part of the same initializer: g++ does not destroy what was
// built before a return out of the middle.
#define TRY(expression)                                      \
  __extension__({                                            \
    auto try_result = (expression);                          \
    if (!try_result) [[unlikely]]                            \
      return std::unexpected(std::move(try_result).error()); \
    *std::move(try_result);                                  \
  })
