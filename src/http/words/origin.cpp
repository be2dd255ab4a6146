#include "http/words/origin.h"

#include <fmt/format.h>

#include <charconv>

#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kSecure = "https://";
constexpr std::uint16_t kPlainPort = 80;
constexpr std::uint16_t kSecurePort = 443;
constexpr std::size_t kHostMax = 253;

std::unexpected<Error> refuse(std::string_view url, std::string_view what) {
  return fail(ErrorCode::invalid, fmt::format("'{}' {}", url, what));
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kHostMax && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_ipv6(std::string_view text) {
  return text.size() >= 2 && std::ranges::all_of(text, [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
                  c == '.';
         });
}

}  // namespace

Result<Origin> parse_origin(std::string_view url) {
  const bool is_secure = url.starts_with(kSecure);
  if (!is_secure && !url.starts_with(kPlain))
    return refuse(url, "does not begin with http:// or https://");
  std::string_view authority = url.substr(is_secure ? kSecure.size() : kPlain.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);
  const bool is_bracketed = authority.starts_with('[');
  const std::size_t host_end =
      is_bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return refuse(url, "has a '[' without a ']'");
  const std::string_view host = authority.substr(is_bracketed ? 1 : 0, host_end - is_bracketed);
  if (is_bracketed ? !is_ipv6(host) : !is_name(host))
    return refuse(url, "has no host; it must be http://HOST or http://HOST:PORT and nothing more");
  const std::string_view rest = authority.substr(host_end + is_bracketed);
  Origin origin{.is_secure = is_secure,
                .host = std::string{host},
                .port = is_secure ? kSecurePort : kPlainPort,
                .authority = std::string{authority}};
  if (rest.empty()) return origin;
  const char* end = rest.data() + rest.size();
  const auto [read_end, code] = std::from_chars(rest.data() + 1, end, origin.port);
  if (rest.front() != ':' || code != std::errc{} || read_end != end || origin.port == 0)
    return refuse(url, "has no port from 1 to 65535; it must be http://HOST:PORT and nothing more");
  return origin;
}

}  // namespace metergate::http
