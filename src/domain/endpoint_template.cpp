// Recognizes the segments of a path that are ids. A wrong guess costs little: an id taken for a
// word makes one more endpoint (of at most 1,000), and a word taken for an id joins two endpoints.
#include <algorithm>

#include "domain/own_paths.h"
#include "domain/usage_event.h"

namespace metergate {
namespace {

constexpr std::size_t kLongHexMin = 16;
constexpr std::size_t kBase64Min = 20;
constexpr std::size_t kUlidLength = 26;
constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kTemplateMax = 512;  // the maximum for an event's endpoint
constexpr std::string_view kRest = "/{rest}";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Crockford's base 32 leaves out I, L, O and U.
bool is_crockford(char c) {
  constexpr std::string_view kLeftOut = "ILOUilou";
  return is_digit(c) ||
         ((is_lower(c) || is_upper(c)) && kLeftOut.find(c) == std::string_view::npos);
}

bool is_number(std::string_view text) { return std::ranges::all_of(text, is_digit); }

bool is_uuid(std::string_view text) {
  if (text.size() != kUuidLength) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash_place = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash_place ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_ulid(std::string_view text) {
  return text.size() == kUlidLength && text[0] <= '7' && std::ranges::all_of(text, is_crockford);
}

bool is_long_hex(std::string_view text) {
  return text.size() >= kLongHexMin && std::ranges::all_of(text, is_hex);
}

// Random text mixes capitals, small letters and digits, or has digits among letters without a
// separator, or about as many capitals as small letters. Hyphenated words and camelCase do not.
bool is_base64url_id(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() < kBase64Min) return false;
  const auto digits = std::ranges::count_if(text, is_digit);
  const auto lower = std::ranges::count_if(text, is_lower);
  const auto upper = std::ranges::count_if(text, is_upper);
  const auto separators = std::ranges::count_if(text, [](char c) { return c == '-' || c == '_'; });
  if (digits + lower + upper + separators != std::ssize(text)) return false;
  if (digits > 0 && lower > 0 && upper > 0) return true;
  if (digits > 0 && lower + upper > 0 && separators == 0) return true;
  return lower > 0 && upper * 3 >= lower + upper;
}

// Names of files, branches and other records. Routes themselves are written without escapes and
// spaces.
bool is_free_text(std::string_view text) {
  return text.find('%') != std::string_view::npos || text.find(' ') != std::string_view::npos;
}

bool is_id(std::string_view text) {
  return !text.empty() && (is_number(text) || is_uuid(text) || is_ulid(text) || is_long_hex(text) ||
                           is_base64url_id(text) || is_free_text(text));
}

class PathSegments {
 public:
  explicit PathSegments(std::string_view path) : rest_(path) {
    if (rest_.starts_with('/')) rest_.remove_prefix(1);
    if (rest_.ends_with('/')) rest_.remove_suffix(1);
    is_done_ = rest_.empty();
  }

  bool next(std::string_view& segment) {
    if (is_done_) return false;
    const std::size_t end = rest_.find('/');
    segment = rest_.substr(0, end);
    is_done_ = end == std::string_view::npos;
    if (!is_done_) rest_.remove_prefix(end + 1);
    return true;
  }

 private:
  std::string_view rest_;
  bool is_done_ = false;
};

constexpr std::string_view kTenants = kTenantPaths.substr(0, kTenantPaths.size() - 1);

}  // namespace

std::string endpoint_template(std::string_view method, std::string_view path) {
  std::string result;
  result.reserve(method.size() + path.size() + kRest.size());
  result += method;
  result += ' ';
  const std::size_t start = result.size();
  PathSegments segments{path.substr(0, std::min(path.find('?'), path.find('#')))};
  std::string_view segment;
  while (segments.next(segment)) {
    const bool is_tenant = std::string_view{result}.substr(start) == kTenants;
    const std::string_view shown = is_tenant ? "{tenant_id}" : is_id(segment) ? "{id}" : segment;
    if (result.size() + 1 + shown.size() + kRest.size() > kTemplateMax) {
      result += kRest;
      break;
    }
    result += '/';
    result += shown;
  }
  if (result.size() == start) result += '/';
  return result;
}

}  // namespace metergate
