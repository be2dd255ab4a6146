// InputFile: what a command reads from: a file, a FIFO or standard input, unpacked on its way where
// its first bytes say that it is gzip or zstd, whatever it is called. Memory holds a piece at a
// time. For one thread.
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
  // ErrorCode::invalid, with the name and the reason, where it cannot be read. Waits for the first
  // bytes of a FIFO.
  static Result<std::unique_ptr<InputFile>> open(const std::string& path);
  // `in` is borrowed; `name` is for messages.
  static Result<std::unique_ptr<InputFile>> over(std::istream& in, const std::string& name);
  virtual ~InputFile() = default;

  virtual std::istream& stream() = 0;
  // The first unpacked bytes, before any is taken from the stream; empty: there is nothing.
  virtual std::string_view head() const = 0;
  // Of what was read from outside, before it is unpacked, and of all that there is (0: not known).
  virtual std::int64_t bytes_read() const = 0;
  virtual std::int64_t bytes_total() const = 0;
  // After the stream has ended: ErrorCode::storage where that was not the input's own end.
  virtual Result<> finish() const = 0;
};

}  // namespace metergate
