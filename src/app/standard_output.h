// StandardOutput: where the program prints, which knows at the end whether every byte arrived: to a
// full disk or to a reader that has gone, a command has not done what it was asked. For one thread.
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
  // ErrorCode::storage, with the reason, where not all of it was taken.
  Result<> finish();

 private:
  class Buffer;
  std::unique_ptr<Buffer> buffer_;
  std::ostream stream_;
};

}  // namespace metergate
