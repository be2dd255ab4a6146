#include "storage/ids/id_filter.h"

#include <bit>
#include <cstring>

namespace metergate {

static_assert(std::endian::native == std::endian::little, "words are stored least byte first");

void IdFilter::append_to(std::string& bytes) const {
  bytes.append(reinterpret_cast<const char*>(blocks_.data()), blocks_.size() * sizeof(Block));
}

std::optional<IdFilter> IdFilter::parse(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % sizeof(Block) != 0) return std::nullopt;
  IdFilter filter(0);
  filter.blocks_.resize(bytes.size() / sizeof(Block));
  std::memcpy(filter.blocks_.data(), bytes.data(), bytes.size());
  return filter;
}

}  // namespace metergate
