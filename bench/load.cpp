// Sends events to a server from several connections and prints the time taken as one line of JSON:
//
//   bench_load http     --port P --token T [--threads 8] [--batch 1000] [--events N]
//   bench_load redis    --port P …    two pipelines: set the id; keep the event, raise the counter
//   bench_load lua      --port P …    the same in one script a batch
//   bench_load postgres --port P …    the same in one statement a batch (needs libpq)
//
// Each connection waits for the answer to a batch before it sends the next one. The bodies are made
// before the clock starts; only the digits of the ids change, in place, so that the client costs
// little.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Options {
  std::string kind, token, prefix = "e";
  int port = 0;
  std::size_t threads = 8, batch = 1000, events = 100'000, tenants = 1'000;
};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_load: {}\n", why);
  std::exit(1);
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

constexpr std::size_t kDigits = 9;

std::string event_json(std::size_t tenant, const std::string& id, const std::string& time) {
  return fmt::format(
      R"({{"subject":"tenant_{}","id":"{}","source":"bench","specversion":"1.0",)"
      R"("type":"api.call","time":"{}",)"
      R"("data":{{"method":"GET","endpoint":"/orders","status":200,"request_bytes":120,)"
      R"("response_bytes":800,"duration_ms":12}}}})",
      tenant, id, time);
}

// A text in which the digits of the ids are rewritten for each batch.
struct Patched {
  std::string text;
  std::vector<std::size_t> at;  // start of each id's digits, `each` of them for an event
  std::size_t each = 1;

  void number(std::size_t first) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      std::size_t left = first + i / each;
      for (std::size_t digit = kDigits; digit-- > 0; left /= 10)
        text[at[i] + digit] = static_cast<char>('0' + left % 10);
    }
  }
  void find_ids(const std::string& mark) {
    for (std::size_t found = text.find(mark); found != std::string::npos;
         found = text.find(mark, found + 1))
      at.push_back(found + mark.size());
  }
};

class Socket {
 public:
  explicit Socket(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      give_up("cannot connect");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(fd_); }

  void send(const std::string& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t sent = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) give_up("the connection broke");
      done += static_cast<std::size_t>(sent);
    }
  }
  std::string_view receive() {
    const ssize_t got = ::recv(fd_, buffer_, sizeof buffer_, 0);
    if (got <= 0) give_up("the server closed the connection");
    return {buffer_, static_cast<std::size_t>(got)};
  }

 private:
  int fd_;
  char buffer_[1 << 16];
};

// As the server asks of a refused caller; the same batch is then sent again.
constexpr std::chrono::seconds kRetryAfter{1};

// Sends one batch on a connection; its first event has the number `first`.
using Sender = std::function<void(std::size_t first, std::size_t count)>;

Sender http_sender(const Options& options, const std::string& name) {
  auto socket = std::make_shared<Socket>(options.port);
  const std::string time = time_now();
  const std::string mark = name + "-";
  auto body = std::make_shared<Patched>();
  std::string events = "[";
  for (std::size_t i = 0; i < options.batch; ++i) {
    if (i > 0) events += ',';
    events += event_json(i % options.tenants, mark + std::string(kDigits, '0'), time);
  }
  events += ']';
  body->text = fmt::format(
      "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
      "{}\r\nContent-Type: "
      "application/cloudevents-batch+json\r\nContent-Length: {}\r\n\r\n{}",
      options.token, events.size(), events);
  body->find_ids("\"id\":\"" + mark);
  return [socket, body](std::size_t first, std::size_t) {
    body->number(first);
    while (true) {
      socket->send(body->text);
      const std::string_view answer = socket->receive();
      if (answer.starts_with("HTTP/1.1 204")) return;
      if (!answer.starts_with("HTTP/1.1 503")) give_up("answered " + std::string(answer));
      std::this_thread::sleep_for(kRetryAfter);
    }
  };
}

std::string bulk(std::string_view text) { return fmt::format("${}\r\n{}\r\n", text.size(), text); }

std::string command(std::initializer_list<std::string_view> words) {
  std::string text = fmt::format("*{}\r\n", words.size());
  for (const std::string_view word : words) text += bulk(word);
  return text;
}

// Reads that many integers or nils, one for each answer; true for each that is not nil.
std::vector<bool> answers(Socket& socket, std::size_t count) {
  std::vector<bool> found;
  std::string line;
  while (found.size() < count) {
    for (const char c : socket.receive()) {
      if (c != '\n') {
        line += c;
        continue;
      }
      if (line.starts_with("-")) give_up("Redis answered " + line);
      found.push_back(!line.starts_with("$-1") && !line.starts_with(":0"));
      line.clear();
    }
  }
  return found;
}

Sender redis_sender(const Options& options, const std::string& name) {
  auto socket = std::make_shared<Socket>(options.port);
  const std::string mark = "id:" + name + "-";
  const std::string id = mark + std::string(kDigits, '0');
  auto ids = std::make_shared<Patched>();
  auto kept = std::make_shared<Patched>();
  const std::string time = time_now();
  for (std::size_t i = 0; i < options.batch; ++i) {
    ids->text += command({"SET", id, "1", "NX"});
    const std::string tenant = fmt::format("tenant_{}", i % options.tenants);
    kept->text += command({"RPUSH", "events", event_json(i % options.tenants, id, time)}) +
                  command({"HINCRBY", "calls", tenant, "1"});
  }
  ids->find_ids(mark);
  kept->find_ids(mark);
  return [socket, ids, kept, batch = options.batch](std::size_t first, std::size_t) {
    ids->number(first);
    kept->number(first);
    socket->send(ids->text);
    // Every id must be new: the run stops if one is not.
    for (const bool is_new : answers(*socket, batch)) {
      if (!is_new) give_up("an id was there before");
    }
    socket->send(kept->text);
    answers(*socket, 2 * batch);
  };
}

constexpr std::string_view kScript =
    "local fresh = 0 for i = 1, #ARGV, 3 do if redis.call('SET', ARGV[i], '1', 'NX') then "
    "redis.call('RPUSH', 'events', ARGV[i + 2]) redis.call('HINCRBY', 'calls', ARGV[i + 1], 1) "
    "fresh = fresh + 1 end end return fresh";

Sender lua_sender(const Options& options, const std::string& name) {
  auto socket = std::make_shared<Socket>(options.port);
  const std::string mark = "id:" + name + "-";
  const std::string id = mark + std::string(kDigits, '0');
  auto call = std::make_shared<Patched>();
  const std::string time = time_now();
  call->text =
      fmt::format("*{}\r\n", 3 + 3 * options.batch) + bulk("EVAL") + bulk(kScript) + bulk("0");
  for (std::size_t i = 0; i < options.batch; ++i) {
    call->text += bulk(id) + bulk(fmt::format("tenant_{}", i % options.tenants)) +
                  bulk(event_json(i % options.tenants, id, time));
  }
  call->find_ids(mark);
  call->each = 2;
  return [socket, call](std::size_t first, std::size_t) {
    call->number(first);
    socket->send(call->text);
    if (!answers(*socket, 1).front()) give_up("ids were there before");
  };
}

constexpr const char* kStatement =
    "WITH sent AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS s(id, tenant, "
    "raw)), "
    "fresh AS (INSERT INTO events (id, tenant, raw) SELECT id, tenant, raw FROM sent "
    "ON CONFLICT (id) DO NOTHING RETURNING tenant) "
    "INSERT INTO calls AS c (tenant, n) SELECT tenant, count(*) FROM fresh GROUP BY tenant ORDER "
    "BY "
    "tenant ON CONFLICT (tenant) DO UPDATE SET n = c.n + excluded.n";

PGconn* connect_postgres(const Options& options) {
  PGconn* connection = PQconnectdb(
      fmt::format("host=127.0.0.1 port={} user=bench dbname=postgres", options.port).c_str());
  if (PQstatus(connection) != CONNECTION_OK) give_up(PQerrorMessage(connection));
  return connection;
}

Sender postgres_sender(const Options& options, const std::string& name) {
  std::shared_ptr<PGconn> connection(connect_postgres(options), PQfinish);
  PQclear(PQprepare(connection.get(), "put", kStatement, 3, nullptr));
  const std::string mark = name + "-";
  const std::string time = time_now();
  auto ids = std::make_shared<Patched>();
  auto raws = std::make_shared<Patched>();
  std::string tenants = "{";
  ids->text = raws->text = "{";
  for (std::size_t i = 0; i < options.batch; ++i) {
    const std::string id = mark + std::string(kDigits, '0');
    std::string raw;
    for (const char c : event_json(i % options.tenants, id, time))
      raw += c == '"' ? std::string("\\\"") : std::string(1, c);
    const std::string_view comma = i > 0 ? "," : "";
    ids->text += fmt::format("{}\"{}\"", comma, id);
    raws->text += fmt::format("{}\"{}\"", comma, raw);
    tenants += fmt::format("{}\"tenant_{}\"", comma, i % options.tenants);
  }
  for (std::string* text : {&ids->text, &raws->text, &tenants}) *text += '}';
  ids->find_ids(mark);
  raws->find_ids(mark);
  return [connection, ids, raws, tenants](std::size_t first, std::size_t) {
    ids->number(first);
    raws->number(first);
    const char* values[] = {ids->text.c_str(), tenants.c_str(), raws->text.c_str()};
    PGresult* result = PQexecPrepared(connection.get(), "put", 3, values, nullptr, nullptr, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) give_up(PQerrorMessage(connection.get()));
    PQclear(result);
  };
}

using MakeSender = Sender (*)(const Options&, const std::string&);
constexpr std::pair<std::string_view, MakeSender> kKinds[] = {{"http", http_sender},
                                                              {"redis", redis_sender},
                                                              {"lua", lua_sender},
                                                              {"postgres", postgres_sender}};

Options read_options(int argc, char** argv) {
  Options options;
  options.kind = argc > 1 ? argv[1] : "";
  const auto number = [](const char* text) { return std::strtoull(text, nullptr, 10); };
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--port")
      options.port = static_cast<int>(number(value));
    else if (name == "--token")
      options.token = value;
    else if (name == "--prefix")
      options.prefix = value;
    else if (name == "--threads")
      options.threads = number(value);
    else if (name == "--batch")
      options.batch = number(value);
    else if (name == "--events")
      options.events = number(value);
    else if (name == "--tenants")
      options.tenants = number(value);
    else
      give_up("no such option: " + std::string(name));
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  const auto kind =
      std::ranges::find(kKinds, options.kind, &std::pair<std::string_view, MakeSender>::first);
  if (kind == std::end(kKinds)) give_up("say http, redis, lua or postgres");
  std::vector<Sender> senders;
  for (std::size_t i = 0; i < options.threads; ++i)
    senders.push_back(kind->second(options, fmt::format("{}{}", options.prefix, i)));
  const std::size_t batches =
      std::max<std::size_t>(1, options.events / options.threads / options.batch);
  std::vector<double> waits(options.threads * batches);
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < options.threads; ++i) {
      threads.emplace_back([&, i] {
        for (std::size_t b = 0; b < batches; ++b) {
          const auto before = std::chrono::steady_clock::now();
          senders[i](b * options.batch, options.batch);
          const std::chrono::duration<double, std::milli> wait =
              std::chrono::steady_clock::now() - before;
          waits[i * batches + b] = wait.count();
        }
      });
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::ranges::sort(waits);
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}, \"p50\": {:.3f}, \"p99\": {:.3f}}}\n",
             options.threads * batches * options.batch, seconds.count(), waits[waits.size() / 2],
             waits[waits.size() * 99 / 100]);
  return 0;
}
