#include "storage/bytes/document_view.h"

#include "storage/bytes/byte_reader.h"
#include "storage/bytes/codec.h"
#include "storage/bytes/codec_format.h"

namespace metergate {
namespace {

using codec_format::JsonTag;
using codec_format::kJsonDepthMax;

JsonTag tag(ByteReader& reader) { return static_cast<JsonTag>(reader.byte()); }

// Skips values with the same checks as a ByteReader, but without building them. Most of reading a
// report is this.
class Stepper {
 public:
  explicit Stepper(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  // Each returns false if the bytes are damaged; no further call is allowed then.
  bool value(unsigned depth = 0);
  bool text(std::string_view& into) {
    std::size_t size = 0;
    if (!length(size) || size > left()) return false;
    into = {at_, size};
    at_ += size;
    return true;
  }
  bool length(std::size_t& into) {
    into = 0;
    for (unsigned shift = 0; at_ != end_ && shift < 63; shift += 7) {
      const auto part = static_cast<std::uint8_t>(*at_++);
      into |= static_cast<std::size_t>(part & 0x7fU) << shift;
      if (part < 0x80U) return true;
    }
    return false;
  }
  bool tag(JsonTag& into) {
    if (at_ == end_) return false;
    into = static_cast<JsonTag>(*at_++);
    return true;
  }
  std::string_view rest() const { return {at_, left()}; }

 private:
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool number() {
    while (at_ != end_) {
      if (static_cast<std::uint8_t>(*at_++) < 0x80U) return true;
    }
    return false;
  }

  const char* at_;
  const char* end_;
};

bool Stepper::value(unsigned depth) {
  JsonTag kind{};
  std::string_view skipped;
  std::size_t size = 0;
  if (depth > kJsonDepthMax || !tag(kind)) return false;
  switch (kind) {
    case JsonTag::null:
    case JsonTag::no:
    case JsonTag::yes:
      return true;
    case JsonTag::integer:
    case JsonTag::timestamp:
      return number();
    case JsonTag::decimal:
      return number() && number();  // the scale is a byte below 128
    case JsonTag::string:
    case JsonTag::number_text:
      return text(skipped);
    case JsonTag::array:
      if (!length(size)) return false;
      for (; size > 0; --size) {
        if (!value(depth + 1)) return false;
      }
      return true;
    case JsonTag::object:
      if (!length(size)) return false;
      for (; size > 0; --size) {
        if (!text(skipped) || !value(depth + 1)) return false;
      }
      return true;
  }
  return false;
}

template <class T, class Read>
std::optional<T> read_as(JsonTag wanted, std::string_view bytes, const Read& read) {
  ByteReader reader(bytes);
  if (tag(reader) != wanted) return std::nullopt;
  const T value = read(reader);
  if (reader.fault() != nullptr) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string_view> DocumentView::string() const {
  return read_as<std::string_view>(JsonTag::string, bytes_,
                                   [](ByteReader& reader) { return reader.view(); });
}

std::optional<std::int64_t> DocumentView::integer() const {
  return read_as<std::int64_t>(JsonTag::integer, bytes_,
                               [](ByteReader& reader) { return reader.number(); });
}

std::optional<bool> DocumentView::boolean() const {
  if (bytes_.empty()) return std::nullopt;
  const auto kind = static_cast<JsonTag>(bytes_.front());
  if (kind != JsonTag::no && kind != JsonTag::yes) return std::nullopt;
  return kind == JsonTag::yes;
}

std::optional<Timestamp> DocumentView::timestamp() const {
  return read_as<Timestamp>(JsonTag::timestamp, bytes_,
                            [](ByteReader& reader) { return reader.timestamp(); });
}

bool DocumentView::read_integers(std::span<std::optional<std::int64_t>> into) const {
  ByteReader reader(bytes_);
  if (tag(reader) != JsonTag::array || reader.count(1) != into.size()) return false;
  for (std::optional<std::int64_t>& number : into) {
    const JsonTag kind = tag(reader);
    if (kind != JsonTag::integer && kind != JsonTag::null) return false;
    number = kind == JsonTag::null ? std::nullopt : std::optional(reader.number());
  }
  return reader.fault() == nullptr;
}

std::optional<DocumentView> DocumentView::find(std::string_view key) const {
  Stepper stepper(bytes_);
  JsonTag kind{};
  std::size_t left = 0;
  if (!stepper.tag(kind) || kind != JsonTag::object || !stepper.length(left)) return std::nullopt;
  for (std::string_view name; left > 0; --left) {
    if (!stepper.text(name)) return std::nullopt;
    if (name == key) return DocumentView(stepper.rest());
    if (!stepper.value()) return std::nullopt;
  }
  return std::nullopt;
}

Result<> DocumentView::for_each(const std::function<bool(DocumentView)>& visit) const {
  Stepper stepper(bytes_);
  JsonTag kind{};
  std::size_t left = 0;
  bool is_sound = stepper.tag(kind) && kind == JsonTag::array && stepper.length(left);
  for (; is_sound && left > 0; --left) {
    const DocumentView element(stepper.rest());
    is_sound = stepper.value();
    if (is_sound && !visit(element)) return {};
  }
  if (is_sound) return {};
  return fail(ErrorCode::corrupt, "a list in a document of the view cannot be read");
}

Result<Json> DocumentView::json() const { return Decoder(bytes_).json(); }

}  // namespace metergate
