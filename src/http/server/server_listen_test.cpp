#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "http/testing/server_fixture_test.h"

namespace metergate::http {
namespace {

TEST_F(ServerTest, FinishesWhatIsUnderWayWhenStopping) {
  start();
  RawClient client{port()};
  RawClient idle{port()};
  idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(idle.status(), 200);
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(2);
  std::jthread stopper{[this] { server_->stop(); }};
  EXPECT_TRUE(idle.is_ended());
  for (Reply& reply : echo_.take_kept()) reply({});
  const std::string answer = client.answer().value_or("");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(field_of(answer, "Connection"), "close");
  stopper.join();
  EXPECT_FALSE(RawClient{port()}.is_connected());
}

TEST_F(ServerTest, DoesNotWaitForeverWhenStopping) {
  options_.stop_timeout = std::chrono::seconds{0};
  start();
  RawClient client{port()};
  client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  echo_.wait_for(1);
  server_->stop();
  server_->stop();
  EXPECT_TRUE(client.is_ended());
}

TEST_F(ServerTest, SharesItsPortBetweenThreads) {
  options_.threads = 3;
  start();
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
  }
}

TEST_F(ServerTest, SaysThatAPortIsInUse) {
  start();
  ServerOptions again = options_;
  again.port = port();
  const auto second = Server::create(again, echo_, clock_, log_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::storage);
  EXPECT_EQ(second.error().message,
            fmt::format("port {} is in use by another program; choose another with --port or "
                        "API_PORT",
                        port()));
}

TEST_F(ServerTest, SaysThatAnAddressIsNone) {
  options_.address = "localhost";
  const auto created = Server::create(options_, echo_, clock_, log_);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::invalid);
}

class UnixServerTest : public ServerTest {
 protected:
  UnixServerTest()
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("metergate_http_test_{}", ::getpid())) {
    std::filesystem::create_directories(folder_);
    options_.unix_path = (folder_ / "control").string();
  }
  ~UnixServerTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(UnixServerTest, AnswersOnAFileOfItsOwnersOnly) {
  start();
  RawClient client{options_.unix_path};
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.status(), 200);
  EXPECT_EQ(echo_.last().remote_ip, "local");
  struct stat status {};
  ASSERT_EQ(::stat(options_.unix_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  server_->stop();
  EXPECT_FALSE(std::filesystem::exists(options_.unix_path));
}

TEST_F(UnixServerTest, TakesOverAFileThatNobodyListensOn) {
  start();
  const std::string kept = options_.unix_path + ".kept";
  std::filesystem::rename(options_.unix_path, kept);
  server_.reset();
  std::filesystem::rename(kept, options_.unix_path);
  start();
  RawClient client{options_.unix_path};
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.status(), 200);
}

TEST_F(UnixServerTest, LeavesAnotherServersSocketAlone) {
  start();
  const auto second = Server::create(options_, echo_, clock_, log_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another server"), std::string::npos);
}

TEST_F(UnixServerTest, LeavesAFileThatIsNoSocketAlone) {
  std::filesystem::create_directory(options_.unix_path);
  EXPECT_FALSE(Server::create(options_, echo_, clock_, log_));
  EXPECT_TRUE(std::filesystem::exists(options_.unix_path));
}

TEST_F(UnixServerTest, ReachesAPathThatIsTooLongForASocket) {
  const std::filesystem::path deep = folder_ / std::string(90, 'a') / std::string(90, 'b');
  std::filesystem::create_directories(deep);
  options_.unix_path = (deep / "control").string();
  start();
  const std::filesystem::path near = folder_ / "link";
  std::filesystem::create_symlink(deep, near);
  RawClient client{(near / "control").string()};
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.status(), 200);
}

}  // namespace
}  // namespace metergate::http
