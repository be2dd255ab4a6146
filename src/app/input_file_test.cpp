#include "app/input_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "app/output_file.h"

namespace metergate {
namespace {

class InputFileTest : public testing::Test {
 protected:
  InputFileTest() {
    std::string name = testing::TempDir() + "input_file_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~InputFileTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  // Compressed by the name, as export does.
  std::string packed(const std::string& name, const std::string& text) const {
    const auto file = OutputFile::open(path(name)).value();
    file->stream() << text;
    EXPECT_TRUE(file->finish());
    return bytes_of(path(name));
  }

  static std::string bytes_of(const std::string& path) {
    std::ostringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
  }

  std::string stored(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

  // The text, or the error's message.
  static std::string text_of(const Result<std::unique_ptr<InputFile>>& input) {
    if (!input) return input.error().message;
    std::ostringstream all;
    all << (*input)->stream().rdbuf();
    const auto end = (*input)->finish();
    return end ? all.str() : end.error().message;
  }

  std::string folder_;
};

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  return text;
}

TEST_F(InputFileTest, PackedTextIsReadWhateverTheFileIsCalled) {
  const std::string text = numbered_lines(50'000);
  for (const char* ending : {"", ".gz", ".zst"}) {
    const std::string bytes = packed(std::string("x") + ending, text);
    EXPECT_EQ(text_of(InputFile::open(stored("events.csv", bytes))), text) << ending;
    std::istringstream in(bytes);
    EXPECT_EQ(text_of(InputFile::over(in, "standard input")), text) << ending;
    // Several members in a row, as cat makes them.
    EXPECT_EQ(text_of(InputFile::open(stored("two", bytes + bytes))), text + text) << ending;
  }
}

TEST_F(InputFileTest, PackedTextThatEndsEarlyOrIsDamagedIsSaidSo) {
  for (const char* ending : {".gz", ".zst"}) {
    std::string bytes = packed(std::string("x") + ending, numbered_lines(50'000));
    const std::string cut = stored("cut", bytes.substr(0, bytes.size() / 2));
    EXPECT_EQ(text_of(InputFile::open(cut)),
              cut + " cannot be read to its end: it ends in the middle of its packed data");
    for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 64; ++i) bytes[i] ^= 0x55;
    const std::string damaged = text_of(InputFile::open(stored("damaged", bytes)));
    EXPECT_NE(damaged.find("data is damaged ("), std::string::npos) << ending;
  }
}

TEST_F(InputFileTest, ShowsHowItBeginsAndHowFarItIs) {
  const auto input = InputFile::open(stored("small", "{\"id\":1}\n")).value();
  EXPECT_EQ(input->head(), "{\"id\":1}\n");
  EXPECT_EQ(input->bytes_total(), 9);
  EXPECT_EQ(input->bytes_read(), 9);
  EXPECT_EQ(InputFile::open(stored("none", "")).value()->head(), "");
  EXPECT_EQ(text_of(InputFile::open(stored("one", "x"))), "x");
}

TEST_F(InputFileTest, AFifoIsReadToItsEnd) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const std::string bytes = packed("x.gz", numbered_lines(10'000));
  std::thread writer([&] {
    std::ofstream out(path("fifo"), std::ios::binary);
    for (const char byte : bytes.substr(0, 3))
      out << byte << std::flush;  // too few to recognize the format
    out << bytes.substr(3);
  });
  const auto input = InputFile::open(path("fifo"));
  EXPECT_EQ(text_of(input), numbered_lines(10'000));
  EXPECT_EQ((*input)->bytes_total(), 0);
  writer.join();
}

TEST_F(InputFileTest, WhatCannotBeReadIsNamedWithTheReason) {
  EXPECT_EQ(text_of(InputFile::open(path("nothing"))),
            path("nothing") + " cannot be read: No such file or directory");
  EXPECT_EQ(text_of(InputFile::open(folder_)), folder_ + " is a folder; name the files in it");
}

}  // namespace
}  // namespace metergate
