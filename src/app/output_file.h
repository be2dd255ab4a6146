// OutputFile: where a command's output goes with -o. Written beside its final name and renamed when
// it is complete, so that a half-written file never stands under the name; compressed by the name's
// ending (.gz, .zst). A device or a FIFO is written into and stays; a link to a file is refused.
// For one thread.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "base/result.h"

namespace metergate {

class OutputFile {
 public:
  static Result<std::unique_ptr<OutputFile>> open(const std::string& path);
  virtual ~OutputFile() = default;  // without finish(): nothing stays behind
  virtual std::ostream& stream() = 0;
  // ErrorCode::storage where not all of it could be written.
  virtual Result<> finish() = 0;
};

}  // namespace metergate
