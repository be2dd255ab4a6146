// StandardOutput: the program's output, which knows at the end whether every byte was written. A
// command whose output met a full disk or a closed pipe has failed. One thread.
#pragma once

#include <memory>
#include <ostream>

#include "base/result.h"

namespace metergate {

class StandardOutput {
 public:
  explicit StandardOutput(int descriptor);
  ~StandardOutput();
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  std::ostream& stream() { return stream_; }
  // ErrorCode::storage, with the reason, if not all of the output was written.
  Result<> finish();

 private:
  class Buffer;
  std::unique_ptr<Buffer> buffer_;
  std::ostream stream_;
};

}  // namespace metergate
