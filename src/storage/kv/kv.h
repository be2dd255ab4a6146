// KeyValues: ordered keys and values, the base of the view. Checkpoints write it, each as one
// atomic group, and so does the merging of ids in between; any thread may read it meanwhile.
#pragma once

#include <filesystem>
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

// Collects the changes of one atomic write. The last change of a key wins.
class KeyWriter {
 public:
  virtual ~KeyWriter() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void remove(std::string_view key) = 0;
  // Final: no key of the range is written again by this process.
  virtual void remove_range(const KeyRange& range) = 0;
};

// Walks a range, ascending or descending, as it was when the cursor was made.
class KeyCursor {
 public:
  virtual ~KeyCursor() = default;
  virtual bool is_valid() const = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void next() = 0;
  // Success if it stopped at the end of the range; ErrorCode::corrupt if reading failed.
  virtual Result<> status() const = 0;
};

class KeyValues {
 public:
  virtual ~KeyValues() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  // As get() for each of `keys`, which ascend.
  virtual Result<std::vector<std::optional<std::string>>> get_all(
      std::span<const std::string> keys) const = 0;
  virtual std::unique_ptr<KeyCursor> walk(const KeyRange& range, bool falling) const = 0;
  // Calls `fill` once, then applies its changes, all or none.
  virtual Result<> write(const std::function<void(KeyWriter&)>& fill) = 0;
  // Puts all writes on disk, and frees the space of removed ranges.
  virtual Result<> flush() = 0;
  // Rewrites the whole range, so that values removed or overwritten before are no longer on the
  // disk.
  virtual Result<> compact(const KeyRange& range) = 0;
  // Makes `folder`, which must be missing, another base with all that was written before; it shares
  // the disk space of files that do not change.
  virtual Result<> copy_to(const std::filesystem::path& folder) = 0;
};

}  // namespace metergate
