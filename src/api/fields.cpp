#include "api/fields.h"

#include <algorithm>

namespace metergate::api {

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace metergate::api
