#include "http/outbound/destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kFirstFreePort = 1024;
constexpr std::uint16_t kMailPort = 25;
constexpr std::uint16_t kMailTlsPort = 465;
constexpr std::uint16_t kSubmissionPort = 587;

std::unexpected<Error> refuse_url(std::string message) {
  return fail(ErrorCode::invalid, std::move(message));
}

// True for visible ASCII, except characters that RFC 3986 allows in no URL.
bool may_stand_in_url(char c) {
  constexpr std::string_view kLeftOut = "\"<>\\^`{|}";
  return is_visible(c) && kLeftOut.find(c) == std::string_view::npos;
}

bool has_good_escapes(std::string_view text) {
  const auto is_hex = [](char c) {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'f');
  };
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
  }
  return true;
}

struct Authority {
  std::string_view host;
  std::optional<std::string_view> port;
};

// Splits "host", "host:8443" or "[::1]:8443"; the brackets stay.
Result<Authority> split_authority(std::string_view text) {
  const std::size_t host_end = text.starts_with('[') ? text.find(']') : 0;
  if (host_end == std::string_view::npos) return refuse_url("its '[' is not closed");
  const std::size_t colon = text.find(':', host_end);
  Authority authority{text.substr(0, colon), std::nullopt};
  if (colon != std::string_view::npos) authority.port = text.substr(colon + 1);
  return authority;
}

Result<> read_host(std::string_view text, Destination& into) {
  if (text.starts_with('[')) {
    if (text.back() != ']') return refuse_url("between ']' and the port nothing may stand");
    into.host = to_lower(text.substr(1, text.size() - 2));
    into.address = parse_ip(into.host);
    if (into.address && !into.address->is_v4) return {};
    return refuse_url("what stands between '[' and ']' is no IPv6 address");
  }
  into.host = to_lower(text);
  into.address = parse_ip(into.host);
  if (into.address || is_host_name(into.host)) return {};
  return refuse_url(fmt::format(
      "'{}' is neither a host name nor an address as it is usually written", into.host));
}

Result<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_whole = code == std::errc{} && end == text.data() + text.size();
  if (!is_whole || port == 0)
    return refuse_url(fmt::format("'{}' is no port from 1 to 65535", text));
  return port;
}

bool is_usual_port(std::uint16_t port, bool is_mail) {
  if (port >= kFirstFreePort) return true;
  if (is_mail) return port == kMailPort || port == kMailTlsPort || port == kSubmissionPort;
  return port == kHttpPort || port == kHttpsPort;
}

Result<> check_characters(std::string_view url) {
  if (url.size() > kUrlBytesMax) return refuse_url(fmt::format("is over {} bytes", kUrlBytesMax));
  if (std::ranges::all_of(url, may_stand_in_url)) return {};
  return refuse_url("holds a character that no URL may: write it as %HH, a host as xn--…");
}

Result<> read_authority(std::string_view text, std::uint16_t usual_port, Destination& into) {
  const Authority parts = TRY(split_authority(text));
  if (parts.host.empty()) return refuse_url("names no host");
  TRY(read_host(parts.host, into));
  into.port = usual_port;
  if (parts.port) into.port = TRY(read_port(*parts.port));
  return {};
}

}  // namespace

std::string Destination::host_field() const {
  std::string text = address && !address->is_v4 ? fmt::format("[{}]", host) : host;
  if (port != (is_secure ? kHttpsPort : kHttpPort)) text += fmt::format(":{}", port);
  return text;
}

Result<Destination> parse_destination(std::string_view url) {
  TRY(check_characters(url));
  const std::size_t colon = std::min(url.find("://"), url.size());
  const std::string scheme = to_lower(url.substr(0, colon));
  const bool is_known = scheme == "https" || scheme == "http";
  if (!is_known || colon == url.size()) return refuse_url("must begin with https://");
  Destination made;
  made.is_secure = scheme == "https";
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  if (rest.find('#') != std::string_view::npos) return refuse_url("must not have a '#'");
  if (authority.find('@') != std::string_view::npos) {
    return refuse_url("must not hold a user or password: the signature says who sends");
  }
  TRY(read_authority(authority, made.is_secure ? kHttpsPort : kHttpPort, made));
  made.target = rest.substr(end);
  if (!made.target.starts_with('/')) made.target.insert(0, "/");
  if (!has_good_escapes(made.target)) return refuse_url("has a '%' without two hexadecimal digits");
  return made;
}

Result<Destination> parse_mail_server(std::string_view url) {
  TRY(check_characters(url));
  const std::size_t colon = std::min(url.find("://"), url.size());
  const std::string scheme = to_lower(url.substr(0, colon));
  const bool is_known = scheme == "smtps" || scheme == "smtp";
  if (!is_known || colon == url.size())
    return refuse_url("must begin with smtps:// or smtp://: it names a mail server");
  Destination made;
  made.is_secure = scheme == "smtps";
  made.is_mail = true;
  std::string_view authority = url.substr(colon + 3);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find('@') != std::string_view::npos) {
    return refuse_url("must not hold a user or password: give username and password beside it");
  }
  if (authority.find_first_of("/?#") != std::string_view::npos)
    return refuse_url("must end with the host or its port");
  TRY(read_authority(authority, made.is_secure ? kMailTlsPort : kSubmissionPort, made));
  return made;
}

Result<> check_destination(const Destination& destination, const DestinationRules& rules) {
  const bool is_mail = destination.is_mail;
  // A mail server is asked for TLS before anything is sent.
  if (!destination.is_secure && !is_mail && !rules.http_allowed) {
    return refuse_url("must begin with https://: this server sends nothing in the clear");
  }
  const bool is_allowed = rules.allow.has_host(destination.host) ||
                          (destination.address && rules.allow.has(*destination.address));
  if (is_allowed) return {};
  if (destination.address && !is_public(*destination.address)) {
    return refuse_url(fmt::format("{} is not a public address, nor one that WEBHOOK_ALLOW names",
                                  destination.host));
  }
  if (!is_usual_port(destination.port, is_mail)) {
    return refuse_url(fmt::format("port {} is not allowed: {} or above 1023", destination.port,
                                  is_mail ? "25, 465, 587" : "80, 443"));
  }
  return {};
}

bool may_connect(const Destination& destination, const IpAddress& address,
                 const DestinationRules& rules) {
  return rules.allow.has_host(destination.host) || rules.allow.has(address) || is_public(address);
}

}  // namespace metergate::http
