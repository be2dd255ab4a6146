#include "http/outbound/outbound_exchange.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <utility>

#include "base/mail_address.h"
#include "http/net/tls_client.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kReadBytesMax = 64 * 1024;
constexpr std::size_t kChunkBytes = 16 * 1024;
constexpr std::size_t kConnectsMax = 4;
constexpr Milliseconds kConnectMax{5000};  // if there is another address to try
// Once the status is known, only the beginning of the body matters.
constexpr Milliseconds kBodyMax{2000};
constexpr int kMailPatience = 4;  // mail servers delay strangers on purpose, to be rid of robots

constexpr auto await_tuple() { return asio::as_tuple(asio::use_awaitable_t<Exchange::Executor>{}); }

asio::generic::stream_protocol::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  if (address.is_v4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data(), sizeof v4.sin_addr);
    return {&v4, sizeof v4};
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr);
  return {&v6, sizeof v6};
}

}  // namespace

Exchange::Exchange(const OutboundShared& shared, std::shared_ptr<OutboundLoop> loop,
                   OutboundRequest request, Outbound::Then then)
    : shared_(shared),
      loop_(std::move(loop)),
      request_(std::move(request)),
      then_(std::move(then)),
      socket_(loop_->io.get_executor()),
      deadline_(loop_->io.get_executor()),
      connect_deadline_(loop_->io.get_executor()),
      wake_(loop_->io.get_executor()) {}

Exchange::~Exchange() = default;

void Exchange::start(const std::shared_ptr<Exchange>& exchange) {
  exchange->loop_->exchanges.insert(exchange.get());
  // A parameter instead of a capture: the lambda is destroyed before the coroutine.
  asio::co_spawn(
      exchange->loop_->io.get_executor(),
      [](std::shared_ptr<Exchange> kept) -> Task<void> { co_await kept->run(); }(exchange),
      asio::detached);
}

Exchange::Task<void> Exchange::run() {
  started_ = shared_.clock.steady();
  arm(timeout(), OutboundEnd::timed_out);
  co_await exchange();
  finish();
}

Exchange::Task<void> Exchange::exchange() {
  if (!read_url()) co_return;
  const bool is_found = co_await find_addresses();
  if (!is_found || !addresses_are_allowed()) co_return;
  const bool is_connected = co_await connect();
  if (!is_connected) co_return;
  if (destination_.is_mail) {
    co_await talk_mail();
  } else if (destination_.is_secure) {
    co_await talk_tls();
  } else {
    co_await talk(socket_);
  }
}

bool Exchange::read_url() {
  auto destination =
      request_.mail ? parse_mail_server(request_.url) : parse_destination(request_.url);
  if (destination) {
    const Result<> allowed = check_destination(*destination, shared_.options.rules);
    if (allowed) {
      destination_ = *std::move(destination);
      return true;
    }
    destination = fail(allowed.error());
  }
  set_end(OutboundEnd::refused, "the URL " + destination.error().message);
  return false;
}

Exchange::Task<bool> Exchange::find_addresses() {
  if (destination_.address) {
    addresses_ = {*destination_.address};
    co_return true;
  }
  co_return co_await look_up();
}

Exchange::Task<bool> Exchange::look_up() {
  wake_.expires_at(std::chrono::steady_clock::time_point::max());
  // A late answer must not keep the exchange alive.
  auto tell = [weak = weak_from_this(), loop = loop_](Resolver::Answer answer) {
    // Always posted, even if the answer comes at once, so that the coroutine is already waiting.
    asio::post(loop->io, [weak, answer = std::move(answer)]() mutable {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->looked_up_ = std::move(answer);
      self->wake_.cancel();
    });
  };
  shared_.resolver.look_up(destination_.host, std::move(tell));
  co_await wake_.async_wait(await_tuple());
  if (is_aborted_ || !looked_up_) co_return false;
  if (!*looked_up_) {
    if (looked_up_->error().code == ErrorCode::not_found) {
      refuse_host();
    } else {
      set_end(OutboundEnd::refused, looked_up_->error().message);
    }
    co_return false;
  }
  addresses_ = **looked_up_;
  co_return true;
}

// Whoever may add a webhook reads this. It says neither what a name resolves to nor whether it does
// at all, or one could ask for the names and addresses of the network that this server stands in.
void Exchange::refuse_host() {
  set_end(
      OutboundEnd::refused,
      fmt::format("{} has no public address, nor one that WEBHOOK_ALLOW names", destination_.host));
}

// One forbidden address refuses the host: such mixtures are made on purpose.
bool Exchange::addresses_are_allowed() {
  const auto bad = std::ranges::find_if_not(addresses_, [this](const IpAddress& address) {
    return may_connect(destination_, address, shared_.options.rules);
  });
  if (bad == addresses_.end()) return true;
  refuse_host();
  return false;
}

Exchange::Task<bool> Exchange::connect() {
  const std::size_t count = std::min(addresses_.size(), kConnectsMax);
  for (std::size_t i = 0; i < count && !is_aborted_; ++i) {
    if (co_await connect_to(addresses_[i], i + 1 == count)) co_return true;
  }
  set_end(OutboundEnd::failed, connect_problem_);
  co_return false;
}

Exchange::Task<bool> Exchange::connect_to(const IpAddress& address, bool is_last) {
  boost::system::error_code ignored;
  socket_.close(ignored);
  const std::uint64_t mine = ++connecting_;
  if (!is_last) {
    connect_deadline_.expires_after(kConnectMax);
    connect_deadline_.async_wait([self = shared_from_this(), mine](boost::system::error_code code) {
      boost::system::error_code unused;
      if (!code && mine == self->connecting_) self->socket_.close(unused);
    });
  }
  const auto endpoint = endpoint_of(address, destination_.port);
  const auto [error] = co_await socket_.async_connect(endpoint, await_tuple());
  ++connecting_;  // a deadline that has just passed comes too late
  connect_deadline_.cancel();
  if (!error && !is_aborted_) co_return true;
  connect_problem_ = fmt::format("no connection to {} port {}: {}; check host and port",
                                 destination_.host, destination_.port, error.message());
  co_return false;
}

template <class Stream>
Exchange::Task<bool> Exchange::shake_hands(Stream& stream) {
  if (!TlsContext::name_host(stream.native_handle(), destination_.host)) {
    set_end(OutboundEnd::failed, "no TLS session could be made");
    co_return false;
  }
  const auto [error] =
      co_await stream.async_handshake(asio::ssl::stream_base::client, await_tuple());
  if (!error) co_return true;
  const bool is_untrusted = SSL_get_verify_result(stream.native_handle()) != X509_V_OK;
  set_end(OutboundEnd::failed,
          fmt::format("no TLS with {}: {}{}", destination_.host, error.message(),
                      is_untrusted ? "; its certificate is not for this name or not trusted: mend "
                                     "it, or name its authority in WEBHOOK_CA_FILE"
                                   : ""));
  co_return false;
}

Exchange::Task<void> Exchange::talk_tls() {
  asio::ssl::stream<Socket&> stream{socket_, shared_.tls.context()};
  if (co_await shake_hands(stream)) co_await talk(stream);
}

MailTls Exchange::mail_tls() const {
  if (destination_.is_secure) return MailTls::from_the_start;
  const DestinationRules& rules = shared_.options.rules;
  return rules.http_allowed ? MailTls::by_upgrade_if_there : MailTls::by_upgrade;
}

Exchange::Task<void> Exchange::talk_mail() {
  // Checked when they were given; a command is the last place where one could do harm.
  const bool is_sound = is_mail_address(request_.mail->from) &&
                        std::ranges::all_of(request_.mail->to, is_mail_address);
  if (!is_sound) {
    set_end(OutboundEnd::refused, "an address is none: check `from` and `to`");
    co_return;
  }
  dialogue_.emplace(*request_.mail, request_.body, mail_tls());
  if (!destination_.is_secure) {
    co_await converse(socket_);
    if (is_aborted_ || !dialogue_->wants_tls()) co_return;
  }
  asio::ssl::stream<Socket&> stream{socket_, shared_.tls.context()};
  if (!co_await shake_hands(stream)) co_return;
  if (dialogue_->wants_tls()) dialogue_->upgraded();
  co_await converse(stream);
}

// Until the message is handed over or refused, or the connection is to be upgraded.
template <class Stream>
Exchange::Task<void> Exchange::converse(Stream& stream) {
  std::vector<char> chunk(kChunkBytes);
  while (!is_aborted_) {
    const std::string text = dialogue_->take_output();
    if (!text.empty()) {
      const auto [error, written] =
          co_await asio::async_write(stream, asio::buffer(text), await_tuple());
      // Nothing depends on the farewell.
      if (error && !dialogue_->is_over())
        set_end(OutboundEnd::failed, "the mail server broke off: " + error.message());
    }
    if (end_ || dialogue_->is_over() || dialogue_->wants_tls()) break;
    const auto [error, count] = co_await stream.async_read_some(asio::buffer(chunk), await_tuple());
    if (error) {
      set_end(OutboundEnd::failed, "the mail server broke off: " + error.message());
      break;
    }
    dialogue_->take({chunk.data(), count});
  }
  if (!dialogue_->is_over()) co_return;
  const bool has_status = dialogue_->status() != 0;
  set_end(has_status ? OutboundEnd::answered : OutboundEnd::failed, dialogue_->problem());
}

template <class Stream>
Exchange::Task<void> Exchange::talk(Stream& stream) {
  const std::string text = request_text();
  // The peer may rightly answer before it has read everything, so the answer is read in any case.
  const auto [write_error, written] =
      co_await asio::async_write(stream, asio::buffer(text), await_tuple());
  std::string problem = write_error ? write_error.message() : "the connection was closed";
  std::vector<char> chunk(kChunkBytes);
  std::size_t read = 0;
  while (!is_aborted_ && !reader_.is_complete() && read < kReadBytesMax) {
    const auto [error, count] = co_await stream.async_read_some(asio::buffer(chunk), await_tuple());
    if (error) {
      if (!write_error && error != asio::error::eof) problem = error.message();
      break;
    }
    read += count;
    const bool had_head = reader_.has_head();
    const Result<> taken = reader_.take({chunk.data(), count});
    if (!taken) {
      problem = taken.error().message;
      break;
    }
    if (!had_head && reader_.has_head()) arm(kBodyMax, OutboundEnd::answered);
  }
  if (reader_.has_head()) {
    set_end(OutboundEnd::answered, {});
  } else {
    set_end(OutboundEnd::failed, "no answer: " + problem);
  }
}

std::string Exchange::request_text() const {
  std::string text = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\n"
      "Content-Length: {}\r\nConnection: close\r\n",
      destination_.target, destination_.host_field(), shared_.options.user_agent,
      request_.body.size());
  for (const auto& [name, value] : request_.headers) {
    if (is_token(name) && is_field_value(value)) text += fmt::format("{}: {}\r\n", name, value);
  }
  return text + "\r\n" + request_.body;
}

Milliseconds Exchange::timeout() const {
  return shared_.options.timeout * (request_.mail ? kMailPatience : 1);
}

// A later call replaces an earlier one.
void Exchange::arm(Milliseconds limit, OutboundEnd end) {
  const Microseconds spent = shared_.clock.steady() - started_;
  const auto left = std::chrono::duration_cast<Milliseconds>(timeout() - spent);
  deadline_.expires_after(std::clamp(left, Milliseconds{0}, limit));
  deadline_.async_wait(
      [self = shared_from_this(), mine = ++arming_, end](boost::system::error_code code) {
        if (code || mine != self->arming_) return;
        self->abort(end, fmt::format("no answer within {} ms", self->timeout().count()));
      });
}

void Exchange::abort(OutboundEnd end, std::string problem) {
  is_aborted_ = true;
  set_end(end, std::move(problem));
  boost::system::error_code ignored;
  socket_.close(ignored);
  wake_.cancel();
}

void Exchange::set_end(OutboundEnd end, std::string problem) {
  if (end_) return;
  end_ = end;
  problem_ = std::move(problem);
}

void Exchange::finish() {
  ++arming_;
  deadline_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  loop_->exchanges.erase(this);
  OutboundAnswer answer;
  // A received status counts, whatever happened to the rest of the answer.
  answer.end = reader_.has_head() ? OutboundEnd::answered : end_.value_or(OutboundEnd::failed);
  answer.duration = shared_.clock.steady() - started_;
  if (answer.end == OutboundEnd::answered && dialogue_) {
    answer.status = dialogue_->status();
    answer.excerpt = dialogue_->answer();
    answer.problem = std::move(problem_);
  } else if (answer.end == OutboundEnd::answered) {
    answer.status = reader_.status();
    answer.excerpt = reader_.excerpt();
    if (const auto& text = reader_.retry_after()) {
      answer.retry_after = parse_retry_after(*text, shared_.clock.now());
    }
  } else {
    answer.problem = std::move(problem_);
  }
  then_(std::move(answer));
}

}  // namespace metergate::http
