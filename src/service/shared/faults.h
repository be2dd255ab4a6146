// Faults: collects the faults of an input, part by part, and reports them as one Error.
//
// At most 20 faults are kept, so that a bad batch cannot make a big answer. The Error's code is the
// one that all faults share, otherwise ErrorCode::invalid. A value; no threads.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace metergate {

class Faults {
 public:
  static constexpr std::size_t kKeptMax = 20;

  void add(std::string field, std::string message);
  void add(ErrorCode kind, Fault fault);
  // Removes those for which `is_forgiven` holds.
  template <class IsForgiven>
  void forgive(const IsForgiven& is_forgiven) {
    std::erase_if(kept_, is_forgiven);
    for (std::size_t i = 0; i < kept_.size(); ++i)
      kind_ = i == 0 || kept_[i].kind == kind_ ? kept_[i].kind : ErrorCode::invalid;
  }
  bool is_empty() const { return kept_.empty(); }
  bool is_full() const { return kept_.size() >= kKeptMax; }
  // One fault for each bad part; the message names the first and the number of others.
  Result<> result() const;

 private:
  std::vector<Fault> kept_;
  ErrorCode kind_ = ErrorCode::invalid;
};

}  // namespace metergate
