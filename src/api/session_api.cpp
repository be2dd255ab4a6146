// Login, provider users and API keys.
#include <algorithm>
#include <iterator>

#include "api/routes.h"
#include "api/session_fields.h"
#include "service/access/sessions.h"
#include "service/shared/audit_notes.h"

namespace metergate::api {
namespace {

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
  BodyReader body = TRY(BodyReader::open(call));
  const std::string email = body.text("email");
  const std::string password = body.text("password");
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
  const std::string sort = query.sort();
  TRY(query.finish());
  std::vector<Json> users = TRY(call.services.sessions.users());
  return answer_of(list_json("users", std::move(users), page, sort));
}

Result<Answer> add_user(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  NewUser user;
  user.email = body.text("email");
  user.name = body.text("name");
  user.password = body.text("password");
  user.roles = body.texts("roles");
  TRY(body.finish());
  return answer_of(TRY(call.services.sessions.add_user(user, call.actor)), kCreated);
}

Result<Answer> change_user(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  UserPatch patch;
  patch.name = body.maybe_text("name");
  patch.password = body.maybe_text("password");
  patch.roles = body.maybe_texts("roles");
  patch.is_active = body.maybe_flag("is_active");
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
  const std::string sort = query.sort();
  TRY(query.finish());
  std::vector<Json> keys = TRY(call.services.sessions.keys());
  return answer_of(list_json("api_keys", std::move(keys), page, sort));
}

Result<Answer> add_key(Call& call) {
  BodyReader body = TRY(BodyReader::open(call));
  NewKey key;
  key.name = body.text("name");
  key.permissions = body.texts("permissions");
  key.expires_at = body.maybe_time("expires_at");
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

constexpr Access kManages = provider_with(Permission::users_manage);

// They hash a password.
std::vector<Route> password_rows() {
  Route login_route{
      .method = "POST",
      .path = "/provider/auth/login",
      .access = open_to_everybody(),
      .handler = login,
      .query = {},
      .is_slow = true,
      .summary = "Log in with a password",
      .name = "log_in",
      .body = {.shape = &kLoginBody,
               .example = R"({"email":"ada@example.com","password":"correct horse battery"})"},
      .answers = {{&kTokenShape}},
      .errors = {ErrorCode::unauthorized, ErrorCode::rate_limit}};
  login_route.body_bytes_max = kLoginBytesMax;  // anybody may send it
  Route add{.method = "POST",
            .path = "/provider/users",
            .access = kManages,
            .handler = add_user,
            .query = {},
            .is_slow = true,
            .summary = "Add a provider user",
            .name = "add_user",
            .body = {.shape = &kNewUserBody,
                     .example = R"({"email":"ada@example.com","name":"Ada",)"
                                R"("password":"correct horse battery","roles":["Billing-Ops"]})"},
            .answers = {{&kUserShape, kCreated}},
            .errors = {ErrorCode::duplicate}};
  Route change{.method = "PATCH",
               .path = "/provider/users/{email}",
               .access = kManages,
               .handler = change_user,
               .query = {},
               .is_slow = true,
               .summary = "Change or disable a provider user",
               .name = "change_user",
               .body = {.shape = &kUserPatchBody, .example = R"({"roles":["NOC"]})"},
               .answers = {{&kUserShape}},
               .errors = {ErrorCode::not_found, ErrorCode::conflict}};
  for (Route* route : {&login_route, &add, &change}) route->hashes_password = true;
  return {std::move(login_route), std::move(add), std::move(change)};
}

}  // namespace

std::vector<Route> session_routes() {
  std::vector<Route> routes = password_rows();
  std::vector<Route> others = {
      {.method = "GET",
       .path = "/provider/users",
       .access = kManages,
       .handler = list_users,
       .query = kUsersQuery,
       .summary = "List provider users",
       .name = "list_users",
       .answers = {{&kUserList}}},
      {.method = "GET",
       .path = "/provider/api-keys",
       .access = kManages,
       .handler = list_keys,
       .query = kKeysQuery,
       .summary = "List API keys",
       .name = "list_keys",
       .answers = {{&kKeyList}}},
      {.method = "POST",
       .path = "/provider/api-keys",
       .access = kManages,
       .handler = add_key,
       .query = {},
       .summary = "Make an API key; it is shown once",
       .name = "add_key",
       .body = {.shape = &kNewKeyBody,
                .example = R"({"name":"shop backend","permissions":["events.write"]})"},
       .answers = {{&kMadeKey, kCreated}}},
      {.method = "DELETE",
       .path = "/provider/api-keys/{key_id}",
       .access = kManages,
       .handler = revoke_key,
       .query = {},
       .summary = "Revoke an API key",
       .name = "revoke_key",
       .answers = {{&kKeyRevoked}},
       .errors = {ErrorCode::not_found}},
  };
  std::ranges::move(others, std::back_inserter(routes));
  return routes;
}

}  // namespace metergate::api
