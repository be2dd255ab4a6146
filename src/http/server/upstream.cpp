#include "http/server/upstream.h"

#include <netdb.h>
#include <sys/socket.h>

#include "base/check.h"
#include "http/net/address_rule.h"
#include "http/net/tls_client.h"

namespace metergate::http {
namespace {

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
};

Addresses look_up(const Origin& origin) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  AddressList list;
  const std::string port = std::to_string(origin.port);
  Addresses found;
  if (::getaddrinfo(origin.host.c_str(), port.c_str(), &wanted, &list.first) != 0) return found;
  for (const addrinfo* entry = list.first; entry != nullptr; entry = entry->ai_next) {
    if (found.size() == kAddressesMax) break;
    found.push_back({entry->ai_family, std::string(reinterpret_cast<const char*>(entry->ai_addr),
                                                   entry->ai_addrlen)});
  }
  return found;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> trust_system() { return TRY(TlsContext::create({})); }

Result<std::shared_ptr<TlsContext>> trust_only(std::string_view certificates) {
  return TRY(TlsContext::trusting(certificates));
}

Upstream::Upstream(UpstreamOptions options) : options_(std::move(options)) {
  CHECK(!options_.origins.empty());
  for (const Origin& origin : options_.origins) {
    CHECK(!origin.is_secure || options_.tls != nullptr);
    resolve(targets_.emplace_back(origin));
  }
}

Upstream::Target& Upstream::next(const Target* failed) {
  if (targets_.size() == 1) return targets_.front();
  const std::size_t start = turn_.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    Target& target = targets_[(start + i) % targets_.size()];
    if (&target != failed && target.is_healthy) return target;
  }
  Target& target = targets_[start % targets_.size()];
  return &target != failed ? target : targets_[(start + 1) % targets_.size()];
}

void Upstream::resolve(Target& target) {
  Addresses found = look_up(target.origin);
  if (!found.empty()) target.addresses = std::make_shared<const Addresses>(std::move(found));
}

}  // namespace metergate::http
