#include "http/words/kept_back.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace metergate::http {
namespace {

constexpr std::size_t kNameBytesMax = 64;  // the longest name in a table

// Sorted, so that few comparisons find a field.
constexpr std::array kNames = std::to_array<std::string_view>({"base-url",
                                                               "cf-connecting-ip",
                                                               "cf-connecting-ipv6",
                                                               "cf-ipcountry",
                                                               "cf-pseudo-ipv4",
                                                               "cf-visitor",
                                                               "client-ip",
                                                               "do-connecting-ip",
                                                               "fastly-client-ip",
                                                               "fastly-ssl",
                                                               "fly-client-ip",
                                                               "front-end-https",
                                                               "http-x-forwarded-for",
                                                               "incap-client-ip",
                                                               "proxy",
                                                               "proxy-client-ip",
                                                               "proxy-host",
                                                               "proxy-url",
                                                               "remote-addr",
                                                               "remote-email",
                                                               "remote-groups",
                                                               "remote-name",
                                                               "remote-user",
                                                               "request-uri",
                                                               "script-name",
                                                               "ssl-client-cert",
                                                               "ssl-client-s-dn",
                                                               "ssl-client-verify",
                                                               "tenant-id",
                                                               "true-client-ip",
                                                               "verified-user",
                                                               "wl-proxy-client-ip",
                                                               "x-accel-redirect",
                                                               "x-apigateway-api-userinfo",
                                                               "x-appengine-user-ip",
                                                               "x-arr-clientcert",
                                                               "x-authenticated-email",
                                                               "x-authenticated-groups",
                                                               "x-authenticated-scope",
                                                               "x-authenticated-user",
                                                               "x-authenticated-userid",
                                                               "x-azure-clientip",
                                                               "x-azure-socketip",
                                                               "x-client-cert",
                                                               "x-client-cn",
                                                               "x-client-dn",
                                                               "x-client-ip",
                                                               "x-client-verify",
                                                               "x-cluster-client-ip",
                                                               "x-endpoint-api-userinfo",
                                                               "x-envoy-external-address",
                                                               "x-envoy-original-path",
                                                               "x-forwarded",
                                                               "x-host",
                                                               "x-http-destinationurl",
                                                               "x-http-host-override",
                                                               "x-http-method",
                                                               "x-http-method-override",
                                                               "x-http-path-override",
                                                               "x-iisnode-auth-user",
                                                               "x-logged-in-user",
                                                               "x-method",
                                                               "x-method-override",
                                                               "x-ms-client-principal",
                                                               "x-ms-client-principal-id",
                                                               "x-ms-client-principal-idp",
                                                               "x-ms-client-principal-name",
                                                               "x-original-forwarded-for",
                                                               "x-original-host",
                                                               "x-original-method",
                                                               "x-original-path",
                                                               "x-original-remote-addr",
                                                               "x-original-uri",
                                                               "x-original-url",
                                                               "x-originating-ip",
                                                               "x-path-info",
                                                               "x-proxy-url",
                                                               "x-proxy-user",
                                                               "x-proxyuser-ip",
                                                               "x-real-ip",
                                                               "x-remote-addr",
                                                               "x-remote-email",
                                                               "x-remote-groups",
                                                               "x-remote-ip",
                                                               "x-remote-user",
                                                               "x-rewrite-uri",
                                                               "x-rewrite-url",
                                                               "x-scheme",
                                                               "x-script-name",
                                                               "x-ssl-cert",
                                                               "x-ssl-client-cert",
                                                               "x-ssl-client-cn",
                                                               "x-ssl-client-dn",
                                                               "x-ssl-client-s-dn",
                                                               "x-ssl-client-verify",
                                                               "x-tenant",
                                                               "x-tenant-id",
                                                               "x-tenant-name",
                                                               "x-tenantid",
                                                               "x-true-client-ip",
                                                               "x-url-scheme",
                                                               "x-user",
                                                               "x-user-name",
                                                               "x-username",
                                                               "x-verified-user",
                                                               "x-waws-unencoded-url",
                                                               "x-webauth-email",
                                                               "x-webauth-groups",
                                                               "x-webauth-name",
                                                               "x-webauth-role",
                                                               "x-webauth-user"});
static_assert(std::ranges::is_sorted(kNames));

// Families of fields with a common beginning.
constexpr std::array<std::string_view, 9> kBeginnings = {
    "cf-access-",  "x-amzn-oidc-",  "x-auth-request-", "x-authentik-",
    "x-consumer-", "x-credential-", "x-forwarded-",    "x-goog-authenticated-user-",
    "x-goog-iap-"};

// The first letters of all of these, bit by bit from 'a': most fields of a request begin otherwise.
constexpr std::uint32_t kFirstLetters = [] {
  std::uint32_t letters = 0;
  for (const std::string_view name : kNames) letters |= std::uint32_t{1} << (name.front() - 'a');
  for (const std::string_view name : kBeginnings)
    letters |= std::uint32_t{1} << (name.front() - 'a');
  return letters;
}();

}  // namespace

bool is_kept_back(std::string_view name) {
  const bool may_be = !name.empty() && name.front() >= 'a' && name.front() <= 'z' &&
                      (kFirstLetters >> (name.front() - 'a') & 1U) != 0;
  if (!may_be) return false;
  std::array<char, kNameBytesMax> bytes{};
  const std::size_t size = std::min(name.size(), bytes.size());
  std::ranges::transform(name.substr(0, size), bytes.begin(),
                         [](char c) { return c == '_' ? '-' : c; });
  const std::string_view known{bytes.data(), size};
  const auto begins = [&](std::string_view beginning) { return known.starts_with(beginning); };
  return (name.size() == size && std::ranges::binary_search(kNames, known)) ||
         std::ranges::any_of(kBeginnings, begins);
}

}  // namespace metergate::http
