#include "service/shared/idempotency.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "base/crypto.h"

namespace metergate {
namespace {

constexpr std::size_t kKeyLengthMax = 255;

Result<> check_key(const std::string& key) {
  if (!key.empty() && key.size() <= kKeyLengthMax && std::ranges::all_of(key, is_visible)) {
    return {};
  }
  const std::string message =
      fmt::format("Idempotency-Key must be 1 to {} visible ASCII characters", kKeyLengthMax);
  return fail(Error{ErrorCode::invalid, message, {{std::nullopt, "Idempotency-Key", message}}});
}

// A hash, since callers choose the parts, which may be too long for a key. No part can contain a
// line break.
DocumentKey document_key(const KeyedRequest& request) {
  return DocumentKey{
      "", to_hex(sha256(fmt::format("{}\n{}\n{}", request.actor, request.route, request.key)))};
}

std::string body_hash(const KeyedRequest& request) { return to_hex(sha256(request.body)); }

bool is_expired(const Json& document, Timestamp now) {
  const auto expires_at = document.timestamp_at("expires_at");
  return !expires_at || *expires_at <= now;
}

}  // namespace

Result<std::optional<KeyedAnswer>> Idempotency::find(const KeyedRequest& request) const {
  TRY(check_key(request.key));
  const std::optional<Json> document =
      TRY(store_.get(Collection::idempotency_keys, document_key(request)));
  if (!document || is_expired(*document, clock_.now())) return std::optional<KeyedAnswer>();
  if (document->string_at("body_hash") != body_hash(request)) {
    return fail(ErrorCode::conflict,
                "this Idempotency-Key came with another body within the last 24 hours: use a new "
                "key for a new request");
  }
  const auto status = document->integer_at("status");
  const Json* data = document->find("data");
  if (!status || data == nullptr) {
    return fail(ErrorCode::corrupt, "the answer kept for this Idempotency-Key cannot be read");
  }
  return std::optional(KeyedAnswer{static_cast<int>(*status), *data});
}

Result<DocumentWrite> Idempotency::remember(const KeyedRequest& request,
                                            const KeyedAnswer& answer) const {
  TRY(check_key(request.key));
  DocumentWrite write;
  write.collection = Collection::idempotency_keys;
  write.key = document_key(request);
  write.expect = Expect::absent;
  const std::optional<Json> old = TRY(store_.get(write.collection, write.key));
  const Timestamp now = clock_.now();
  if (old && is_expired(*old, now)) {
    write.expect = Expect::revision;
    write.revision = old->integer_at("revision").value_or(0);
  }
  write.document = Json::object({{"key_hash", write.key.id},
                                 {"actor", request.actor},
                                 {"route", request.route},
                                 {"body_hash", body_hash(request)},
                                 {"status", std::int64_t{answer.status}},
                                 {"data", answer.data},
                                 {"created_at", now},
                                 {"expires_at", now + kKept}});
  return write;
}

Result<std::size_t> Idempotency::sweep(Timestamp now, std::size_t max) {
  Query query;
  query.collection = Collection::idempotency_keys;
  query.filter = Filter::compare("expires_at", FilterOperator::less_or_equal, now);
  query.limit = static_cast<std::int64_t>(max);
  const std::vector<Json> expired = TRY(store_.find(query));
  if (expired.empty()) return std::size_t{0};
  Batch batch;
  batch.at = now;
  for (const Json& document : expired) {
    // A key that was used again meanwhile has another revision, which makes the step start over.
    batch.documents.push_back({Collection::idempotency_keys,
                               {"", document.string_at("key_hash").value_or("")},
                               std::nullopt,
                               Expect::revision,
                               document.integer_at("revision").value_or(0)});
  }
  TRY(store_.apply(std::move(batch)));
  return expired.size();
}

}  // namespace metergate
