// The Metergate client: tells a Metergate server what tenants use, exactly once.
//
//   metergate::ClientOptions options;
//   options.url = "http://127.0.0.1:48080";
//   options.token = api_key;                    // metergate keys add --permission events.write
//   options.source = "shop-backend";
//   std::string why;
//   const auto metering = metergate::Client::create(options, why);
//   if (!metering) return complain(why);
//
//   metering->track_webhook_call("tenant_123", "orders", true, std::chrono::milliseconds{80});
//   metering->track_storage_usage("tenant_123", 5'000'000'000);
//
// A call puts an event into a buffer and returns; one thread of the client's own sends what is
// there in batches. An event has its id and its time from the call on, so that it may be sent any
// number of times and counts once. What cannot be sent is sent again, until it is recorded or
// refused. Standard library, POSIX sockets and OpenSSL only; this header is C++17. Any thread may
// call anything here. Make the client after fork(), never before.
//
// Across a network that is not yours the url is https://: TLS 1.2 or later, and the server's
// certificate must be valid for the url's host, by the certificates that the system trusts, or by
// those of `ca_file` alone. There is no way to leave that out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace metergate {

// One API call of a tenant's, as its application saw it.
struct TrackedCall {
  std::string method;    // "GET"
  std::string endpoint;  // the route, not the path: "/orders/{order_id}"
  int status = 0;        // 100 to 599
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
  std::chrono::microseconds duration{0};
  std::string ip;  // this and the following: empty where unknown
  std::string store_id;
  std::string device_id;
};

// Something that whoever runs the application should hear of.
struct Problem {
  enum class Kind {
    retrying,     // the server is away, or says "later" or "no": nothing is lost, it goes on trying
    refused,      // the server will never take this event: it is lost
    buffer_full,  // events were dropped because the buffer was full: they are lost
    unsent,       // the client ended before these could be sent: they are lost
  };
  Kind kind;
  std::size_t events;   // how many this is about
  int status;           // of the server's answer; 0: there was none
  std::string message;  // for people
  std::string event;    // of `refused`: the event as JSON
};

enum class WhenFull {
  drop,   // do not hold the caller up: drop the event, and count it
  block,  // hold the caller up for at most `block_max`, then drop the event, and count it
};

struct ClientOptions {
  std::string url = "http://127.0.0.1:48080";  // http[s]://HOST[:PORT][/PREFIX]
  std::string ca_file;                         // for https: PEM, in place of the system's
  std::string token;                           // an API key, or a token
  std::string source = "cpp-client";           // which application this is; 1 to 256 characters

  // A batch is sent when it has so many events, or bytes, or its first event has waited so long.
  std::size_t batch_events_max = 500;         // 1 to 10,000
  std::size_t batch_bytes_max = 1024 * 1024;  // 1 KiB to 8 MiB
  std::chrono::milliseconds batch_delay{500};

  // What is not yet recorded lives in memory, within these bounds.
  std::size_t buffer_events_max = 100'000;
  std::size_t buffer_bytes_max = 64 * 1024 * 1024;
  WhenFull when_full = WhenFull::drop;
  std::chrono::milliseconds block_max{1000};

  std::chrono::milliseconds request_timeout{10'000};  // for a whole request and its answer
  std::chrono::milliseconds retry_first{100};         // the first pause, doubled with each failure
  std::chrono::milliseconds retry_max{30'000};        // a Retry-After may be longer: up to an hour
  std::chrono::milliseconds exit_flush_max{5'000};    // how long the destructor may go on sending

  // Called by the client's own thread, and by the destructor; must not throw, nor call the client.
  // Without one each problem is a line on standard error.
  std::function<void(const Problem&)> on_problem;
};

// tracked = recorded + refused + dropped + waiting, at every moment.
struct ClientCounts {
  std::uint64_t tracked = 0;
  std::uint64_t recorded = 0;  // on the server's disk
  std::uint64_t refused = 0;
  std::uint64_t dropped = 0;
  std::uint64_t waiting = 0;  // in the buffer, or on their way
};

class Client {
 public:
  // Nothing where the options cannot work; `why` then says what is wrong and what is allowed.
  static std::unique_ptr<Client> create(ClientOptions options, std::string& why);
  // Sends what waits, for at most `exit_flush_max`; the rest is a Problem of kind `unsent`.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Each is true where the event is in the buffer, false where it was dropped (and counted).
  bool track_api_call(std::string_view tenant, const TrackedCall& call);
  bool track_webhook_call(std::string_view tenant, std::string_view webhook, bool success,
                          std::chrono::microseconds duration);
  bool track_storage_usage(std::string_view tenant, std::int64_t bytes);
  // Without a count the server counts the tenant's active records again.
  bool track_device_count(std::string_view tenant, std::optional<std::int64_t> count = {});
  bool track_store_count(std::string_view tenant, std::optional<std::int64_t> count = {});

  // True when everything tracked before the call is recorded or refused; false after `timeout`.
  bool flush(std::chrono::milliseconds timeout);
  ClientCounts counts() const;

 private:
  class Parts;
  explicit Client(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace metergate
