#include "service/shared/faults.h"

#include <fmt/format.h>

namespace metergate {
namespace {

std::string describe(const Fault& fault) {
  const std::string place = fault.index ? fmt::format("event {}: ", *fault.index) : std::string();
  return fault.field.empty() ? place + fault.message
                             : fmt::format("{}{}: {}", place, fault.field, fault.message);
}

}  // namespace

void Faults::add(std::string field, std::string message) {
  add(ErrorCode::invalid, Fault{std::nullopt, std::move(field), std::move(message)});
}

void Faults::add(ErrorCode kind, Fault fault) {
  if (is_full()) return;
  if (is_empty()) kind_ = kind;
  if (kind_ != kind) kind_ = ErrorCode::invalid;
  fault.kind = kind;
  kept_.push_back(std::move(fault));
}

Result<> Faults::result() const {
  if (is_empty()) return {};
  std::string message = describe(kept_.front());
  if (kept_.size() > 1) message += fmt::format(" (and {} more)", kept_.size() - 1);
  return std::unexpected(Error{kind_, std::move(message), kept_});
}

}  // namespace metergate
