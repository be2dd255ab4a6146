// IdFilter: rules out that a sorted run has an id, without reading the run; about one id in two
// hundred is not ruled out in vain. A blocked Bloom filter of 12 bits an id, which reads one cache
// line. Filled by one thread, then read by any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"

namespace metergate {

class IdFilter {
 public:
  explicit IdFilter(std::size_t ids) : blocks_(ids * kBitsPerId / (64 * kWords) + 1) {}

  void add(const Hash128& id) {
    std::uint64_t bits = id.low;
    Block& block = blocks_[place_of(id)];
    for (int i = 0; i < kMarks; ++i, bits >>= kMarkBits)
      block[bits >> 6U & (kWords - 1)] |= std::uint64_t{1} << (bits & 63U);
  }

  bool may_have(const Hash128& id) const {
    std::uint64_t bits = id.low;
    std::uint64_t all = 1;
    const Block& block = blocks_[place_of(id)];
    for (int i = 0; i < kMarks; ++i, bits >>= kMarkBits)
      all &= block[bits >> 6U & (kWords - 1)] >> (bits & 63U);
    return all != 0;
  }

  void prefetch(const Hash128& id) const { __builtin_prefetch(&blocks_[place_of(id)]); }

  // Appends the words, least significant byte first.
  void append_to(std::string& bytes) const;
  // Nothing if the bytes are not whole blocks.
  static std::optional<IdFilter> parse(std::string_view bytes);

 private:
  static constexpr std::size_t kBitsPerId = 12;
  static constexpr std::size_t kWords = 8;  // in a block
  static constexpr int kMarks = 7;          // bits that an id sets in its block
  static constexpr unsigned kMarkBits = 9;  // bits that select one of them
  struct alignas(64) Block : std::array<std::uint64_t, kWords> {};

  // Ascends with the id, so that a sorted run fills its filter from front to back.
  std::size_t place_of(const Hash128& id) const {
    return static_cast<std::size_t>((id.high >> 32U) * blocks_.size() >> 32U);
  }

  std::vector<Block> blocks_;
};

}  // namespace metergate
