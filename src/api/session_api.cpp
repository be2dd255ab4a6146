// Login, provider users and API keys.
#include "api/routes.h"
#include "service/access/sessions.h"
#include "service/shared/audit_notes.h"

namespace metergate::api {
namespace {

constexpr std::size_t kRolesMax = 16;
constexpr std::size_t kPermissionsMax = 32;

// A failed login has no known actor: the record's actor is "anonymous", and it names the account
// that was tried, if the text could be one.
void note_login(const Call& call, const std::string& email, const Result<std::string>& token) {
  Actor actor = call.actor;
  if (token) actor.name = email;
  AuditNotes::Note note{.action = token ? "session.login" : "session.login_failed",
                        .what = Json::object({{"email", email}})};
  if (!token) note.reason = token.error().message;
  call.services.audit_notes.keep(token ? NoteKind::login : NoteKind::failed_login, actor,
                                 std::move(note));
}
constexpr std::size_t kLoginBytesMax = std::size_t{4} << 10;

Result<Answer> login(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  const std::string email = body.required_text("email", 1, 254);
  const std::string password = body.required_text("password", 1, 1024);
  TRY(body.finish());
  Result<std::string> token = call.services.sessions.login(email, password, call.actor);
  note_login(call, email, token);
  if (!token) return fail(std::move(token).error());
  return Answer{
      Json::object(
          {{"token", *std::move(token)}, {"token_type", "Bearer"}, {"expires_in", 12 * 3600}}),
      200,
      {},
      {}};
}

Result<Answer> list_users(Call& call) {
  QueryReader query{call};
  const PageRequest page = read_page(query);
  const std::string sort =
      read_sort(query, {"email", "name", "is_active", "created_at", "updated_at"}, "email");
  TRY(query.finish());
  std::vector<Json> users = TRY(call.services.sessions.users());
  sort_documents(users, sort);
  return answer_of(list_json("users", std::move(users), page));
}

Result<Answer> add_user(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  NewUser user;
  user.email = body.required_text("email", 3, 254);
  user.name = body.required_text("name", 1, 200);
  user.password = body.required_text("password", 1, 1024);
  user.roles = body.optional_texts("roles", kRolesMax).value_or(std::vector<std::string>{});
  TRY(body.finish());
  return answer_of(TRY(call.services.sessions.add_user(user, call.actor)), kCreated);
}

Result<Answer> change_user(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  UserPatch patch;
  patch.name = body.optional_text("name", 1, 200);
  patch.password = body.optional_text("password", 1, 1024);
  patch.roles = body.optional_texts("roles", kRolesMax);
  patch.is_active = body.optional_flag("is_active");
  TRY(body.finish());
  return Answer{
      TRY(call.services.sessions.change_user(call.path_value("email"), patch, call.actor)),
      200,
      {},
      {}};
}

Result<Answer> list_keys(Call& call) {
  QueryReader query{call};
  const PageRequest page = read_page(query);
  const std::string sort =
      read_sort(query, {"key_id", "name", "expires_at", "created_by", "created_at"}, "key_id");
  TRY(query.finish());
  std::vector<Json> keys = TRY(call.services.sessions.keys());
  sort_documents(keys, sort);
  return answer_of(list_json("api_keys", std::move(keys), page));
}

Result<Answer> add_key(Call& call) {
  BodyReader body = TRY(BodyReader::open(call.request));
  NewKey key;
  key.name = body.required_text("name", 1, 200);
  key.permissions =
      body.optional_texts("permissions", kPermissionsMax).value_or(std::vector<std::string>{});
  key.expires_at = body.optional_time("expires_at");
  TRY(body.finish());
  MadeKey made = TRY(call.services.sessions.add_key(key, call.actor));
  made.document.set("key", std::move(made.key));
  return answer_of(std::move(made.document), kCreated);
}

Result<Answer> revoke_key(Call& call) {
  const std::string& key_id = call.path_value("key_id");
  TRY(call.services.sessions.revoke_key(key_id, call.actor));
  return answer_of(Json::object({{"key_id", key_id}, {"revoked", true}}));
}

}  // namespace

std::vector<Route> session_routes() {
  const Access manage = provider_with(Permission::users_manage);
  Route login_route{"POST", "/provider/auth/login",  open_to_everybody(), login, {},
                    true,   "Log in with a password"};
  login_route.body_bytes_max = kLoginBytesMax;  // anybody may send it
  Route add{"POST", "/provider/users", manage, add_user, {}, true, "Add a provider user"};
  Route change{"PATCH", "/provider/users/{email}",          manage, change_user, {},
               true,    "Change or disable a provider user"};
  for (Route* route : {&login_route, &add, &change}) route->hashes_password = true;
  return {
      std::move(login_route),
      std::move(add),
      std::move(change),
      {"GET",
       "/provider/users",
       manage,
       list_users,
       {"page", "limit", "sort"},
       false,
       "List provider users"},
      {"GET",
       "/provider/api-keys",
       manage,
       list_keys,
       {"page", "limit", "sort"},
       false,
       "List API keys"},
      {"POST",
       "/provider/api-keys",
       manage,
       add_key,
       {},
       false,
       "Make an API key; it is shown once"},
      {"DELETE", "/provider/api-keys/{key_id}", manage, revoke_key, {}, false, "Revoke an API key"},
  };
}

}  // namespace metergate::api
