#include "metergate/client.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "client/buffer.h"
#include "client/endpoint.h"
#include "client/event_text.h"
#include "client/sender.h"

namespace metergate {
namespace {

using std::chrono::milliseconds;

struct Range {
  const char* name;
  std::uint64_t value;
  std::uint64_t min;
  std::uint64_t max;
};

std::uint64_t unsigned_of(milliseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

std::string range_fault(const ClientOptions& options) {
  constexpr std::uint64_t kMany = std::uint64_t{1} << 40;
  constexpr std::uint64_t kHour = 3'600'000;
  const Range ranges[] = {
      {"batch_events_max", options.batch_events_max, 1, 10'000},
      {"batch_bytes_max", options.batch_bytes_max, 1024, 8 * 1024 * 1024},
      {"batch_delay", unsigned_of(options.batch_delay), 0, kHour},
      {"buffer_events_max", options.buffer_events_max, 1, kMany},
      {"buffer_bytes_max", options.buffer_bytes_max, 1024, kMany},
      {"block_max", unsigned_of(options.block_max), 0, kHour},
      {"request_timeout", unsigned_of(options.request_timeout), 1, kHour},
      {"retry_first", unsigned_of(options.retry_first), 1, kHour},
      {"retry_max", unsigned_of(options.retry_max), 1, kHour},
      {"exit_flush_max", unsigned_of(options.exit_flush_max), 0, kHour},
  };
  for (const Range& range : ranges) {
    if (range.value >= range.min && range.value <= range.max) continue;
    return std::string(range.name) + " is " + std::to_string(range.value) + "; " +
           std::to_string(range.min) + " to " + std::to_string(range.max) + " are allowed";
  }
  return {};
}

// The fault of the options; empty if there is none.
std::string fault_of(const ClientOptions& options) {
  const bool is_token = !options.token.empty() && std::ranges::all_of(options.token, [](char c) {
    return c > ' ' && c < '\x7F';
  });
  if (!is_token) {
    return options.token.empty() ? "there is no token; `metergate keys add --permission "
                                   "events.write` makes an API key"
                                 : "the token has a character that may not stand in a header";
  }
  if (options.source.empty() || options.source.size() > 256) {
    return "source has " + std::to_string(options.source.size()) +
           " characters; 1 to 256 are allowed";
  }
  return range_fault(options);
}

client::Buffer::Bounds bounds_of(const ClientOptions& options) {
  client::Buffer::Bounds bounds{};
  bounds.events_max = options.buffer_events_max;
  bounds.bytes_max = options.buffer_bytes_max;
  bounds.batch_events_max = options.batch_events_max;
  bounds.batch_bytes_max = options.batch_bytes_max;
  bounds.batch_delay = options.batch_delay;
  if (options.when_full == WhenFull::block) bounds.block_max = options.block_max;
  return bounds;
}

}  // namespace

class Client::Parts {
 public:
  Parts(ClientOptions given, client::Endpoint endpoint, std::unique_ptr<client::TlsContext> tls)
      : options(std::move(given)),
        text(options.source),
        buffer(bounds_of(options)),
        sender(options, std::move(endpoint), std::move(tls), buffer),
        thread([this] { sender.run(); }) {}

  const ClientOptions options;
  client::EventText text;
  client::Buffer buffer;
  client::Sender sender;
  std::thread thread;  // last, since it uses all the others
};

std::unique_ptr<Client> Client::create(ClientOptions options, std::string& why) {
  client::Endpoint endpoint;
  why = client::parse_endpoint(options.url, endpoint);
  if (why.empty()) why = fault_of(options);
  std::unique_ptr<client::TlsContext> tls;
  if (why.empty() && endpoint.is_secure) tls = client::TlsContext::create(options.ca_file, why);
  if (!why.empty()) return nullptr;
  auto parts = std::make_unique<Parts>(std::move(options), std::move(endpoint), std::move(tls));
  return std::unique_ptr<Client>(new Client(std::move(parts)));
}

Client::Client(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Client::~Client() {
  flush(parts_->options.exit_flush_max);
  parts_->buffer.stop();
  parts_->sender.interrupt();
  parts_->thread.join();
  if (const std::uint64_t drops = parts_->buffer.take_drops(); drops > 0) {
    parts_->sender.tell({Problem::Kind::buffer_full,
                         static_cast<std::size_t>(drops),
                         0,
                         "the buffer was full",
                         {}});
  }
  if (const auto waiting = static_cast<std::size_t>(counts().waiting); waiting > 0) {
    parts_->sender.tell({Problem::Kind::unsent, waiting, 0, "the client ended", {}});
  }
}

bool Client::track_api_call(std::string_view tenant, const TrackedCall& call) {
  return parts_->buffer.put(parts_->text.api_call(tenant, call));
}

bool Client::track_webhook_call(std::string_view tenant, std::string_view webhook, bool success,
                                std::chrono::microseconds duration) {
  return parts_->buffer.put(parts_->text.webhook_call(tenant, webhook, success, duration));
}

bool Client::track_storage_usage(std::string_view tenant, std::int64_t bytes) {
  return parts_->buffer.put(parts_->text.storage_usage(tenant, bytes));
}

bool Client::track_device_count(std::string_view tenant, std::optional<std::int64_t> count) {
  return parts_->buffer.put(parts_->text.device_count(tenant, count));
}

bool Client::track_store_count(std::string_view tenant, std::optional<std::int64_t> count) {
  return parts_->buffer.put(parts_->text.store_count(tenant, count));
}

bool Client::flush(milliseconds timeout) { return parts_->buffer.flush(timeout); }

ClientCounts Client::counts() const { return parts_->buffer.counts(); }

}  // namespace metergate
