// "Did you mean": the word of a list that is nearest to a misspelt one. Pure functions; safe from
// any thread.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace metergate {

// The number of letters to add, remove, replace or swap with their neighbour to turn one text into
// the other. Counts bytes and ignores ASCII case.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `known` that differs by at most two letters, or by a third of the word's length if
// that is more; the first of a tie. Words over 64 bytes have no nearest one.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known);
inline std::optional<std::string_view> nearest(std::string_view word,
                                               std::initializer_list<std::string_view> known) {
  return nearest(word, std::span{known.begin(), known.size()});
}

// "; did you mean 'billing.read'?", or an empty text if no known word is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);
inline std::string did_you_mean(std::string_view word,
                                std::initializer_list<std::string_view> known) {
  return did_you_mean(word, std::span{known.begin(), known.size()});
}
// The same for any other list of texts.
template <class Texts>
std::string did_you_mean(std::string_view word, const Texts& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  return did_you_mean(word, std::span<const std::string_view>{views});
}

}  // namespace metergate
