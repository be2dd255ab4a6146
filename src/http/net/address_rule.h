// The addresses that may be connected to at a stranger's request: a positive rule over IP
// addresses, and the operator's exceptions.
//
// Public is a global unicast address that does not hide a non-public IPv4 address (mapped, NAT64,
// 6to4, Teredo, ISATAP). An address not known to be public is not. Values and pure functions; safe
// from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate::http {

// The bound on the addresses of a name.
inline constexpr std::size_t kAddressesMax = 16;

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four, the rest zero
  bool is_v4 = false;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// "192.0.2.1" or "2001:db8::1" in full: no zone, no leading zeros, no short forms.
std::optional<IpAddress> parse_ip(std::string_view text);
std::string to_text(const IpAddress& address);

bool is_public(const IpAddress& address);

struct Network {
  IpAddress start;
  int prefix_bits = 0;
  bool contains(const IpAddress& address) const;
};

// Reads "10.0.0.0/8", "2001:db8::/32", or a single address.
std::optional<Network> parse_network(std::string_view text);

// Networks and addresses, separated by commas: "10.0.0.0/8, ::1".
class NetworkList {
 public:
  // ErrorCode::invalid names the part that is neither, or says that there are too many.
  static Result<NetworkList> parse(std::string_view text);
  bool has(const IpAddress& address) const;
  bool is_empty() const { return networks_.empty(); }

 private:
  std::vector<Network> networks_;
};

// The operator's exceptions to the rule: networks, single addresses, host names.
class AllowList {
 public:
  // Reads "127.0.0.0/8, ::1, hooks.internal"; ErrorCode::invalid names a part that is none of
  // these.
  static Result<AllowList> parse(std::string_view text);

  bool has(const IpAddress& address) const;
  bool has_host(std::string_view lower_case_name) const;

 private:
  std::vector<Network> networks_;
  std::vector<std::string> hosts_;
};

// True for letters, digits, '-' and '_' in labels joined by dots, in lower case. The last label
// must not be a number, so that the name cannot be taken for an address.
bool is_host_name(std::string_view text);

}  // namespace metergate::http
