// The parameters and answers of logins and of the routes of users and API keys. Constant data; any
// thread.
#pragma once

#include "api/usual_fields.h"

namespace metergate::api {

inline constexpr std::size_t kRolesMax = 16;
inline constexpr std::size_t kPermissionsMax = 32;

inline constexpr Field kNameField = text_of("name", 1, kNameLengthMax);
inline constexpr Field kRolesField =
    texts_of("roles", kRolesMax, "Provider-Admin, NOC, Billing-Ops or Read-Only");

inline constexpr std::array<Field, 2> kLoginFields = {
    required(text_of("email", 1, kEmailLengthMax)),
    required(text_of("password", 1, kPasswordMost))};
inline constexpr Shape kLoginBody = {.name = "Login", .fields = kLoginFields};
inline constexpr std::array<Field, 3> kTokenFields = {
    given("token", Kind::text), given("token_type", Kind::text),
    given("expires_in", Kind::integer, "seconds")};
inline constexpr Shape kTokenShape = {.name = "Token", .fields = kTokenFields};

inline constexpr std::array<std::string_view, 5> kUserSorts = {"email", "name", "is_active",
                                                               "created_at", "updated_at"};
inline constexpr std::array<Field, 3> kUsersQuery = {kPageField, kLimitField,
                                                     sort_by(kUserSorts, "email")};
inline constexpr std::array<Field, 4> kNewUserFields = {
    required(text_of("email", 3, kEmailLengthMax)), required(kNameField),
    required(text_of("password", 1, kPasswordMost, "at least 12 characters")), kRolesField};
inline constexpr Shape kNewUserBody = {.name = "NewUser", .fields = kNewUserFields};
inline constexpr std::array<Field, 4> kUserPatchFields = {
    kNameField, text_of("password", 1, kPasswordMost, "at least 12 characters"), kRolesField,
    of_kind("is_active", Kind::flag, "false: may not log in, and the tokens given out end")};
inline constexpr Shape kUserPatchBody = {.name = "UserPatch", .fields = kUserPatchFields};
inline constexpr std::array<Field, 6> kUserFields = {
    given("email", Kind::text),      given("name", Kind::text),
    given_list("roles", Kind::text), given("is_active", Kind::flag),
    given("created_at", Kind::time), given("updated_at", Kind::time)};
inline constexpr Shape kUserShape = {.name = "User", .fields = kUserFields};
inline constexpr std::array<Field, 2> kUserListFields = {given("users", Kind::list, kUserShape),
                                                         kPaginationField};
inline constexpr Shape kUserList = {.name = "UserList", .fields = kUserListFields};

inline constexpr std::array<std::string_view, 5> kKeySorts = {"key_id", "name", "expires_at",
                                                              "created_by", "created_at"};
inline constexpr std::array<Field, 3> kKeysQuery = {kPageField, kLimitField,
                                                    sort_by(kKeySorts, "key_id")};
inline constexpr std::array<Field, 3> kNewKeyFields = {
    required(kNameField),
    texts_of("permissions", kPermissionsMax, "such as events.write; * is all of them"),
    of_kind("expires_at", Kind::time, "never, where it is left out")};
inline constexpr Shape kNewKeyBody = {.name = "NewApiKey", .fields = kNewKeyFields};
inline constexpr std::array<Field, 6> kKeyFields = {
    given("key_id", Kind::text),           given("name", Kind::text),
    given_list("permissions", Kind::text), or_null(given("expires_at", Kind::time)),
    given("created_by", Kind::text),       given("created_at", Kind::time),
};
inline constexpr Shape kKeyShape = {.name = "ApiKey", .fields = kKeyFields};
inline constexpr std::array<Field, 1> kKeySecretField = {
    given("key", Kind::text, "the key itself, shown this once")};
inline constexpr auto kMadeKeyFields = joined_fields(kKeyFields, kKeySecretField);
inline constexpr Shape kMadeKey = {.name = "MadeApiKey", .fields = kMadeKeyFields};
inline constexpr std::array<Field, 2> kKeyListFields = {given("api_keys", Kind::list, kKeyShape),
                                                        kPaginationField};
inline constexpr Shape kKeyList = {.name = "ApiKeyList", .fields = kKeyListFields};
inline constexpr std::array<Field, 2> kKeyRevokedFields = {given("key_id", Kind::text),
                                                           given("revoked", Kind::flag)};
inline constexpr Shape kKeyRevoked = {.name = "RevokedApiKey", .fields = kKeyRevokedFields};

}  // namespace metergate::api
