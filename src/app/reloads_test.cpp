#include "app/reloads.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/time.h"

namespace metergate {
namespace {

class ReloadsTest : public testing::Test {
 protected:
  ReloadsTest() {
    folder_ = std::filesystem::path{testing::TempDir()} /
              ("reloads_" + std::to_string(::getpid()) +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    write("first");
    reloads_.add({.name = "THING",
                  .files =
                      [this] {
                        return std::vector{folder_ / "thing", folder_ / "other"};
                      },
                  .reload = [this]() -> Result<> {
                    ++readings_;
                    if (is_broken_) return fail(ErrorCode::invalid, "it is broken");
                    return {};
                  }});
  }
  ~ReloadsTest() override { std::filesystem::remove_all(folder_); }
  // Each text has another size, so that it differs whatever the resolution of the file system's
  // clock.
  void write(const std::string& text, const std::string& name = "thing") {
    std::ofstream(folder_ / name) << text;
  }

  std::filesystem::path folder_;
  ManualClock clock_{Timestamp{Milliseconds{1}}};
  Log log_{clock_, LogLevel::error};
  Reloads reloads_{log_};
  int readings_ = 0;
  bool is_broken_ = false;
};

TEST_F(ReloadsTest, ReadsAgainWhatHasChangedAndNothingElse) {
  reloads_.look();
  EXPECT_EQ(readings_, 0);
  write("the second");
  reloads_.look();
  reloads_.look();
  EXPECT_EQ(readings_, 1);
  write("beside it", "other");
  reloads_.look();
  EXPECT_EQ(readings_, 2);
  std::filesystem::remove(folder_ / "other");
  reloads_.look();
  EXPECT_EQ(readings_, 3);
}

TEST_F(ReloadsTest, ReadsABrokenFileOnceUntilItChanges) {
  is_broken_ = true;
  write("the second");
  reloads_.look();
  reloads_.look();
  EXPECT_EQ(readings_, 1) << "one line in the log, not one a second";
  write("the third one");
  is_broken_ = false;
  reloads_.look();
  EXPECT_EQ(readings_, 2);
}

TEST_F(ReloadsTest, ReadsAgainWhenAskedWhetherChangedOrNot) {
  reloads_.reload();
  reloads_.reload();
  EXPECT_EQ(readings_, 2);
}

}  // namespace
}  // namespace metergate
