// Result, Error and TRY: every floor reports an expected failure as a value.
//
// An Error carries the one code that decides the answer to the caller (http/words/problem.cpp maps
// it to a status and an E_ name), a sentence for people, and, for rejected input, one Fault for
// each bad field. Nothing here throws. Values only; safe from any thread.
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

// One rejected part of an input: the element of a batch, the field, and the allowed values.
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
  std::chrono::seconds retry_after{0};  // 0: the default of the code
  std::string required{};               // the missing permissions, separated by spaces
};

// A std::expected that may not be ignored: g++ 12's own is not [[nodiscard]].
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

// Evaluates to the value of a Result, or returns its error from the enclosing function. Use it once
// in a statement, and never after another part of the same initializer: g++ does not destroy the
// parts built before a return from the middle.
#define TRY(expression)                                      \
  __extension__({                                            \
    auto try_result = (expression);                          \
    if (!try_result) [[unlikely]]                            \
      return std::unexpected(std::move(try_result).error()); \
    *std::move(try_result);                                  \
  })
