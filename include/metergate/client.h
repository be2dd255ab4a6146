// The Metergate client: reports tenants' usage to a Metergate server, exactly once.
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
// A call puts an event into a buffer and returns; a thread of the client's sends the buffer in
// batches. An event gets its id and time in the call, so it counts once however often it is sent.
// A batch that fails is sent again until it is recorded or refused. Needs the standard library,
// POSIX sockets and OpenSSL only; this header is C++17. Any thread may call any function here.
// Create the client after fork(), never before.
//
// Use https:// across any network that is not your own: TLS 1.2 or later, with a server certificate
// that is valid for the url's host, verified with the system's certificates or with those of
// `ca_file` alone. Verification cannot be turned off.
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

// One API call of a tenant's, as the application saw it.
struct TrackedCall {
  std::string method;    // "GET"
  std::string endpoint;  // the route, not the path: "/orders/{order_id}"
  int status = 0;        // 100 to 599
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
  std::chrono::microseconds duration{0};
  std::string ip;  // this and the following: empty if unknown
  std::string store_id;
  std::string device_id;
};

// A problem that the application's operator should know of.
struct Problem {
  enum class Kind {
    retrying,     // the server is away, or says "later" or "no": nothing is lost, it goes on trying
    refused,      // the server refuses this event for good: it is lost
    buffer_full,  // events were dropped because the buffer was full: they are lost
    unsent,       // the client ended before these could be sent: they are lost
  };
  Kind kind;
  std::size_t events;   // the number of events concerned
  int status;           // of the server's answer; 0: none
  std::string message;  // for people
  std::string event;    // for `refused`: the event as JSON
};

enum class WhenFull {
  drop,   // drop the event at once, and count it
  block,  // let the caller wait for at most `block_max`, then drop the event and count it
};

struct ClientOptions {
  std::string url = "http://127.0.0.1:48080";  // http[s]://HOST[:PORT][/PREFIX]
  std::string ca_file;                         // for https: PEM, instead of the system's
  std::string token;                           // an API key, or a token
  std::string source = "cpp-client";           // the application's name; 1 to 256 characters

  // A batch is sent when it has this many events or bytes, or when its first event has waited this
  // long.
  std::size_t batch_events_max = 500;         // 1 to 10,000
  std::size_t batch_bytes_max = 1024 * 1024;  // 1 KiB to 8 MiB
  std::chrono::milliseconds batch_delay{500};

  // Events that are not recorded yet are kept in memory, within these bounds.
  std::size_t buffer_events_max = 100'000;
  std::size_t buffer_bytes_max = 64 * 1024 * 1024;
  WhenFull when_full = WhenFull::drop;
  std::chrono::milliseconds block_max{1000};

  std::chrono::milliseconds request_timeout{10'000};  // for a request and its answer
  std::chrono::milliseconds retry_first{100};         // the first pause; doubles with each failure
  std::chrono::milliseconds retry_max{30'000};        // a Retry-After may be longer: up to an hour
  std::chrono::milliseconds exit_flush_max{5'000};    // the longest time that the destructor sends

  // Called by the client's thread and by the destructor; must not throw, nor call the client.
  // Without it, each problem is a line on standard error.
  std::function<void(const Problem&)> on_problem;
};

// tracked = recorded + refused + dropped + waiting, at every moment.
struct ClientCounts {
  std::uint64_t tracked = 0;
  std::uint64_t recorded = 0;  // on the server's disk
  std::uint64_t refused = 0;
  std::uint64_t dropped = 0;
  std::uint64_t waiting = 0;  // in the buffer or being sent
};

class Client {
 public:
  // Nothing if the options are faulty; `why` then names the fault and the allowed values.
  static std::unique_ptr<Client> create(ClientOptions options, std::string& why);
  // Sends the waiting events for at most `exit_flush_max`; the rest is a Problem of kind `unsent`.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Each is true if the event is in the buffer, false if it was dropped (and counted).
  bool track_api_call(std::string_view tenant, const TrackedCall& call);
  bool track_webhook_call(std::string_view tenant, std::string_view webhook, bool success,
                          std::chrono::microseconds duration);
  bool track_storage_usage(std::string_view tenant, std::int64_t bytes);
  // Without a count the server recounts the tenant's active records.
  bool track_device_count(std::string_view tenant, std::optional<std::int64_t> count = {});
  bool track_store_count(std::string_view tenant, std::optional<std::int64_t> count = {});

  // True once everything tracked before the call is recorded or refused; false after `timeout`.
  bool flush(std::chrono::milliseconds timeout);
  ClientCounts counts() const;

 private:
  class Parts;
  explicit Client(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace metergate
