// OutputFile: the target of a command's output with -o. Written beside its final name and renamed
// when it is complete, so that the name never has a partial file; compressed by the name's ending
// (.gz, .zst). A device or a FIFO is written to directly; a link to a file is refused. One thread.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "base/result.h"

namespace metergate {

class OutputFile {
 public:
  static Result<std::unique_ptr<OutputFile>> open(const std::string& path);
  virtual ~OutputFile() = default;  // without finish(): no file remains
  virtual std::ostream& stream() = 0;
  // ErrorCode::storage if not all of the output could be written.
  virtual Result<> finish() = 0;
};

}  // namespace metergate
