#include "http/outbound/outbound.h"

#include <mutex>
#include <thread>

#include "http/net/tls_client.h"
#include "http/outbound/outbound_exchange.h"
// Built on what the headers above include.
#include <boost/asio/executor_work_guard.hpp>

namespace metergate::http {
namespace {

class AsioOutbound final : public Outbound {
 public:
  AsioOutbound(const OutboundOptions& options, const Clock& clock, std::unique_ptr<TlsContext> tls)
      : options_(options), tls_(std::move(tls)), shared_{options_, clock, *tls_, resolver_} {
    thread_ = std::jthread{[io = &loop_->io] { io->run(); }};
  }
  ~AsioOutbound() override { stop(); }

  void post(OutboundRequest request, Then then) override {
    {
      const std::lock_guard lock{mutex_};
      if (!is_stopping_) {
        auto exchange =
            std::make_shared<Exchange>(shared_, loop_, std::move(request), std::move(then));
        asio::post(loop_->io, [exchange = std::move(exchange)] { Exchange::start(exchange); });
        return;
      }
    }
    OutboundAnswer answer;
    answer.end = OutboundEnd::stopped;
    then(std::move(answer));
  }

  void stop() override {
    {
      const std::lock_guard lock{mutex_};
      if (std::exchange(is_stopping_, true)) return;
      // After every exchange that was posted before.
      asio::post(loop_->io, [loop = loop_.get()] {
        for (Exchange* exchange : loop->exchanges) exchange->stop();
      });
      guard_.reset();
    }
    thread_.join();
    resolver_.stop();
  }

  void set_rules(DestinationRules rules) override { options_.rules = std::move(rules); }

 private:
  OutboundOptions options_;
  std::unique_ptr<TlsContext> tls_;
  Resolver resolver_;
  OutboundShared shared_;
  std::shared_ptr<OutboundLoop> loop_ = std::make_shared<OutboundLoop>();
  asio::executor_work_guard<asio::io_context::executor_type> guard_{loop_->io.get_executor()};
  std::mutex mutex_;
  bool is_stopping_ = false;
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<Outbound>> Outbound::create(const OutboundOptions& options,
                                                   const Clock& clock) {
  auto tls = TRY(TlsContext::create(options.ca_file));
  return std::unique_ptr<Outbound>{std::make_unique<AsioOutbound>(options, clock, std::move(tls))};
}

}  // namespace metergate::http
