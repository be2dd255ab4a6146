// Users: the provider's people, their passwords and roles, and the guard against guessing.
//
// A user's email is their key, in lower case. session_version rises with every change of password,
// roles or is_active, so tokens from an earlier login end at once. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "service/actor.h"
#include "service/sessions.h"
#include "storage/store.h"

namespace metergate {

// Counts failed logins by address: kFailuresMax within kWindow, then none is tried until the window
// is over.
class LoginGuard {
 public:
  static constexpr int kFailuresMax = 5;
  static constexpr std::chrono::minutes kWindow{15};
  static constexpr std::size_t kAddressesMax = 10'000;

  // ErrorCode::rate_limit while the address is locked.
  Result<> admit(const std::string& email, Timestamp now);
  void failed(const std::string& email, Timestamp now);
  void succeeded(const std::string& email);

 private:
  struct Failures {
    int count = 0;
    Timestamp first{};
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Failures> failures_;
};

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
  Result<KnownUser> check_password(const std::string& email, const std::string& password);

 private:
  Result<Json> stored(const std::string& email) const;
  const std::string& hash_of_nobody();
  Store& store_;
  const Clock& clock_;
  LoginGuard guard_;
  std::once_flag nobody_once_;
  std::string nobody_hash_;
};

}  // namespace metergate
