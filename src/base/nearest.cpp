#include "base/nearest.h"

#include <algorithm>
#include <array>

#include "base/characters.h"

namespace metergate {
namespace {

constexpr std::size_t kWordMax = 64;

}  // namespace

// Optimal string alignment, computed row by row from the two rows before.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (a.size() > kWordMax || b.size() > kWordMax) return std::max(a.size(), b.size());
  std::array<std::array<std::size_t, kWordMax + 1>, kWordMax + 1> cost{};
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = to_lower(a[i - 1]);
      const char y = to_lower(b[j - 1]);
      cost[i][j] = std::min(
          {cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (x == y ? 0U : 1U)});
      const bool is_swapped = i > 1 && j > 1 && x == to_lower(b[j - 2]) && to_lower(a[i - 2]) == y;
      if (is_swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kWordMax) return std::nullopt;
  // Two letters, but never more than half of a short word: "ods" is not a misspelt "pdf".
  const std::size_t most = std::max(std::min<std::size_t>(2, word.size() / 2), word.size() / 3);
  std::optional<std::string_view> found;
  std::size_t least = most + 1;
  for (const std::string_view candidate : known) {
    if (candidate.size() > word.size() + most || word.size() > candidate.size() + most) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    found = candidate;
  }
  return found;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const auto near = nearest(word, known);
  return near ? "; did you mean '" + std::string{*near} + "'?" : std::string{};
}

}  // namespace metergate
