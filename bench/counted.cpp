// Counts the cost of the hot paths in instructions, for valgrind's callgrind. The server of this
// tree, with a store on disk, a caller and an origin run in one process, so that only our own code
// decides the counts. bench/counted runs it and reads callgrind's output.
//
// The caller sends one request on each of a few connections, then reads every answer: with one
// loop's thread each round is the same. A work is done twice, the second time with double the
// rounds: the difference is what a unit costs, without what happens once. Nothing is left to a
// timer: the store's checkpoint, which writes what a work has left behind, is made at its end.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include <charconv>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "app/app.h"
#include "app/config.h"
#include "app/serving.h"
#include "http/wire/parser.h"
#include "service/access/sessions.h"
#include "service/tenants/directory.h"

namespace {

using namespace metergate;

constexpr std::size_t kConnections = 8;  // a tenant each
constexpr std::size_t kBatchEvents = 100;
constexpr std::size_t kWarmUpRounds = 30;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

[[noreturn]] void give_up(std::string_view why) {
  fmt::print(stderr, "bench_counted: {}\n", why);
  std::_Exit(1);
}

// A blocking socket of this machine's, connected or listening.
int local_socket(std::uint16_t port, bool listens) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* place = reinterpret_cast<const sockaddr*>(&address);
  const bool is_ready = listens
                            ? ::bind(made, place, sizeof address) == 0 && ::listen(made, 64) == 0
                            : ::connect(made, place, sizeof address) == 0;
  if (!is_ready) give_up("cannot use a socket of the loopback");
  return made;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) give_up("a connection broke while a request was sent");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// The origin: the same small answer for each request, none of which has a body.
void answer_requests(int socket) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 26\r\n"
      "Date: Thu, 05 Mar 2026 10:30:00 GMT\r\nServer: origin\r\n\r\n"
      "{\"order\":7,\"state\":\"open\"}";
  char bytes[4096];
  while (::recv(socket, bytes, sizeof bytes, 0) > 0) send_all(socket, kAnswer);
  ::close(socket);
}

std::uint16_t start_origin() {
  const int listening = local_socket(0, true);
  std::thread([listening] {
    while (true) {
      const int taken = ::accept(listening, nullptr, nullptr);
      if (taken >= 0) std::thread(answer_requests, taken).detach();
    }
  }).detach();
  return port_of(listening);
}

// Reads one answer and holds its status against the one that is right.
void read_answer(int socket, std::string_view status) {
  constexpr std::string_view kLength = "Content-Length: ";
  char bytes[16 * 1024];
  std::size_t held = 0;
  std::size_t wanted = 0;
  do {
    const ssize_t count = ::recv(socket, bytes + held, sizeof bytes - held, 0);
    if (count <= 0) give_up("a connection ended instead of an answer");
    held += static_cast<std::size_t>(count);
    const std::string_view head{bytes, held};
    const std::size_t end = head.find(kHeadEnd);
    if (end == std::string_view::npos) continue;
    std::size_t length = 0;  // of a 204, which says none
    const std::size_t said = head.substr(0, end).find(kLength);
    if (said != std::string_view::npos)
      std::from_chars(bytes + said + kLength.size(), bytes + end, length);
    wanted = end + kHeadEnd.size() + length;
  } while (wanted == 0 || held < wanted);
  if (std::string_view{bytes, held}.substr(9, 3) != status) give_up({bytes, held});
}

struct Work {
  std::string_view name;
  std::size_t rounds;       // of one request a connection
  std::size_t units;        // in a request
  std::string_view status;  // of its answer
  std::string (*request)(std::size_t tenant, const std::string& token, std::size_t number);
};

std::string get(std::string_view target, const std::string& token) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: counted/1.0\r\nAccept: */*\r\n"
      "Accept-Encoding: gzip\r\nAuthorization: Bearer {}\r\n\r\n",
      target, token);
}

std::string call(std::size_t tenant, const std::string& token, std::size_t) {
  return get(fmt::format("/api/tenants/tenant_{}/orders/7?expand=lines", tenant), token);
}

std::string limit_check(std::size_t tenant, const std::string& token, std::size_t) {
  return get(fmt::format("/api/tenants/tenant_{}/usage/api_calls", tenant), token);
}

std::string event_text(std::size_t tenant, std::size_t number) {
  return fmt::format(
      R"({{"subject":"tenant_{}","id":"event-{:09}","source":"bench","specversion":"1.0",)"
      R"("type":"api.call","data":{{"method":"GET","endpoint":"/orders","status":200,)"
      R"("request_bytes":120,"response_bytes":800,"duration_ms":12}}}})",
      tenant, number);
}

std::string post_events(std::string_view kind, const std::string& token, const std::string& body) {
  return fmt::format(
      "POST /api/v1/events HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: counted/1.0\r\n"
      "Authorization: Bearer {}\r\nContent-Type: application/cloudevents{}+json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      token, kind, body.size(), body);
}

std::string one_event(std::size_t tenant, const std::string& token, std::size_t number) {
  return post_events("", token, event_text(tenant, number));
}

std::string batch(std::size_t tenant, const std::string& token, std::size_t number) {
  std::string body = "[";
  for (std::size_t i = 0; i < kBatchEvents; ++i)
    body += (i == 0 ? "" : ",") + event_text(tenant, (number + 1) * 1'000'000 + i);
  return post_events("-batch", token, body + "]");
}

constexpr Work kWorks[] = {
    {"proxied call", 60, 1, "200", call},
    {"limit check", 60, 1, "200", limit_check},
    {"one event a request", 60, 1, "204", one_event},
    {"event of a batch", 3, kBatchEvents, "204", batch},
};

// Does a work that needs no connection, `units` times and then twice as often; each unit has a
// number that it alone has.
template <class Do>
void count_piece(std::string_view name, std::size_t units, Do&& unit) {
  std::size_t number = 0;
  for (const std::size_t times : {1, 2}) {
    const std::string title = fmt::format("{}: {}", name, units * times);
    CALLGRIND_START_INSTRUMENTATION;
    for (std::size_t i = 0; i < units * times; ++i) unit(number++);
    CALLGRIND_DUMP_STATS_AT(title.c_str());
    CALLGRIND_STOP_INSTRUMENTATION;
  }
}

void count_pieces(Sessions& sessions) {
  constexpr std::size_t kUnits = 200;
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < 3 * kUnits; ++i) {
    auto token = sessions.issue({.subject = fmt::format("user-{:04}", i),
                                 .scope = Scope::tenant,
                                 .tenant = fmt::format("tenant_{}", i % kConnections)});
    if (!token) give_up(token.error().message);
    tokens.push_back(*std::move(token));
  }
  count_piece("token, new", kUnits, [&](std::size_t number) {
    if (!sessions.authenticate(tokens[number])) give_up("a token of ours is refused");
  });
  count_piece("token, seen", kUnits, [&](std::size_t number) {
    if (!sessions.authenticate(tokens[number % kUnits])) give_up("a token of ours is refused");
  });
  http::RequestParser parser({.head_bytes_max = 16 * 1024, .body_bytes_max = 1024});
  const std::string request = call(0, tokens.front(), 0);
  count_piece("head of a request", kUnits, [&](std::size_t) {
    parser.reset();
    if (!parser.take(request) || !parser.is_complete()) give_up("a request of ours is refused");
  });
}

class Caller {
 public:
  Caller(std::uint16_t port, std::vector<std::string> tokens, Store& store)
      : tokens_(std::move(tokens)), store_(store) {
    for (std::size_t i = 0; i < kConnections; ++i) sockets_.push_back(local_socket(port, false));
  }

  // `name`: of what callgrind writes about it; empty: it is not counted.
  void run(const Work& work, std::size_t rounds, const std::string& name) {
    std::vector<std::string> requests;
    for (std::size_t i = 0; i < rounds * kConnections; ++i)
      requests.push_back(work.request(i % kConnections, tokens_[i % kConnections], number_++));
    if (!name.empty()) CALLGRIND_START_INSTRUMENTATION;
    for (std::size_t i = 0; i < requests.size(); i += kConnections) {
      for (std::size_t at = 0; at < kConnections; ++at) send_all(sockets_[at], requests[i + at]);
      for (const int socket : sockets_) read_answer(socket, work.status);
    }
    if (!store_.checkpoint()) give_up("the checkpoint failed");
    if (name.empty()) return;
    CALLGRIND_DUMP_STATS_AT(name.c_str());
    CALLGRIND_STOP_INSTRUMENTATION;
  }

 private:
  std::vector<std::string> tokens_;
  Store& store_;
  std::vector<int> sockets_;
  std::size_t number_ = 0;  // of the requests so far
};

void count(std::uint16_t port, const std::vector<std::string>& tokens, Store& store) {
  Caller caller(port, tokens, store);
  for (const Work& work : kWorks) {
    caller.run(work, kWarmUpRounds, {});
    for (const std::size_t times : {1, 2}) {
      const std::size_t rounds = work.rounds * times;
      caller.run(work, rounds,
                 fmt::format("{}: {}", work.name, rounds * kConnections * work.units));
    }
  }
}

Config config_in(const std::filesystem::path& folder, std::uint16_t origin) {
  ConfigSources sources;
  sources.flags = {{"JWT_SECRET", "a-secret-for-counting-of-32-bytes"},
                   {"DATA_DIR", folder.string()},
                   {"LISTEN_ADDRESS", "127.0.0.1"},
                   {"API_PORT", "0"},
                   {"API_THREADS", "1"},
                   {"LOG_LEVEL", "error"},
                   {"UPSTREAM_URL", fmt::format("http://127.0.0.1:{}", origin)}};
  auto loaded = load_config(sources);
  if (!loaded) give_up(loaded.error().message);
  return std::move(loaded->config);
}

std::vector<std::string> make_tenants(Services& services) {
  const Actor actor{"bench", "127.0.0.1", "bench", "bench"};
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < kConnections; ++i) {
    const std::string id = fmt::format("tenant_{}", i);
    const auto made =
        services.directory.add({TenantId::parse(id).value(), "T", "enterprise", {}}, actor);
    const auto token =
        services.sessions.issue({.subject = "t", .scope = Scope::tenant, .tenant = id});
    if (!made || !token) give_up("a tenant could not be made");
    tokens.push_back(*token);
  }
  return tokens;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) give_up("say the folder to make the data in");
  block_stop_signals();
  const Config config = config_in(argv[1], start_origin());
  const auto files = read_app_files(config);
  if (!files) give_up(files.error().message);
  const SystemClock clock;
  const Log log(clock, LogLevel::error);
  const App::Environment environment{
      .clock = clock, .log = log, .checkpoint_every = std::chrono::hours{24}};
  const auto app = App::open(config, *files, environment);
  if (!app) give_up(app.error().message);
  const std::vector<std::string> tokens = make_tenants((*app)->services());
  std::thread counting;
  ServeOptions options{.has_workers = false, .upstreams = files->upstreams};
  options.when_ready = [&](std::uint16_t port) {
    counting = std::thread([&, port] {
      count_pieces((*app)->services().sessions);
      count(port, tokens, (*app)->services().store);
      ::kill(::getpid(), SIGTERM);
    });
  };
  const auto served = serve(**app, config, options);
  if (!served) give_up(served.error().message);
  counting.join();
}
