#include "base/crypto.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace metergate {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16)));
  return bytes;
}

TEST(Sha256, MatchesTheExamplesOfTheStandard) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256({})), to_hex(sha256("")));
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

struct MacExample {
  std::string key;
  std::string text;
  std::string_view mac;
};

TEST(Hmac, MatchesTheCasesOfRfc4231) {
  const MacExample cases[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {from_hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const MacExample& example : cases)
    EXPECT_EQ(to_hex(hmac_sha256(example.key, example.text)), example.mac);
}

TEST(Hmac, TakesAnEmptyKeyAndAnEmptyText) {
  EXPECT_EQ(to_hex(hmac_sha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(ConstantTime, ComparesLengthAndBytes) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "abcd"));
  EXPECT_FALSE(equal_constant_time("abc", ""));
  EXPECT_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

TEST(Base64Url, MatchesTheExamplesOfRfc4648) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(base64url(bytes), text);
    EXPECT_EQ(parse_base64url(text), bytes);
  }
}

TEST(Base64Url, HasOneTextForEachBytes) {
  const std::string_view characters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. ";
  std::size_t taken = 0;
  for (const char a : characters) {
    for (const char b : characters) {
      for (const char c : characters) {
        for (const std::string& each :
             {std::string{a, b, c}, std::string{'Z', 'm', '9', 'v', a, b}}) {
          const auto bytes = parse_base64url(each);
          if (!bytes) continue;
          ++taken;
          ASSERT_EQ(base64url(*bytes), each);
        }
      }
    }
  }
  EXPECT_EQ(taken, 65'536 + 256 * characters.size());
}

TEST(Base64Url, RefusesEveryOtherSpelling) {
  // Padding, the other alphabet, spaces, lone characters, bits left over, NUL.
  for (const std::string_view text :
       {"Zg==", "Zg=", "Zm8=", "+/8", "-_8=", "Zm9v ", " Zm9v", "Zm 9v", "Zm9v\n", "Z", "Zm9vY",
        "Zh", "Zm9", "Zm9vYmF/", "Zm9v.", "Zm\xc3\xa9v"}) {
    EXPECT_FALSE(parse_base64url(text)) << text;
  }
  EXPECT_FALSE(parse_base64url(std::string_view("Zm9v\0", 5)));
  EXPECT_FALSE(parse_base64url(std::string_view("\0", 1)));
}

RC_GTEST_PROP(Base64Url, ComesBackAsItWas, (const std::string& bytes)) {
  RC_ASSERT(parse_base64url(base64url(bytes)) == bytes);
}

RC_GTEST_PROP(Base64Url, EachBytesHaveOneText, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(
      std::string{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"}));
  if (const auto bytes = parse_base64url(text)) RC_ASSERT(base64url(*bytes) == text);
}

TEST(Base64, MatchesTheExamplesOfRfc4648) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff", "+/8="}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(parse_base64(text), bytes);
  }
}

TEST(Base64, RefusesEveryOtherSpelling) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg===", "-_8=", "+/8", "Zm9v ", " Zm9v", "Zm9v\n", "Z", "Zh==", "Zm9="}) {
    EXPECT_FALSE(parse_base64(text)) << text;
  }
}

TEST(Hex, WritesTwoLowerCaseDigitsAByte) {
  EXPECT_EQ(to_hex(std::string_view("\x00\x7f\x80\xff", 4)), "007f80ff");
  EXPECT_EQ(to_hex(""), "");
}

TEST(KeyedHash, MatchesThePublishedVectorsOfSipHash128) {
  HashKey key;
  for (unsigned char i = 0; i < 16; ++i) key.bytes[i] = i;
  // Published as bytes a3817f04ba25a8e6 6df67214c7550293 and da87c1d86b99af44 347659119b22fc45.
  EXPECT_EQ(keyed_hash(key, ""), (Hash128{0xe6a825ba047f81a3, 0x930255c71472f66d}));
  EXPECT_EQ(keyed_hash(key, std::string_view("\0", 1)),
            (Hash128{0x44af996bd8c187da, 0x45fc229b11597634}));
}

TEST(KeyedHash, DependsOnTheKey) {
  HashKey other;
  other.bytes[15] = 1;
  EXPECT_NE(keyed_hash(HashKey{}, "acme"), keyed_hash(other, "acme"));
  EXPECT_EQ(keyed_hash(other, "acme"), keyed_hash(other, "acme"));
}

TEST(RandomBytes, AreAsManyAsAskedForAndNeverTheSame) {
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_EQ(random_bytes(100'000).size(), 100'000U);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_bytes(16));
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Password, IsHashedWithArgon2idAndTheNamedCost) {
  const auto hash = hash_password("correct horse");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *hash;
  EXPECT_NE(*hash, *hash_password("correct horse")) << "each hash has a salt of its own";
  EXPECT_TRUE(verify_password(*hash, "correct horse"));
  EXPECT_FALSE(verify_password(*hash, "correct horsf"));
  EXPECT_FALSE(verify_password(*hash, ""));
}

TEST(Password, CountsEveryByte) {
  const std::string long_one(73, 'a');
  const auto hash = hash_password(long_one);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(verify_password(*hash, long_one));
  EXPECT_FALSE(verify_password(*hash, long_one.substr(0, 72)));

  const auto with_nul = hash_password(std::string_view("ab\0cd", 5));
  ASSERT_TRUE(with_nul);
  EXPECT_TRUE(verify_password(*with_nul, std::string_view("ab\0cd", 5)));
  EXPECT_FALSE(verify_password(*with_nul, std::string_view("ab\0ce", 5)));
  EXPECT_FALSE(verify_password(*with_nul, "ab"));
}

TEST(Password, TakesUnicodeAsItsBytes) {
  const auto composed = hash_password("caf\xc3\xa9");
  ASSERT_TRUE(composed);
  EXPECT_TRUE(verify_password(*composed, "caf\xc3\xa9"));
  EXPECT_FALSE(verify_password(*composed, "cafe\xcc\x81"));
}

TEST(Password, EmptyOneIsAPasswordLikeAnyOther) {
  const auto hash = hash_password({});
  ASSERT_TRUE(hash);
  EXPECT_TRUE(verify_password(*hash, ""));
  EXPECT_FALSE(verify_password(*hash, "x"));
}

TEST(Password, IsNeverRightForTextThatIsNoHash) {
  const auto hash = hash_password("x");
  ASSERT_TRUE(hash);
  for (const std::string& text :
       {std::string{}, std::string{"x"}, std::string{"$argon2id$"}, std::string(100, 'a'),
        std::string(1000, '$'), *hash + std::string(1, '\0'), *hash + "x", hash->substr(1)}) {
    EXPECT_FALSE(verify_password(text, "x")) << text;
  }
}

}  // namespace
}  // namespace metergate
