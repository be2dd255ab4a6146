#include "http/wire/framing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kMethodLengthMax = 32;
constexpr std::size_t kFieldsMax = 100;
constexpr std::size_t kLengthDigitsMax = 19;
constexpr std::size_t kChunkDigitsMax = 8;

std::unexpected<Error> refuse_request(std::string message) {
  return fail(ErrorCode::invalid, std::move(message));
}

// The scheme of an absolute target; empty for other targets.
std::string_view scheme_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme;
  }
  return {};
}

Result<> check_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos)
    return refuse_request("the request line is not 'METHOD TARGET VERSION' with single spaces");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!is_token(method) || method.size() > kMethodLengthMax)
    return refuse_request("the method is not a token of at most 32 characters");
  const bool has_start = target.starts_with('/') || !scheme_of(target).empty();
  if (!has_start || !std::ranges::all_of(target, is_visible))
    return refuse_request("the request target must begin with '/' or http:// and be visible ASCII");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse_request("the version is neither HTTP/1.1 nor HTTP/1.0");
  return {};
}

// The value of a field that must occur only once; an error if it occurs several times. Nothing if
// it is absent.
Result<std::optional<std::string_view>> only_value(const RequestHead& head, std::string_view name) {
  std::optional<std::string_view> value;
  for (const Header& field : head.headers) {
    if (field.first != name) continue;
    if (value) return refuse_request(fmt::format("there is more than one '{}' field", name));
    value = field.second;
  }
  return value;
}

Result<> check_host(const RequestHead& head) {
  const auto host = TRY(only_value(head, "host"));
  if (!host && head.version_minor == 1) return refuse_request("HTTP/1.1 needs a Host field");
  if (host && !is_host(*host))
    return refuse_request("the Host field is not a name or address with a port");
  return {};
}

Result<std::optional<std::int64_t>> content_length_of(const RequestHead& head) {
  const auto text = TRY(only_value(head, "content-length"));
  if (!text) return std::optional<std::int64_t>{};
  std::int64_t length = 0;
  const bool is_shaped =
      !text->empty() && text->size() <= kLengthDigitsMax && std::ranges::all_of(*text, is_digit);
  const char* end = text->data() + text->size();
  if (!is_shaped || std::from_chars(text->data(), end, length).ec != std::errc{})
    return refuse_request("Content-Length is not a number of 1 to 19 digits");
  return std::optional{length};
}

Result<bool> is_chunked(const RequestHead& head) {
  const auto coding = TRY(only_value(head, "transfer-encoding"));
  if (!coding) return false;
  if (head.version_minor == 0) return refuse_request("HTTP/1.0 has no Transfer-Encoding");
  if (!equals_ignoring_case(*coding, "chunked"))
    return refuse_request("Transfer-Encoding must be 'chunked' and nothing else");
  return true;
}

bool names_option(const RequestHead& head, std::string_view option) {
  for (const Header& field : head.headers) {
    if (field.first != "connection") continue;
    std::string_view rest = field.second;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (equals_ignoring_case(trimmed(rest.substr(0, comma)), option)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace

bool is_host(std::string_view text) {
  static constexpr CharacterSet kCharacters{"-._~%!$&'()*+;=:[]"};
  const bool has_only_its_own =
      std::ranges::all_of(text, [](char c) { return kCharacters.holds(c); });
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == text.npos;
  const std::string_view port = has_port ? text.substr(colon + 1) : std::string_view{};
  return !text.empty() && text.front() != ':' && has_only_its_own && port.size() <= 5 &&
         std::ranges::all_of(port, is_digit);
}

Result<> take_absolute_form(RequestHead& head) {
  const std::string_view scheme = scheme_of(head.target);
  if (scheme.empty()) return {};
  const std::string_view rest = std::string_view{head.target}.substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (!is_host(authority))
    return refuse_request("the request target's host is not a name or address with a port");
  const auto field = std::ranges::find(head.headers, "host", &Header::first);
  if (field == head.headers.end()) {
    head.headers.emplace_back("host", authority);
  } else {
    field->second = authority;
  }
  const std::string_view path = rest.substr(authority.size());
  head.target = (path.starts_with('/') ? "" : "/") + std::string{path};
  return {};
}

Result<> check_field_line(std::string_view line) {
  if (line.empty() || line.front() == ' ' || line.front() == '\t')
    return refuse_request("a header field is folded or begins with a space");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return refuse_request("a header field is not a token directly followed by ':'");
  if (!is_field_value(line.substr(colon + 1)))
    return refuse_request("a header field's value has a control character");
  return {};
}

Result<> check_head_bytes(std::string_view head) {
  std::size_t lines = 0;
  while (true) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos)
      return refuse_request("the head does not end in an empty line");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (lines > 0 && line.empty()) break;
    if (lines > kFieldsMax)
      return fail(ErrorCode::headers_too_large, "the head has more than 100 fields");
    const Result<> checked = lines == 0 ? check_request_line(line) : check_field_line(line);
    // Neither check accepts a lone CR or LF, but the message should name the line's end.
    if (!checked && has_line_end(line)) return refuse_request("a line does not end in CRLF");
    TRY(checked);
    ++lines;
  }
  if (!head.empty()) return refuse_request("there is something after the empty line");
  return {};
}

Result<std::uint32_t> check_chunk_line(std::string_view line) {
  std::uint32_t size = 0;
  const char* end = line.data() + line.size();
  const auto read = std::from_chars(line.data(), end, size, 16);
  const auto digits = static_cast<std::size_t>(read.ptr - line.data());
  if (read.ec != std::errc{} || digits > kChunkDigitsMax)
    return refuse_request("a chunk's size is not 1 to 8 hexadecimal digits");
  const std::string_view extensions = line.substr(digits);
  if (!extensions.empty() && extensions.front() != ';')
    return refuse_request("a chunk's size is followed by something else than ';'");
  if (!is_field_value(extensions))
    return refuse_request("a chunk's extension has a control character");
  return size;
}

Result<Framing> framing_of(const RequestHead& head) {
  TRY(check_host(head));
  const auto length = TRY(content_length_of(head));
  const bool chunked = TRY(is_chunked(head));
  if (chunked && length)
    return refuse_request("there are both Content-Length and Transfer-Encoding");
  const auto expectation = TRY(only_value(head, "expect"));
  const bool expects_continue = expectation && equals_ignoring_case(*expectation, "100-continue");
  if (expectation && !expects_continue) return refuse_request("Expect may only be '100-continue'");
  const bool is_persistent = head.version_minor == 1 || names_option(head, "keep-alive");
  return Framing{.content_length = length ? *length : 0,
                 .is_chunked = chunked,
                 .keep_alive = is_persistent && !names_option(head, "close"),
                 .expects_continue = expects_continue && head.version_minor == 1};
}

}  // namespace metergate::http
