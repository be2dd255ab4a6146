#include "service/access/users.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "base/crypto.h"
#include "base/text.h"
#include "service/shared/faults.h"
#include "service/shared/text_rules.h"

namespace metergate {
namespace {

DocumentKey user_key(const std::string& email) { return {"", email}; }

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return text.size() <= kEmailLengthMax && at != std::string_view::npos && at > 0 &&
         at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return is_visible(c) && c != '"' && c != ','; });
}

void check_password_text(const std::string& password, Faults& faults) {
  const std::size_t length = character_count(password);
  if (length < kPasswordLeast || length > kPasswordMost || password.size() > kPasswordBytesMax ||
      trimmed_length(password) == 0) {
    faults.add("password", fmt::format("a password has {} to {} characters, not all of them blank, "
                                       "and at most {} bytes",
                                       kPasswordLeast, kPasswordMost, kPasswordBytesMax));
  } else if (!is_plain_text(password)) {
    faults.add("password", "a password is text in UTF-8 without control characters");
  }
}

void check_roles(const std::vector<std::string>& roles, Faults& faults) {
  if (roles.empty()) faults.add("roles", "name at least one of " + role_names_text());
  for (const std::string& role : roles) {
    if (permissions_of_role(role)) continue;
    faults.add("roles", no_such_role(role));
  }
}

void check_user_name(const std::string& name, Faults& faults) {
  if (!is_name(name, kNameLengthMax)) faults.add("name", name_rule(kNameLengthMax));
}

Json roles_json(const std::vector<std::string>& roles) {
  Json list = Json::array();
  for (const std::string& role : roles) list.push_back(role);
  return list;
}

Json without_secrets(Json document) {
  document.remove("password_hash");
  document.remove("session_version");
  document.remove("revision");
  return document;
}

KnownUser known_user(const Json& document) {
  KnownUser user;
  user.email = document.string_at("email").value_or("");
  user.is_active = document.bool_at("is_active").value_or(false);
  user.session_version = document.integer_at("session_version").value_or(0);
  if (const Json* roles = document.find("roles"); roles != nullptr && roles->is_array()) {
    for (const Json& role : roles->as_array())
      user.roles.push_back(role.is_string() ? role.as_string() : "");
  }
  return user;
}

Permissions rights_of_roles(const std::vector<std::string>& roles) {
  Permissions rights;
  for (const std::string& role : roles)
    rights.add(permissions_of_role(role).value_or(Permissions{}));
  return rights;
}

bool is_administrator(const KnownUser& user) {
  return user.is_active && rights_of_roles(user.roles) == Permissions::all();
}

Result<> check_patch(const UserPatch& patch) {
  Faults faults;
  if (patch.name) check_user_name(*patch.name, faults);
  if (patch.password) check_password_text(*patch.password, faults);
  if (patch.roles) check_roles(*patch.roles, faults);
  return faults.result();
}

void apply_patch(const UserPatch& patch, const std::string& password_hash, Json& document) {
  const Json before = document;
  if (patch.name) document.set("name", *patch.name);
  if (patch.password) document.set("password_hash", password_hash);
  if (patch.roles) document.set("roles", roles_json(*patch.roles));
  if (patch.is_active) document.set("is_active", *patch.is_active);
  const auto differs = [&](std::string_view name) {
    return *document.find(name) != *before.find(name);
  };
  if (differs("password_hash") || differs("roles") || differs("is_active")) {
    document.set("session_version", document.integer_at("session_version").value_or(0) + 1);
  }
}

}  // namespace

Result<Json> Users::stored(const std::string& email) const {
  std::optional<Json> document = TRY(store_.get(Collection::provider_users, user_key(email)));
  if (!document) return fail(ErrorCode::not_found, fmt::format("there is no user '{}'", email));
  return *std::move(document);
}

Result<Json> Users::add(const NewUser& user, const Actor& actor) {
  const std::string email = to_lower(user.email);
  Faults faults;
  if (!is_email(email))
    faults.add("email", fmt::format("'{}' is not an email address", user.email));
  check_user_name(user.name, faults);
  check_password_text(user.password, faults);
  check_roles(user.roles, faults);
  TRY(faults.result());
  TRY(check_rights(actor.rights, rights_of_roles(user.roles)));

  const Timestamp now = clock_.now();
  std::string hash = TRY(hasher_.hash(user.password));
  Json document = Json::object({{"email", email},
                                {"name", user.name},
                                {"password_hash", std::move(hash)},
                                {"roles", roles_json(user.roles)},
                                {"is_active", true},
                                {"session_version", 1},
                                {"created_at", now},
                                {"updated_at", now}});
  Json shown = without_secrets(document);
  AuditRecord audit = audit_of(actor, "user.created", now);
  audit.after = shown;
  Batch batch;
  batch.at = now;
  batch.documents.push_back(
      {Collection::provider_users, user_key(email), std::move(document), Expect::absent, 0});
  batch.audits.push_back(std::move(audit));
  if (auto done = store_.apply(std::move(batch)); !done) {
    if (done.error().code != ErrorCode::conflict) return fail(done.error());
    return fail(ErrorCode::duplicate, fmt::format("there is a user '{}' already", email));
  }
  return shown;
}

Result<Json> Users::change(const std::string& address, const UserPatch& patch, const Actor& actor) {
  const std::string email = to_lower(address);
  TRY(check_patch(patch));
  // Checked before the password is hashed, so that a refusal costs little.
  const KnownUser changed = known_user(TRY(stored(email)));
  TRY(check_rights(actor.rights, rights_of_roles(changed.roles)));
  if (patch.roles) TRY(check_rights(actor.rights, rights_of_roles(*patch.roles)));
  std::string hash;
  if (patch.password) hash = TRY(hasher_.hash(*patch.password));
  return apply_change(email, patch, hash, actor);
}

Result<Json> Users::apply_change(const std::string& email, const UserPatch& patch,
                                 const std::string& password_hash, const Actor& actor) {
  const std::scoped_lock lock(changing_);
  Json document = TRY(stored(email));
  TRY(check_rights(actor.rights, rights_of_roles(known_user(document).roles)));
  const Json stored_before = document;
  const std::int64_t revision = document.integer_at("revision").value_or(0);
  const Timestamp now = clock_.now();
  AuditRecord audit = audit_of(actor, "user.updated", now);
  audit.before = without_secrets(document);
  apply_patch(patch, password_hash, document);
  if (document == stored_before) return without_secrets(std::move(document));
  TRY(check_administrators(stored_before, document));
  document.set("updated_at", now);
  Json shown = without_secrets(document);
  audit.after = shown;
  if (patch.password) audit.after.set("password", "changed");
  Batch batch;
  batch.at = now;
  batch.documents.push_back({Collection::provider_users, user_key(email), std::move(document),
                             Expect::revision, revision});
  batch.audits.push_back(std::move(audit));
  TRY(store_.apply(std::move(batch)));
  return shown;
}

// Without an administrator, new ones could only be made at the machine itself.
Result<> Users::check_administrators(const Json& before, const Json& after) const {
  const KnownUser changed = known_user(before);
  if (!is_administrator(changed) || is_administrator(known_user(after))) return {};
  for (const Json& user : TRY(list())) {
    const KnownUser other = known_user(user);
    if (other.email != changed.email && is_administrator(other)) return {};
  }
  return fail(ErrorCode::conflict,
              fmt::format("{} is the last active Provider-Admin and stays one; make another first",
                          changed.email));
}

Result<std::vector<Json>> Users::list() const {
  Query query;
  query.collection = Collection::provider_users;
  std::vector<Json> users = TRY(store_.find(query));
  for (Json& user : users) user = without_secrets(std::move(user));
  return users;
}

Result<std::optional<KnownUser>> Users::find(const std::string& email) const {
  const std::optional<Json> document =
      TRY(store_.get(Collection::provider_users, user_key(to_lower(email))));
  if (!document) return std::nullopt;
  return known_user(*document);
}

Result<std::string> Users::hash_of_nobody() {
  const std::scoped_lock lock(nobody_mutex_);
  if (nobody_hash_.empty()) nobody_hash_ = TRY(hasher_.hash(random_bytes(16)));
  return nobody_hash_;
}

Result<KnownUser> Users::check_password(const std::string& address, const std::string& password,
                                        const Actor& actor) {
  const std::string email = to_lower(address);
  const LoginGuard::Try login{.address = LoginGuard::address_group(actor.ip), .account = email};
  TRY(guard_.admit(login, clock_.steady()));
  const std::optional<Json> document = TRY(store_.get(Collection::provider_users, user_key(email)));
  // Computed in any case, so that the first login takes equally long for all.
  const std::string of_nobody = TRY(hash_of_nobody());
  const std::string hash = document ? document->string_at("password_hash").value_or("") : of_nobody;
  const Result<bool> is_right = hasher_.is_of(hash, password.substr(0, kPasswordBytesMax));
  if (!is_right) {
    guard_.withdrawn(login);
    return fail(is_right.error());
  }
  if (!document || !*is_right || password.size() > kPasswordBytesMax ||
      !known_user(*document).is_active) {
    return fail(ErrorCode::unauthorized,
                "the email address or the password is wrong, or the user is disabled");
  }
  guard_.succeeded(login);
  return known_user(*document);
}

}  // namespace metergate
