// DocumentView: reads a stored value in place, without building a tree; only requested members are
// decoded. For large documents of which little is needed, or that are read once from end to end.
//
// The bytes belong to a StoredDocument and are as the Encoder wrote them; in damaged bytes nothing
// is found. Values; no threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace metergate {

class DocumentView {
 public:
  // `bytes` begin with the value; bytes after it are ignored.
  explicit DocumentView(std::string_view bytes) : bytes_(bytes) {}

  // Nothing if the value is of another kind.
  std::optional<std::string_view> string() const;
  std::optional<std::int64_t> integer() const;
  std::optional<bool> boolean() const;
  std::optional<Timestamp> timestamp() const;
  // Reads an array of exactly `into.size()` integers and nulls; false for any other value.
  bool read_integers(std::span<std::optional<std::int64_t>> into) const;

  // The member of an object; nothing if it is absent or the value is not an object.
  std::optional<DocumentView> find(std::string_view key) const;
  // Calls `visit` for each element of an array until it returns false. ErrorCode::corrupt if the
  // value is not an array, or is damaged.
  Result<> for_each(const std::function<bool(DocumentView)>& visit) const;
  // ErrorCode::corrupt.
  Result<Json> json() const;

 private:
  std::string_view bytes_;
};

struct StoredDocument {
  std::string bytes;
  DocumentView view() const { return DocumentView(bytes); }
};

}  // namespace metergate
