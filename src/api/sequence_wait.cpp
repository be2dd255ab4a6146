#include "api/sequence_wait.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "http/words/late_number.h"
#include "service/metering/ingest.h"

namespace metergate::api {
namespace {

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

std::unexpected<Error> wrong(std::string message) {
  return fail(Error{ErrorCode::invalid,
                    fmt::format("{}: {}", kAfterSequence, message),
                    {{std::nullopt, std::string{kAfterSequence}, message}}});
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

Result<> check_sequence(const http::Request& request, const Services& services) {
  const auto text = asked(request);
  if (!text) return {};
  const auto wanted = read_sequence(*text);
  if (!wanted) return wrong(fmt::format("'{}' is no sequence number", *text));
  const Sequence head = services.store.head();
  if (*wanted <= head) return {};
  return wrong(fmt::format(
      "{} has not been given out: the newest number is {}; send the X-Usage-Seq of an answer",
      *wanted, head));
}

}  // namespace metergate::api
