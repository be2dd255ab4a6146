#include "client/scripted_server_test.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace metergate::client {

ScriptedServer::ScriptedServer(Script script, int port)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, any, size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(getsockname(listener_, any, &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    if (open_ >= 0) shutdown(open_, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void ScriptedServer::answer_before_body(const std::string& answer) {
  const std::lock_guard lock(mutex_);
  early_answer_ = answer;
}

std::vector<std::string> ScriptedServer::bodies(std::size_t at_least) {
  std::unique_lock lock(mutex_);
  more_.wait(lock, [&] { return bodies_.size() >= at_least; });
  return bodies_;
}

std::vector<std::string> ScriptedServer::heads() {
  const std::lock_guard lock(mutex_);
  return heads_;
}

std::size_t ScriptedServer::connections() {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void ScriptedServer::run() {
  while (true) {
    const int socket = accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    {
      const std::lock_guard lock(mutex_);
      open_ = socket;
      ++connections_;
      if (is_over_) shutdown(socket, SHUT_RDWR);
    }
    serve(socket);
    const std::lock_guard lock(mutex_);
    open_ = -1;
    close(socket);
  }
}

// Then waits until the client has closed, reading nothing.
bool ScriptedServer::answers_early(int socket) {
  std::string answer;
  {
    const std::lock_guard lock(mutex_);
    answer = early_answer_;
  }
  if (answer.empty()) return false;
  send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
  pollfd watched{socket, POLLRDHUP, 0};
  poll(&watched, 1, -1);
  return true;
}

void ScriptedServer::serve(int socket) {
  std::string input;
  std::array<char, 65536> bytes;
  while (true) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end != std::string::npos && answers_early(socket)) return;
    const std::size_t field = input.find("Content-Length: ");
    const std::size_t length =
        end == std::string::npos ? 0 : std::strtoul(input.c_str() + field + 16, nullptr, 10);
    if (end == std::string::npos || input.size() < end + 4 + length) {
      const ssize_t count = recv(socket, bytes.data(), bytes.size(), 0);
      if (count <= 0) return;
      input.append(bytes.data(), static_cast<std::size_t>(count));
      continue;
    }
    const std::string body = input.substr(end + 4, length);
    std::size_t n = 0;
    {
      const std::lock_guard lock(mutex_);
      heads_.push_back(input.substr(0, end + 4));
      bodies_.push_back(body);
      n = bodies_.size() - 1;
    }
    more_.notify_all();
    input.erase(0, end + 4 + length);
    const std::string answer = script_(n, body);
    if (answer.empty()) return;
    send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}

std::string answer_text(const std::string& status, const std::string& body,
                        const std::string& fields) {
  return "HTTP/1.1 " + status + "\r\n" + fields +
         "Content-Type: application/problem+json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::vector<std::string> ids_of(const std::string& body) {
  std::vector<std::string> ids;
  constexpr std::string_view kMark = R"("id":")";
  for (std::size_t at = body.find(kMark); at != std::string::npos; at = body.find(kMark, at + 1)) {
    ids.push_back(body.substr(at + kMark.size(), 26));
  }
  return ids;
}

}  // namespace metergate::client
