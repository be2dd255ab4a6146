#include "metergate/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "client/scripted_server_test.h"
#include "client/time.h"

namespace metergate {
namespace {

using client::answer_text;
using client::ids_of;
using client::kNoContent;
using client::ScriptedServer;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr milliseconds kLong{20'000};

ClientOptions options_for(const std::string& url) {
  ClientOptions options;
  options.url = url;
  options.token = "mg_live_test";
  options.source = "tests";
  options.batch_delay = milliseconds{5};
  options.retry_first = milliseconds{1};
  options.retry_max = milliseconds{5};
  options.on_problem = [](const Problem&) {};
  return options;
}

std::unique_ptr<Client> make(const ClientOptions& options) {
  std::string why;
  auto client = Client::create(options, why);
  EXPECT_NE(client, nullptr) << why;
  return client;
}

std::string always_recorded(std::size_t, const std::string&) { return kNoContent; }

void track_storage(Client& client, int times) {
  for (int n = 0; n < times; ++n) EXPECT_TRUE(client.track_storage_usage("acme", n));
}

std::size_t events_in(const std::vector<std::string>& bodies) {
  std::size_t count = 0;
  for (const std::string& body : bodies) count += ids_of(body).size();
  return count;
}

TEST(Client, SendsEachOfTheFiveCallsAsACloudEvent) {
  ScriptedServer server(always_recorded);
  const auto client = make(options_for(server.url()));
  TrackedCall call;
  call.method = "GET";
  call.endpoint = "/orders/{id}";
  call.status = 200;
  call.request_bytes = 12;
  call.response_bytes = 345;
  call.duration = std::chrono::microseconds{6789};
  call.store_id = "s1";
  EXPECT_TRUE(client->track_api_call("acme", call));
  EXPECT_TRUE(client->track_webhook_call("acme", "orders", false, milliseconds{80}));
  EXPECT_TRUE(client->track_storage_usage("acme", 5'000'000'000));
  EXPECT_TRUE(client->track_device_count("acme"));
  EXPECT_TRUE(client->track_store_count("acme", 7));
  ASSERT_TRUE(client->flush(kLong));
  std::string sent;
  for (const std::string& body : server.bodies()) sent += body;
  EXPECT_THAT(sent, HasSubstr(R"("type":"api.call","subject":"acme")"));
  EXPECT_THAT(sent, HasSubstr(R"({"method":"GET","endpoint":"/orders/{id}","status":200,)"
                              R"("request_bytes":12,"response_bytes":345,"duration_ms":6.789,)"
                              R"("store_id":"s1"})"));
  EXPECT_THAT(sent, HasSubstr(R"({"webhook_id":"orders","success":false,"duration_ms":80.000})"));
  EXPECT_THAT(sent, HasSubstr(R"({"bytes":5000000000})"));
  EXPECT_THAT(sent, HasSubstr(R"("data":{}})"));
  EXPECT_THAT(sent, HasSubstr(R"({"count":7})"));
  EXPECT_EQ(client->counts().recorded, 5U);
}

TEST(Client, SaysWhoItIsAndWhatItSends) {
  ScriptedServer server(always_recorded);
  const auto client = make(options_for(server.url() + "/metering/"));
  track_storage(*client, 1);
  ASSERT_TRUE(client->flush(kLong));
  const std::string head = server.heads().at(0);
  EXPECT_THAT(head, HasSubstr("POST /metering/api/v1/events HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("Authorization: Bearer mg_live_test\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: application/cloudevents-batch+json\r\n"));
}

TEST(Client, ABatchGoesOutWhenItHasItsNumberOfEvents) {
  ScriptedServer server(always_recorded);
  ClientOptions options = options_for(server.url());
  options.batch_events_max = 3;
  options.batch_delay = std::chrono::minutes{10};
  const auto client = make(options);
  track_storage(*client, 3);
  EXPECT_EQ(ids_of(server.bodies(1).at(0)).size(), 3U);
}

TEST(Client, ABatchGoesOutWhenItHasItsBytes) {
  ScriptedServer server(always_recorded);
  ClientOptions options = options_for(server.url());
  options.batch_bytes_max = 1024;
  options.batch_delay = std::chrono::minutes{10};
  const auto client = make(options);
  track_storage(*client, 20);
  EXPECT_LE(server.bodies(1).at(0).size(), 1024U + 2);
}

TEST(Client, ABatchGoesOutWhenItsFirstEventHasWaited) {
  ScriptedServer server(always_recorded);
  const auto client = make(options_for(server.url()));
  track_storage(*client, 1);
  EXPECT_EQ(events_in(server.bodies(1)), 1U);
}

TEST(Client, AConnectionIsUsedAgain) {
  ScriptedServer server(always_recorded);
  const auto client = make(options_for(server.url()));
  for (int n = 0; n < 5; ++n) {
    track_storage(*client, 1);
    ASSERT_TRUE(client->flush(kLong));
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST(Client, AConnectionThatWasClosedMeanwhileIsNoProblem) {
  ScriptedServer server([](std::size_t n, const std::string&) { return n == 1 ? "" : kNoContent; });
  ClientOptions options = options_for(server.url());
  std::vector<std::string> problems;
  options.on_problem = [&](const Problem& problem) { problems.push_back(problem.message); };
  auto client = make(options);
  track_storage(*client, 1);
  ASSERT_TRUE(client->flush(kLong));
  track_storage(*client, 1);
  ASSERT_TRUE(client->flush(kLong));
  client.reset();
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(server.connections(), 2U);
}

TEST(Client, AServerThatAnswersWithoutReadingTheWholeBodyIsHeard) {
  // The body fits no socket's buffer and is not read: the answer comes while the client is sending.
  ScriptedServer server([](std::size_t, const std::string&) { return kNoContent; });
  server.answer_before_body(answer_text("413 Content Too Large", "{}"));
  ClientOptions options = options_for(server.url());
  options.batch_bytes_max = 8 * 1024 * 1024;
  options.batch_delay = std::chrono::minutes{10};
  const auto client = make(options);
  EXPECT_TRUE(
      client->track_webhook_call("acme", std::string(7'500'000, 'a'), true, milliseconds{1}));
  ASSERT_TRUE(client->flush(kLong));
  EXPECT_EQ(client->counts().refused, 1U);
}

TEST(Client, WhatGotNoAnswerIsSentAgainWithTheSameBytes) {
  ScriptedServer server([](std::size_t n, const std::string&) { return n < 3 ? "" : kNoContent; });
  const auto client = make(options_for(server.url()));
  track_storage(*client, 1);
  ASSERT_TRUE(client->flush(kLong));
  const std::vector<std::string> bodies = server.bodies(4);
  for (const std::string& body : bodies) EXPECT_EQ(body, bodies.front());
  EXPECT_EQ(client->counts().recorded, 1U);
}

TEST(Client, EveryPassingStatusIsTriedAgain) {
  static const std::vector<std::string> kStatuses = {
      "429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway",
      "503 Service Unavailable", "504 Gateway Timeout"};
  ScriptedServer server([](std::size_t n, const std::string&) {
    return n < kStatuses.size() ? answer_text(kStatuses[n], "{}") : kNoContent;
  });
  const auto client = make(options_for(server.url()));
  track_storage(*client, 1);
  ASSERT_TRUE(client->flush(kLong));
  EXPECT_EQ(server.bodies().size(), kStatuses.size() + 1);
  EXPECT_EQ(client->counts().refused, 0U);
}

TEST(Client, TheServersRetryAfterIsKeptEvenWhenSomebodyFlushes) {
  ScriptedServer server([](std::size_t n, const std::string&) {
    return n == 0 ? answer_text("503 Service Unavailable", "{}", "Retry-After: 1\r\n") : kNoContent;
  });
  const auto client = make(options_for(server.url()));
  track_storage(*client, 1);
  server.bodies(1);
  const auto before = client::steady_now();
  ASSERT_TRUE(client->flush(kLong));
  EXPECT_GE(client::steady_now() - before, milliseconds{900});
}

TEST(Client, AFlushDoesNotWaitForAPauseOfTheClientsOwn) {
  ScriptedServer server([](std::size_t n, const std::string&) {
    return n == 0 ? answer_text("500 Internal Server Error", "{}") : kNoContent;
  });
  ClientOptions options = options_for(server.url());
  options.retry_first = options.retry_max = std::chrono::minutes{10};
  std::promise<void> failed;
  options.on_problem = [&](const Problem&) { failed.set_value(); };
  const auto client = make(options);
  track_storage(*client, 1);
  failed.get_future().wait();
  // The pause begins shortly after the problem is reported; a flush ends before the pause does.
  while (!client->flush(milliseconds{100})) {
  }
  EXPECT_EQ(client->counts().recorded, 1U);
}

TEST(Client, EventsThatTheServerNamesAreReportedAndTheOthersAreSent) {
  ScriptedServer server([](std::size_t n, const std::string&) {
    if (n > 0) return kNoContent;
    return answer_text("400 Bad Request", R"({"detail":"two are wrong","errors":[
      {"index":3,"field":"data.bytes","message":"is 3"},{"index":1,"field":"time","message":"late"},
      {"index":1,"field":"subject","message":"again"}]})");
  });
  ClientOptions options = options_for(server.url());
  options.batch_events_max = 5;
  options.batch_delay = std::chrono::minutes{10};
  std::vector<Problem> problems;
  options.on_problem = [&](const Problem& problem) { problems.push_back(problem); };
  auto client = make(options);
  track_storage(*client, 5);
  ASSERT_TRUE(client->flush(kLong));
  const ClientCounts counts = client->counts();
  client.reset();
  const std::vector<std::string> bodies = server.bodies();
  ASSERT_EQ(bodies.size(), 2U);
  const std::vector<std::string> all = ids_of(bodies[0]);
  EXPECT_THAT(ids_of(bodies[1]), ElementsAre(all[0], all[2], all[4]));
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].kind, Problem::Kind::refused);
  EXPECT_EQ(problems[0].message, "time: late");
  EXPECT_THAT(problems[1].event, HasSubstr(R"({"bytes":3})"));
  EXPECT_EQ(counts.recorded, 3U);
  EXPECT_EQ(counts.refused, 2U);
}

TEST(Client, OneBadEventThatNobodyNamesIsFoundByHalves) {
  ScriptedServer server([](std::size_t, const std::string& body) {
    const bool is_bad = body.find(R"({"bytes":5})") != std::string::npos;
    return is_bad ? answer_text("400 Bad Request", "no JSON at all") : kNoContent;
  });
  ClientOptions options = options_for(server.url());
  options.batch_events_max = 8;
  options.batch_delay = std::chrono::minutes{10};
  const auto client = make(options);
  track_storage(*client, 8);
  ASSERT_TRUE(client->flush(kLong));
  EXPECT_EQ(client->counts().recorded, 7U);
  EXPECT_EQ(client->counts().refused, 1U);
}

TEST(Client, ATokenThatIsNotTakenLosesNothing) {
  ScriptedServer server([](std::size_t n, const std::string&) {
    return n < 2 ? answer_text("401 Unauthorized", R"({"detail":"no such key"})") : kNoContent;
  });
  ClientOptions options = options_for(server.url());
  std::vector<Problem> problems;
  options.on_problem = [&](const Problem& problem) { problems.push_back(problem); };
  auto client = make(options);
  track_storage(*client, 1);
  ASSERT_TRUE(client->flush(kLong));
  EXPECT_EQ(client->counts().recorded, 1U);
  client.reset();
  ASSERT_EQ(problems.size(), 1U);  // a failure is reported once in a row
  EXPECT_EQ(problems[0].kind, Problem::Kind::retrying);
  EXPECT_EQ(problems[0].status, 401);
  EXPECT_THAT(problems[0].message, HasSubstr("no such key"));
}

TEST(Client, WhatDoesNotFitIsDroppedCountedAndTold) {
  ScriptedServer server([](std::size_t, const std::string&) {
    return answer_text("503 Service Unavailable", "{}", "Retry-After: 3600\r\n");
  });
  ClientOptions options = options_for(server.url());
  options.buffer_events_max = 10;
  options.exit_flush_max = milliseconds{1};
  std::size_t dropped = 0;
  std::size_t unsent = 0;
  options.on_problem = [&](const Problem& problem) {
    if (problem.kind == Problem::Kind::buffer_full) dropped += problem.events;
    if (problem.kind == Problem::Kind::unsent) unsent += problem.events;
  };
  auto client = make(options);
  track_storage(*client, 10);
  EXPECT_FALSE(client->track_storage_usage("acme", 10));
  EXPECT_FALSE(client->track_storage_usage("acme", 11));
  const ClientCounts counts = client->counts();
  EXPECT_EQ(counts.tracked, 12U);
  EXPECT_EQ(counts.dropped, 2U);
  EXPECT_EQ(counts.waiting, 10U);
  client.reset();
  EXPECT_EQ(dropped, 2U);
  EXPECT_EQ(unsent, 10U);
}

TEST(Client, TheBufferIsBoundedInBytesToo) {
  ScriptedServer server([](std::size_t, const std::string&) {
    return answer_text("503 Service Unavailable", "{}", "Retry-After: 3600\r\n");
  });
  ClientOptions options = options_for(server.url());
  options.buffer_bytes_max = 1024;
  options.exit_flush_max = milliseconds{1};
  const auto client = make(options);
  for (int n = 0; n < 100; ++n) client->track_storage_usage("acme", n);
  EXPECT_LE(client->counts().waiting, 1024U / 100);
  EXPECT_GE(client->counts().waiting, 3U);
}

TEST(Client, ABlockedCallerGoesOnWhenThereIsRoom) {
  ScriptedServer server(always_recorded);
  ClientOptions options = options_for(server.url());
  options.buffer_events_max = 10;
  options.when_full = WhenFull::block;
  options.block_max = kLong;
  options.batch_delay = std::chrono::minutes{10};  // only the full buffer makes it send
  const auto client = make(options);
  track_storage(*client, 200);
  ASSERT_TRUE(client->flush(kLong));
  EXPECT_EQ(client->counts().recorded, 200U);
  EXPECT_EQ(client->counts().dropped, 0U);
}

TEST(Client, ABlockedCallerIsNotHeldForEver) {
  ScriptedServer server([](std::size_t, const std::string&) {
    return answer_text("503 Service Unavailable", "{}", "Retry-After: 3600\r\n");
  });
  ClientOptions options = options_for(server.url());
  options.buffer_events_max = 1;
  options.when_full = WhenFull::block;
  options.block_max = milliseconds{20};
  options.exit_flush_max = milliseconds{1};
  const auto client = make(options);
  EXPECT_TRUE(client->track_storage_usage("acme", 1));
  EXPECT_FALSE(client->track_storage_usage("acme", 2));
  EXPECT_EQ(client->counts().dropped, 1U);
}

TEST(Client, TheDestructorSendsWhatWaits) {
  ScriptedServer server(always_recorded);
  ClientOptions options = options_for(server.url());
  options.batch_delay = std::chrono::minutes{10};
  auto client = make(options);
  track_storage(*client, 7);
  client.reset();
  EXPECT_EQ(events_in(server.bodies()), 7U);
}

TEST(Client, TheDestructorDoesNotWaitForAServerThatIsSilent) {
  std::promise<void> is_over;
  std::shared_future<void> over = is_over.get_future().share();
  ScriptedServer server([over](std::size_t, const std::string&) {
    over.wait();
    return std::string();
  });
  ClientOptions options = options_for(server.url());
  options.request_timeout = std::chrono::hours{1};
  options.exit_flush_max = milliseconds{30};
  auto client = make(options);
  track_storage(*client, 1);
  server.bodies(1);
  const auto before = client::steady_now();
  client.reset();
  EXPECT_LT(client::steady_now() - before, kLong);
  is_over.set_value();
}

TEST(Client, ARequestThatGetsNoAnswerInTimeIsTriedAgain) {
  std::promise<void> is_over;
  std::shared_future<void> over = is_over.get_future().share();
  auto silent = std::make_unique<ScriptedServer>([over](std::size_t, const std::string&) {
    over.wait();
    return std::string();
  });
  ClientOptions options = options_for(silent->url());
  options.request_timeout = milliseconds{20};
  options.exit_flush_max = milliseconds{1};
  std::promise<std::string> told;
  bool is_told = false;
  options.on_problem = [&](const Problem& problem) {
    if (!std::exchange(is_told, true)) told.set_value(problem.message);
  };
  const auto client = make(options);
  track_storage(*client, 1);
  EXPECT_EQ(told.get_future().get(), "no answer in time");
  is_over.set_value();
}

TEST(Client, AServerThatComesBackGetsEverything) {
  auto server = std::make_unique<ScriptedServer>(always_recorded);
  const int port = server->port();
  const auto client = make(options_for(server->url()));
  track_storage(*client, 1);
  ASSERT_TRUE(client->flush(kLong));
  server.reset();
  track_storage(*client, 5);
  EXPECT_FALSE(client->flush(milliseconds{20}));
  server = std::make_unique<ScriptedServer>(always_recorded, port);
  ASSERT_TRUE(client->flush(kLong));
  EXPECT_EQ(events_in(server->bodies()), 5U);
  EXPECT_EQ(client->counts().recorded, 6U);
}

TEST(Client, ManyThreadsTrackWithoutLosingOrRepeatingAnId) {
  ScriptedServer server(always_recorded);
  const auto client = make(options_for(server.url()));
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n) threads.emplace_back([&] { track_storage(*client, 1000); });
  }
  ASSERT_TRUE(client->flush(kLong));
  std::set<std::string> ids;
  for (const std::string& body : server.bodies()) {
    for (const std::string& id : ids_of(body)) ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 4000U);
}

TEST(Client, OptionsThatCannotWorkAreRefusedInWords) {
  const auto why_of = [](const std::function<void(ClientOptions&)>& change) {
    ClientOptions options = options_for("http://127.0.0.1:1");
    change(options);
    std::string why;
    EXPECT_EQ(Client::create(options, why), nullptr);
    return why;
  };
  EXPECT_THAT(why_of([](auto& o) { o.url = "ftp://a"; }), HasSubstr("https://"));
  EXPECT_THAT(why_of([](auto& o) { o.token.clear(); }), HasSubstr("metergate keys add"));
  EXPECT_THAT(why_of([](auto& o) { o.token = "a\r\nb"; }), HasSubstr("header"));
  EXPECT_THAT(why_of([](auto& o) { o.source.clear(); }), HasSubstr("1 to 256"));
  EXPECT_EQ(why_of([](auto& o) { o.batch_events_max = 10'001; }),
            "batch_events_max is 10001; 1 to 10000 are allowed");
  EXPECT_THAT(why_of([](auto& o) { o.request_timeout = milliseconds{0}; }),
              HasSubstr("request_timeout is 0"));
}

TEST(Client, AClientThatTracksNothingSendsNothing) {
  ScriptedServer server(always_recorded);
  auto client = make(options_for(server.url()));
  EXPECT_TRUE(client->flush(milliseconds{0}));
  client.reset();
  EXPECT_THAT(server.bodies(), IsEmpty());
}

}  // namespace
}  // namespace metergate
