// Where in a folder of the store a text still stands, for tests of what must be gone.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/archive/archive.h"
#include "storage/testing/test_folder.h"

namespace metergate {

// Names of what has the address of a caller: files by their bytes, and those of the archive by
// their events too.
inline std::vector<std::string> places_of(std::string_view address,
                                          const std::filesystem::path& folder) {
  std::vector<std::string> places;
  for (const auto& at : std::filesystem::recursive_directory_iterator{folder}) {
    if (at.is_regular_file() && contents(at.path()).find(address) != std::string::npos)
      places.push_back(at.path().filename().string());
  }
  const auto archive = Archive::open(folder / "events").value();
  const EventRange all{std::nullopt, {Timestamp::min(), Timestamp::max()}};
  EXPECT_TRUE(archive->for_each(all, [&](const ArchivedEvent& archived) {
    const auto* call = std::get_if<ApiCall>(&archived.event.fact);
    if (call != nullptr && call->ip == address) places.emplace_back("an archived event");
    return true;
  }));
  return places;
}

}  // namespace metergate
