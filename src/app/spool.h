// Spool: a command's output on its way out, kept in an unnamed file, so that memory holds one piece
// only. Written by one thread, then read by one.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "base/result.h"

namespace metergate {

class Spool {
 public:
  static Result<std::unique_ptr<Spool>> create();
  virtual ~Spool() = default;
  virtual std::ostream& stream() = 0;
  // ErrorCode::storage if not all of the output could be written. Call read() only afterwards.
  virtual Result<> finish() = 0;
  // The next piece, from the start; nothing at the end.
  virtual Result<std::optional<std::string>> read() = 0;
};

}  // namespace metergate
