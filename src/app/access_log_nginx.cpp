// nginx's combined format, Apache's common, combined and vhost_combined, and what is usually added.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/access_log_readers.h"

namespace metergate {
namespace {

constexpr std::size_t kLogTokensMax = 64;

struct LogToken {
  std::string text;
  char quote = 0;  // '"' or '[' around it; 0: none
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// \x22 is nginx's, \" and \\ are Apache's.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_hex = text[at] == '\\' && at + 3 < text.size() && text[at + 1] == 'x' &&
                        hex_digit(text[at + 2]) >= 0 && hex_digit(text[at + 3]) >= 0;
    if (is_hex) {
      plain.push_back(static_cast<char>(hex_digit(text[at + 2]) * 16 + hex_digit(text[at + 3])));
      at += 3;
    } else if (text[at] == '\\' && at + 1 < text.size()) {
      plain.push_back(text[++at]);
    } else {
      plain.push_back(text[at]);
    }
  }
  return plain;
}

// The end of a quoted text; npos if it has none.
std::size_t end_of_quote(std::string_view line, std::size_t from) {
  for (std::size_t at = from; at < line.size(); ++at) {
    if (line[at] == '\\') {
      ++at;
    } else if (line[at] == '"') {
      return at;
    }
  }
  return line.npos;
}

std::optional<std::vector<LogToken>> split_line(std::string_view line) {
  std::vector<LogToken> tokens;
  for (std::size_t at = line.find_first_not_of(' '); at < line.size();
       at = line.find_first_not_of(' ', at)) {
    if (tokens.size() == kLogTokensMax) return std::nullopt;
    const char first = line[at];
    if (first != '"' && first != '[') {
      // name="value with spaces" is one token.
      std::size_t end = std::min(line.find(' ', at), line.size());
      const std::size_t quote = line.find("=\"", at);
      if (quote < end) {
        end = end_of_quote(line, quote + 2);
        if (end == line.npos) return std::nullopt;
        ++end;
      }
      tokens.push_back({std::string{line.substr(at, end - at)}, 0});
      at = end;
      continue;
    }
    const std::size_t end = first == '"' ? end_of_quote(line, at + 1) : line.find(']', at);
    if (end == line.npos) return std::nullopt;
    const std::string_view inside = line.substr(at + 1, end - at - 1);
    tokens.push_back({first == '"' ? unescaped(inside) : std::string{inside}, first});
    at = end + 1;
  }
  return tokens;
}

void add_field(LogCall& call, std::string name, std::string value) {
  if (!value.empty() && value != "-") call.fields.emplace_back(std::move(name), std::move(value));
}

// The tokens that follow the bytes.
void take_more(const std::vector<LogToken>& tokens, std::size_t from, LogCall& call) {
  std::size_t quoted = 0;
  bool has_duration = false;
  constexpr std::string_view kQuotedNames[] = {"referer", "agent", "forwarded_for"};
  for (std::size_t at = from; at < tokens.size(); ++at) {
    const LogToken& token = tokens[at];
    if (token.quote == '"') {
      ++quoted;
      const bool has_name = quoted <= std::size(kQuotedNames);
      add_field(call,
                has_name ? std::string{kQuotedNames[quoted - 1]} : fmt::format("quoted{}", quoted),
                token.text);
      continue;
    }
    const std::size_t equals = token.text.find('=');
    std::string name = token.text.substr(0, equals);
    std::string value = equals == std::string::npos ? token.text : token.text.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"')
      value = unescaped(value.substr(1, value.size() - 2));
    const bool is_named_time = name == "rt" || name == "request_time";
    const bool is_bare_time = equals == std::string::npos && value.find('.') != std::string::npos;
    const bool is_length = name == "request_length" || name == "rl";
    if (!has_duration && (is_named_time || is_bare_time)) {
      if (const auto duration = log_seconds(value)) {
        call.duration = *duration;
        has_duration = true;
      }
    }
    if (is_length) call.request_bytes = std::max<std::int64_t>(log_number(value).value_or(0), 0);
    if (equals != std::string::npos) add_field(call, std::move(name), std::move(value));
  }
}

// The words before the time: [host] address ident user. The caller chooses the user, who may have
// spaces and brackets; the other three have none.
bool take_caller(std::string_view words, LogCall& call) {
  std::vector<std::string_view> first;
  while (first.size() < 3) {
    const std::size_t end = words.find(' ');
    if (end == words.npos || end == 0) return false;
    first.push_back(words.substr(0, end));
    words.remove_prefix(end + 1);
    const bool is_ident = first.size() > 1 && first.back() == "-";
    if (is_ident) break;
  }
  // An ident other than "-" is seldom; then the user is one word.
  const bool has_plain_ident = first.back() == "-";
  while (words.ends_with(' ')) words.remove_suffix(1);
  std::string_view user = words;
  if (!has_plain_ident) {
    if (words.find(' ') != words.npos) return false;
    if (words.empty()) user = first.back();
  }
  const bool has_host = first.size() == 3 && (has_plain_ident || !words.empty());
  call.ip = first[has_host ? 1 : 0];
  add_field(call, "user", std::string{user});
  if (!has_host) return true;
  const std::string host{first[0]};
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != host.npos && log_number(host.substr(colon + 1)).has_value();
  add_field(call, "host", has_port ? host.substr(0, colon) : host);
  return true;
}

}  // namespace

Result<LogCall> read_nginx_line(std::string_view line) {
  const auto refuse = [] {
    return fail(ErrorCode::invalid, "it is not: address - user [time] \"request\" status bytes …");
  };
  const std::size_t open = line.rfind('[', line.find('"'));
  if (open == line.npos) return refuse();
  const auto tokens = split_line(line.substr(open));
  if (!tokens) return fail(ErrorCode::invalid, "a quote or bracket does not end");
  const auto time = tokens->begin();
  LogCall call;
  if (tokens->size() < 4 || time[1].quote != '"' || !take_caller(line.substr(0, open), call))
    return refuse();
  auto at = log_time(time->text, nullptr);
  if (const auto iso = parse_timestamp(time->text); iso) at = *iso;
  if (!at) return fail(ErrorCode::invalid, fmt::format("[{:.40}] is no time", time->text));
  call.at = *at;
  TRY(take_request_line(time[1].text, call));
  const auto status = log_number(time[2].text);
  const auto bytes =
      time[3].text == "-" ? std::optional<std::int64_t>{0} : log_number(time[3].text);
  if (!status || !bytes || *bytes < 0)
    return fail(ErrorCode::invalid, "status and bytes do not follow the request");
  call.status = *status;
  call.response_bytes = *bytes;
  take_more(*tokens, 4, call);
  return call;
}

}  // namespace metergate
