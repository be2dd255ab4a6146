#include "service/users.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "service/faults.h"

namespace metergate {
namespace {

constexpr std::size_t kPasswordBytesMin = 12;
constexpr std::size_t kPasswordBytesMax = 1024;

DocumentKey user_key(const std::string& email) { return {"", email}; }

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return text.size() <= 254 && at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return c > ' ' && c < 0x7f && c != '"' && c != ',';
         });
}

void check_password_length(const std::string& password, Faults& faults) {
  if (password.size() >= kPasswordBytesMin && password.size() <= kPasswordBytesMax) return;
  faults.add("password",
             fmt::format("a password has {} to {} bytes", kPasswordBytesMin, kPasswordBytesMax));
}

void check_roles(const std::vector<std::string>& roles, Faults& faults) {
  if (roles.empty()) faults.add("roles", "name at least one of " + role_names_text());
  for (const std::string& role : roles) {
    if (permissions_of_role(role)) continue;
    faults.add("roles", fmt::format("there is no role '{}'; use {}", role, role_names_text()));
  }
}

void check_user_name(const std::string& name, Faults& faults) {
  if (name.empty() || name.size() > 200) faults.add("name", "a name has 1 to 200 bytes");
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

Result<> apply_patch(const UserPatch& patch, Json& document) {
  Faults faults;
  if (patch.name) check_user_name(*patch.name, faults);
  if (patch.password) check_password_length(*patch.password, faults);
  if (patch.roles) check_roles(*patch.roles, faults);
  TRY(faults.result());
  const Json before = document;
  if (patch.name) document.set("name", *patch.name);
  if (patch.password) document.set("password_hash", TRY(hash_password(*patch.password)));
  if (patch.roles) document.set("roles", roles_json(*patch.roles));
  if (patch.is_active) document.set("is_active", *patch.is_active);
  const auto differs = [&](std::string_view name) {
    return *document.find(name) != *before.find(name);
  };
  if (differs("password_hash") || differs("roles") || differs("is_active")) {
    document.set("session_version", document.integer_at("session_version").value_or(0) + 1);
  }
  return {};
}

}  // namespace

Result<> LoginGuard::admit(const std::string& email, Timestamp now) {
  const std::scoped_lock lock(mutex_);
  const auto found = failures_.find(email);
  if (found == failures_.end()) return {};
  if (now - found->second.first >= kWindow) {
    failures_.erase(found);
    return {};
  }
  if (found->second.count < kFailuresMax) return {};
  return fail(ErrorCode::rate_limit,
              fmt::format("too many failed logins for this address; try again after {}",
                          to_text(found->second.first + kWindow)));
}

void LoginGuard::failed(const std::string& email, Timestamp now) {
  const std::scoped_lock lock(mutex_);
  if (failures_.size() >= kAddressesMax) {
    std::erase_if(failures_,
                  [&](const auto& entry) { return now - entry.second.first >= kWindow; });
    // Still full: whoever tries this many addresses loses what was counted, one entry at a time.
    if (failures_.size() >= kAddressesMax) failures_.erase(failures_.begin());
  }
  Failures& failures = failures_[email];
  if (failures.count == 0) failures.first = now;
  ++failures.count;
}

void LoginGuard::succeeded(const std::string& email) {
  const std::scoped_lock lock(mutex_);
  failures_.erase(email);
}

Result<Json> Users::stored(const std::string& email) const {
  std::optional<Json> document = TRY(store_.get(Collection::provider_users, user_key(email)));
  if (!document) return fail(ErrorCode::not_found, fmt::format("there is no user '{}'", email));
  return *std::move(document);
}

Result<Json> Users::add(const NewUser& user, const Actor& actor) {
  const std::string email = lower_case(user.email);
  Faults faults;
  if (!is_email(email))
    faults.add("email", fmt::format("'{}' is not an email address", user.email));
  check_user_name(user.name, faults);
  check_password_length(user.password, faults);
  check_roles(user.roles, faults);
  TRY(faults.result());

  const Timestamp now = clock_.now();
  std::string hash = TRY(hash_password(user.password));
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
  const std::string email = lower_case(address);
  Json document = TRY(stored(email));
  const std::int64_t revision = document.integer_at("revision").value_or(0);
  const Timestamp now = clock_.now();
  AuditRecord audit = audit_of(actor, "user.updated", now);
  audit.before = without_secrets(document);
  const Json before = document;
  TRY(apply_patch(patch, document));
  if (document == before) return without_secrets(std::move(document));
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

Result<std::vector<Json>> Users::list() const {
  Query query;
  query.collection = Collection::provider_users;
  std::vector<Json> users = TRY(store_.find(query));
  for (Json& user : users) user = without_secrets(std::move(user));
  return users;
}

Result<std::optional<KnownUser>> Users::find(const std::string& email) const {
  const std::optional<Json> document =
      TRY(store_.get(Collection::provider_users, user_key(lower_case(email))));
  if (!document) return std::nullopt;
  return known_user(*document);
}

const std::string& Users::hash_of_nobody() {
  std::call_once(nobody_once_,
                 [this] { nobody_hash_ = hash_password(random_bytes(16)).value_or(""); });
  return nobody_hash_;
}

Result<KnownUser> Users::check_password(const std::string& address, const std::string& password) {
  const std::string email = lower_case(address);
  const Timestamp now = clock_.now();
  TRY(guard_.admit(email, now));
  const std::optional<Json> document = TRY(store_.get(Collection::provider_users, user_key(email)));
  const std::string hash =
      document ? document->string_at("password_hash").value_or("") : hash_of_nobody();
  const bool is_right = password.size() <= kPasswordBytesMax && verify_password(hash, password);
  if (!document || !is_right || !known_user(*document).is_active) {
    guard_.failed(email, now);
    return fail(ErrorCode::unauthorized,
                "the email address or the password is wrong, or the user is disabled");
  }
  guard_.succeeded(email);
  return known_user(*document);
}

}  // namespace metergate
