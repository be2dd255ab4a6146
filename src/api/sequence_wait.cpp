#include "api/sequence_wait.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <optional>
#include <thread>

#include "http/late_number.h"
#include "service/ingest.h"

namespace metergate::api {
namespace {

constexpr Microseconds kWaitMax = std::chrono::seconds{5};
constexpr std::chrono::milliseconds kStep{5};

// One request at a time may hold a thread for a number that perhaps never comes.
std::atomic<bool> is_somebody_waiting = false;

std::optional<std::string_view> asked(const http::Request& request) {
  for (const auto& [name, value] : request.query) {
    if (name == kAfterSequence) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> read_sequence(std::string_view text) {
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return sequence;
}

std::unexpected<Error> not_reached(std::uint64_t wanted, std::uint64_t head) {
  return fail(
      Error{ErrorCode::overloaded,
            fmt::format("after_seq={} has not been reached: the newest is {}", wanted, head),
            {},
            std::chrono::seconds{1}});
}

}  // namespace

void reserve_sequence(http::Response& response, std::uint64_t head) {
  response.headers.emplace_back(http::kUsageSequence, http::room_for(head));
}

void set_sequence(http::Response& response, std::uint64_t sequence) {
  const auto field =
      std::ranges::find(response.headers, http::kUsageSequence, &http::Header::first);
  if (field == response.headers.end()) return;
  http::fill_room(field->second, sequence);
}

bool must_wait(const http::Request& request, const Services& services) {
  const auto text = asked(request);
  if (!text) return false;
  const auto wanted = read_sequence(*text);
  return wanted && *wanted > services.store.head();
}

Result<> wait_for_sequence(const http::Request& request, const Services& services) {
  const auto text = asked(request);
  if (!text) return {};
  const auto wanted = read_sequence(*text);
  if (!wanted) {
    const std::string message = fmt::format("'{}' is no sequence number", *text);
    return fail(Error{ErrorCode::invalid,
                      fmt::format("{}: {}", kAfterSequence, message),
                      {{std::nullopt, std::string{kAfterSequence}, message}}});
  }
  if (services.store.head() >= *wanted) return {};
  if (is_somebody_waiting.exchange(true)) return not_reached(*wanted, services.store.head());
  const Microseconds until = services.clock.steady() + kWaitMax;
  while (services.store.head() < *wanted && services.clock.steady() < until)
    std::this_thread::sleep_for(kStep);
  is_somebody_waiting = false;
  if (services.store.head() >= *wanted) return {};
  return not_reached(*wanted, services.store.head());
}

}  // namespace metergate::api
