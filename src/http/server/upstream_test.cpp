#include "http/server/upstream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "http/net/read_buffer.h"
#include "http/server/upstream_checks.h"
#include "http/testing/fake_upstream_test.h"

namespace metergate::http {
namespace {

UpstreamOptions options_of(std::vector<std::string> urls) {
  UpstreamOptions options;
  options.name = "test";
  options.connect_timeout = Milliseconds{2000};
  for (const std::string& url : urls) options.origins.push_back(parse_origin(url).value());
  return options;
}

std::string next(Upstream& upstream) { return upstream.next().origin.authority; }

class Checks : public testing::Test {
 protected:
  bool is_well(const std::string& url, const std::string& path = {}) {
    UpstreamOptions options = options_of({url});
    options.health_path = path;
    const auto upstream = std::make_shared<Upstream>(options);
    const UpstreamChecks checks{{upstream}, log_};
    checks.check(*upstream);
    return upstream->targets().front().is_healthy;
  }

  ManualClock clock_{Timestamp{Milliseconds{1}}};
  Log log_{clock_, LogLevel::error};
};

TEST(Origin, IsASchemeAHostAndPerhapsAPort) {
  const Origin named = parse_origin("http://api.internal:3000/").value();
  EXPECT_EQ(named.host, "api.internal");
  EXPECT_EQ(named.port, 3000);
  EXPECT_EQ(named.authority, "api.internal:3000");
  EXPECT_EQ(parse_origin("http://a_b").value().port, 80);
  const Origin numbered = parse_origin("http://[2001:db8::1]:81").value();
  EXPECT_EQ(numbered.host, "2001:db8::1");
  EXPECT_EQ(numbered.authority, "[2001:db8::1]:81");
}

TEST(Origin, MayBeHttpsWhichHasAPortOfItsOwn) {
  EXPECT_FALSE(parse_origin("http://a").value().is_secure);
  const Origin secure = parse_origin("https://api.example.com").value();
  EXPECT_TRUE(secure.is_secure);
  EXPECT_EQ(secure.port, 443);
  EXPECT_EQ(secure.authority, "api.example.com");
  EXPECT_EQ(parse_origin("https://[::1]:8443/").value().port, 8443);
}

TEST(Origin, IsNothingMore) {
  for (const char* url : {"",
                          "a",
                          "http://",
                          "https://",
                          "ftp://a",
                          "HTTP://a",
                          "http://a:",
                          "http://a:0",
                          "http://a:65536",
                          "http://a:1x",
                          "http://a:-1",
                          "http://u@a",
                          "http://a/p",
                          "http://a?q",
                          "http://a b",
                          "http://[::1",
                          "http://[g]",
                          "http://[]",
                          "http://::1",
                          "http://a\r\nX: y"})
    EXPECT_FALSE(parse_origin(url)) << url;
}

TEST(Upstream, LetsItsTargetsTakeTurns) {
  Upstream upstream{options_of({"http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"})};
  EXPECT_EQ(next(upstream), "127.0.0.1:1");
  EXPECT_EQ(next(upstream), "127.0.0.1:2");
  EXPECT_EQ(next(upstream), "127.0.0.1:3");
  EXPECT_EQ(next(upstream), "127.0.0.1:1");
}

TEST(Upstream, LeavesOutWhoIsNotWellUnlessNobodyIs) {
  Upstream upstream{options_of({"http://127.0.0.1:1", "http://127.0.0.1:2"})};
  upstream.targets()[0].is_healthy = false;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(next(upstream), "127.0.0.1:2");
  upstream.targets()[1].is_healthy = false;
  EXPECT_NE(next(upstream), next(upstream)) << "all are tried in turns";
}

TEST(Upstream, GivesAnotherThanTheOneThatFailed) {
  Upstream upstream{options_of({"http://127.0.0.1:1", "http://127.0.0.1:2"})};
  Upstream::Target& failed = upstream.targets()[0];
  for (int i = 0; i < 4; ++i) EXPECT_NE(&upstream.next(&failed), &failed);
  failed.is_healthy = false;
  upstream.targets()[1].is_healthy = false;
  for (int i = 0; i < 4; ++i) EXPECT_NE(&upstream.next(&failed), &failed);
  Upstream single{options_of({"http://127.0.0.1:1"})};
  EXPECT_EQ(&single.next(&single.targets()[0]), &single.targets()[0]);
}

TEST(Upstream, KnowsItsAddressesFromTheStart) {
  Upstream upstream{options_of({"http://127.0.0.1:1", "http://[::1]:2"})};
  for (auto& target : upstream.targets()) {
    const auto addresses = target.addresses.load();
    ASSERT_NE(addresses, nullptr);
    EXPECT_EQ(addresses->size(), 1U);
  }
}

TEST_F(Checks, AskWhetherItTakesAConnection) {
  std::string url;
  {
    const FakeUpstream upstream{[](UpstreamSide&, int) {}};
    url = upstream.url();
    EXPECT_TRUE(is_well(url));
  }
  EXPECT_FALSE(is_well(url));
}

TEST_F(Checks, AskForTheHealthPathWhereThereIsOne) {
  const FakeUpstream upstream{[](UpstreamSide& side, int) {
    const std::string request = side.request();
    if (request.starts_with("GET /well HTTP/1.1\r\n")) side.send(simple_answer("ok"));
    if (request.starts_with("GET /ill HTTP/1.1\r\n"))
      side.send("HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
    if (request.starts_with("GET /moved HTTP/1.1\r\n")) side.send("HTTP/1.1 302 Found\r\n\r\n");
  }};
  EXPECT_TRUE(is_well(upstream.url(), "/well"));
  EXPECT_TRUE(is_well(upstream.url(), "/moved"));
  EXPECT_FALSE(is_well(upstream.url(), "/ill"));
  EXPECT_FALSE(is_well(upstream.url(), "/silent"));
}

TEST_F(Checks, RunByThemselvesUntilTheyAreEnded) {
  std::atomic<int> seen = 0;
  const FakeUpstream upstream{[&](UpstreamSide&, int) { ++seen; }};
  UpstreamOptions options = options_of({upstream.url()});
  options.health_every = Milliseconds{1};
  const auto checked = std::make_shared<Upstream>(options);
  {
    UpstreamChecks checks{{checked}, log_};
    checks.start();
    while (seen < 3) std::this_thread::yield();
  }
  EXPECT_TRUE(checked->targets().front().is_healthy);
}

void fill(ReadBuffer& buffer, std::size_t bytes_max, char with) {
  const std::span<char> room = buffer.room(bytes_max);
  std::ranges::fill(room, with);
  buffer.commit(room.size());
}

TEST(ReadBuffer, KeepsWhatWasNotTakenAndGrowsOnlyWhereItIsFilled) {
  ReadBuffer buffer;
  EXPECT_EQ(buffer.room(100'000).size(), ReadBuffer::kFirstBytes);
  buffer.commit(3);
  EXPECT_EQ(buffer.room(100'000).size(), ReadBuffer::kFirstBytes - 3);
  fill(buffer, 100'000, 'a');
  buffer.consume(ReadBuffer::kFirstBytes - 2);
  EXPECT_EQ(buffer.view(), "aa");
  EXPECT_EQ(buffer.room(100'000).size(), 4 * ReadBuffer::kFirstBytes - 2);
  EXPECT_EQ(buffer.view(), "aa");
}

TEST(ReadBuffer, IsBounded) {
  ReadBuffer buffer;
  std::size_t rounds = 0;
  while (!buffer.room(10'000).empty()) {
    fill(buffer, 10'000, 'b');
    ++rounds;
  }
  EXPECT_EQ(buffer.view().size(), 10'000U);
  EXPECT_LE(rounds, 3U);
  buffer.consume(10'000);
  buffer.rest();
  EXPECT_EQ(buffer.room(10'000).size(), ReadBuffer::kFirstBytes) << "a large one is given back";
}

}  // namespace
}  // namespace metergate::http
