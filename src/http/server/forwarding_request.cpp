// Towards the upstream: a connection to it, the request's head, and the body as it comes.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "http/net/send_now.h"
#include "http/server/forwarding.h"

namespace metergate::http {
namespace {

constexpr int kTargetTriesMax = 2;

// True for methods that may be sent twice without a further effect (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 5> kMethods = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

bool may_have_body(std::string_view method) {
  constexpr std::array<std::string_view, 3> kMethods = {"POST", "PUT", "PATCH"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

}  // namespace

// Takes the body's bytes from the connection's buffer. False if it is invalid, with the reason in
// refused_body_.
bool Forwarding::take_body() {
  RequestParser& parser = connection_.parser_;
  const Result<std::size_t> taken = parser.take(connection_.input_.view());
  if (!taken) {
    refused_body_ = taken.error();
    return false;
  }
  connection_.input_.consume(*taken);
  piece_ = parser.take_body();
  has_whole_request_ = parser.is_complete();
  return true;
}

bool Forwarding::begin_turn() {
  has_timed_out_ = false;
  if (turn_) return true;
  pool_ = connection_.loop_->pool_of(passage_.upstream(), connection_.shared_.options.threads);
  Holder holder = passage_.holder();
  if (!pool_->begin_turn(holder)) return false;
  turn_.emplace(pool_, std::move(holder));
  return true;
}

bool Forwarding::take_kept_link() {
  if (!has_tried_again_) link_ = pool_->take_kept();
  return link_ != nullptr;
}

Task<Forwarding::Step> Forwarding::open_link() {
  pool_->take_place();
  place_.emplace(pool_);
  co_return co_await connect();
}

Task<Forwarding::Step> Forwarding::wait_for_turn() {
  UpstreamPool::Waiter waiter{.holder = passage_.holder(), .wake = [this] { connection_.wake(); }};
  UpstreamPool::Ticket ticket;
  if (!pool_->wait(waiter, ticket))
    co_return fail_with(ErrorCode::overloaded,
                        "too many requests wait for the upstream; try again soon");
  read_deadline_ = connection_.shared_.clock.steady() + options_.connect_timeout;
  while (!waiter.is_granted && !has_timed_out_ && !connection_.ended_)
    co_await connection_.wake_.wait();
  read_deadline_.reset();
  if (!waiter.is_granted) {
    pool_->give_up(ticket);
    if (connection_.ended_) co_return Step::abandoned;
    co_return fail_with(ErrorCode::overloaded,
                        "all connections to the upstream are in use; try again soon");
  }
  turn_.emplace(pool_, std::move(waiter.holder));
  co_return Step::done;
}

Task<Forwarding::Step> Forwarding::connect() {
  const Upstream::Target* failed = nullptr;
  for (int i = 0; i < kTargetTriesMax && !connection_.ended_; ++i) {
    Upstream::Target& target = passage_.upstream().next(failed);
    if (&target == failed) break;  // there is no other target
    has_timed_out_ = false;
    read_deadline_ = connection_.shared_.clock.steady() + options_.connect_timeout;
    const bool is_connected = co_await connect_to(target);
    read_deadline_.reset();
    if (is_connected) co_return Step::done;
    if (connection_.ended_) break;
    leave_out(target);
    failed = &target;
  }
  place_.reset();
  if (connection_.ended_) co_return Step::abandoned;
  if (has_timed_out_)
    co_return fail_with(ErrorCode::upstream_timeout, "the upstream took no connection in time");
  co_return fail_with(ErrorCode::upstream, "the upstream cannot be reached");
}

Task<bool> Forwarding::connect_to(Upstream::Target& target) {
  const std::shared_ptr<const Addresses> addresses = target.addresses.load();
  if (addresses == nullptr) co_return false;
  for (const SocketAddress& address : *addresses) {
    if (has_timed_out_ || connection_.ended_) break;
    connect_problem_.clear();
    connecting_.emplace(connection_.loop_->io.get_executor());
    BoostError error;
    connecting_->open(asio::generic::stream_protocol{address.family, IPPROTO_TCP}, error);
    if (!error) {
      const asio::generic::stream_protocol::endpoint endpoint{address.bytes.data(),
                                                              address.bytes.size()};
      std::tie(error) = co_await connecting_->async_connect(endpoint, kAwait);
    }
    if (!error) {
      const int on = 1;
      ::setsockopt(connecting_->native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      link_ = std::make_unique<UpstreamLink>(*std::move(place_), *std::move(connecting_), target);
      place_.reset();
      connecting_.reset();
      bool is_ready = true;
      if (target.origin.is_secure) is_ready = co_await start_tls();
      if (is_ready) co_return true;
      place_.emplace(std::move(link_->place));
      link_.reset();
    } else {
      connect_problem_ = error.message();
      connecting_.reset();
    }
  }
  co_return false;
}

Task<bool> Forwarding::start_tls() {
  const std::string& host = link_->target.origin.host;
  link_->tls = TlsSession::create(*options_.tls, link_->socket.native_handle(), host);
  if (link_->tls == nullptr) {
    connect_problem_ = "no TLS session could be made";
    co_return false;
  }
  const std::string problem = co_await shake_hands(link_->socket, *link_->tls);
  if (!problem.empty()) connect_problem_ = "no TLS: " + problem;
  co_return problem.empty();
}

// Skips the target until a check succeeds. Logged once, not for every request.
void Forwarding::leave_out(Upstream::Target& target) {
  if (!target.is_healthy.exchange(false)) return;
  const std::string why = has_timed_out_ ? "no connection in time" : connect_problem_;
  connection_.shared_.log.warn("gateway.target", {{"upstream", options_.name},
                                                  {"origin", target.origin.authority},
                                                  {"healthy", false},
                                                  {"why", why}});
}

SentBody Forwarding::request_body() const {
  const Framing& framing = connection_.parser_.framing();
  if (has_whole_request_) {
    const bool says_length = !piece_.empty() || may_have_body(request_.method);
    return {says_length ? SentBody::Kind::length : SentBody::Kind::none,
            static_cast<std::int64_t>(piece_.size())};
  }
  if (framing.is_chunked) return {SentBody::Kind::chunked, 0};
  return {SentBody::Kind::length, framing.content_length};
}

// Builds the request as far as it has come.
void Forwarding::make_request() {
  const std::string& authority = link_->target.origin.authority;
  const bool takes_named_fields = passage_.vetting() == Vetting::admitted || request_.is_from_proxy;
  has_asked_to_upgrade_ = wants_websocket_ && has_whole_request_;
  const UpstreamHead with{
      .host = options_.keeps_host && !request_.host.empty() ? request_.host : authority,
      .body = request_body(),
      .is_upgrade = has_asked_to_upgrade_,
      .named_fields =
          takes_named_fields ? std::span{options_.passed_fields} : std::span<const std::string>{},
      .is_without_credentials = passage_.vetting() == Vetting::preflight};
  request_head_ = upstream_head(request_, with);
  const bool is_chunked = with.body.kind == SentBody::Kind::chunked;
  if (is_chunked && !piece_.empty()) piece_ = fmt::format("{:x}\r\n{}\r\n", piece_.size(), piece_);
  reached_upstream_ = true;
}

// True if the whole request was sent, so that the answer can be awaited.
bool Forwarding::send_request_now() {
  request_sent_ = link_->tls == nullptr ? send_now(link_->socket, request_head_, piece_)
                                        : link_->tls->write_now(request_head_, piece_);
  is_request_sent_ = has_whole_request_ && request_sent_ == request_head_.size() + piece_.size();
  if (is_request_sent_) read_deadline_ = connection_.shared_.clock.steady() + options_.head_timeout;
  return is_request_sent_;
}

// Sends the rest. If that fails the upstream may have answered already, which reading will show.
Task<Forwarding::Step> Forwarding::send_request() {
  const bool is_whole = has_whole_request_;
  const bool is_written = co_await write_to_upstream(request_head_, piece_, request_sent_);
  is_request_sent_ = is_written && is_whole;
  if (connection_.ended_) co_return Step::abandoned;
  if (!is_whole && is_written) {
    const bool must_ask = connection_.parser_.framing().expects_continue && piece_.empty();
    if (must_ask) {
      const bool is_asked = co_await connection_.send_continue();
      if (!is_asked) co_return Step::abandoned;
    }
    connection_.read_started_ = connection_.shared_.clock.steady();
    start_beside(upload());
  }
  if (is_request_sent_) read_deadline_ = connection_.shared_.clock.steady() + options_.head_timeout;
  co_return Step::done;
}

Task<void> Forwarding::upload() {
  bool goes_on = true;
  while (goes_on) {
    const bool is_sent = co_await upload_piece();
    goes_on = is_sent && !is_beside_to_end_ && !connection_.ended_ && !has_whole_request_;
  }
  connection_.deadline_.reset();
  if (is_request_sent_ && head_.status == 0)
    read_deadline_ = connection_.shared_.clock.steady() + options_.head_timeout;
  is_beside_ = false;
  connection_.wake();
}

Task<bool> Forwarding::upload_piece() {
  connection_.set_read_deadline();
  const bool is_read = co_await connection_.read_some();
  connection_.deadline_.reset();
  if (is_beside_to_end_) co_return false;
  if (!is_read) {
    connection_.end();
    co_return false;
  }
  if (!take_body()) {
    end();  // the upstream must not take the cut-off request for complete
    co_return false;
  }
  if (piece_.empty() && !has_whole_request_) co_return true;
  const Microseconds started = connection_.shared_.clock.steady();
  bool is_written = false;
  if (connection_.parser_.framing().is_chunked) {
    std::string framed;
    if (!piece_.empty()) framed = fmt::format("{:x}\r\n{}\r\n", piece_.size(), piece_);
    if (has_whole_request_) framed += kLastChunk;
    is_written = co_await write_to_upstream(framed, {});
  } else {
    is_written = co_await write_to_upstream(piece_, {});
  }
  // A slow upstream must not count against the caller's time.
  connection_.read_started_ += connection_.shared_.clock.steady() - started;
  is_request_sent_ = is_written && has_whole_request_;
  co_return is_written;
}

Task<bool> Forwarding::write_to_upstream(std::string_view first, std::string_view second,
                                         std::size_t sent) {
  const std::size_t size = first.size() + second.size();
  bool is_failed = false;
  while (sent < size && !is_failed) {
    write_deadline_ = connection_.shared_.clock.steady() + options_.idle_timeout;
    const std::string_view head = first.substr(std::min(sent, first.size()));
    const std::string_view tail = second.substr(std::max(sent, first.size()) - first.size());
    if (link_->tls == nullptr) {
      const std::array<asio::const_buffer, 2> rest{asio::const_buffer{head.data(), head.size()},
                                                   asio::const_buffer{tail.data(), tail.size()}};
      const auto [error, count] = co_await link_->socket.async_write_some(rest, kAwait);
      is_failed = static_cast<bool>(error);
      sent += count;
    } else {
      const std::string_view next = head.empty() ? tail : head;
      const StreamEnd end = co_await write_some(link_->socket, *link_->tls, next);
      is_failed = static_cast<bool>(end.error);
      sent += end.bytes;
    }
  }
  write_deadline_.reset();
  co_return !is_failed;
}

bool Forwarding::may_try_again() const {
  return !has_tried_again_ && link_->was_used && is_bodiless_ && !wants_websocket_ &&
         is_idempotent(request_.method);
}

}  // namespace metergate::http
