#include "app/control.h"

#include <fmt/format.h>

#include <optional>
#include <sstream>
#include <utility>

#include "app/local_socket.h"
#include "app/run_store_command.h"
#include "app/spool.h"
#include "http/server/server.h"
#include "http/words/problem.h"

namespace metergate {
namespace {

constexpr std::chrono::seconds kPatience{3600};  // for a reader that pages through long output
constexpr unsigned kCommandsAtOnce = 2;
constexpr std::size_t kCommandsWaitingMax = 16;

Result<StoreCall> read_call(std::string_view line) {
  const Json asked = TRY(parse_json(line));
  const Json* arguments = asked.find("arguments");
  auto name = asked.string_at("name");
  auto actor = asked.string_at("actor");
  if (!name || !actor || arguments == nullptr || !arguments->is_array()) {
    return fail(ErrorCode::invalid, "a command has name, arguments and actor");
  }
  StoreCall call{.name = *std::move(name), .arguments = {}, .actor = *std::move(actor)};
  for (const Json& argument : arguments->as_array()) {
    if (!argument.is_string()) return fail(ErrorCode::invalid, "an argument is a text");
    call.arguments.push_back(argument.as_string());
  }
  return call;
}

Result<http::Response> run(const std::string& body, Services& services) {
  const std::size_t end = body.find('\n');
  const StoreCall call = TRY(read_call(std::string_view{body}.substr(0, end)));
  std::istringstream in(end == std::string::npos ? std::string{} : body.substr(end + 1));
  std::ostringstream err;
  auto spool = TRY(Spool::create());
  const int status = run_store_command(call, services, {in, spool->stream(), err});
  TRY(spool->finish());

  http::Response response;
  response.headers = {{"Content-Type", "application/octet-stream"},
                      {"Exit-Status", fmt::format("{}", status)},
                      {"Error-Bytes", fmt::format("{}", err.str().size())}};
  response.source = [errors = std::optional{err.str()},
                     spool = std::move(spool)]() mutable -> Result<std::optional<std::string>> {
    if (auto first = std::exchange(errors, std::nullopt); first && !first->empty()) return first;
    return spool->read();
  };
  return response;
}

class CommandHandler final : public http::Handler {
 public:
  explicit CommandHandler(Services& services) : services_(services) {}

  bool is_slow(const http::Request&) const override { return true; }

  // A caller that can reach the socket may use the folder.
  http::Reception receive(const http::Request&) override {
    return {.holder = {"command", http::Standing::staff}, .refusal = {}};
  }

  void handle(http::Request request, http::Reply reply) override {
    if (request.method != "POST" || request.path != "/command") {
      reply(refusal({ErrorCode::not_found, "only POST /command is answered here", {}},
                    request.request_id, request.target));
      return;
    }
    auto response = run(request.body, services_);
    reply(response ? *std::move(response)
                   : refusal(response.error(), request.request_id, request.target));
  }

  http::Response refusal(const Error& error, std::string_view request_id,
                         std::string_view) override {
    return http::problem(
        error,
        {.now = services_.clock.now(), .zone = &services_.rules.zone, .request_id = request_id});
  }

 private:
  Services& services_;
};

class SocketControl final : public Control {
 public:
  SocketControl(LocalSocket socket, Services& services)
      : socket_(std::move(socket)), handler_(services) {}
  ~SocketControl() override {
    if (server_) server_->stop();
  }

  Result<> start(Services& services) {
    socket_.remove_left_over();
    http::ServerOptions options;
    options.unix_path = socket_.path();
    options.threads = 1;
    options.slow_threads = kCommandsAtOnce;
    options.slow_waiting_max = kCommandsWaitingMax;
    options.body_bytes_max = kControlInputBytesMax;
    options.write_timeout = kPatience;
    server_ = TRY(http::Server::create(options, handler_, services.clock, services.log));
    server_->start();
    return {};
  }

 private:
  LocalSocket socket_;
  CommandHandler handler_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

Result<std::unique_ptr<Control>> Control::start(const std::filesystem::path& folder,
                                                Services& services) {
  auto control = std::make_unique<SocketControl>(TRY(LocalSocket::in(folder)), services);
  TRY(control->start(services));
  return std::unique_ptr<Control>(std::move(control));
}

}  // namespace metergate
