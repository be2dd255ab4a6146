// InputFile: a command's input: a file, a FIFO or standard input, unpacked if its first bytes are
// those of gzip or zstd, whatever its name. Holds one piece in memory at a time. One thread.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

class InputFile {
 public:
  // ErrorCode::invalid, with the name and the reason, if the input cannot be read. Waits for the
  // first bytes of a FIFO.
  static Result<std::unique_ptr<InputFile>> open(const std::string& path);
  // `in` is borrowed; `name` is for messages.
  static Result<std::unique_ptr<InputFile>> over(std::istream& in, const std::string& name);
  virtual ~InputFile() = default;

  virtual std::istream& stream() = 0;
  // The first unpacked bytes, which the stream still delivers; empty if there are none.
  virtual std::string_view head() const = 0;
  // The bytes read before unpacking, and their total (0: unknown).
  virtual std::int64_t bytes_read() const = 0;
  virtual std::int64_t bytes_total() const = 0;
  // Called after the end of the stream: ErrorCode::storage if it ended before the input did.
  virtual Result<> finish() const = 0;
};

}  // namespace metergate
