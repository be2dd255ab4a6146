// Access logs: a line of any bytes is a call or a reason in every format; a call that is made an
// event is one that JSON can hold, with the same id each time.
#include "app/access_log.h"
#include "app/log_events.h"
#include "fuzz/fuzz.h"

namespace metergate::fuzz {
namespace {

void read_as(LogFormat format, std::string_view text, const LogTenants& tenants) {
  const TimeZone utc = TimeZone::utc();
  LogEvents events({format, tenants, "fuzz", utc});
  LogEvents again({format, tenants, "fuzz", utc});
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto event = events.event(line);
    const auto same = again.event(line);
    claim(event.has_value() == same.has_value());
    if (!event) {
      claim(!event.error().message.empty());
      continue;
    }
    claim(*event == *same);
    claim(event->string_at("subject").has_value());
  }
}

}  // namespace
}  // namespace metergate::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  static_cast<void>(recognise_log(text));
  static const LogTenants tenants =
      *LogTenants::create({.tenant = "all", .paths = {"/api/{tenant}/"}, .field = "host"});
  for (const LogFormat format : {LogFormat::nginx, LogFormat::caddy, LogFormat::haproxy})
    fuzz::read_as(format, text, tenants);
  return 0;
}
