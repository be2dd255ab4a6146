#include "workers/delivery.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <condition_variable>

#include "http/testing/outbound_receiver_test.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

using http::Receiver;
using http::ReceiverPeer;

constexpr std::string_view kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";

// A worker over a store in memory that sends to receivers on this machine. The test sets its clock,
// so that retries come when the test says.
class DeliveryWorkerTest : public testing::Test {
 protected:
  DeliveryWorkerTest() {
    world_.add("tenant_1", "enterprise");
    options_.rules = http::DestinationRules{http::AllowList::parse("127.0.0.0/8").value(), true};
    options_.timeout = Milliseconds{500};
  }
  ~DeliveryWorkerTest() override {
    if (worker_) worker_->stop();
  }

  void start() {
    outbound_ = must(http::Outbound::create(options_, steady_));
    worker_.emplace(world_.services, *outbound_);
    worker_->start();
  }
  std::string hook(std::uint16_t port) {
    const Json made = must(world_.webhook_book->add(
        own(), {fmt::format("http://127.0.0.1:{}/", port), {"*"}, {}}, world_.actor));
    return made.string_at("webhook_id").value();
  }
  void sale(const std::string& id) {
    NewTrade wanted;
    wanted.id = id;
    must(world_.records.add_sale(access_, wanted, world_.actor));
  }
  WebhookOwner own() const { return WebhookOwner::of(access_); }

  // Checks repeatedly until the claim holds; the effects of a delivery show in the store only.
  template <class Claim>
  void expect_soon(Claim claim) {
    const Microseconds until = steady_.steady() + std::chrono::seconds{20};
    while (!claim() && steady_.steady() < until) std::this_thread::yield();
    EXPECT_TRUE(claim());
  }
  std::vector<Delivery> deliveries() {
    std::vector<Delivery> found;
    for (const Json& document : world_.documents(Collection::webhook_deliveries)) {
      found.push_back(must(delivery_from(document)));
    }
    return found;
  }
  bool all_are(DeliveryStatus status) {
    const auto found = deliveries();
    return std::ranges::all_of(found, [&](const Delivery& one) { return one.status == status; });
  }
  bool has_attempts(int count) {
    const auto found = deliveries();
    return found.size() == 1 && found[0].attempts == count && !found[0].claimed_at;
  }
  std::size_t calls() { return world_.documents(Collection::webhook_calls).size(); }

  SystemClock steady_;
  ServicesWorld world_;
  TenantAccess access_ = must(Caller::of_tenant("till", tenant("tenant_1"))
                                  .access(tenant("tenant_1"), Permission::tenants_update));
  http::OutboundOptions options_;
  std::unique_ptr<http::Outbound> outbound_;
  std::optional<DeliveryWorker> worker_;
};

TEST_F(DeliveryWorkerTest, SendsWhatIsStoredInItsOrder) {
  Receiver receiver{http::answering(std::string{kNoContent})};
  hook(receiver.port());
  start();
  for (int i = 0; i < 20; ++i) sale(fmt::format("s{}", i));
  const auto requests = receiver.requests(20);
  for (int i = 0; i < 20; ++i) {
    EXPECT_NE(requests.at(static_cast<std::size_t>(i)).find(fmt::format("\"s{}\"", i)),
              std::string::npos);
  }
  expect_soon([&] { return all_are(DeliveryStatus::delivered); });
  EXPECT_EQ(calls(), 20U);
}

TEST_F(DeliveryWorkerTest, SendsWhatWaitedBeforeItStarted) {
  Receiver receiver{http::answering(std::string{kNoContent})};
  hook(receiver.port());
  sale("s1");
  start();
  receiver.requests(1);
  expect_soon([&] { return all_are(DeliveryStatus::delivered); });
}

TEST_F(DeliveryWorkerTest, EveryFailureIsTriedAgainUnderTheSameId) {
  Receiver receiver{[](ReceiverPeer& peer, int connection) {
    if (peer.read_request().empty()) return;
    if (connection == 1) peer.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    if (connection == 2) peer.reset();
    if (connection == 3) peer.wait_for_end();
    if (connection == 4) peer.send("HTTP/1.1 302 Go\r\nLocation: http://x/\r\n\r\n");
    if (connection == 5) peer.send(kNoContent);
  }};
  hook(receiver.port());
  start();
  sale("s1");
  for (int attempt = 1; attempt <= 4; ++attempt) {
    expect_soon([&] { return has_attempts(attempt); });
    world_.clock.advance(std::chrono::hours{3});
  }
  expect_soon([&] { return all_are(DeliveryStatus::delivered); });
  const auto requests = receiver.requests(5);
  const std::string id = "webhook-id: " + deliveries().at(0).id;
  for (const std::string& request : requests) EXPECT_NE(request.find(id), std::string::npos);
  EXPECT_EQ(calls(), 5U);
  EXPECT_EQ(receiver.connections(), 5);
}

TEST_F(DeliveryWorkerTest, RetryAfterIsHonoured) {
  Receiver receiver{
      http::answering("HTTP/1.1 429 Slow\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n")};
  hook(receiver.port());
  start();
  sale("s1");
  expect_soon([&] { return has_attempts(1); });
  EXPECT_GE(deliveries().at(0).next_attempt_at, world_.clock.now() + std::chrono::seconds{600});
}

TEST_F(DeliveryWorkerTest, GoneSwitchesOffAndGivesTheRestUp) {
  Receiver receiver{http::answering("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")};
  const std::string id = hook(receiver.port());
  for (int i = 0; i < 3; ++i) sale(fmt::format("s{}", i));
  start();
  expect_soon([&] { return all_are(DeliveryStatus::given_up); });
  EXPECT_EQ(receiver.connections(), 1);
  EXPECT_FALSE(world_.webhook_book->find({"tenant_1", id})->is_active);
}

TEST_F(DeliveryWorkerTest, AnswerOfTenMegabytesIsASuccess) {
  Receiver receiver{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n");
    peer.send(std::string(10 << 20, 'x'));
  }};
  hook(receiver.port());
  start();
  sale("s1");
  expect_soon([&] { return all_are(DeliveryStatus::delivered); });
}

TEST_F(DeliveryWorkerTest, BlockedAddressIsNoAttemptAndNotCounted) {
  options_.rules = http::DestinationRules{{}, true};
  Receiver receiver{http::answering(std::string{kNoContent})};
  hook(receiver.port());
  start();
  sale("s1");
  expect_soon([&] { return !deliveries().at(0).last_problem.empty(); });
  EXPECT_EQ(deliveries().at(0).attempts, 0);
  EXPECT_EQ(calls(), 0U);
  EXPECT_EQ(receiver.connections(), 0);
}

TEST_F(DeliveryWorkerTest, ASlowReceiverHoldsNobodyElse) {
  options_.timeout = Milliseconds{15'000};
  Receiver slow{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.wait_for_end();
  }};
  Receiver quick{http::answering(std::string{kNoContent})};
  for (int i = 0; i < 10; ++i) hook(slow.port());
  hook(quick.port());
  start();
  for (int i = 0; i < 5; ++i) sale(fmt::format("s{}", i));
  quick.requests(5);
  slow.requests(10);
  EXPECT_EQ(slow.connections(), 10);
}

TEST_F(DeliveryWorkerTest, NothingIsSentBeforeTheClaimIsOnDisk) {
  Receiver receiver{http::answering(std::string{kNoContent})};
  hook(receiver.port());
  world_.store->faults().hold_durable = true;
  start();
  sale("s1");
  expect_soon([&] { return deliveries().at(0).claimed_at.has_value(); });
  EXPECT_EQ(receiver.connections(), 0);
  world_.store->faults().hold_durable = false;
  world_.store->release();
  receiver.requests(1);
  expect_soon([&] { return all_are(DeliveryStatus::delivered); });
}

TEST_F(DeliveryWorkerTest, StopWritesWhatIsUnderWayAsInterrupted) {
  options_.timeout = Milliseconds{60'000};
  Receiver receiver{[](ReceiverPeer& peer, int) {
    peer.read_request();
    peer.wait_for_end();
  }};
  hook(receiver.port());
  start();
  sale("s1");
  receiver.requests(1);
  worker_->stop();
  EXPECT_TRUE(has_attempts(1));
  EXPECT_EQ(deliveries().at(0).status, DeliveryStatus::waiting);
  EXPECT_EQ(deliveries().at(0).tries, 0);
  EXPECT_EQ(calls(), 1U);
}

TEST_F(DeliveryWorkerTest, OutcomeThatTheStoreRefusedIsWrittenOnceItTakesAgain) {
  std::mutex mutex;
  std::condition_variable changed;
  bool may_answer = false;
  Receiver receiver{[&](ReceiverPeer& peer, int) {
    peer.read_request();
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return may_answer; });
    peer.send(kNoContent);
  }};
  hook(receiver.port());
  start();
  sale("s1");
  receiver.requests(1);
  world_.store->faults().refuse_writes = true;
  {
    const std::lock_guard lock{mutex};
    may_answer = true;
  }
  changed.notify_all();
  EXPECT_TRUE(deliveries().at(0).claimed_at);
  world_.store->faults().refuse_writes = false;
  expect_soon([&] { return all_are(DeliveryStatus::delivered); });
  EXPECT_EQ(receiver.connections(), 1);
  EXPECT_EQ(calls(), 1U);
}

}  // namespace
}  // namespace metergate
