#include "http/server/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/id.h"
#include "http/net/acknowledged.h"
#include "http/net/send_now.h"
#include "http/server/forwarding.h"
#include "http/words/characters.h"
#include "http/words/url.h"

namespace metergate::http {
namespace {

constexpr std::size_t kBodyReadBytes = 64 * 1024;
constexpr std::size_t kLingerReadBytes = 4 * 1024;
constexpr std::int64_t kLightBodyBytes = 16 * 1024;  // larger ones wait for their turn
constexpr std::size_t kJoinedBodyMax = 64 * 1024;    // head and body in one write up to this
constexpr std::size_t kLingerBytesMax = 256 * 1024;  // that a refused caller may still send
constexpr Microseconds kLingerTime = std::chrono::seconds{2};
constexpr Microseconds kBodyGrace = std::chrono::seconds{10};
constexpr std::int64_t kLeastBodyBytesPerSecond = 16 * 1024;
constexpr std::size_t kRequestIdMax = 64;

// The time that a peer may take for that many bytes of a body, after its grace.
Microseconds time_for(std::int64_t bytes) {
  return Microseconds{bytes * 1'000'000 / kLeastBodyBytesPerSecond};
}

bool is_sane_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kRequestIdMax && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
  });
}

// The caller's own id if it sent a valid one; otherwise empty.
std::string request_id_of(const RequestHead& head) {
  std::string id;
  for (const Header& field : head.headers) {
    if (field.first != "x-request-id") continue;
    if (!id.empty() || !is_sane_request_id(field.second)) return {};
    id = field.second;
  }
  return id;
}

// The Reply passed to a Handler: calls back once, from any thread. If it is dropped without a call,
// the connection is told that too.
class OneReply {
 public:
  OneReply(std::shared_ptr<Loop> loop, std::weak_ptr<Connection> connection, std::uint64_t exchange)
      : loop_(std::move(loop)), connection_(std::move(connection)), exchange_(exchange) {}
  OneReply(OneReply&&) noexcept = default;
  OneReply& operator=(OneReply&&) = delete;
  ~OneReply() {
    if (loop_ != nullptr) deliver(std::nullopt);
  }

  void operator()(Response response) {
    if (loop_ != nullptr) deliver(std::move(response));
  }

 private:
  void deliver(std::optional<Response> response) {
    const std::shared_ptr<Loop> loop = std::move(loop_);
    loop_ = nullptr;
    asio::dispatch(loop->io, [connection = std::move(connection_), exchange = exchange_,
                              answer = std::move(response)]() mutable {
      if (const auto alive = connection.lock()) alive->answered(exchange, std::move(answer));
    });
  }

  std::shared_ptr<Loop> loop_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t exchange_;
};

}  // namespace

Connection::Connection(Shared& shared, std::shared_ptr<Loop> loop, Socket socket,
                       std::string remote_ip)
    : shared_(shared),
      loop_(std::move(loop)),
      socket_(std::move(socket)),
      wake_(loop_->io.get_executor()),
      remote_ip_(std::move(remote_ip)),
      recorded_ip_(recorded_address(remote_ip_, shared.options.callers.get().recorded)),
      parser_({.head_bytes_max = shared.options.head_bytes_max,
               .body_bytes_max = shared.options.body_bytes_max,
               .stops_after_head = true}) {
  loop_->add(*this);
  ++shared_.connections;
}

Connection::~Connection() {
  loop_->remove(*this);
  hold(0);
  --shared_.connections;
}

void Connection::start(std::shared_ptr<Connection> connection, bool is_one_too_many) {
  Connection& self = *connection;
  const auto executor = self.loop_->io.get_executor();
  asio::co_spawn(
      executor,
      [](std::shared_ptr<Connection> kept, bool refuse) -> Task<void> {
        if (refuse) {
          co_await kept->refuse_connection();
        } else {
          co_await kept->run();
        }
        kept->end();
      }(std::move(connection), is_one_too_many),
      asio::detached);
}

bool Connection::sweep(Microseconds now) {
  const bool waits_for_peer = deadline_ || write_deadline_;
  const bool is_late =
      (deadline_ && now >= *deadline_) || is_read_too_slowly(now) ||
      (waits_for_peer && holder_ && held_ > 0 && shared_.shares.is_condemned(*holder_));
  const bool was_ended = ended_;
  if (is_late && !was_ended) end();
  if (forwarding_ != nullptr) forwarding_->sweep(now);
  return ended_ && !was_ended;
}

void Connection::end_if_idle() {
  // A tunnel may last for days, and neither side expects an orderly end.
  if (is_idle_ || (forwarding_ != nullptr && forwarding_->is_tunnel())) end();
}

void Connection::end() {
  ended_ = true;
  BoostError ignored;
  socket_.close(ignored);
  if (forwarding_ != nullptr) forwarding_->end();
  wake();
}

void Connection::keep_record() {
  if (forwarding_ != nullptr) forwarding_->keep_record();
}

void Connection::recorded(std::uint64_t exchange) {
  if (exchange != exchange_ || forwarding_ == nullptr) return;
  forwarding_->recorded({});
  wake();
}

void Connection::answered(std::uint64_t exchange, std::optional<Response> response) {
  if (exchange != exchange_ || is_answered_) return;
  is_answered_ = true;
  answer_ = std::move(response);
  wake();
}

Task<void> Connection::run() {
  bool goes_on = true;
  while (goes_on && !ended_) goes_on = co_await serve_one();
}

Task<void> Connection::refuse_connection() {
  is_idle_ = false;
  const Request none = unread_request();
  Response response =
      refusal({ErrorCode::overloaded, "the server has too many connections; try again soon"},
              none.request_id);
  if (co_await send(response, none)) co_await linger();
}

Task<bool> Connection::serve_one() {
  parser_.reset();
  input_.rest();
  holder_.reset();
  known_caller_.reset();
  Read outcome = co_await read_head();
  if (outcome == Read::ended) co_return false;
  is_first_ = false;
  Request request = outcome == Read::refused ? unread_request() : take_request_head();
  if (!request.path.empty()) {
    const std::unique_ptr<Passage> passage = shared_.handler.pass(request);
    if (passage != nullptr) {
      ++exchange_;
      deadline_.reset();
      // On the heap, since this frame mostly waits for a request.
      const auto forwarding = std::make_unique<Forwarding>(*this, request, *passage);
      const bool stays = co_await forwarding->run();
      co_return stays;
    }
    const bool is_ours = take_own_path(request);
    if (is_ours)
      parser_.set_body_max(
          std::min(shared_.options.body_bytes_max, shared_.handler.body_bytes_max(request)));
    outcome = Read::refused;
    if (is_ours) outcome = co_await read_body(request);
    if (outcome == Read::ended) co_return false;
    request.bytes = parser_.bytes();
    request.body = parser_.take_body();
    if (outcome == Read::complete) {
      if (Result<> query = take_query(request); !query) {
        refused_ = std::move(query.error());
        outcome = Read::refused;
      }
    }
  }
  const bool is_refused = outcome == Read::refused || request.path.empty();
  const bool stays = co_await answer(request, is_refused);
  co_return stays;
}

Task<bool> Connection::answer(Request& request, bool is_refused) {
  // The parts that the answer depends on; the handler gets the rest.
  Request asked;
  asked.method = request.method;
  asked.request_id = request.request_id;
  asked.keep_alive = request.keep_alive && !is_refused;
  asked.takes_chunks = request.takes_chunks;
  if (auto origin = request.header("origin"))
    asked.headers.emplace_back("origin", *std::move(origin));
  Response response;
  const bool is_heavy = std::ssize(request.body) > kLightBodyBytes;
  bool is_taken = !is_refused && !is_dropped_ && has_room(request, shared_.options.held_bytes_max);
  if (is_taken && is_heavy) is_taken = co_await take_turn();
  if (ended_) co_return false;
  if (!is_taken) {
    std::string{}.swap(request.body);
    response = refusal(refused_, asked.request_id);
    shared_.handler.add_origin_fields(asked, response);
  } else {
    call_handler(std::move(request));
    if (is_heavy) pass_turn_on();
    while (!is_answered_ && !ended_) co_await wake_.wait();
    response = take_answer(asked.request_id);
  }
  if (ended_) co_return false;
  hold(0);  // the request's body has been passed on
  if (!has_room_for_answer(asked, response)) response = refusal(refused_, asked.request_id);
  if (shared_.stopping) response.close = true;
  const bool goes_on = head_context(asked, response, {}).keep_alive;
  const bool sent = co_await send(response, asked);
  hold(0);
  const bool may_have_unread = is_refused || !input_.is_empty();
  if (sent && !goes_on && may_have_unread) co_await linger();
  const bool stays = sent && goes_on;
  co_return stays;
}

Task<Connection::Read> Connection::read_head() {
  is_idle_ = input_.is_empty();
  read_started_ = shared_.clock.steady();
  while (true) {
    const Result<std::size_t> taken = parser_.take(input_.view());
    if (!taken) {
      refused_ = taken.error();
      co_return Read::refused;
    }
    input_.consume(*taken);
    if (parser_.has_head()) break;
    // An empty line does not begin a request.
    if (*taken > 0 && input_.is_empty()) is_idle_ = true;
    set_read_deadline();
    const bool was_idle = is_idle_;
    const auto [error, count] = co_await socket_.async_read_some(read_room(), kAwait);
    input_.commit(count);
    if (error || ended_) co_return Read::ended;
    if (was_idle) read_started_ = shared_.clock.steady();
    is_idle_ = false;
  }
  is_idle_ = false;
  deadline_.reset();
  co_return Read::complete;
}

Task<Connection::Read> Connection::read_body(const Request& head) {
  const std::size_t bodies_max = shared_.options.held_bytes_max / 2;
  read_started_ = shared_.clock.steady();
  const BodyFate fate = fate_of_body(head);
  if (fate == BodyFate::refused) co_return Read::refused;
  is_dropped_ = fate == BodyFate::read_past;
  int reads_at_once = 0;
  bool has_asked = false;
  while (true) {
    const Result<std::size_t> taken = parser_.take(input_.view());
    if (!taken) {
      refused_ = taken.error();
      co_return Read::refused;
    }
    input_.consume(*taken);
    if (is_dropped_) parser_.take_body();
    const std::size_t held = is_dropped_ ? 0 : static_cast<std::size_t>(parser_.body_bytes());
    const bool is_light = held <= static_cast<std::size_t>(kLightBodyBytes);
    if (parser_.is_complete() && is_light) break;
    hold(held + input_.grown_bytes());
    if (parser_.is_complete()) break;
    if (!is_dropped_ && !has_room(head, bodies_max)) co_return Read::refused;
    const bool must_ask = !has_asked && parser_.framing().expects_continue && input_.is_empty();
    has_asked = true;
    if (must_ask && is_dropped_) co_return Read::refused;
    if (must_ask && !co_await send_continue()) co_return Read::ended;
    if (read_now(reads_at_once++)) continue;
    reads_at_once = 0;
    set_read_deadline();
    if (!co_await read_some()) co_return Read::ended;
  }
  deadline_.reset();
  co_return Read::complete;
}

void Connection::set_read_deadline() {
  const ServerOptions& options = shared_.options;
  if (parser_.has_head()) {
    const Microseconds by_rate = read_started_ + kBodyGrace + time_for(parser_.body_bytes());
    deadline_ = std::min(by_rate, shared_.clock.steady() + options.body_timeout);
  } else if (is_idle_ && !is_first_) {
    deadline_ = read_started_ + options.idle_timeout;
  } else {
    deadline_ = read_started_ + options.head_timeout;
  }
}

// Room for the largest head, or for a piece of a body. The held bytes never fill it, since the
// parser takes or refuses them.
asio::mutable_buffer Connection::read_room() {
  const std::span<char> room =
      input_.room(std::max(kBodyReadBytes, 2 * shared_.options.head_bytes_max));
  return {room.data(), room.size()};
}

Task<bool> Connection::read_some() {
  known_caller_.reset();
  const auto [error, count] = co_await socket_.async_read_some(read_room(), kAwait);
  input_.commit(count);
  co_return !error && !ended_;
}

Task<bool> Connection::send_continue() {
  known_caller_.reset();
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  co_return co_await write(kContinue);
}

// The request without body and query. An empty path means that refused_ has the reason.
Request Connection::take_request_head() {
  Request request = unread_request();
  RequestHead head = parser_.take_head();
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  request.bytes = parser_.bytes();
  request.keep_alive = parser_.framing().keep_alive;
  request.takes_chunks = head.version_minor == 1;
  find_caller(request, remote_ip_, shared_.options.callers);
  Result<std::string> path = parse_passing_path(request.target);
  if (path) {
    request.path = *std::move(path);
  } else {
    refused_ = std::move(path.error());
  }
  return request;
}

// Escapes that an upstream may receive are not allowed in paths of our own routes. False if
// refused_ has the reason.
bool Connection::take_own_path(Request& request) {
  Result<std::string> path = parse_target_path(request.target);
  if (path) {
    request.path = *std::move(path);
    return true;
  }
  refused_ = std::move(path.error());
  return false;
}

Result<> Connection::take_query(Request& request) const {
  request.query = TRY(parse_target_query(request.target));
  return {};
}

// The known parts of a request that was refused, perhaps before its head was understood.
Request Connection::unread_request() {
  target_ = parser_.head().target;
  Request request;
  request.method = parser_.head().method;
  request.remote_ip = remote_ip_;
  request.recorded_ip = recorded_ip_;
  request.request_id = request_id_of(parser_.head());
  if (request.request_id.empty()) request.request_id = "req_" + make_ulid(shared_.clock.now());
  request.keep_alive = false;
  return request;
}

Response Connection::refusal(const Error& error, const std::string& request_id) {
  shared_.log.info("http.refused",
                   {{"request_id", request_id}, {"reason", error.message}, {"ip", recorded_ip_}});
  return shared_.handler.refusal(error, request_id, target_);
}

Response Connection::take_answer(const std::string& request_id) {
  if (!answer_)
    return refusal({ErrorCode::internal, "a request was dropped without an answer"}, request_id);
  Response response = std::move(*answer_);
  answer_.reset();
  return response;
}

void Connection::call_handler(Request request) {
  ++exchange_;
  is_answered_ = false;
  answer_.reset();
  deadline_.reset();
  OneReply reply{loop_, weak_from_this(), exchange_};
  Handler& handler = shared_.handler;
  if (!handler.is_slow(request)) {
    request.known_caller = std::move(known_caller_);
    handler.handle(std::move(request), std::move(reply));
    loop_->settle(handler);
    return;
  }
  const bool is_login = handler.is_login(request);
  SlowPool& pool = is_login ? shared_.logins : shared_.slow;
  find_holder(request);
  if (!pool.reserve(*holder_)) {
    const Error full = is_login
                           ? Error{.code = ErrorCode::rate_limit,
                                   .message = "too many logins are waiting; try again soon",
                                   .retry_after = std::chrono::seconds{1}}
                           : Error{.code = ErrorCode::overloaded,
                                   .message = "too many long requests are waiting; try again soon"};
    reply(refusal(full, request.request_id));
    return;
  }
  pool.submit_reserved(holder_->name,
                       [&handler, asked = std::move(request), answer = std::move(reply)]() mutable {
                         handler.handle(std::move(asked), std::move(answer));
                         handler.settle();
                       });
}

Task<bool> Connection::send(Response& response, const Request& asked) {
  const HeadContext context = head_context(asked, response, shared_.clock.now());
  const bool has_body = asked.method != "HEAD" && !is_bodiless(response.status);
  std::string bytes = serialize_head(response, context);
  if (!has_body) co_return co_await write(bytes);
  if (response.source) {
    if (!co_await write(bytes)) co_return false;
    co_return co_await send_source(response.source, context.takes_chunks);
  }
  if (response.body.size() <= kJoinedBodyMax) {
    bytes += response.body;
    co_return co_await write(bytes);
  }
  if (!co_await write(bytes)) co_return false;
  co_return co_await write(response.body);
}

// One piece after another; a slow thread makes each once the one before is in the socket.
Task<bool> Connection::send_source(BodySource& source, bool in_chunks) {
  while (true) {
    piece_.reset();
    shared_.slow.submit_piece(
        [weak = weak_from_this(), loop = loop_, pull = std::move(source)]() mutable {
          auto made = pull();
          asio::post(loop->io, [weak = std::move(weak), back = std::move(pull),
                                bytes = std::move(made)]() mutable {
            const auto alive = weak.lock();
            if (alive == nullptr) return;
            alive->piece_.emplace(std::move(back), std::move(bytes));
            alive->wake();
          });
        });
    while (!piece_ && !ended_) co_await wake_.wait();
    if (ended_) co_return false;
    source = std::move(piece_->source);
    const Result<std::optional<std::string>> made = std::move(piece_->bytes);
    if (!made) {
      shared_.log.error("http.body_failed", {{"reason", made.error().message}});
      co_return false;
    }
    if (!made->has_value()) break;
    const std::string& bytes = **made;
    if (bytes.empty()) continue;
    const std::string framed = in_chunks ? fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes) : "";
    if (!co_await write(in_chunks ? framed : bytes)) co_return false;
  }
  if (!in_chunks) co_return true;
  constexpr std::string_view kEnd = "0\r\n\r\n";
  co_return co_await write(kEnd);
}

Task<bool> Connection::write(std::string_view first, std::string_view second) {
  const std::size_t sent = send_now(socket_, first, second);
  if (sent == first.size() + second.size()) co_return true;
  const bool is_written = co_await write_rest(first, second, sent);
  co_return is_written;
}

Task<bool> Connection::write_rest(std::string_view first, std::string_view second,
                                  std::size_t sent) {
  const std::size_t size = first.size() + second.size();
  const bool is_first_held = held_ == 0;
  if (is_first_held) hold(size);
  write_started_ = shared_.clock.steady();
  acknowledged_before_ = acknowledged_bytes(socket_.native_handle());
  write_deadline_ = write_started_ + shared_.options.write_timeout;
  while (sent < size && !ended_) {
    const std::string_view head = first.substr(std::min(sent, first.size()));
    const std::string_view tail = second.substr(std::max(sent, first.size()) - first.size());
    const std::array<asio::const_buffer, 2> rest{asio::const_buffer{head.data(), head.size()},
                                                 asio::const_buffer{tail.data(), tail.size()}};
    const auto [error, count] = co_await socket_.async_write_some(rest, kAwait);
    if (error) co_return false;
    sent += count;
  }
  write_deadline_.reset();
  if (is_first_held) hold(0);
  co_return !ended_;
}

// Closing a socket with unread input resets the connection, and the caller may lose its answer. So
// further input is read for a moment and discarded.
Task<void> Connection::linger() {
  BoostError ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  deadline_ = shared_.clock.steady() + kLingerTime;
  std::size_t read = 0;
  while (read < kLingerBytesMax && !ended_) {
    input_.consume(input_.view().size());
    const std::span<char> waste = input_.room(kLingerReadBytes);
    const auto [error, count] =
        co_await socket_.async_read_some(asio::mutable_buffer{waste.data(), waste.size()}, kAwait);
    if (error) break;
    read += count;
  }
}

}  // namespace metergate::http
