#include "base/secret_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"

namespace metergate {
namespace {

using testing::HasSubstr;

std::string line(char fill) { return base64(std::string(32, fill)) + "\n"; }
SecretKeys keys(const std::string& text) { return *SecretKeys::parse(text); }

TEST(SecretKeys, WhatIsSealedOpensAtItsPlaceAlone) {
  const SecretKeys one = keys(line('a'));
  const std::string sealed = one.seal("whsec_x", "webhooks/t/1");
  EXPECT_THAT(sealed, testing::StartsWith("sealed1." + one.names()[0] + "."));
  EXPECT_THAT(sealed, testing::Not(HasSubstr("whsec")));
  EXPECT_EQ(*one.open(sealed, "webhooks/t/1"), "whsec_x");
  EXPECT_EQ(one.open(sealed, "webhooks/t/2").error().code, ErrorCode::corrupt);
}

TEST(SecretKeys, TheSameSecretIsSealedDifferentlyEachTime) {
  const SecretKeys one = keys(line('a'));
  EXPECT_NE(one.seal("s", "p"), one.seal("s", "p"));
}

TEST(SecretKeys, AnyChangedByteIsFound) {
  const SecretKeys one = keys(line('a'));
  const std::string sealed = one.seal("secret", "p");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    const auto opened = one.open(changed, "p");
    EXPECT_TRUE(!opened || *opened == changed) << at;
  }
  for (std::size_t size = 8; size < sealed.size(); ++size)
    EXPECT_FALSE(one.open(sealed.substr(0, size), "p")) << size;
}

TEST(SecretKeys, TheFirstSealsAndAllOpen) {
  const SecretKeys old = keys(line('a'));
  const SecretKeys both = keys("# new\n" + line('b') + "\n" + line('a'));
  const std::string sealed = old.seal("s", "p");
  EXPECT_EQ(*both.open(sealed, "p"), "s");
  EXPECT_EQ(sealing_key_of(both.seal("s", "p")), both.names()[0]);
  EXPECT_EQ(both.names()[1], old.names()[0]);
  const auto refused = keys(line('b')).open(sealed, "p");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_THAT(refused.error().message, HasSubstr(old.names()[0]));
}

TEST(SecretKeys, WithoutKeysSecretsStayAsTheyAre) {
  EXPECT_EQ(SecretKeys{}.seal("s", "p"), "s");
  EXPECT_EQ(*SecretKeys{}.open("s", "p"), "s");
  EXPECT_EQ(*keys(line('a')).open("s", "p"), "s") << "of before the keys";
  const std::string sealed = keys(line('a')).seal("s", "p");
  EXPECT_THAT(SecretKeys{}.open(sealed, "p").error().message, HasSubstr("(none)"));
  EXPECT_EQ(keys(line('b')).seal(sealed, "p"), sealed);
}

TEST(SecretKeys, AFaultyFileIsRefusedByLineWithoutItsContent) {
  for (const auto& [text, says] : {std::pair{std::string{}, "it has no key"},
                                   {std::string{"# none\n\n"}, "it has no key"},
                                   {line('a') + "hunter2\n", "line 2 is not"},
                                   {base64("short") + "\n", "line 1 is not"},
                                   {line('a') + line('a'), "line 2 has a key that is there"}}) {
    const auto parsed = SecretKeys::parse(text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid);
    EXPECT_THAT(parsed.error().message, HasSubstr(says));
    EXPECT_THAT(parsed.error().message, testing::Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace metergate
