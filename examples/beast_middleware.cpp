// A small API on Boost.Beast that reports every call to Metergate. `Metering` is the middleware;
// the other parts are the API.
//
//   METERGATE_URL=http://127.0.0.1:48080 METERGATE_TOKEN=mg_live_… ./beast_middleware 8080
//   curl http://127.0.0.1:8080/api/tenants/tenant_123/orders/17
//
// SIGTERM or Ctrl-C ends it after the remaining events are sent.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "metergate/client.h"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

// A router's findings about a request. The endpoint is the route, never the path: with "/orders/17"
// every order would be an endpoint of its own in the statistics.
struct Route {
  std::string tenant;
  std::string endpoint;
  Response (*handle)(const Request&);
};

// The middleware. It encloses every handler and ends with the answer: a call that fails is a call
// as well.
class Metering {
 public:
  explicit Metering(metergate::Client& client) : client_(client) {}

  Response call(const Route& route, const Request& request, const std::string& ip) {
    const auto begin = std::chrono::steady_clock::now();
    Response response = route.handle(request);
    metergate::TrackedCall call;
    call.method = std::string(request.method_string());
    call.endpoint = route.endpoint;
    call.status = static_cast<int>(response.result_int());
    call.request_bytes = static_cast<std::int64_t>(request.body().size());
    call.response_bytes = static_cast<std::int64_t>(response.body().size());
    call.duration = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    call.ip = ip;
    client_.track_api_call(route.tenant, call);
    return response;
  }

 private:
  metergate::Client& client_;
};

Response answer(http::status status, std::string body) {
  Response response(status, 11);
  response.set(http::field::content_type, "application/json");
  response.body() = std::move(body);
  return response;
}

Response list_orders(const Request&) { return answer(http::status::ok, R"([{"order_id":"17"}])"); }
Response show_order(const Request&) { return answer(http::status::ok, R"({"order_id":"17"})"); }
Response not_found(const Request&) { return answer(http::status::not_found, "{}"); }

// A real application takes the tenant from the signed-in user; this one trusts the path. Requests
// without a tenant are not metered.
Route route_of(const Request& request) {
  constexpr std::string_view kPrefix = "/api/tenants/";
  const std::string target(request.target());
  if (!target.starts_with(kPrefix)) return {"", "", not_found};
  const std::size_t end = std::min(target.find('/', kPrefix.size()), target.size());
  const std::string tenant = target.substr(kPrefix.size(), end - kPrefix.size());
  const std::string rest = target.substr(end);
  const std::string route = "/api/tenants/{tenant_id}";
  if (rest == "/orders") return {tenant, route + "/orders", list_orders};
  if (rest.starts_with("/orders/")) return {tenant, route + "/orders/{order_id}", show_order};
  return {tenant, route + "/{other}", not_found};
}

asio::awaitable<void> serve(tcp::socket socket, Metering& metering) {
  constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
  beast::error_code ignored;
  const std::string ip = socket.remote_endpoint(ignored).address().to_string();
  beast::flat_buffer buffer;
  while (true) {
    Request request;
    const auto [failed_read, read] = co_await http::async_read(socket, buffer, request, kAwait);
    if (failed_read) co_return;
    const Route route = route_of(request);
    Response response =
        route.tenant.empty() ? route.handle(request) : metering.call(route, request, ip);
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    const auto [failed, written] = co_await http::async_write(socket, response, kAwait);
    if (failed || !response.keep_alive()) co_return;
  }
}

asio::awaitable<void> listen(tcp::acceptor acceptor, Metering& metering) {
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), metering), asio::detached);
  }
}

std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int count, char** words) {
  metergate::ClientOptions options;
  options.url = setting("METERGATE_URL");
  options.token = setting("METERGATE_TOKEN");
  options.source = "beast-example";
  std::string why;
  const std::unique_ptr<metergate::Client> client = metergate::Client::create(options, why);
  if (!client) {
    std::cerr << "beast_middleware: " << why << '\n';
    return 1;
  }
  Metering metering(*client);
  asio::io_context io(1);
  const auto port = static_cast<std::uint16_t>(count > 1 ? std::atoi(words[1]) : 8080);
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), port});
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](beast::error_code, int) { io.stop(); });
  std::cout << "listening on http://127.0.0.1:" << acceptor.local_endpoint().port() << std::endl;
  asio::co_spawn(io, listen(std::move(acceptor), metering), asio::detached);
  io.run();
  return 0;
}
