#include "app/control_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <istream>
#include <iterator>
#include <ostream>

#include "app/exit_status.h"
#include "app/local_socket.h"
#include "base/json.h"

namespace metergate {
namespace {

constexpr std::size_t kHeadBytesMax = 16 * 1024;
constexpr std::size_t kErrorBodyBytesMax = 64 * 1024;

class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<> send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return broken();
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  // Reads up to and including `end`, at most `max` bytes.
  Result<std::string> read_through(std::string_view end, std::size_t max) {
    while (true) {
      const std::size_t found = read_.find(end);
      if (found != std::string::npos) return take(found + end.size());
      if (read_.size() > max || !fill()) return broken();
    }
  }

  // The next bytes of a body, at least one and at most `max`.
  Result<std::string> read_some(std::size_t max) {
    if (read_.empty() && !fill()) return broken();
    return take(std::min(max, read_.size()));
  }

 private:
  static std::unexpected<Error> broken() {
    return fail(ErrorCode::storage,
                "the server went away before the command was answered; run it again");
  }

  bool fill() {
    std::array<char, 64 * 1024> piece;
    while (true) {
      const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got > 0) read_.append(piece.data(), static_cast<std::size_t>(got));
      return got > 0;
    }
  }

  std::string take(std::size_t count) {
    std::string taken = read_.substr(0, count);
    read_.erase(0, count);
    return taken;
  }

  int socket_;
  std::string read_;
};

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number value{};
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (code != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Head {
  int status = 0;
  std::optional<int> exit_status;
  std::size_t error_bytes = 0;
  std::optional<std::size_t> content_length;  // nothing: chunked
};

Result<Head> read_head(Connection& connection) {
  std::string text = TRY(connection.read_through("\r\n\r\n", kHeadBytesMax));
  Head head;
  head.status = parse_number<int>(std::string_view{text}.substr(9, 3)).value_or(0);
  for (std::size_t at = text.find("\r\n"); at + 4 < text.size();) {
    const std::size_t end = text.find("\r\n", at + 2);
    const std::string_view line = std::string_view{text}.substr(at + 2, end - at - 2);
    at = end;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 2);
    if (name == "Exit-Status") head.exit_status = parse_number<int>(value);
    if (name == "Error-Bytes") head.error_bytes = parse_number<std::size_t>(value).value_or(0);
    if (name == "Content-Length") head.content_length = parse_number<std::size_t>(value);
  }
  return head;
}

// Passes the body on piece by piece until `take` returns false; the rest is left unread.
template <class Take>
Result<> read_body(Connection& connection, const Head& head, Take take) {
  bool is_wanted = true;
  const auto pass_on = [&](std::size_t left) -> Result<> {
    while (left > 0) {
      const std::string piece = TRY(connection.read_some(left));
      left -= piece.size();
      is_wanted = is_wanted && take(piece);
      if (!is_wanted) return {};
    }
    return {};
  };
  if (head.content_length) return pass_on(*head.content_length);
  while (true) {
    std::string line = TRY(connection.read_through("\r\n", kHeadBytesMax));
    line.resize(line.size() - 2);
    const auto size = parse_number<std::size_t>(line, 16);
    if (!size) return fail(ErrorCode::internal, "the server's answer is not HTTP/1.1");
    TRY(pass_on(*size));
    if (!is_wanted) return {};
    TRY(connection.read_through("\r\n", kHeadBytesMax));
    if (*size == 0) return {};
  }
}

Result<int> copy_output(Connection& connection, const Head& head, Streams streams) {
  std::size_t errors_left = head.error_bytes;
  const auto take = [&](std::string_view piece) {
    const std::size_t count = std::min(errors_left, piece.size());
    streams.err << piece.substr(0, count);
    streams.out << piece.substr(count);
    errors_left -= count;
    return streams.out.good();
  };
  TRY(read_body(connection, head, take));
  // The owner of the stream reports its fault.
  return streams.out.good() ? *head.exit_status : kExitFailed;
}

// The server refused the command; the body has the reason.
Result<int> read_refusal(Connection& connection, const Head& head) {
  std::string body;
  const auto take = [&](std::string_view piece) {
    if (body.size() < kErrorBodyBytesMax) body += piece;
    return true;
  };
  TRY(read_body(connection, head, take));
  const auto envelope = parse_json(body);
  const Json* error = envelope ? envelope->find("error") : nullptr;
  const auto message = error != nullptr ? error->string_at("message") : std::nullopt;
  return fail(ErrorCode::storage,
              message.value_or(fmt::format("the server answered with status {}", head.status)));
}

std::optional<int> connect_to(const LocalSocket& place) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (place.path().size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, place.path().data(), place.path().size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::nullopt;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return std::nullopt;
  }
  return socket;
}

std::string request_text(const StoreCall& call, std::istream& in) {
  Json arguments = Json::array();
  for (const std::string& argument : call.arguments) arguments.push_back(argument);
  std::string body =
      to_text(Json::object({{"name", call.name}, {"arguments", arguments}, {"actor", call.actor}}));
  body.push_back('\n');
  body.append(std::istreambuf_iterator<char>(in), {});
  return fmt::format(
      "POST /command HTTP/1.1\r\nHost: metergate\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      body.size(), body);
}

}  // namespace

Result<std::optional<int>> ask_server(const StoreCall& call, const std::filesystem::path& folder,
                                      Streams streams) {
  const LocalSocket place = TRY(LocalSocket::in(folder));
  const auto socket = connect_to(place);
  if (!socket) return std::optional<int>{};
  Connection connection(*socket);
  TRY(connection.send(request_text(call, streams.in)));
  const Head head = TRY(read_head(connection));
  const int status = head.exit_status ? TRY(copy_output(connection, head, streams))
                                      : TRY(read_refusal(connection, head));
  return std::optional{status};
}

}  // namespace metergate
