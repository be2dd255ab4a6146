#include "client/endpoint.h"

#include <algorithm>

namespace metergate::client {
namespace {

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kSecure = "https://";
constexpr std::string_view kEventsPath = "/api/v1/events";

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text != "0" &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) &&
         std::stoi(std::string(text)) <= 65535;
}

std::string wrong(std::string_view url, std::string_view why) {
  return "the url '" + std::string(url) + "' " + std::string(why) +
         "; use http://HOST[:PORT][/PREFIX], or https://";
}

}  // namespace

std::string parse_endpoint(std::string_view url, Endpoint& endpoint) {
  endpoint.is_secure = url.starts_with(kSecure);
  if (!endpoint.is_secure && !url.starts_with(kPlain)) {
    return wrong(url, "does not begin with http:// or https://");
  }
  std::string_view rest = url.substr(endpoint.is_secure ? kSecure.size() : kPlain.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  std::string_view prefix = rest.substr(slash);
  if (!is_visible(rest) || rest.find_first_of("?#@\\") != std::string_view::npos) {
    return wrong(url, "has a character that may not stand there");
  }
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  const bool is_bracketed = authority.starts_with('[');
  const std::size_t host_end = is_bracketed ? authority.find(']') : authority.find(':');
  if (is_bracketed && host_end == std::string_view::npos) return wrong(url, "lacks a ]");
  const std::string_view after =
      host_end == std::string_view::npos ? "" : authority.substr(host_end + (is_bracketed ? 1 : 0));
  endpoint.host = is_bracketed ? authority.substr(1, host_end - 1) : authority.substr(0, host_end);
  if (endpoint.host.empty()) return wrong(url, "names no host");
  if (!after.empty() && (after.front() != ':' || !is_port(after.substr(1)))) {
    return wrong(url, "has a port that is none");
  }
  endpoint.port =
      after.empty() ? std::string_view(endpoint.is_secure ? "443" : "80") : after.substr(1);
  endpoint.authority = authority;
  endpoint.path = std::string(prefix) + std::string(kEventsPath);
  return {};
}

}  // namespace metergate::client
