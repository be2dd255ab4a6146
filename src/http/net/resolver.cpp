#include "http/net/resolver.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace metergate::http {
namespace {

constexpr unsigned kThreads = 8;
constexpr std::size_t kWaitingMax = 1024;

std::optional<IpAddress> address_of(const sockaddr& from) {
  IpAddress address;
  if (from.sa_family == AF_INET) {
    address.is_v4 = true;
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    std::memcpy(address.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    return address;
  }
  if (from.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &from, sizeof v6);
  std::memcpy(address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
  return address;
}

Resolver::Answer look_up_now(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); code != 0) {
    return fail(ErrorCode::not_found,
                fmt::format("{} has no address: {}", host, ::gai_strerror(code)));
  }
  std::vector<IpAddress> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const auto address = address_of(*one->ai_addr);
    const bool is_new = address && std::ranges::find(addresses, *address) == addresses.end();
    if (is_new && addresses.size() < kAddressesMax) addresses.push_back(*address);
  }
  ::freeaddrinfo(found);
  if (addresses.empty()) return fail(ErrorCode::not_found, host + " has no address");
  return addresses;
}

}  // namespace

Resolver::Resolver() : pool_(kThreads, kWaitingMax) {}

void Resolver::look_up(std::string host, Then then) {
  const Holder all{"resolver", Standing::staff};  // deliveries have bounds of their own
  if (!pool_.reserve(all)) {
    then(fail(ErrorCode::overloaded, "too many names wait to be looked up"));
    return;
  }
  pool_.submit_reserved(all.name, [host = std::move(host), then = std::move(then)]() mutable {
    then(look_up_now(host));
  });
}

}  // namespace metergate::http
