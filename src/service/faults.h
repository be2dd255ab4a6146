// Faults: collects what is wrong with an input, part by part, and answers it all as one Error.
//
// At most 20 faults are kept, so that a bad batch cannot make a big answer. The Error's code is
// the kind that all faults share, else ErrorCode::invalid. A value; no threads.
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
  bool is_empty() const { return kept_.empty(); }
  bool is_full() const { return kept_.size() >= kKeptMax; }
  // A fault for each bad part; the message names the first and how many more there are.
  Result<> result() const;

 private:
  std::vector<Fault> kept_;
  ErrorCode kind_ = ErrorCode::invalid;
};

}  // namespace metergate
