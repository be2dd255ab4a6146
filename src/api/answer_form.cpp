#include "api/answer_form.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/content_encoder.h"
#include "base/crypto.h"

namespace metergate::api {
namespace {

constexpr std::size_t kTagBytes = 16;

std::string* header_of(http::Response& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, &http::Header::first);
  return found == response.headers.end() ? nullptr : &found->second;
}

// True for text. Images, spreadsheets and PDF are already compressed.
bool is_worth_coding(std::string_view content_type) {
  constexpr std::array<std::string_view, 4> kKinds = {
      "application/json", "text/", "application/vnd.oai.openapi", "application/x-ndjson"};
  return std::ranges::any_of(kKinds,
                             [&](std::string_view kind) { return content_type.starts_with(kind); });
}

// The part of an envelope after request_id and server_time, which differ in each answer. Quotes in
// `request_id` are escaped, so the first ,"data": after it is the member itself.
std::string_view telling_part(std::string_view body) {
  constexpr std::string_view kBefore = R"(","data":)";
  if (!body.starts_with(R"({"server_time":)")) return body;
  const std::size_t at = body.find(kBefore);
  return at == body.npos ? body : body.substr(at + kBefore.size());
}

// True if If-None-Match names the tag (RFC 9110, 13.1.2: weak comparison), or is "*".
bool is_known(std::string_view field, std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  while (!field.empty()) {
    const std::size_t end = std::min(field.find(','), field.size());
    std::string_view one = field.substr(0, end);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (one == "*") return true;
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag) return true;
    field.remove_prefix(std::min(end + 1, field.size()));
  }
  return false;
}

// Makes a whole body of a streamed one that is short; puts the beginning of a longer one back. An
// error meanwhile is reported as it would have been by the stream.
void gather_short(http::Response& response) {
  if (!response.source) return;
  std::string begun;
  while (begun.size() <= kWholeBytesMax) {
    auto piece = response.source();
    if (!piece) {
      response.source =
          [error = std::move(piece).error()]() mutable -> Result<std::optional<std::string>> {
        return fail(error);
      };
      return;
    }
    if (!*piece) {
      response.body = std::move(begun);
      response.source = nullptr;
      return;
    }
    begun += **piece;
  }
  response.source =
      [begun = std::move(begun),
       rest = std::move(response.source)]() mutable -> Result<std::optional<std::string>> {
    if (!begun.empty()) return std::exchange(begun, {});
    return rest();
  };
}

void encode(http::Response& response, ContentCoding coding) {
  auto encoder = std::make_shared<ContentEncoder>(coding);
  if (!response.source) {
    std::string coded = encoder->add(response.body);
    coded += encoder->finish();
    response.body = std::move(coded);
    return;
  }
  response.source = [encoder, plain = std::move(response.source),
                     is_over = false]() mutable -> Result<std::optional<std::string>> {
    if (is_over) return std::nullopt;
    std::string coded;
    while (coded.empty() && !is_over) {
      const std::optional<std::string> piece = TRY(plain());
      is_over = !piece;
      coded = piece ? encoder->add(*piece) : encoder->finish();
    }
    return coded;
  };
}

void add_tag(http::Response& response, const http::Request& request) {
  const std::string digest = sha256(telling_part(response.body));
  const std::string tag = "W/\"" + base64url(digest.substr(0, kTagBytes)) + '"';
  response.headers.emplace_back("ETag", tag);
  // The caller alone may keep it, and must revalidate it each time.
  if (std::string* kept = header_of(response, "Cache-Control"); kept && *kept == "no-store")
    *kept = "private, no-cache";
  const auto known = request.header("if-none-match");
  if (!known || !is_known(*known, tag)) return;
  response.status = 304;
  response.body.clear();
  std::erase_if(response.headers, [](const http::Header& field) {
    return field.first == "Content-Type" || field.first == "Content-Disposition";
  });
}

}  // namespace

http::Response formed(http::Response response, const http::Request& request) {
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (!is_read || response.status != 200) return response;
  gather_short(response);
  if (!response.source) add_tag(response, request);
  const std::string* type = header_of(response, "Content-Type");
  if (response.status != 200 || type == nullptr || !is_worth_coding(*type)) return response;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  const auto accepted = request.header("accept-encoding");
  const auto coding = accepted ? wanted_coding(*accepted) : std::nullopt;
  if (!coding || (!response.source && response.body.size() < kCodedBytesMin)) return response;
  encode(response, *coding);
  response.headers.emplace_back("Content-Encoding", name_of(*coding));
  return response;
}

}  // namespace metergate::api
