#include "api/reader_faults.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace metergate::api {
namespace {

constexpr std::size_t kToldMax = 3;
constexpr std::size_t kShownMax = 64;

// "Invalid plan. Must be …" stands alone; "is 'x'; must be …" needs its field before it.
bool is_sentence(std::string_view message) {
  return !message.empty() && message.front() >= 'A' && message.front() <= 'Z';
}

}  // namespace

Result<> result_of(const std::vector<Fault>& faults) {
  if (faults.empty()) return {};
  std::string message;
  for (std::size_t i = 0; i < std::min(faults.size(), kToldMax); ++i) {
    if (i > 0) message += "; ";
    message += is_sentence(faults[i].message)
                   ? faults[i].message
                   : fmt::format("{} {}", faults[i].field, faults[i].message);
  }
  if (faults.size() > kToldMax) message += fmt::format("; and {} more", faults.size() - kToldMax);
  return fail(Error{ErrorCode::invalid, std::move(message), faults});
}

std::string shown(std::string_view text) {
  std::size_t length = std::min(text.size(), kShownMax);
  // Never cut inside a character.
  while (length < text.size() && length > 0 && !is_well_formed_utf8(text.substr(0, length)))
    --length;
  return fmt::format("'{}{}'", text.substr(0, length), length < text.size() ? "…" : "");
}

}  // namespace metergate::api
