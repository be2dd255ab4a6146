#include "service/access/users.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/engine/memory_store.h"

namespace metergate {
namespace {

const NewUser kAnn{"ann@example.com", "Ann", "correct horse battery", {"NOC"}};

class UsersTest : public ::testing::Test {
 protected:
  ErrorCode code_of(const Result<Json>& result) const {
    return result ? ErrorCode::internal : result.error().code;
  }

  // An actor with these rights.
  static Actor actor_with(Permissions rights) {
    return {.name = "somebody", .ip = "192.0.2.1", .rights = rights};
  }
  static NewUser user_of(const std::string& role) {
    return {role + "@example.com", role, "correct horse battery", {role}};
  }
  static UserPatch disabling() {
    UserPatch patch;
    patch.is_active = false;
    return patch;
  }

  const Actor root_ = actor_with(Permissions::all());
  ManualClock clock_{*parse_timestamp("2026-03-05T10:30:00Z")};
  std::unique_ptr<ControlledStore> store_ = make_memory_store(TimeZone::utc());
  Users users_{*store_, clock_};
};

TEST_F(UsersTest, AnAddedUserIsListedWithoutSecretsAndAudited) {
  ASSERT_TRUE(users_.add(kAnn, root_).has_value());
  const auto list = users_.list();
  ASSERT_TRUE(list.has_value());
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().string_at("email"), "ann@example.com");
  EXPECT_EQ(list->front().find("password_hash"), nullptr);
  Query audits;
  audits.collection = Collection::provider_audits;
  EXPECT_EQ(store_->count(audits).value_or(0), 1);
}

TEST_F(UsersTest, TheSameAddressInOtherCaseIsADuplicate) {
  ASSERT_TRUE(users_.add(kAnn, root_).has_value());
  NewUser again = kAnn;
  again.email = "ANN@example.com";
  EXPECT_EQ(code_of(users_.add(again, root_)), ErrorCode::duplicate);
}

TEST_F(UsersTest, EveryBadFieldIsNamedAtOnce) {
  const auto refused = users_.add({"no address", "", "short", {"Boss"}}, root_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_EQ(refused.error().faults.size(), 4U);
}

TEST_F(UsersTest, WrongPasswordAndUnknownAddressGetTheSameAnswer) {
  ASSERT_TRUE(users_.add(kAnn, root_).has_value());
  EXPECT_TRUE(users_.check_password("ann@example.com", kAnn.password, root_).has_value());
  const auto wrong = users_.check_password("ann@example.com", "wrong password here", root_);
  const auto unknown = users_.check_password("bob@example.com", "wrong password here", root_);
  ASSERT_FALSE(wrong.has_value());
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(wrong.error().message, unknown.error().message);
  EXPECT_EQ(wrong.error().code, unknown.error().code);
}

TEST_F(UsersTest, ChangingAnUnknownUserIsNotFound) {
  EXPECT_EQ(code_of(users_.change("bob@example.com", {}, root_)), ErrorCode::not_found);
}

const std::vector<std::string> kRoleNames = {"Provider-Admin", "NOC", "Billing-Ops", "Read-Only"};

// Each set of rights with each role: an actor may create and change only users whose rights it has.
TEST_F(UsersTest, NobodyMakesOrChangesWhoHasRightsThatTheyHaveNot) {
  for (const std::string& role : kRoleNames) ASSERT_TRUE(users_.add(user_of(role), root_));
  std::vector<UserPatch> patches(4);
  patches[0].password = "another long password";
  patches[1].is_active = true;
  patches[2].name = "Other";
  patches[3].roles = std::vector<std::string>{"Read-Only"};
  const std::size_t subsets = std::size_t{1} << kPermissions.size();
  for (std::size_t subset = 0; subset < subsets; ++subset) {
    Permissions own;
    for (std::size_t i = 0; i < kPermissions.size(); ++i)
      if ((subset >> i & 1U) != 0) own.add(kPermissions[i].permission);
    for (const std::string& role : kRoleNames) {
      Permissions together = own;
      together.add(*permissions_of_role(role));
      const bool is_within = together == own;
      // The allowed changes are tried once for each role below; here they would hash a thousand
      // passwords.
      if (is_within) continue;
      NewUser wanted = user_of(role);
      wanted.email = "new@example.com";
      EXPECT_EQ(code_of(users_.add(wanted, actor_with(own))), ErrorCode::permission);
      for (const UserPatch& patch : patches) {
        const auto refused = users_.change(role + "@example.com", patch, actor_with(own));
        ASSERT_FALSE(refused) << role << " by " << subset;
        EXPECT_EQ(refused.error().code, ErrorCode::permission);
        EXPECT_FALSE(refused.error().required.empty());
      }
    }
  }
}

TEST_F(UsersTest, WhoHasTheRightsMayChangeThem) {
  for (const std::string& role : kRoleNames) {
    ASSERT_TRUE(users_.add(user_of(role), root_));
    const Actor same = actor_with(*permissions_of_role(role));
    UserPatch patch;
    patch.password = "another long password";
    EXPECT_TRUE(users_.change(role + "@example.com", patch, same)) << role;
  }
}

TEST_F(UsersTest, NobodyGivesARoleWithRightsThatTheyHaveNot) {
  ASSERT_TRUE(users_.add(user_of("Read-Only"), root_));
  UserPatch patch;
  patch.roles = std::vector<std::string>{"Read-Only", "Provider-Admin"};
  const auto refused =
      users_.change("read-only@example.com", patch, actor_with(*permissions_of_role("Read-Only")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::permission);
  EXPECT_EQ(refused.error().required, "*");
}

TEST_F(UsersTest, TheLastActiveAdministratorStays) {
  NewUser ann = user_of("Provider-Admin");
  ASSERT_TRUE(users_.add(ann, root_));
  ASSERT_TRUE(users_.add(user_of("NOC"), root_));
  UserPatch demoting;
  demoting.roles = std::vector<std::string>{"NOC"};
  EXPECT_EQ(code_of(users_.change(ann.email, disabling(), root_)), ErrorCode::conflict);
  EXPECT_EQ(code_of(users_.change(ann.email, demoting, root_)), ErrorCode::conflict);
  NewUser bob = ann;
  bob.email = "bob@example.com";
  ASSERT_TRUE(users_.add(bob, root_));
  EXPECT_TRUE(users_.change(ann.email, disabling(), root_));
  EXPECT_EQ(code_of(users_.change(bob.email, demoting, root_)), ErrorCode::conflict);
  EXPECT_TRUE(users_.change("noc@example.com", disabling(), root_));
}

TEST_F(UsersTest, WrongPasswordsFromElsewhereKeepNobodyOut) {
  ASSERT_TRUE(users_.add(kAnn, root_));
  Actor thief = root_;
  thief.ip = "203.0.113.9";
  std::optional<ErrorCode> last;
  for (int i = 0; i <= LoginGuard::kPairFailuresFree; ++i) {
    const auto refused = users_.check_password(kAnn.email, "wrong password here", thief);
    ASSERT_FALSE(refused);
    last = refused.error().code;
  }
  EXPECT_EQ(last, ErrorCode::rate_limit);
  EXPECT_FALSE(users_.check_password(kAnn.email, kAnn.password, thief)) << "it is too soon";
  EXPECT_TRUE(users_.check_password(kAnn.email, kAnn.password, root_));
  clock_.advance(std::chrono::seconds{2});
  EXPECT_TRUE(users_.check_password(kAnn.email, kAnn.password, thief));
}

TEST_F(UsersTest, APasswordIsMeasuredInCharacters) {
  const auto added = [&](std::string_view letter, std::size_t count) {
    NewUser user = user_of("NOC");
    user.email = fmt::format("u{}.{}@example.com", letter.size(), count);
    user.password.clear();
    for (std::size_t i = 0; i < count; ++i) user.password += letter;
    return users_.add(user, root_);
  };
  EXPECT_TRUE(added("é", 12));
  EXPECT_TRUE(added("é", 1024));
  EXPECT_EQ(code_of(added("é", 7)), ErrorCode::invalid) << "14 bytes, and 7 characters";
  EXPECT_EQ(code_of(added("a", 11)), ErrorCode::invalid);
  EXPECT_EQ(code_of(added("a", 1025)), ErrorCode::invalid);
  EXPECT_EQ(code_of(added(" ", 20)), ErrorCode::invalid);
  EXPECT_EQ(code_of(added("😀", 1024)), ErrorCode::invalid) << "more than a login's body takes";
}

TEST_F(UsersTest, APasswordIsText) {
  for (const std::string_view password :
       {std::string_view{"control \x01 character"}, std::string_view{"no utf8 at all \xff"},
        std::string_view{"a NUL in it\0 here", 17}}) {
    NewUser user = kAnn;
    user.password = password;
    EXPECT_EQ(code_of(users_.add(user, root_)), ErrorCode::invalid) << password;
  }
}

TEST_F(UsersTest, ANameIsCountedInCharacters) {
  NewUser user = kAnn;
  user.name.clear();
  for (int i = 0; i < 200; ++i) user.name += "é";
  EXPECT_TRUE(users_.add(user, root_));
  user.name += "é";
  user.email = "other@example.com";
  EXPECT_EQ(code_of(users_.add(user, root_)), ErrorCode::invalid);
}

TEST_F(UsersTest, AnUnchangedPatchWritesNothingAndEndsNoSession) {
  ASSERT_TRUE(users_.add(kAnn, root_).has_value());
  const auto session = users_.find("ann@example.com").value()->session_version;
  const Sequence before = store_->head();
  clock_.advance(std::chrono::hours{1});
  const auto same = users_.change("ann@example.com",
                                  {.name = "Ann", .roles = {{"NOC"}}, .is_active = true}, root_);
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->timestamp_at("updated_at"), parse_timestamp("2026-03-05T10:30:00Z").value());
  EXPECT_EQ(same->find("password_hash"), nullptr);
  EXPECT_EQ(store_->head(), before);
  // A new name with the same roles ends no session either.
  ASSERT_TRUE(users_.change("ann@example.com", {.name = "Anna", .roles = {{"NOC"}}}, root_));
  EXPECT_EQ(users_.find("ann@example.com").value()->session_version, session);
  ASSERT_TRUE(users_.change("ann@example.com", {.is_active = false}, root_));
  EXPECT_GT(users_.find("ann@example.com").value()->session_version, session);
}

}  // namespace
}  // namespace metergate
