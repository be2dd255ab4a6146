// Users: the provider's people, their passwords and roles, and the guard against guessing.
//
// A user with certain rights can be created, changed or disabled only by someone who has these
// rights, and the last active user with all rights stays. A user's email is the key, in lower case.
// session_version rises with every change of password, roles or is_active, which ends tokens of
// earlier logins at once. Safe from any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "service/access/login_guard.h"
#include "service/access/password_hasher.h"
#include "service/access/sessions.h"
#include "service/shared/actor.h"
#include "storage/shapes/store.h"

namespace metergate {

struct KnownUser {
  std::string email;
  std::vector<std::string> roles;
  bool is_active = true;
  std::int64_t session_version = 1;
};

class Users {
 public:
  Users(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  Result<Json> add(const NewUser& user, const Actor& actor);
  Result<Json> change(const std::string& email, const UserPatch& patch, const Actor& actor);
  Result<std::vector<Json>> list() const;
  Result<std::optional<KnownUser>> find(const std::string& email) const;
  // The user with this password. Takes equally long for known and unknown addresses.
  // ErrorCode::rate_limit after too many failures from the actor's address, overloaded if too many
  // wait.
  Result<KnownUser> check_password(const std::string& email, const std::string& password,
                                   const Actor& actor);

 private:
  Result<Json> stored(const std::string& email) const;
  Result<Json> apply_change(const std::string& email, const UserPatch& patch,
                            const std::string& password_hash, const Actor& actor);
  Result<> check_administrators(const Json& before, const Json& after) const;
  Result<std::string> hash_of_nobody();
  Store& store_;
  const Clock& clock_;
  LoginGuard guard_;
  PasswordHasher hasher_;
  std::mutex changing_;  // held from reading the administrators to the write
  std::mutex nobody_mutex_;
  std::string nobody_hash_;
};

}  // namespace metergate
