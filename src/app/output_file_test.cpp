#include "app/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "base/compression.h"
#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string write(const std::string& path, const std::string& text) {
  auto file = OutputFile::open(path);
  EXPECT_TRUE(file) << file.error().message;
  (*file)->stream() << text;
  EXPECT_TRUE((*file)->finish());
  return bytes_of(path);
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i) + '\n';
  return text;
}

TEST(OutputFile, PlainTextIsWrittenAsItIs) {
  const TestFolder folder;
  EXPECT_EQ(write(folder.path() / "a.ndjson", long_text()), long_text());
  EXPECT_EQ(write(folder.path() / "b.ndjson", ""), "");
}

TEST(OutputFile, GzipIsReadBackWhole) {
  const TestFolder folder;
  const std::string path = folder.path() / "a.gz";
  EXPECT_LT(write(path, long_text()).size(), long_text().size() / 2);
  gzFile file = gzopen(path.c_str(), "rb");
  std::string back(long_text().size() + 1, '\0');
  const int count = gzread(file, back.data(), static_cast<unsigned>(back.size()));
  gzclose(file);
  back.resize(static_cast<std::size_t>(std::max(count, 0)));
  EXPECT_EQ(back, long_text());
}

TEST(OutputFile, ZstdHasItsMagicNumberAndIsSmaller) {
  const TestFolder folder;
  const std::string packed = write(folder.path() / "a.zst", long_text());
  EXPECT_LT(packed.size(), long_text().size() / 2);
  EXPECT_EQ(packed.substr(0, 4), "\x28\xB5\x2F\xFD");
}

TEST(OutputFile, UnfinishedFileLeavesNothingAndTheOldOneStands) {
  const TestFolder folder;
  const std::string path = folder.path() / "a.ndjson";
  write(path, "old");
  {
    auto file = OutputFile::open(path);
    ASSERT_TRUE(file);
    (*file)->stream() << "new";
  }
  EXPECT_EQ(bytes_of(path), "old");
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
}

TEST(OutputFile, ADeviceIsWrittenIntoAndStays) {
  {
    const auto file = OutputFile::open("/dev/null");
    ASSERT_TRUE(file) << file.error().message;
    (*file)->stream() << "text";
    EXPECT_TRUE((*file)->finish());
  }
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_FALSE(std::filesystem::exists("/dev/null.part"));
  const auto full = OutputFile::open("/dev/full");
  ASSERT_TRUE(full);
  (*full)->stream() << "text";
  const auto finished = (*full)->finish();
  ASSERT_FALSE(finished);
  EXPECT_NE(finished.error().message.find("No space left"), std::string::npos)
      << finished.error().message;
}

TEST(OutputFile, AFifoIsWrittenIntoAndStays) {
  const TestFolder folder;
  const std::string path = folder / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = bytes_of(path); });
  {
    const auto file = OutputFile::open(path);
    ASSERT_TRUE(file) << file.error().message;
    (*file)->stream() << "through the pipe";
    EXPECT_TRUE((*file)->finish());
  }
  reader.join();
  EXPECT_EQ(read, "through the pipe");
  EXPECT_TRUE(std::filesystem::is_fifo(path));
}

TEST(OutputFile, WhatALinkLeadsToIsLeftAlone) {
  const TestFolder folder;
  write(folder / "precious", "kept");
  for (const char* target : {"precious", "nowhere", "."}) {
    const std::string link = folder / "link";
    std::filesystem::remove(link);
    std::filesystem::create_symlink(folder / target, link);
    const auto file = OutputFile::open(link);
    ASSERT_FALSE(file) << target;
    EXPECT_NE(file.error().message.find(link), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_symlink(link));
  }
  std::filesystem::create_symlink(folder / "precious", folder / "new.part");
  EXPECT_EQ(write(folder / "new", "text"), "text");
  EXPECT_EQ(bytes_of(folder / "precious"), "kept");
  const auto to_null = folder / "to-null";
  std::filesystem::create_symlink("/dev/null", to_null);
  const auto file = OutputFile::open(to_null);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE((*file)->finish());
  EXPECT_TRUE(std::filesystem::is_symlink(to_null));
}

TEST(OutputFile, FolderThatIsMissingIsRefusedByName) {
  const auto file = OutputFile::open("/no/such/folder/a.csv");
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("/no/such/folder/a.csv"), std::string::npos);
}

}  // namespace
}  // namespace metergate
