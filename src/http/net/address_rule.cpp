#include "http/net/address_rule.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr int kV4Bits = 32;
constexpr int kV6Bits = 128;
constexpr std::size_t kAllowedMax = 256;
constexpr std::size_t kNameMax = 253;
constexpr std::size_t kLabelMax = 63;

// True if the first `bits` bits of both are the same.
bool starts_alike(const IpAddress& a, const IpAddress& b, int bits) {
  for (std::size_t i = 0; bits > 0; ++i, bits -= 8) {
    const unsigned kept = bits >= 8 ? 0xFFU : 0xFFU << (8 - bits) & 0xFFU;
    if (((a.bytes[i] ^ b.bytes[i]) & kept) != 0) return false;
  }
  return true;
}

struct Range {
  std::string_view start;
  int prefix_bits;
};

bool is_in(const IpAddress& address, std::span<const Range> ranges) {
  return std::ranges::any_of(ranges, [&](const Range& range) {
    return Network{*parse_ip(range.start), range.prefix_bits}.contains(address);
  });
}

// IPv4 addresses that are not global unicast: the IANA registry of special-purpose addresses, and
// one at which a cloud serves its machines' secrets.
constexpr Range kSpecialV4[] = {
    {"0.0.0.0", 8},        // this network
    {"10.0.0.0", 8},       // private
    {"100.64.0.0", 10},    // shared by a carrier's customers
    {"127.0.0.0", 8},      // loopback
    {"169.254.0.0", 16},   // link-local, metadata services among them
    {"172.16.0.0", 12},    // private
    {"192.0.0.0", 24},     // protocol assignments
    {"192.0.2.0", 24},     // documentation
    {"192.88.99.0", 24},   // 6to4 relays, withdrawn
    {"192.168.0.0", 16},   // private
    {"198.18.0.0", 15},    // benchmarks
    {"198.51.100.0", 24},  // documentation
    {"203.0.113.0", 24},   // documentation
    {"224.0.0.0", 4},      // multicast
    {"240.0.0.0", 4},      // reserved, broadcast
    {"168.63.129.16", 32}  // Azure's host, out of the public space
};

// The parts of 2000::/3 that are not global unicast.
constexpr Range kSpecialV6[] = {
    {"2001::", 23},     // protocol assignments: Teredo, ORCHID, benchmarks
    {"2001:db8::", 32}  // documentation
    ,
    {"3fff::", 20}  // documentation
};

IpAddress v4_at(const IpAddress& address, std::size_t offset) {
  IpAddress v4;
  v4.is_v4 = true;
  std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(offset), 4, v4.bytes.begin());
  return v4;
}

bool is_public_v4(const IpAddress& address) { return !is_in(address, kSpecialV4); }

// 64:ff9b::/96 maps IPv4 for IPv6-only networks: it is as public as the IPv4 address in it.
constexpr Range kNat64[] = {{"64:ff9b::", 96}};
constexpr Range kGlobalV6[] = {{"2000::", 3}};
constexpr Range kSixToFour[] = {{"2002::", 16}};

bool is_public_v6(const IpAddress& address) {
  if (is_in(address, kNat64)) return is_public_v4(v4_at(address, 12));
  if (!is_in(address, kGlobalV6) || is_in(address, kSpecialV6)) return false;
  if (is_in(address, kSixToFour)) return is_public_v4(v4_at(address, 2));
  // ISATAP: an interface identifier of 0000:5efe or 0200:5efe, then an IPv4 address.
  const bool is_isatap = (address.bytes[8] & 0xFDU) == 0 && address.bytes[9] == 0 &&
                         address.bytes[10] == 0x5E && address.bytes[11] == 0xFE;
  return !is_isatap || is_public_v4(v4_at(address, 12));
}

std::optional<int> parse_prefix(std::string_view text, int most) {
  int bits = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool is_whole = code == std::errc{} && end == text.data() + text.size();
  if (text.empty() || !is_digit(text[0]) || !is_whole || bits > most) return std::nullopt;
  return bits;
}

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= kLabelMax && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, fits);
}

// True for "127" or "0x7f", which some resolvers read as a part of an address.
bool is_number_label(std::string_view label) {
  if (std::ranges::all_of(label, is_digit)) return true;
  return label.starts_with("0x") && std::ranges::all_of(label.substr(2), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  const std::string copy{text};  // inet_pton stops at a NUL inside
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  address.is_v4 = ::inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1;
  if (address.is_v4) return address;
  address = {};
  if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string to_text(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(address.is_v4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof text);
  return text;
}

bool is_public(const IpAddress& address) {
  return address.is_v4 ? is_public_v4(address) : is_public_v6(address);
}

bool Network::contains(const IpAddress& address) const {
  return start.is_v4 == address.is_v4 && starts_alike(start, address, prefix_bits);
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto start = parse_ip(text.substr(0, slash));
  if (!start) return std::nullopt;
  const int most = start->is_v4 ? kV4Bits : kV6Bits;
  if (slash == std::string_view::npos) return Network{*start, most};
  const auto bits = parse_prefix(text.substr(slash + 1), most);
  return bits ? std::optional(Network{*start, *bits}) : std::nullopt;
}

Result<NetworkList> NetworkList::parse(std::string_view text) {
  NetworkList list;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view part = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto network = parse_network(part);
    if (!network) {
      return fail(ErrorCode::invalid,
                  fmt::format("'{}' is no network like 10.0.0.0/8 and no address", part));
    }
    list.networks_.push_back(*network);
    if (list.networks_.size() > kAllowedMax)
      return fail(ErrorCode::invalid, fmt::format("more than {} parts", kAllowedMax));
  }
  return list;
}

bool NetworkList::has(const IpAddress& address) const {
  return std::ranges::any_of(networks_, [&](const Network& one) { return one.contains(address); });
}

Result<AllowList> AllowList::parse(std::string_view text) {
  AllowList list;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string part = to_lower(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const auto network = parse_network(part)) {
      list.networks_.push_back(*network);
    } else if (is_host_name(part)) {
      list.hosts_.push_back(part);
    } else {
      return fail(
          ErrorCode::invalid,
          fmt::format("'{}' is no network like 10.0.0.0/8, no address and no host name", part));
    }
    if (list.networks_.size() + list.hosts_.size() > kAllowedMax) {
      return fail(ErrorCode::invalid, fmt::format("more than {} parts", kAllowedMax));
    }
  }
  return list;
}

bool AllowList::has(const IpAddress& address) const {
  return std::ranges::any_of(networks_, [&](const Network& one) { return one.contains(address); });
}

bool AllowList::has_host(std::string_view lower_case_name) const {
  return std::ranges::find(hosts_, lower_case_name) != hosts_.end();
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > kNameMax) return false;
  if (std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; })) return false;
  std::string_view label;
  for (std::string_view rest = text;;) {
    const std::size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !is_number_label(label);
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace metergate::http
