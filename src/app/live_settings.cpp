#include "app/live_settings.h"

#include <fmt/format.h>

#include <utility>

#include "app/app.h"
#include "base/check.h"

namespace metergate {
namespace {

// The two were read by the same table.
bool differ(const SettingOrigin& before, const SettingOrigin& after, const Config& config_before,
            const Config& config_after) {
  CHECK(before.row == after.row);
  if (before.value != after.value) return true;
  // The origin of a secret says only that it is set, so its value is compared too.
  return before.row->name == "JWT_SECRET" && config_before.jwt_secret != config_after.jwt_secret;
}

std::string line_of(const SettingOrigin& before, const SettingOrigin& after) {
  if (before.row->is_secret) return fmt::format("{}: it has another value", before.row->name);
  const auto shown = [](const std::string& value) { return value.empty() ? "(none)" : value; };
  return fmt::format("{}: {} is now {}", before.row->name, shown(before.value), shown(after.value));
}

Json to_json(const std::vector<std::string>& lines) {
  Json list = Json::array();
  for (const std::string& line : lines) list.push_back(line);
  return list;
}

}  // namespace

SettingsDifference difference(const LoadedConfig& before, const LoadedConfig& after) {
  SettingsDifference found;
  CHECK(before.origins.size() == after.origins.size());
  for (std::size_t i = 0; i < before.origins.size(); ++i) {
    const SettingOrigin& was = before.origins[i];
    const SettingOrigin& is = after.origins[i];
    if (!differ(was, is, before.config, after.config)) continue;
    (was.row->is_live ? found.live : found.fixed).push_back(line_of(was, is));
  }
  return found;
}

Result<> LiveSettings::reload() {
  const LoadedConfig read = TRY(parts_.read());
  const SettingsDifference found = difference(parts_.in_force, read);
  if (!found.live.empty()) {
    // With the files that they name: what is not sound together is not taken in part.
    TRY(read_app_files(read.config));
    parts_.apply(read.config);
    parts_.log.info("settings.changed", {{"settings", to_json(found.live)}});
  }
  if (!found.fixed.empty())
    parts_.log.warn("settings.need_restart", {{"settings", to_json(found.fixed)}});
  for (std::size_t i = 0; i < read.origins.size(); ++i) {
    if (read.origins[i].row->is_live) parts_.in_force.origins[i] = read.origins[i];
  }
  return {};
}

}  // namespace metergate
