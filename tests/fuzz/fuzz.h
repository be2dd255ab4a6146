// The parts that fuzz targets share: the one function that libFuzzer calls, and a claim that ends
// the process if it does not hold. The sanitizers find crashes, leaks, undefined behaviour and slow
// inputs; a claim finds inputs that are read wrongly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace metergate::fuzz {

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

inline void claim(bool holds) {
  if (!holds) std::abort();
}

}  // namespace metergate::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
