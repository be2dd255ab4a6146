// Users: the provider's people, their passwords and roles, and the guard against guessing.
//
// Nobody makes, changes or disables a user who has rights that they do not have themselves, and the
// last active user with all rights stays one.
// A user's email is their key, in lower case. session_version rises with every change of password,
// roles or is_active, so tokens from an earlier login end at once. Any thread.
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
  // The user whose password this is. Takes as long for an unknown address as for a known one.
  // ErrorCode::rate_limit where too many failed from the actor's address, overloaded where too many
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
  std::mutex changing_;  // held from reading who is an administrator to writing it
  std::mutex nobody_mutex_;
  std::string nobody_hash_;
};

}  // namespace metergate
