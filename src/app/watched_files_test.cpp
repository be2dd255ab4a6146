#include "app/watched_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "storage/test_folder.h"

namespace metergate {
namespace {

class WatchedFilesTest : public ::testing::Test {
 protected:
  WatchedFilesTest() {
    write("one");
    files_.add("JWKS_FILE", path_, "one", [this](const std::string& text) -> Result<> {
      if (text.starts_with("broken")) return fail(ErrorCode::invalid, "it is broken");
      applied_.push_back(text);
      return {};
    });
  }

  // A new file in the old one's place, as whoever writes it safely does.
  void write(const std::string& text) {
    std::ofstream{path_ + ".new"} << text;
    std::filesystem::rename(path_ + ".new", path_);
  }

  TestFolder folder_;
  const std::string path_ = (folder_.path() / "keys.json").string();
  const SystemClock clock_;
  const Log log_{clock_, LogLevel::error};
  std::vector<std::string> applied_;
  WatchedFiles files_{log_};
};

using Texts = std::vector<std::string>;

TEST_F(WatchedFilesTest, WhatHasNotChangedIsLeftAlone) {
  files_.look();
  files_.look();
  EXPECT_TRUE(applied_.empty());
}

TEST_F(WatchedFilesTest, AnotherTextIsPutInForceOnce) {
  files_.look();
  write("two");
  files_.look();
  files_.look();
  EXPECT_EQ(applied_, Texts{"two"});
}

TEST_F(WatchedFilesTest, ABrokenOrMissingFileLeavesWhatWasInForce) {
  write("broken");
  files_.look();
  std::filesystem::remove(path_);
  files_.look();
  EXPECT_TRUE(applied_.empty());
  write("three");
  files_.look();
  EXPECT_EQ(applied_, Texts{"three"});
}

TEST_F(WatchedFilesTest, WhoeverAsksGetsItReadInAnyCase) {
  files_.read_all();
  EXPECT_EQ(applied_, Texts{"one"});
  write("broken");
  files_.read_all();
  EXPECT_EQ(applied_, Texts{"one"});
}

TEST_F(WatchedFilesTest, ALinkIsFollowedToWhereItPointsNow) {
  const auto other = folder_.path() / "other.json";
  std::ofstream{other} << "four";
  files_.look();
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(other, path_);
  files_.look();
  EXPECT_EQ(applied_, Texts{"four"});
}

}  // namespace
}  // namespace metergate
