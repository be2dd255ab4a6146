#include "http/testing/raw_client_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "http/words/characters.h"

namespace metergate::http {

RawClient::RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  set_timeout();
  connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

RawClient::RawClient(const std::string& unix_path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  unix_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  set_timeout();
  connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

RawClient::~RawClient() { close(); }

void RawClient::set_timeout() {
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

void RawClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has ended it; the answer shows that
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool RawClient::fill() {
  char bytes[16 * 1024];
  const ssize_t count = ::recv(fd_, bytes, sizeof(bytes), 0);
  timed_out_ = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (count <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> RawClient::answer(bool has_body) {
  std::size_t head_end = 0;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  std::size_t end = head_end + 4;
  const std::string head = buffer_.substr(0, end);
  if (has_body && field_of(head, "Transfer-Encoding") == "chunked") {
    while ((end = buffer_.find("0\r\n\r\n", head_end)) == std::string::npos) {
      if (!fill()) return std::nullopt;
    }
    end += 5;
  } else if (const std::string length = field_of(head, "Content-Length"); has_body) {
    std::size_t count = 0;
    std::from_chars(length.data(), length.data() + length.size(), count);
    end += count;
    while (buffer_.size() < end) {
      if (!fill()) return std::nullopt;
    }
  }
  std::string whole = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return whole;
}

int RawClient::status() { return status_of(answer().value_or("")); }

std::string RawClient::until(std::string_view text) {
  std::size_t at = 0;
  while ((at = buffer_.find(text)) == std::string::npos) {
    if (!fill()) return std::exchange(buffer_, {});
  }
  std::string start = buffer_.substr(0, at + text.size());
  buffer_.erase(0, at + text.size());
  return start;
}

std::string RawClient::rest() {
  while (fill()) {
  }
  std::string all;
  all.swap(buffer_);
  return all;
}

int status_of(std::string_view answer) {
  int status = 0;
  if (answer.size() > 12) std::from_chars(answer.data() + 9, answer.data() + 12, status);
  return status;
}

std::string field_of(std::string_view answer, std::string_view name) {
  std::size_t start = answer.find("\r\n");
  while (start != std::string_view::npos && start + 2 < answer.size()) {
    start += 2;
    const std::size_t end = answer.find("\r\n", start);
    const std::string_view line = answer.substr(start, end - start);
    const std::size_t colon = line.find(": ");
    if (line.empty()) break;
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name))
      return std::string{line.substr(colon + 2)};
    start = end;
  }
  return {};
}

std::string body_of(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string{} : std::string{answer.substr(end + 4)};
}

}  // namespace metergate::http
