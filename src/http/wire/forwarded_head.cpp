#include "http/wire/forwarded_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "http/wire/caller.h"
#include "http/words/characters.h"
#include "http/words/head_text.h"
#include "http/words/kept_back.h"

namespace metergate::http {
namespace {

// Some programs read X_Request_Id as X-Request-Id.
bool is_same_name(std::string_view name, std::string_view lower_case) {
  return std::ranges::equal(
      name, lower_case, [](char a, char b) { return to_lower(a) == b || (a == '_' && b == '-'); });
}

// A few names in lower case. Most fields of a head have a length that none of them has.
class NameSet {
 public:
  consteval NameSet(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      lengths_ |= std::uint64_t{1} << name.size();
      names_.at(count_++) = name;
    }
  }
  bool holds(std::string_view name) const {
    const bool may_hold = name.size() < 64 && (lengths_ >> name.size() & 1U) != 0;
    return may_hold && std::any_of(names_.begin(), names_.begin() + count_,
                                   [&](std::string_view own) { return is_same_name(name, own); });
  }

 private:
  std::array<std::string_view, 16> names_{};
  std::uint8_t count_ = 0;
  std::uint64_t lengths_ = 0;  // bit n: there is a name of n characters
};

// Hop-by-hop fields, and fields that are always written anew.
constexpr NameSet kOfOneHop = {"connection",
                               "content-length",
                               "expect",
                               "host",
                               "http2-settings",
                               "keep-alive",
                               "proxy-authenticate",
                               "proxy-authorization",
                               "proxy-connection",
                               "te",
                               "trailer",
                               "transfer-encoding"};

constexpr NameSet kOurs = {"x-forwarded-for",
                           "x-forwarded-proto",
                           "x-forwarded-host",
                           "x-forwarded-port",
                           "x-request-id",
                           "forwarded",
                           "via"};

constexpr NameSet kCredentials = {"authorization", "cookie"};

void append_number(std::string& out, std::string_view name, std::int64_t value) {
  append_field(out, name, fmt::format_int(value).c_str());
}

void append_body_fields(std::string& out, const SentBody& body) {
  if (body.kind == SentBody::Kind::length) append_number(out, "Content-Length", body.length);
  if (body.kind == SentBody::Kind::chunked) out += "Transfer-Encoding: chunked\r\n";
}

bool is_named_by_connection(const Request& request, std::string_view name) {
  return std::ranges::any_of(request.headers, [&](const Header& field) {
    return field.first == "connection" && has_list_word(field.second, name);
  });
}

bool is_named_by_connection(const ResponseHead& head, std::string_view name) {
  return std::ranges::any_of(head.fields, [&](const FieldView& field) {
    return field.kind == FieldKind::connection && has_list_word(field.value, name);
  });
}

bool stays_behind(const Request& request, const UpstreamHead& with, std::string_view name) {
  if (name == "upgrade" || kOfOneHop.holds(name) || kOurs.holds(name)) return true;
  if (with.is_without_credentials && kCredentials.holds(name)) return true;
  const auto is_this = [&](std::string_view named) { return is_same_name(name, named); };
  if (is_kept_back(name) && std::ranges::none_of(with.named_fields, is_this)) return true;
  return is_named_by_connection(request, name);
}

}  // namespace

bool asks_for_websocket(const Request& request) {
  const auto upgrade = request.header("upgrade");
  return request.method == "GET" && request.takes_chunks && upgrade &&
         equals_ignoring_case(*upgrade, "websocket") && is_named_by_connection(request, "upgrade");
}

std::string upstream_head(const Request& request, const UpstreamHead& with) {
  std::string out;
  out.reserve(1024);
  append_all(out, {request.method, " ", request.target, " HTTP/1.1\r\n"});
  append_field(out, "Host", with.host);
  for (const Header& field : request.headers) {
    if (!stays_behind(request, with, field.first)) append_field(out, field.first, field.second);
  }
  append_field(out, "X-Forwarded-For", request.remote_ip);
  append_field(out, "X-Forwarded-Proto", request.scheme);
  if (!request.host.empty()) append_field(out, "X-Forwarded-Host", request.host);
  append_field(out, "Forwarded", forwarded_value(request));
  append_field(out, "X-Request-Id", request.request_id);
  out += "Via: 1.1 metergate\r\n";
  if (with.is_upgrade) out += "Connection: upgrade\r\nUpgrade: websocket\r\n";
  append_body_fields(out, with.body);
  out += "\r\n";
  return out;
}

void append_caller_head(std::string& out, const ResponseHead& head, const CallerHead& with) {
  append_all(out, {"HTTP/1.1 ", fmt::format_int(head.status).c_str(), " ", head.reason, "\r\n"});
  bool has_date = false;
  for (const FieldView& field : head.fields) {
    const auto is_this = [&](const Header& own) {
      return equals_ignoring_case(own.first, field.name);
    };
    const bool is_behind =
        kOfOneHop.holds(field.name) || equals_ignoring_case(field.name, "upgrade") ||
        equals_ignoring_case(field.name, "x-request-id") ||
        is_named_by_connection(head, field.name) || std::ranges::any_of(with.own_fields, is_this);
    if (is_behind) continue;
    if (equals_ignoring_case(field.name, "date")) has_date = true;
    append_field(out, field.name, field.value);
  }
  if (head.status >= 200 && !has_date) append_field(out, "Date", date_of_answer(with.clock.now()));
  if (with.is_upgrade) {
    out += "Connection: upgrade\r\nUpgrade: websocket\r\n";
  } else if (head.status >= 200) {
    append_field(out, "Connection", with.keep_alive ? "keep-alive" : "close");
  }
  append_field(out, "X-Request-Id", with.request_id);
  for (const Header& own : with.own_fields) append_field(out, own.first, own.second);
  append_body_fields(out, with.body);
  if (with.said_length) append_number(out, "Content-Length", *with.said_length);
  out += "\r\n";
}

}  // namespace metergate::http
