// ByteReader: reads numbers and texts that the Encoder wrote. After the first fault it returns only
// zeros and empty texts, so one check at the end of a value is enough. Values; no threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/time.h"

namespace metergate {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  const char* fault() const { return fault_; }  // nullptr: none
  std::string_view rest() const { return rest_; }
  void refuse(const char* why) {
    if (fault_ == nullptr) fault_ = why;
    rest_ = {};
  }

  std::uint8_t byte() {
    if (rest_.empty()) return refuse("it ends too early"), std::uint8_t{0};
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  bool boolean() {
    const std::uint8_t value = byte();
    if (value > 1) refuse("a yes-or-no byte is neither");
    return value == 1;
  }

  std::uint64_t unsigned_number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      if (shift == 63 && part > 1) return refuse("a number does not fit in 64 bits"), 0;
      value |= static_cast<std::uint64_t>(part & 0x7fU) << shift;
      if (part < 0x80U) {
        if (part == 0 && shift > 0) refuse("a number is longer than it need be");
        return value;
      }
    }
    return 0;
  }

  std::int64_t number() {
    const std::uint64_t value = unsigned_number();
    return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
  }

  template <class Narrow>
  Narrow narrow() {
    const std::int64_t value = number();
    if (value < std::numeric_limits<Narrow>::min() || value > std::numeric_limits<Narrow>::max()) {
      return refuse("a number is out of its range"), Narrow{0};
    }
    return static_cast<Narrow>(value);
  }

  // Reads a number of elements, each of which takes at least `least` bytes.
  std::size_t count(std::size_t least) {
    const std::uint64_t value = unsigned_number();
    if (value > rest_.size() / least) return refuse("a count is more than what is left"), 0;
    return value;
  }

  std::string_view view() {
    const std::size_t size = count(1);
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }

  std::string text() { return std::string{view()}; }
  Timestamp timestamp() { return Timestamp{Milliseconds{number()}}; }

 private:
  std::string_view rest_;
  const char* fault_ = nullptr;
};

}  // namespace metergate
