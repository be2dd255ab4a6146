#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace metergate {
namespace {

std::string logged(LogLevel least, void (*write)(const Log&)) {
  const ManualClock clock{Timestamp{Milliseconds{1'772'706'600'123}}};
  testing::internal::CaptureStderr();
  write(Log{clock, least});
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectALine) {
  EXPECT_EQ(logged(LogLevel::info,
                   [](const Log& log) {
                     log.info("aggregate.done", {{"events", 5}, {"lag_ms", 7}});
                   }),
            R"({"time":"2026-03-05T10:30:00.123Z","level":"info","event":"aggregate.done",)"
            R"("events":5,"lag_ms":7})"
            "\n");
}

TEST(Log, KeepsAFieldOnItsLineWhateverItHolds) {
  const std::string text = logged(LogLevel::info, [](const Log& log) {
    log.error("x", {{"path", "/a\n{\"level\":\"info\"}\r\x1b[2J"}});
  });
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(parse_json(text)->string_at("path"), "/a\n{\"level\":\"info\"}\r\x1b[2J");
}

TEST(Log, IsSilentBelowItsLevel) {
  const auto all = [](const Log& log) {
    log.debug("a", {});
    log.info("b", {});
    log.warn("c", {});
    log.error("d", {});
  };
  EXPECT_EQ(std::ranges::count(logged(LogLevel::debug, all), '\n'), 4);
  EXPECT_EQ(std::ranges::count(logged(LogLevel::info, all), '\n'), 3);
  EXPECT_EQ(std::ranges::count(logged(LogLevel::error, all), '\n'), 1);
}

}  // namespace
}  // namespace metergate
