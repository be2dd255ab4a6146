// Configuration files: the catalogue of plans, the upstreams, the settings.
#include "app/dotenv.h"
#include "fuzz/fuzz.h"
#include "gateway/upstream_spec.h"
#include "service/tenants/catalog.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  if (const auto plans = parse_catalogue(text)) {
    for (const Plan& plan : *plans) fuzz::claim(plan_from(to_document(plan)).has_value());
  }
  static_cast<void>(gateway::parse_upstreams(
      text, [](const std::string&) -> Result<std::string> { return std::string{"{}"}; }));
  static_cast<void>(parse_dotenv(text));
  return 0;
}
