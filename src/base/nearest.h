// Did you mean: the word of a list that somebody probably meant to write. Pure; any thread.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace metergate {

// How many letters must be added, left out, replaced or swapped with their neighbour to make the
// one of the other; bytes, without regard to ASCII case.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `known` that is at most two letters away, or a third of the word's length where
// that is more; the first of several as near. Words over 64 bytes are near to nothing.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known);
inline std::optional<std::string_view> nearest(std::string_view word,
                                               std::initializer_list<std::string_view> known) {
  return nearest(word, std::span{known.begin(), known.size()});
}

// "; did you mean 'billing.read'?", or nothing where nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);
inline std::string did_you_mean(std::string_view word,
                                std::initializer_list<std::string_view> known) {
  return did_you_mean(word, std::span{known.begin(), known.size()});
}
// Of any other list of texts.
template <class Texts>
std::string did_you_mean(std::string_view word, const Texts& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  return did_you_mean(word, std::span<const std::string_view>{views});
}

}  // namespace metergate
