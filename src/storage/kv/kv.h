// KeyValues: ordered keys and values, the base under the view. Written by checkpoints, each one
// atomic group, and in between by the merging of ids; read from any thread while it is written.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate {

// Half-open; an empty `end` means no bound.
struct KeyRange {
  std::string start;
  std::string end;
};

// Collects the changes of one atomic write. The last change of a key stands.
class KeyWriter {
 public:
  virtual ~KeyWriter() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void remove(std::string_view key) = 0;
  // For good: nothing is put there afterwards, but in another process.
  virtual void remove_range(const KeyRange& range) = 0;
};

// Walks a range, rising or falling. Sees the state as it was when it was made.
class KeyCursor {
 public:
  virtual ~KeyCursor() = default;
  virtual bool is_valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void next() = 0;
  // Whether it ended because the range did; ErrorCode::corrupt where reading failed.
  virtual Result<> status() const = 0;
};

class KeyValues {
 public:
  virtual ~KeyValues() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  // As get() for each of `keys`, which rise.
  virtual Result<std::vector<std::optional<std::string>>> get_all(
      std::span<const std::string> keys) const = 0;
  virtual std::unique_ptr<KeyCursor> walk(const KeyRange& range, bool falling) const = 0;
  // Calls `fill` once, then applies what it wrote, all or nothing.
  virtual Result<> write(const std::function<void(KeyWriter&)>& fill) = 0;
  // What was written is on disk after this, and the room of removed ranges is given back.
  virtual Result<> flush() = 0;
  // What was removed or written over in the range before is on the disk no more after this. Reads
  // and writes the whole range.
  virtual Result<> compact(const KeyRange& range) = 0;
};

}  // namespace metergate
