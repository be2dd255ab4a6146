// Structured log lines on standard error: one JSON object a line, with a stable dotted name and
// fields.
//
// Tokens, keys, passwords and bodies are never logged: the caller chooses every field. A Log is
// passed in, like a clock. Safe from any thread; a line is written with one system call.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace metergate {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

class Log {
 public:
  Log(const Clock& clock, LogLevel least) : clock_(clock), least_(least) {}
  // True if lines of this level are written. Callers whose fields are costly to make ask first.
  bool writes(LogLevel level) const { return level >= least_.load(std::memory_order_relaxed); }
  void set_least(LogLevel least) { least_.store(least, std::memory_order_relaxed); }
  void debug(std::string_view name, std::initializer_list<Json::Member> fields) const;
  void info(std::string_view name, std::initializer_list<Json::Member> fields) const;
  void warn(std::string_view name, std::initializer_list<Json::Member> fields) const;
  void error(std::string_view name, std::initializer_list<Json::Member> fields) const;

 private:
  void write(LogLevel level, std::string_view name,
             std::initializer_list<Json::Member> fields) const;
  const Clock& clock_;
  std::atomic<LogLevel> least_;
};

}  // namespace metergate
