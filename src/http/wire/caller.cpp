#include "http/wire/caller.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "http/wire/head.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kV4NetworkBytes = 3;
constexpr std::size_t kV6NetworkBytes = 6;

// Dual-stack sockets write 192.0.2.1 as "::ffff:192.0.2.1".
IpAddress plain(const IpAddress& address) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (address.is_v4 || !std::ranges::equal(std::span{address.bytes}.first(12), kMapped))
    return address;
  IpAddress v4;
  v4.is_v4 = true;
  std::copy_n(address.bytes.begin() + 12, 4, v4.bytes.begin());
  return v4;
}

// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711".
std::optional<IpAddress> parse_node(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view port = text.substr(close + 1);
    if (!port.empty() && (port.front() != ':' || !std::ranges::all_of(port.substr(1), is_digit)))
      return std::nullopt;
    const auto address = parse_ip(text.substr(1, close - 1));
    return address && !address->is_v4 ? std::optional{plain(*address)} : std::nullopt;
  }
  const bool has_port = std::ranges::count(text, ':') == 1;
  const std::size_t colon = has_port ? text.find(':') : text.size();
  if (has_port && !std::ranges::all_of(text.substr(colon + 1), is_digit)) return std::nullopt;
  const auto address = parse_ip(text.substr(0, colon));
  return address ? std::optional{plain(*address)} : std::nullopt;
}

// Calls `take` with each non-empty part between separators; separators inside quotes do not count.
template <class Take>
void for_each_part(std::string_view text, char separator, Take take) {
  std::size_t start = 0;
  bool is_quoted = false;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const bool is_end = at == text.size();
    if (!is_end && text[at] == '"') is_quoted = !is_quoted;
    if (!is_end && is_quoted && text[at] == '\\') ++at;
    if (!is_end && (is_quoted || text[at] != separator)) continue;
    const std::size_t end = std::min(at, text.size());
    const std::string_view part = trimmed(text.substr(start, end - start));
    if (!part.empty()) take(part);
    start = at + 1;
  }
}

// One hop, as its proxy describes it; empty texts for parts that it does not give.
struct Hop {
  std::string_view node;
  std::string_view scheme;
  std::string_view host;
};

// The hops of the fields, in the order in which they were written: the nearest hop last.
struct Said {
  std::vector<std::string_view> nodes;
  std::vector<std::string_view> schemes;
  std::vector<std::string_view> hosts;
  bool is_empty() const { return nodes.empty() && schemes.empty() && hosts.empty(); }
};

Said said_by_x_forwarded(const Request& request) {
  Said said;
  for (const Header& field : request.headers) {
    std::vector<std::string_view>* list = field.first == "x-forwarded-for"     ? &said.nodes
                                          : field.first == "x-forwarded-proto" ? &said.schemes
                                          : field.first == "x-forwarded-host"  ? &said.hosts
                                                                               : nullptr;
    if (list == nullptr) continue;
    for_each_part(field.second, ',', [&](std::string_view part) { list->push_back(part); });
  }
  return said;
}

std::string_view unquoted(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

Said said_by_forwarded(const Request& request) {
  Said said;
  const auto take_hop = [&](std::string_view element) {
    Hop hop;
    for_each_part(element, ';', [&](std::string_view pair) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      const std::string_view name = trimmed(pair.substr(0, equals));
      const std::string_view value =
          unquoted(trimmed(pair.substr(std::min(equals + 1, pair.size()))));
      if (equals_ignoring_case(name, "for")) hop.node = value;
      if (equals_ignoring_case(name, "proto")) hop.scheme = value;
      if (equals_ignoring_case(name, "host")) hop.host = value;
    });
    // One element for each hop, so that all lists can be counted from the right alike.
    said.nodes.push_back(hop.node);
    said.schemes.push_back(hop.scheme);
    said.hosts.push_back(hop.host);
  };
  for (const Header& field : request.headers) {
    if (field.first == "forwarded") for_each_part(field.second, ',', take_hop);
  }
  return said;
}

// The element for the caller's hop. A shorter list was begun by a trusted proxy, so its first
// element applies.
std::string_view at_hop(const std::vector<std::string_view>& list, std::size_t hops) {
  if (list.empty()) return {};
  return list[list.size() - std::min(std::max<std::size_t>(hops, 1), list.size())];
}

void believe(Request& request, const Said& said, const NetworkList& proxies) {
  std::size_t hops = 0;
  bool goes_on = true;
  while (goes_on && hops < said.nodes.size()) {
    const auto address = parse_node(said.nodes[said.nodes.size() - hops - 1]);
    if (!address) break;
    request.remote_ip = to_text(*address);
    ++hops;
    goes_on = proxies.has(*address);
  }
  const std::string_view scheme = at_hop(said.schemes, hops);
  request.scheme = equals_ignoring_case(scheme, "https") ? "https" : "http";
  const std::string_view host = at_hop(said.hosts, hops);
  if (is_host(host)) request.host = host;
}

}  // namespace

std::string recorded_address(std::string_view address, RecordedAddress recorded) {
  if (recorded == RecordedAddress::none) return {};
  if (recorded == RecordedAddress::full) return std::string{address};
  auto parsed = parse_ip(address);
  if (!parsed) return std::string{address};
  parsed = plain(*parsed);
  const std::size_t kept = parsed->is_v4 ? kV4NetworkBytes : kV6NetworkBytes;
  std::fill(parsed->bytes.begin() + static_cast<std::ptrdiff_t>(kept), parsed->bytes.end(),
            std::uint8_t{0});
  return to_text(*parsed);
}

void find_caller(Request& request, std::string_view peer, const CallerRules& rules) {
  request.remote_ip = peer;
  for (const Header& field : request.headers) {
    if (field.first == "host") request.host = field.second;
  }
  const auto address = rules.proxies.is_empty() ? std::nullopt : parse_ip(peer);
  request.is_from_proxy = address && rules.proxies.has(plain(*address));
  if (request.is_from_proxy) {
    const Said said = said_by_x_forwarded(request);
    believe(request, said.is_empty() ? said_by_forwarded(request) : said, rules.proxies);
  }
  request.recorded_ip = recorded_address(request.remote_ip, rules.recorded);
}

std::string forwarded_value(const Request& request) {
  const auto address = parse_ip(request.remote_ip);
  std::string value = "for=";
  if (!address) {
    value += "unknown";
  } else if (address->is_v4) {
    value += request.remote_ip;
  } else {
    value += "\"[" + request.remote_ip + "]\"";
  }
  if (!request.host.empty()) value += ";host=\"" + request.host + "\"";
  value += ";proto=";
  value += request.scheme;
  return value;
}

}  // namespace metergate::http
