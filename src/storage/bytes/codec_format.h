// Constants shared by Encoder and Decoder: versions, tags and the order of the gauges. For their
// two files only; the grammar is in docs/storage-format.md.
#pragma once

#include <array>
#include <cstdint>

#include "domain/counter.h"

namespace metergate::codec_format {

// The two high bits of an event's first byte are its version, 0; counters and call sums begin with
// a version byte.
inline constexpr std::uint8_t kCounterVersion = 1;
inline constexpr std::uint8_t kCallsVersion = 1;
inline constexpr std::uint8_t kCellVersion = 1;

// Bodies from outside are at most 64 deep (base/json), and audit records and the like wrap them.
// Twice that depth is read back, so that every accepted document can be read again.
inline constexpr unsigned kJsonDepthMax = 128;
inline constexpr std::uint8_t kFactMask = 7;
// The kind of an OtherFact with is_rounded; without it, the kind is 4, its index among the facts.
inline constexpr std::uint8_t kRoundedFact = 5;
// The kind of an ApiCall that says who called; 0, its place among the facts, is one that does not.
inline constexpr std::uint8_t kCalledFact = 6;
// The kind of an ApiCall that names its trace, and who called (possibly nobody). The last that fits
// into the bits.
inline constexpr std::uint8_t kTracedFact = 7;

inline constexpr bool has_caller(std::uint8_t kind) {
  return kind == kCalledFact || kind == kTracedFact;
}
inline constexpr std::uint8_t kOwnTime = 8;
inline constexpr std::uint8_t kBillable = 16;
inline constexpr std::uint8_t kOurs = 32;

// The parts that a meter's cell has besides its counts.
enum class CellPart : std::uint8_t {
  sum = 1,
  extremes = 2,
  latest = 4,
  unique = 8,
  full = 16,
  values = 32
};
inline constexpr std::uint8_t kCellParts = 63;

enum class JsonTag : std::uint8_t {
  null,
  no,
  yes,
  integer,
  decimal,
  string,
  timestamp,
  array,
  object,
  number_text
};

inline constexpr std::array<Gauge Gauges::*, 6> kGauges = {
    &Gauges::stores,  &Gauges::devices, &Gauges::sales,
    &Gauges::tickets, &Gauges::audits,  &Gauges::reported_bytes};

}  // namespace metergate::codec_format
