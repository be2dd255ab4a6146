// Exchange: one outbound request from its URL to its outcome, as a coroutine on the outbound's
// thread.
//
// Its coroutine keeps it alive. Everything happens on the loop's thread, except the resolver's
// answer, which it posts to itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "http/net/asio.h"
#include "http/net/resolver.h"
#include "http/outbound/outbound.h"
#include "http/wire/answer_reader.h"

namespace metergate::http {

class Exchange;

// The state that all exchanges of an outbound share. Late answers of the resolver own it too, so
// that they can still post.
struct OutboundLoop {
  asio::io_context io{1};
  std::unordered_set<Exchange*> exchanges;  // used on the loop's thread only
};

class TlsContext;

struct OutboundShared {
  const OutboundOptions& options;
  const Clock& clock;
  TlsContext& tls;
  Resolver& resolver;
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Executor = asio::io_context::executor_type;
  using Socket = asio::generic::stream_protocol::socket::rebind_executor<Executor>::other;
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;
  template <class T>
  using Task = asio::awaitable<T, Executor>;

  Exchange(const OutboundShared& shared, std::shared_ptr<OutboundLoop> loop,
           OutboundRequest request, Outbound::Then then);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Called on the loop's thread.
  static void start(const std::shared_ptr<Exchange>& exchange);
  void stop() { abort(OutboundEnd::stopped, "the server is stopping"); }

 private:
  Task<void> run();
  Task<void> exchange();
  Task<bool> find_addresses();
  Task<bool> look_up();
  Task<bool> connect();
  Task<bool> connect_to(const IpAddress& address, bool is_last);
  template <class Stream>
  Task<bool> shake_hands(Stream& stream);
  Task<void> talk_tls();
  Task<void> talk_mail();
  template <class Stream>
  Task<void> talk(Stream& stream);
  template <class Stream>
  Task<void> converse(Stream& stream);

  bool read_url();
  void refuse_host();
  bool addresses_are_allowed();
  std::string request_text() const;
  MailTls mail_tls() const;
  Milliseconds timeout() const;
  void arm(Milliseconds limit, OutboundEnd end);
  void abort(OutboundEnd end, std::string problem);
  void set_end(OutboundEnd end, std::string problem);
  void finish();

  const OutboundShared& shared_;
  std::shared_ptr<OutboundLoop> loop_;
  OutboundRequest request_;
  Outbound::Then then_;
  Destination destination_;
  std::vector<IpAddress> addresses_;
  std::optional<Resolver::Answer> looked_up_;
  Socket socket_;
  Timer deadline_;
  Timer connect_deadline_;
  Timer wake_;  // never expires; cancelled to wake the coroutine
  std::uint64_t arming_ = 0;
  std::uint64_t connecting_ = 0;
  std::string connect_problem_;  // of the last address tried
  bool is_aborted_ = false;
  std::optional<OutboundEnd> end_;  // the first value stays
  std::string problem_;
  AnswerReader reader_;
  std::optional<SmtpDialogue> dialogue_;
  Microseconds started_{0};
};

}  // namespace metergate::http
