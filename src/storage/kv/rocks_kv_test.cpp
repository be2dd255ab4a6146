#include "storage/kv/rocks_kv.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr int kPages = 256;
constexpr int kLooksMax = 500'000;  // some ten seconds
constexpr int kParts = 4;           // first-level files; enough for RocksDB to merge them

std::string page_key(char run, int page) { return fmt::format("{}{:06}", run, page); }

std::uintmax_t table_bytes(const TestFolder& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::error_code gone;  // meanwhile
    if (entry.path().extension() != ".sst") continue;
    const std::uintmax_t size = entry.file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

std::size_t tables(const TestFolder& folder) {
  const auto files = std::filesystem::directory_iterator(folder.path());
  return static_cast<std::size_t>(std::ranges::count_if(
      files, [](const auto& entry) { return entry.path().extension() == ".sst"; }));
}

void write_run(KeyValues& base, char run, std::mt19937_64& random) {
  for (int part = 0; part < kParts; ++part) {
    const auto put_part = [&](KeyWriter& to) {
      for (int page = part; page < kPages; page += kParts) {
        std::string bytes(kPageBytes, ' ');
        for (char& byte : bytes) byte = static_cast<char>(random());
        to.put(page_key(run, page), bytes);
      }
    };
    ASSERT_TRUE(base.write(put_part));
    ASSERT_TRUE(base.flush());
  }
}

TEST(RocksKv, FlushGivesTheRoomOfARemovedRangeBack) {
  const TestFolder folder;
  const auto base = open_rocks_kv(folder.path()).value();
  std::mt19937_64 random(1);
  write_run(*base, 'a', random);
  // Files of the first level stay until RocksDB has merged them, which it does by itself.
  for (int looks = 0; tables(folder) > 1 && looks < kLooksMax; ++looks) std::this_thread::yield();
  ASSERT_EQ(tables(folder), 1U);
  const std::uintmax_t before = table_bytes(folder);
  ASSERT_TRUE(base->write([](KeyWriter& to) {
    to.put("b", "stays");
    to.remove_range({"a", "b"});
  }));
  EXPECT_FALSE(base->get(page_key('a', 7)).value());
  ASSERT_TRUE(base->flush());
  EXPECT_LT(table_bytes(folder), before / 2);
  EXPECT_FALSE(base->get(page_key('a', 7)).value());
  EXPECT_EQ(base->get("b").value(), "stays");
}

}  // namespace
}  // namespace metergate
