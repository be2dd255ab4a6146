#include "client/verdict.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "client/json_scanner.h"

namespace metergate::client {
namespace {

using Kind = Verdict::Kind;

Kind kind_of(int status, const std::string& body = "") {
  return judge(Answer{status, std::nullopt, body}, 3).kind;
}

const std::string kSecondIsBad = R"({"detail":"x","errors":[{"index":1,"message":"bad"}]})";

TEST(Verdict, Only204MeansOnDisk) {
  EXPECT_EQ(kind_of(204), Kind::recorded);
  EXPECT_EQ(kind_of(200, "<html>log in here</html>"), Kind::much_later);
  EXPECT_EQ(kind_of(302), Kind::much_later);
}

TEST(Verdict, WhatPassesIsTriedAgain) {
  for (const int status : {0, 408, 425, 429, 500, 502, 503, 504, 599}) {
    EXPECT_EQ(kind_of(status), Kind::again) << status;
  }
  // Even if it names events: a failing server's judgement does not count.
  EXPECT_EQ(kind_of(503, kSecondIsBad), Kind::again);
}

TEST(Verdict, WhatIsAboutTheSenderIsTriedMuchLater) {
  for (const int status : {401, 403, 404, 405, 415, 431}) {
    EXPECT_EQ(kind_of(status), Kind::much_later) << status;
  }
}

TEST(Verdict, NamedEventsAreDroppedWhateverTheRefusal) {
  for (const int status : {400, 403, 404, 409, 422}) {
    EXPECT_EQ(kind_of(status, kSecondIsBad), Kind::drop_named) << status;
  }
}

TEST(Verdict, ARefusalThatNamesNobodyIsLookedIntoByHalves) {
  for (const int status : {400, 409, 413, 422}) EXPECT_EQ(kind_of(status, "{}"), Kind::halve);
  EXPECT_EQ(kind_of(400, R"({"errors":[{"index":3,"message":"there is no such event"}]})"),
            Kind::halve);
  EXPECT_EQ(kind_of(400, R"({"errors":[{"index":-1}]})"), Kind::halve);
  EXPECT_EQ(kind_of(400, R"({"errors":[{"index":1.5},{"index":"1"},{}]})"), Kind::halve);
}

TEST(Verdict, FaultsComeInOrderAndEachEventOnce) {
  const auto faults = named_faults(R"({"a":[1,{"b":null}],"errors":[
    {"index":2,"field":"time","message":"late"},
    {"field":"data.status","message":"is \"0\" \u00fc","index":0},
    {"index":2,"field":"id","message":"again"}],"z":-1.5e3})");
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].index, 0U);
  EXPECT_EQ(faults[0].message, "data.status: is \"0\" ü");
  EXPECT_EQ(faults[1].message, "time: late");
}

TEST(Verdict, AMessageSaysTheStatusAndTheDetail) {
  EXPECT_EQ(judge(Answer{409, {}, R"({"detail":"exists"})"}, 1).message, "status 409: exists");
  EXPECT_EQ(judge(Answer{502, {}, "<html>"}, 1).message, "status 502");
  EXPECT_EQ(judge(Answer{}, 1).message, "no answer");
}

TEST(Verdict, ABodyThatIsNoJsonNamesNobody) {
  for (const std::string body :
       {"", "[]", "{", "{\"errors\":[{\"index\":0}", "{\"errors\":[{\"index\":0}]",
        "{\"errors\":[{\"index\":0,}]}", "{\"errors\":{\"index\":0}}", "\"errors\""}) {
    EXPECT_TRUE(named_faults(body).empty()) << body;
  }
  const std::string deep(10'000, '[');
  EXPECT_TRUE(named_faults("{\"a\":" + deep).empty());
}

RC_GTEST_PROP(Verdict, NoBodyMakesItStumble, (std::string noise)) {
  for (const std::string& body : {noise, "{\"errors\":" + noise, "{\"errors\":[{\"" + noise}) {
    const Verdict verdict = judge(Answer{400, {}, body}, 3);
    for (const NamedFault& fault : verdict.faults) RC_ASSERT(fault.index < 3U);
  }
}

TEST(JsonScanner, ReadsWhatIsAskedForAndSkipsTheRest) {
  JsonScanner json(R"( { "a" : [ true , null, "x" ] , "b": 12, "c":"\t\u20AC" } )");
  std::string seen;
  json.members([&](const std::string& name) {
    seen += name;
    if (name == "b") seen += std::to_string(json.integer().value_or(-1));
    if (name == "c") seen += json.text().value_or("?");
    if (name == "a") json.elements([&] { seen += json.text().value_or("-"); });
  });
  EXPECT_TRUE(json.is_good());
  EXPECT_EQ(seen, "a--xb12c\t€");
}

}  // namespace
}  // namespace metergate::client
