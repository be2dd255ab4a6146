#include "app/control.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "app/app.h"
#include "app/control_client.h"
#include "app/exit_status.h"
#include "service/tenants/directory.h"
#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

// The server's half: services over a folder, with its control socket.
class ControlTest : public testing::Test {
 protected:
  ControlTest() {
    // Deeper than the path of a socket may be long.
    data_ = folder_.path() / std::string(90, 'd') / std::string(90, 'e');
    std::filesystem::create_directories(data_);
    config_ = load_config({.flags = {{"DATA_DIR", data_.string()}}, .environment = {}, .file = {}})
                  ->config;
    app_ = *App::open(config_, *read_app_files(config_), {.clock = clock_, .log = log_});
    control_ = *Control::start(data_, app_->services());
  }

  struct Said {
    int status = -1;
    std::string out;
    std::string err;
  };

  Said ask(const std::string& name, const Arguments& arguments, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const auto status = ask_server({name, arguments, "cli:test"}, data_, {in, out, err});
    EXPECT_TRUE(status) << status.error().message;
    return {status && *status ? **status : -1, out.str(), err.str()};
  }

  TestFolder folder_;
  std::filesystem::path data_;
  Config config_;
  SystemClock clock_;
  Log log_{clock_, LogLevel::error};
  std::unique_ptr<App> app_;
  std::unique_ptr<Control> control_;
};

TEST_F(ControlTest, CommandRunsInTheServerAndItsOutputComesBack) {
  const Said added = ask("tenants", {"add", "t1", "--name", "One"});
  EXPECT_EQ(added.status, kExitDone) << added.err;
  EXPECT_EQ(app_->services().directory.size(), 1U);
  EXPECT_NE(ask("tenants", {"list"}).out.find("One"), std::string::npos);
}

TEST_F(ControlTest, ErrorsComeBackOnTheirOwnStreamWithTheExitStatus) {
  const Said said = ask("find", {"nothing"});
  EXPECT_EQ(said.status, kExitUsage);
  EXPECT_TRUE(said.out.empty());
  EXPECT_NE(said.err.find("there is no collection nothing"), std::string::npos) << said.err;
  EXPECT_EQ(ask("bogus", {}).status, kExitUsage);
}

TEST_F(ControlTest, ServeIsNotRunInsideAServer) {
  EXPECT_EQ(ask("serve", {}).status, kExitUsage);
  EXPECT_EQ(ask("import", {"/etc/hostname"}).status, kExitUsage);
}

TEST_F(ControlTest, InputOfAnySizeReachesTheCommand) {
  ASSERT_EQ(ask("tenants", {"add", "t1", "--name", "One"}).status, kExitDone);
  std::string lines;
  for (int i = 0; i < 5000; ++i) {
    lines += R"({"source":"s","type":"storage.usage","subject":"t1","data":{"bytes":5},"id":")" +
             std::to_string(i) + "\"}\n";
  }
  const Said said = ask("import-lines", {"--default-time", to_text(SystemClock().now())}, lines);
  EXPECT_EQ(said.out, R"({"recorded":5000,"known":0,"voided":0})") << said.err;
}

TEST_F(ControlTest, OutputOfAnySizeComesBackWhole) {
  std::string lines;
  ASSERT_EQ(ask("tenants", {"add", "t1", "--name", "One"}).status, kExitDone);
  for (int i = 0; i < 3000; ++i) {
    lines += R"({"source":"s","type":"webhook.call","subject":"t1","data":{"webhook_id":"w",)"
             R"("success":true,"duration_ms":1},"id":")" +
             std::to_string(i) + "\"}\n";
  }
  const Arguments now = {"--default-time", to_text(SystemClock().now())};
  ASSERT_EQ(ask("import-lines", now, lines).status, kExitDone);
  const std::string out = ask("find", {"webhook_calls"}).out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3000);
}

TEST_F(ControlTest, NobodyListensAfterTheServerHasStopped) {
  control_.reset();
  std::istringstream in;
  std::ostringstream out;
  const auto status = ask_server({"tenants", {"list"}, "cli:test"}, data_, {in, out, out});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_FALSE(status->has_value());
}

TEST_F(ControlTest, SocketOfAKilledServerIsReplaced) {
  control_.reset();
  std::ofstream(data_ / "control.sock") << "left over";
  control_ = *Control::start(data_, app_->services());
  EXPECT_EQ(ask("tenants", {"list"}).status, kExitDone);
}

}  // namespace
}  // namespace metergate
