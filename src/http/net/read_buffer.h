// ReadBuffer: bytes read from a socket and not taken yet. Room is not zeroed, and grows only if a
// peer fills it. One thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "base/check.h"

namespace metergate::http {

class ReadBuffer {
 public:
  static constexpr std::size_t kFirstBytes = 8 * 1024;

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool is_empty() const { return begin_ == end_; }
  // True if it is larger than at first, or would grow for the next read.
  bool is_growing() const { return was_filled_ || capacity_ > kFirstBytes; }
  // Its size if it is larger than at first, otherwise 0.
  std::size_t grown_bytes() const { return capacity_ > kFirstBytes ? capacity_ : 0; }

  void consume(std::size_t count) {
    CHECK(count <= end_ - begin_);
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Room after the held bytes; none if `bytes_max` are held already. Invalidates views.
  std::span<char> room(std::size_t bytes_max) {
    const std::size_t held = end_ - begin_;
    if (held >= bytes_max) return {};
    if (begin_ > 0) std::memmove(bytes_.get(), bytes_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
    if (held == capacity_ || was_filled_) grow(bytes_max);
    return {bytes_.get() + end_, std::min(capacity_, bytes_max) - end_};
  }

  // Adds bytes that were read into the room.
  void commit(std::size_t count) {
    end_ += count;
    CHECK(end_ <= capacity_);
    was_filled_ = end_ == capacity_;
  }

  // Releases a large buffer if it is empty.
  void rest() {
    was_filled_ = false;
    if (capacity_ > kFirstBytes) release();
  }
  // Releases any buffer if it is empty.
  void release() {
    if (!is_empty()) return;
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  void grow(std::size_t bytes_max) {
    const std::size_t wanted = std::min(std::max(kFirstBytes, capacity_ * 4), bytes_max);
    if (wanted <= capacity_) return;
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (end_ > 0) std::memcpy(larger.get(), bytes_.get(), end_);
    bytes_ = std::move(larger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool was_filled_ = false;  // the peer sends faster than it is read
};

}  // namespace metergate::http
