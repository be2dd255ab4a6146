#include "gateway/endpoint_templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"

namespace metergate::gateway {
namespace {

constexpr std::size_t kPathsMax = 10'000;
constexpr std::size_t kSegmentsMax = 64;
constexpr std::size_t kTemplateBytesMax =
    480;  // with the method it stays within an event's endpoint

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMethods = {
    {{"get", "GET"},
     {"put", "PUT"},
     {"post", "POST"},
     {"delete", "DELETE"},
     {"options", "OPTIONS"},
     {"head", "HEAD"},
     {"patch", "PATCH"}}};

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::invalid, "OpenAPI document: " + std::move(message));
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    if (end == path.size()) return segments;
    path.remove_prefix(end + 1);
  }
}

bool is_value(std::string_view segment) { return segment.find('{') != std::string_view::npos; }
bool is_whole_value(std::string_view segment) {
  return segment.starts_with('{') && segment.find('}') == segment.size() - 1;
}

// "{id}" matches any text; "{id}.json" any that ends with ".json".
bool is_match(std::string_view declared, std::string_view segment) {
  const std::size_t open = declared.find('{');
  if (open == std::string_view::npos) return declared == segment;
  const std::size_t close = declared.rfind('}');
  const std::string_view before = declared.substr(0, open);
  const std::string_view after =
      close == std::string_view::npos ? std::string_view{} : declared.substr(close + 1);
  return segment.size() > before.size() + after.size() && segment.starts_with(before) &&
         segment.ends_with(after);
}

// The prefix of every path: the path of the first server.
std::string base_path_of(const Json& document) {
  const Json* servers = document.find("servers");
  if (servers == nullptr || !servers->is_array() || servers->as_array().empty()) return {};
  std::string url = servers->as_array().front().string_at("url").value_or("");
  const std::size_t scheme = url.find("://");
  if (scheme != std::string::npos) {
    const std::size_t slash = url.find('/', scheme + 3);
    url = slash == std::string::npos ? std::string{} : url.substr(slash);
  }
  while (url.ends_with('/')) url.pop_back();
  return url.starts_with('/') ? url : std::string{};
}

std::vector<std::string> methods_of(const Json& item) {
  std::vector<std::string> methods;
  for (const auto& [key, method] : kMethods) {
    if (item.find(key) != nullptr) methods.emplace_back(method);
  }
  return methods;
}

}  // namespace

Result<EndpointTemplates> EndpointTemplates::parse(std::string_view openapi) {
  const Result<Json> document = parse_json(openapi);
  if (!document)
    return wrong("it is no JSON (YAML must be converted first): " + document.error().message);
  const Json* paths = document->find("paths");
  if (paths == nullptr || !paths->is_object()) return wrong("it has no object 'paths'");
  if (paths->as_object().size() > kPathsMax)
    return wrong(fmt::format("it has more than {} paths", kPathsMax));
  const std::string base = base_path_of(*document);
  EndpointTemplates templates;
  for (const auto& [key, item] : paths->as_object()) {
    Row row{.path = base + key, .segments = {}, .methods = methods_of(item)};
    if (!key.starts_with('/')) return wrong(fmt::format("the path '{}' has no '/' first", key));
    for (const std::string_view segment : segments_of(row.path)) row.segments.emplace_back(segment);
    const bool is_usable =
        row.path.size() <= kTemplateBytesMax && row.segments.size() <= kSegmentsMax;
    if (is_usable && !row.methods.empty()) templates.add(std::move(row));
  }
  return templates;
}

void EndpointTemplates::add(Row row) {
  if (by_length_.size() <= row.segments.size()) by_length_.resize(row.segments.size() + 1);
  std::vector<Row>& rows = by_length_[row.segments.size()];
  const auto is_more_literal = [](const Row& a, const Row& b) {
    return std::ranges::lexicographical_compare(a.segments, b.segments, {}, is_value, is_value);
  };
  rows.insert(std::ranges::upper_bound(rows, row, is_more_literal), std::move(row));
  ++count_;
}

std::optional<TemplateMatch> EndpointTemplates::find(std::string_view method,
                                                     std::string_view path) const {
  if (count_ == 0) return std::nullopt;
  const std::vector<std::string_view> segments = segments_of(path);
  if (segments.size() >= by_length_.size()) return std::nullopt;
  for (const Row& row : by_length_[segments.size()]) {
    if (std::ranges::find(row.methods, method) == row.methods.end()) continue;
    if (!std::ranges::equal(row.segments, segments, is_match)) continue;
    TemplateMatch match{.path = row.path, .values = {}};
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::string_view declared = row.segments[i];
      if (is_whole_value(declared))
        match.values.emplace_back(declared.substr(1, declared.size() - 2), segments[i]);
    }
    return match;
  }
  return std::nullopt;
}

}  // namespace metergate::gateway
