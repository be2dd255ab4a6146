// Spool: a command's output on its way out, kept in a file without a name, so that however much it
// is, memory holds one piece. Written by one thread, then read by one.
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
  // ErrorCode::storage where not all of it could be written. Then read() may be called.
  virtual Result<> finish() = 0;
  // The next piece, from the start; nothing: that was all.
  virtual Result<std::optional<std::string>> read() = 0;
};

}  // namespace metergate
