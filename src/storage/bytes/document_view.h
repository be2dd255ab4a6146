// DocumentView: a stored value that is read where it lies: no tree is made of it, and only what is
// asked for is looked at. For large documents of which little is wanted, or that are read once from
// end to end.
//
// The bytes are lent, by a StoredDocument, and are as the Encoder wrote them; where they are
// damaged, nothing is found. Values; no threads.
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
  // That begin with the value; what stands behind it does not matter.
  explicit DocumentView(std::string_view bytes) : bytes_(bytes) {}

  // Nothing where the value is of another kind.
  std::optional<std::string_view> string() const;
  std::optional<std::int64_t> integer() const;
  std::optional<bool> boolean() const;
  std::optional<Timestamp> timestamp() const;
  // The elements of an array of integers and nulls, exactly `into.size()` of them; else false.
  bool read_integers(std::span<std::optional<std::int64_t>> into) const;

  // The member of an object; nothing where it is absent or this is no object.
  std::optional<DocumentView> find(std::string_view key) const;
  // Calls `visit` for each element of an array until it returns false. ErrorCode::corrupt where
  // this is no array, or damaged.
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
