#include "service/users.h"

#include <gtest/gtest.h>

#include "storage/memory_store.h"

namespace metergate {
namespace {

const NewUser kAnn{"ann@example.com", "Ann", "correct horse battery", {"NOC"}};

class UsersTest : public ::testing::Test {
 protected:
  ErrorCode code_of(const Result<Json>& result) const {
    return result ? ErrorCode::internal : result.error().code;
  }

  ManualClock clock_{*parse_timestamp("2026-03-05T10:30:00Z")};
  std::unique_ptr<ControlledStore> store_ = make_memory_store(TimeZone::utc());
  Users users_{*store_, clock_};
};

TEST_F(UsersTest, AnAddedUserIsListedWithoutSecretsAndAudited) {
  ASSERT_TRUE(users_.add(kAnn, {"root", "", "", ""}).has_value());
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
  ASSERT_TRUE(users_.add(kAnn, {}).has_value());
  NewUser again = kAnn;
  again.email = "ANN@example.com";
  EXPECT_EQ(code_of(users_.add(again, {})), ErrorCode::duplicate);
}

TEST_F(UsersTest, EveryBadFieldIsNamedAtOnce) {
  const auto refused = users_.add({"no address", "", "short", {"Boss"}}, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_EQ(refused.error().faults.size(), 4U);
}

TEST_F(UsersTest, WrongPasswordAndUnknownAddressGetTheSameAnswer) {
  ASSERT_TRUE(users_.add(kAnn, {}).has_value());
  EXPECT_TRUE(users_.check_password("ann@example.com", kAnn.password).has_value());
  const auto wrong = users_.check_password("ann@example.com", "wrong password here");
  const auto unknown = users_.check_password("bob@example.com", "wrong password here");
  ASSERT_FALSE(wrong.has_value());
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(wrong.error().message, unknown.error().message);
  EXPECT_EQ(wrong.error().code, unknown.error().code);
}

TEST_F(UsersTest, ChangingAnUnknownUserIsNotFound) {
  EXPECT_EQ(code_of(users_.change("bob@example.com", {}, {})), ErrorCode::not_found);
}

TEST(LoginGuard, FiveFailuresLockTheAddressUntilTheWindowIsOver) {
  LoginGuard guard;
  const Timestamp start = *parse_timestamp("2026-03-05T10:30:00Z");
  for (int i = 0; i < LoginGuard::kFailuresMax; ++i) {
    EXPECT_TRUE(guard.admit("ann", start).has_value());
    guard.failed("ann", start);
  }
  ASSERT_FALSE(guard.admit("ann", start).has_value());
  EXPECT_EQ(guard.admit("ann", start).error().code, ErrorCode::rate_limit);
  EXPECT_TRUE(guard.admit("bob", start).has_value());
  EXPECT_FALSE(guard.admit("ann", start + LoginGuard::kWindow - Milliseconds{1}).has_value());
  EXPECT_TRUE(guard.admit("ann", start + LoginGuard::kWindow).has_value());
}

TEST(LoginGuard, SuccessForgetsTheFailures) {
  LoginGuard guard;
  const Timestamp start = *parse_timestamp("2026-03-05T10:30:00Z");
  for (int i = 0; i < LoginGuard::kFailuresMax; ++i) guard.failed("ann", start);
  guard.succeeded("ann");
  EXPECT_TRUE(guard.admit("ann", start).has_value());
}

TEST_F(UsersTest, AnUnchangedPatchWritesNothingAndEndsNoSession) {
  ASSERT_TRUE(users_.add(kAnn, {}).has_value());
  const auto session = users_.find("ann@example.com").value()->session_version;
  const Sequence before = store_->head();
  clock_.advance(std::chrono::hours{1});
  const auto same =
      users_.change("ann@example.com", {.name = "Ann", .roles = {{"NOC"}}, .is_active = true}, {});
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->timestamp_at("updated_at"), parse_timestamp("2026-03-05T10:30:00Z").value());
  EXPECT_EQ(same->find("password_hash"), nullptr);
  EXPECT_EQ(store_->head(), before);
  // A new name beside the same roles ends no session either.
  ASSERT_TRUE(users_.change("ann@example.com", {.name = "Anna", .roles = {{"NOC"}}}, {}));
  EXPECT_EQ(users_.find("ann@example.com").value()->session_version, session);
  ASSERT_TRUE(users_.change("ann@example.com", {.is_active = false}, {}));
  EXPECT_GT(users_.find("ann@example.com").value()->session_version, session);
}

}  // namespace
}  // namespace metergate
