// The C++ client's part in ../exactly_once.py, which describes the test.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "metergate/client.h"

namespace {

void track_part(metergate::Client& client, int part) {
  metergate::TrackedCall call;
  call.method = "GET";
  call.endpoint = "/orders/{order_id}";
  call.status = 200;
  call.request_bytes = 200;
  call.response_bytes = 900;
  for (int n = 0; n < 2000; ++n) {
    call.duration = std::chrono::microseconds{n};
    client.track_api_call("park", call);
    if (n % 4 == 0) client.track_api_call("zoo", call);
    if (n % 10 == 0) {
      client.track_webhook_call("park", "orders", n % 100 != 0, std::chrono::milliseconds{80});
    }
  }
  client.track_storage_usage("nobody", 1);
  client.track_storage_usage("park", part * 1'000'000);
  client.track_device_count("park", part * 10);
  client.track_store_count("park", part);
  client.track_store_count("zoo");
}

}  // namespace

int main() {
  metergate::ClientOptions options;
  options.url = std::getenv("METERGATE_URL");
  options.token = std::getenv("METERGATE_TOKEN");
  options.source = "cpp-test";
  options.batch_events_max = 100;
  options.retry_max = std::chrono::milliseconds{500};
  std::string why;
  const auto client = metergate::Client::create(options, why);
  if (!client) {
    std::cerr << why << '\n';
    return 1;
  }
  for (int part = 1; part <= 3; ++part) {
    track_part(*client, part);
    std::cout << "part " << part << std::endl;
    std::string line;
    std::getline(std::cin, line);
  }
  const bool is_sent = client->flush(std::chrono::seconds{20});
  const metergate::ClientCounts counts = client->counts();
  std::printf("{\"recorded\": %llu, \"refused\": %llu, \"dropped\": %llu}\n",
              static_cast<unsigned long long>(counts.recorded),
              static_cast<unsigned long long>(counts.refused),
              static_cast<unsigned long long>(counts.dropped));
  return is_sent ? 0 : 1;
}
