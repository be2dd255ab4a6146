#include "base/log.h"

#include <unistd.h>

#include <array>

namespace metergate {
namespace {
constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};
}

void Log::write(LogLevel level, std::string_view name,
                std::initializer_list<Json::Member> fields) const {
  if (!writes(level)) return;
  Json line = Json::object({{"time", clock_.now()},
                            {"level", kLevelNames[static_cast<std::size_t>(level)]},
                            {"event", name}});
  for (const Json::Member& field : fields) line.set(field.first, field.second);
  std::string text = to_text(line);
  text.push_back('\n');
  // Metering goes on even if the log cannot be written.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void Log::debug(std::string_view name, std::initializer_list<Json::Member> fields) const {
  write(LogLevel::debug, name, fields);
}
void Log::info(std::string_view name, std::initializer_list<Json::Member> fields) const {
  write(LogLevel::info, name, fields);
}
void Log::warn(std::string_view name, std::initializer_list<Json::Member> fields) const {
  write(LogLevel::warn, name, fields);
}
void Log::error(std::string_view name, std::initializer_list<Json::Member> fields) const {
  write(LogLevel::error, name, fields);
}

}  // namespace metergate
