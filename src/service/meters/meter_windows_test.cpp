#include "service/meters/meter_windows.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

std::string window_text(std::string_view instant, WindowSize size, std::string_view zone = "UTC") {
  const Window window = window_at(at(instant), size, must(TimeZone::find(zone)));
  return to_text(window.start) + " " + to_text(window.end);
}

TEST(MeterWindows, AreCutInTheZone) {
  constexpr std::string_view kAt = "2026-03-05T10:31:29Z";  // a Thursday
  EXPECT_EQ(window_text(kAt, WindowSize::minute),
            "2026-03-05T10:31:00.000Z 2026-03-05T10:32:00.000Z");
  EXPECT_EQ(window_text(kAt, WindowSize::hour),
            "2026-03-05T10:00:00.000Z 2026-03-05T11:00:00.000Z");
  EXPECT_EQ(window_text(kAt, WindowSize::hour, "Asia/Kathmandu"),
            "2026-03-05T10:15:00.000Z 2026-03-05T11:15:00.000Z");
  EXPECT_EQ(window_text(kAt, WindowSize::day, "Asia/Kathmandu"),
            "2026-03-04T18:15:00.000Z 2026-03-05T18:15:00.000Z");
  EXPECT_EQ(window_text(kAt, WindowSize::week),
            "2026-03-02T00:00:00.000Z 2026-03-09T00:00:00.000Z");
  EXPECT_EQ(window_text(kAt, WindowSize::month),
            "2026-03-01T00:00:00.000Z 2026-04-01T00:00:00.000Z");
}

TEST(MeterWindows, ADayOnWhichClocksChangeIsShorter) {
  EXPECT_EQ(window_text("2026-03-29T10:00:00Z", WindowSize::day, "Europe/Berlin"),
            "2026-03-28T23:00:00.000Z 2026-03-29T22:00:00.000Z");
}

TEST(MeterWindows, TileTimeWithoutAGap) {
  for (const std::string_view zone : {"UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Havana"}) {
    const TimeZone in = must(TimeZone::find(zone));
    for (const std::string& name : window_size_names()) {
      const WindowSize size = *find_window_size(name);
      Window window = window_at(at("2026-03-25T00:00:00Z"), size, in);
      for (int i = 0; i < 20; ++i) {
        const Window next = window_at(window.end, size, in);
        EXPECT_EQ(next.start, window.end) << zone << " " << name;
        window = next;
      }
    }
  }
}

TEST(MeterWindows, AreFoundByTheirNamesOnly) {
  EXPECT_EQ(find_window_size("DAY"), WindowSize::day);
  EXPECT_FALSE(find_window_size("day"));
  EXPECT_FALSE(find_window_size("YEAR"));
}

}  // namespace
}  // namespace metergate
