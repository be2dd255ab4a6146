#include "base/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace metergate {
namespace {

// A header's fields, by offset and size.
struct Place {
  std::size_t at;
  std::size_t size;
};
constexpr Place kName{0, kTarNameBytesMax};
constexpr Place kMode{100, 8};
constexpr Place kUser{108, 8};
constexpr Place kGroup{116, 8};
constexpr Place kSize{124, 12};
constexpr Place kModified{136, 12};
constexpr Place kSum{148, 8};
constexpr std::size_t kKind = 156;
constexpr Place kMagic{257, 8};
constexpr std::string_view kUstar{"ustar\00000", 8};
constexpr int kOctal = 8;
constexpr std::int64_t kModeOfOwner = 0600;

void put(std::string& block, Place place, std::string_view text) {
  CHECK(text.size() <= place.size);
  block.replace(place.at, text.size(), text);
}

// As many octal digits as the field holds beside its final NUL.
void put_number(std::string& block, Place place, std::int64_t number) {
  put(block, place, fmt::format("{:0{}o}", number, place.size - 1));
}

// All bytes added up, with spaces in place of the sum.
std::int64_t sum_of(std::string_view block) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool is_of_sum = i >= kSum.at && i < kSum.at + kSum.size;
    sum += is_of_sum ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

std::optional<std::int64_t> number_at(std::string_view block, Place place) {
  std::string_view text = block.substr(place.at, place.size);
  text = text.substr(0, std::min(text.find('\0'), text.find(' ')));
  std::int64_t number = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), number, kOctal);
  if (code != std::errc{} || rest != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

Result<std::string> tar_header(const TarEntry& entry, Timestamp modified_at) {
  if (entry.name.empty() || entry.name.size() > kTarNameBytesMax ||
      entry.bytes > kTarFileBytesMax) {
    return fail(ErrorCode::too_large, fmt::format("{} of {} bytes does not fit into a tar file",
                                                  entry.name, entry.bytes));
  }
  std::string block(kTarBlockBytes, '\0');
  put(block, kName, entry.name);
  put_number(block, kMode, kModeOfOwner);
  put_number(block, kUser, 0);
  put_number(block, kGroup, 0);
  put_number(block, kSize, entry.bytes);
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(modified_at.time_since_epoch()).count();
  put_number(block, kModified, std::max<std::int64_t>(seconds, 0));
  block[kKind] = '0';
  put(block, kMagic, kUstar);
  put(block, kSum, fmt::format("{:06o}", sum_of(block)));
  block[kSum.at + kSum.size - 1] = ' ';
  return block;
}

Result<std::optional<TarEntry>> read_tar_header(std::string_view block) {
  CHECK(block.size() == kTarBlockBytes);
  if (std::ranges::all_of(block, [](char c) { return c == '\0'; }))
    return std::optional<TarEntry>{};
  const auto sum = number_at(block, kSum);
  const auto bytes = number_at(block, kSize);
  const bool is_plain = block[kKind] == '0' || block[kKind] == '\0';
  if (!block.substr(kMagic.at).starts_with("ustar") || sum != sum_of(block) || !bytes || !is_plain)
    return fail(ErrorCode::corrupt, "these bytes are no header of a plain file in a tar file");
  const std::string_view name = block.substr(kName.at, kName.size);
  return TarEntry{std::string{name.substr(0, name.find('\0'))}, *bytes};
}

}  // namespace metergate
