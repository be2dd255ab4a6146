#include "service/access/api_keys.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/id.h"
#include "service/shared/faults.h"
#include "service/shared/text_rules.h"

namespace metergate {
namespace {

constexpr std::size_t kKeyIdLength = 26;  // a ULID
constexpr std::size_t kSecretBytes = 32;

DocumentKey document_of_key(const std::string& key_id) { return {"", key_id}; }

Json without_hash(Json document) {
  document.remove("key_hash");
  document.remove("revision");
  return document;
}

std::unexpected<Error> one_fault(std::string field, std::string message) {
  Faults faults;
  faults.add(std::move(field), std::move(message));
  return fail(faults.result().error());
}

Permissions stored_rights(const Json& document) {
  Permissions rights;
  const Json* names = document.find("permissions");
  if (names == nullptr || !names->is_array()) return rights;
  for (const Json& name : names->as_array()) {
    if (name.is_string()) rights.add(name.as_string());
  }
  return rights;
}

Result<Permissions> permissions_named(const std::vector<std::string>& names) {
  Permissions permissions;
  Faults faults;
  for (const std::string& name : names) {
    if (!permissions.add(name)) faults.add("permissions", no_such_permission(name));
  }
  if (names.empty()) faults.add("permissions", "name at least one, such as events.write");
  TRY(faults.result());
  return permissions;
}

}  // namespace

Result<MadeKey> ApiKeys::add(const NewKey& key, const Actor& actor) {
  const Timestamp now = clock_.now();
  const Permissions granted = TRY(permissions_named(key.permissions));
  if (!is_name(key.name, kNameLengthMax)) return one_fault("name", name_rule(kNameLengthMax));
  if (key.expires_at && *key.expires_at <= now) {
    return one_fault("expires_at", "a key cannot expire before it is made");
  }
  TRY(check_rights(actor.rights, granted));
  MadeKey made;
  made.key_id = make_ulid(now);
  made.key = std::string{kKeyPrefix} + made.key_id + "_" + base64url(random_bytes(kSecretBytes));
  Json permissions = Json::array();
  for (const std::string& name : key.permissions) permissions.push_back(name);
  Json document = Json::object({{"key_id", made.key_id},
                                {"name", key.name},
                                {"key_hash", to_hex(sha256(made.key))},
                                {"permissions", std::move(permissions)},
                                {"expires_at", key.expires_at},
                                {"created_by", actor.name},
                                {"created_at", now}});
  made.document = without_hash(document);
  AuditRecord audit = audit_of(actor, "api_key.created", now);
  audit.after = made.document;
  Batch batch;
  batch.at = now;
  batch.documents.push_back(
      {Collection::api_keys, document_of_key(made.key_id), std::move(document), Expect::absent, 0});
  batch.audits.push_back(std::move(audit));
  TRY(store_.apply(std::move(batch)));
  return made;
}

Result<> ApiKeys::revoke(const std::string& key_id, const Actor& actor) {
  const std::optional<Json> document =
      TRY(store_.get(Collection::api_keys, document_of_key(key_id)));
  if (!document) return fail(ErrorCode::not_found, fmt::format("there is no API key '{}'", key_id));
  TRY(check_rights(actor.rights, stored_rights(*document)));
  const Timestamp now = clock_.now();
  AuditRecord audit = audit_of(actor, "api_key.revoked", now);
  audit.before = without_hash(*document);
  Batch batch;
  batch.at = now;
  batch.documents.push_back({Collection::api_keys, document_of_key(key_id), std::nullopt,
                             Expect::revision, document->integer_at("revision").value_or(0)});
  batch.audits.push_back(std::move(audit));
  TRY(store_.apply(std::move(batch)));
  return {};
}

Result<std::vector<Json>> ApiKeys::list() const {
  Query query;
  query.collection = Collection::api_keys;
  std::vector<Json> keys = TRY(store_.find(query));
  for (Json& key : keys) key = without_hash(std::move(key));
  return keys;
}

Result<Caller> ApiKeys::authenticate(std::string_view key) const {
  const auto refused = [] {
    return fail(ErrorCode::unauthorized, "the API key is not valid, was revoked or has expired");
  };
  const std::size_t id_at = kKeyPrefix.size();
  if (key.size() < id_at + kKeyIdLength + 2 || key.size() > 128 || key[id_at + kKeyIdLength] != '_')
    return refused();
  const std::string key_id{key.substr(id_at, kKeyIdLength)};
  if (!is_id_syntax(key_id)) return refused();
  const std::optional<Json> document =
      TRY(store_.get(Collection::api_keys, document_of_key(key_id)));
  if (!document ||
      !equal_constant_time(document->string_at("key_hash").value_or(""), to_hex(sha256(key)))) {
    return refused();
  }
  const auto expires_at = document->timestamp_at("expires_at");
  if (expires_at && *expires_at <= clock_.now()) return refused();
  const Json* names = document->find("permissions");
  if (names == nullptr || !names->is_array())
    return fail(ErrorCode::corrupt, "API key " + key_id + " has no permissions");
  return Caller::provider("key:" + key_id, stored_rights(*document));
}

}  // namespace metergate
