#include "http/wire/cors.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/wire/head.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kOriginsMax = 64;
constexpr std::size_t kAskedFieldsBytesMax = 1024;
constexpr std::string_view kExposed =
    "Allow, Content-Disposition, ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, "
    "X-Usage-Seq";

// True for the form that browsers use: scheme://host, with a port unless it is the default, in
// lower case.
bool is_origin(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0) return false;
  const std::string_view scheme = text.substr(0, end);
  const bool has_scheme = std::ranges::all_of(scheme, [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '+' || c == '.' || c == '-';
  });
  const std::string_view host = text.substr(end + 3);
  const bool has_upper = std::ranges::any_of(host, [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool says_usual_port =
      (scheme == "https" && host.ends_with(":443")) || (scheme == "http" && host.ends_with(":80"));
  return has_scheme && is_host(host) && !has_upper && !says_usual_port &&
         host.find('*') == std::string_view::npos;
}

// True for a list of field names, which is returned unchanged.
bool is_field_list(std::string_view text) {
  return text.size() <= kAskedFieldsBytesMax && std::ranges::all_of(text, [](char c) {
           return is_token_character(c) || c == ',' || c == ' ';
         });
}

}  // namespace

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && request.header("origin") &&
         request.header("access-control-request-method");
}

Result<CorsRules> CorsRules::parse(std::string_view text) {
  CorsRules rules;
  if (trimmed(text) == "*") {
    rules.is_any_ = true;
    return rules;
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view part = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!is_origin(part)) {
      return fail(ErrorCode::invalid,
                  fmt::format("'{}' is no origin like https://app.example.com", part));
    }
    rules.origins_.emplace_back(part);
    if (rules.origins_.size() > kOriginsMax)
      return fail(ErrorCode::invalid, fmt::format("more than {} origins", kOriginsMax));
  }
  return rules;
}

bool CorsRules::allows(std::string_view origin) const {
  return is_any_ || std::ranges::find(origins_, origin) != origins_.end();
}

void CorsRules::add_fields(const Request& request, Response& response) const {
  if (!is_any_ && origins_.empty()) return;
  if (!is_any_) response.headers.emplace_back("Vary", "Origin");
  const auto origin = request.header("origin");
  if (!origin || !allows(*origin)) return;
  // With credentials, a page may read an answer only if its own origin is named.
  response.headers.emplace_back("Access-Control-Allow-Origin", is_any_ ? "*" : *origin);
  if (!is_any_) response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  response.headers.emplace_back("Access-Control-Expose-Headers", kExposed);
}

Result<Response> CorsRules::preflight(const Request& request, std::string_view methods) const {
  const std::string origin = request.header("origin").value_or("");
  if (!allows(origin)) {
    Error error{ErrorCode::permission,
                fmt::format("pages of the origin {:.100} may not call this server; CORS_ORIGINS "
                            "names those that may",
                            origin)};
    error.required = "CORS_ORIGINS";
    return fail(std::move(error));
  }
  Response response;
  response.status = 204;
  response.headers.emplace_back("Access-Control-Allow-Methods", methods);
  const auto asked = request.header("access-control-request-headers");
  if (asked && is_field_list(*asked))
    response.headers.emplace_back("Access-Control-Allow-Headers", *asked);
  response.headers.emplace_back("Access-Control-Max-Age", "600");
  response.headers.emplace_back("Vary",
                                "Access-Control-Request-Method, Access-Control-Request-Headers");
  return response;
}

}  // namespace metergate::http
