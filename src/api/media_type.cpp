#include "api/media_type.h"

#include "base/characters.h"

namespace metergate::api {

std::string media_type_of(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return to_lower(type);
}

}  // namespace metergate::api
