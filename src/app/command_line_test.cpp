#include "app/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "app/exit_status.h"
#include "app/front.h"
#include "storage/testing/test_folder.h"

namespace metergate {
namespace {

struct Said {
  int status;
  std::string out;
  std::string err;
};

Said run(Arguments words, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int status = run_command_line(words, {in, out, err});
  return {status, out.str(), err.str()};
}

bool is_one_line(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n') == 1 && text.ends_with('\n');
}

// Runs commands over one folder, each like a process of its own.
class CommandsOverAFolder : public testing::Test {
 protected:
  Said in_folder(Arguments words, const std::string& input = "") {
    words.push_back("--data-dir");
    words.push_back((folder_.path() / "data").string());
    return run(std::move(words), input);
  }

 private:
  TestFolder folder_;
};

TEST(CommandLine, NamesAreUniqueAndEachCommandIsOfOneKind) {
  std::set<std::string_view> names;
  for (const CommandRow& row : all_commands()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_NE(row.make_store == nullptr, row.make_local == nullptr) << row.name;
    EXPECT_EQ(row.is_listed, !row.example.empty()) << row.name;
  }
}

TEST(CommandLine, AnOptionInTheCommandsPlaceIsToldWhereItGoes) {
  const Said said = run({"--port", "8080"});
  EXPECT_EQ(said.status, kExitUsage);
  EXPECT_TRUE(is_one_line(said.err)) << said.err;
  EXPECT_NE(said.err.find("metergate COMMAND --port"), std::string::npos) << said.err;
  EXPECT_EQ(said.err.find("did you mean"), std::string::npos) << said.err;
}

TEST(CommandLine, HelpNamesEveryListedCommandWithItsExample) {
  const Said said = run({"help"});
  EXPECT_EQ(said.status, kExitDone);
  for (const CommandRow& row : all_commands()) {
    if (!row.is_listed) continue;
    EXPECT_NE(said.out.find(row.example), std::string::npos) << row.name;
  }
  EXPECT_EQ(run({"--help"}).out, said.out);
  EXPECT_EQ(run({}).out, said.out);
}

TEST(CommandLine, EveryCommandExplainsItself) {
  for (const CommandRow& row : all_commands()) {
    const Said said = run({std::string{row.name}, "--help"});
    EXPECT_EQ(said.status, kExitDone) << row.name;
    EXPECT_NE(said.out.find(row.summary), std::string::npos) << row.name;
    EXPECT_EQ(run({"help", std::string{row.name}}).out, said.out) << row.name;
  }
}

TEST(CommandLine, WrongWordsEndWithTwoAndOneLine) {
  for (const Arguments& words :
       {Arguments{"bogus"}, Arguments{"help", "bogus"}, Arguments{"find"},
        Arguments{"find", "tenants", "--bogus"}, Arguments{"find", "tenants", "--limit", "-1"},
        Arguments{"report", "2026-03", "--format", "doc"}, Arguments{"tenants"},
        Arguments{"tenants", "add"}, Arguments{"token", "--scope", "everything"},
        Arguments{"serve", "--workers", "maybe"}, Arguments{"import"}}) {
    const Said said = run(words);
    EXPECT_EQ(said.status, kExitUsage) << words.front();
    EXPECT_TRUE(is_one_line(said.err)) << said.err;
    EXPECT_TRUE(said.out.empty()) << said.out;
  }
}

TEST(CommandLine, WrongSettingEndsWithThreeAndOneLine) {
  const Said said = run({"serve", "--port", "many"});
  EXPECT_EQ(said.status, kExitConfiguration);
  EXPECT_TRUE(is_one_line(said.err)) << said.err;
  EXPECT_NE(said.err.find("API_PORT=many"), std::string::npos) << said.err;
  EXPECT_EQ(run({"find", "tenants", "--env-file", "/no/such.env"}).status, kExitConfiguration);
}

TEST(CommandLine, PrintConfigShowsEverySettingWithItsOrigin) {
  const Said said = run({"serve", "--print-config", "--port", "1234"});
  EXPECT_EQ(said.status, kExitDone);
  for (const SettingRow& row : all_settings()) {
    EXPECT_NE(said.out.find(row.name), std::string::npos) << row.name;
  }
  EXPECT_NE(said.out.find("1234"), std::string::npos);
  EXPECT_NE(said.out.find("--port"), std::string::npos);
}

TEST(CommandLine, VersionNamesTheBuild) {
  EXPECT_NE(run({"version"}).out.find("metergate 0."), std::string::npos);
  EXPECT_EQ(run({"--version"}).out, run({"version"}).out);
}

TEST_F(CommandsOverAFolder, TenantIsAddedListedAndFound) {
  const Said added = in_folder({"tenants", "add", "t1", "--name", "One", "--plan", "basic"});
  EXPECT_EQ(added.status, kExitDone) << added.err;
  EXPECT_NE(in_folder({"tenants", "list"}).out.find("One"), std::string::npos);
  EXPECT_EQ(in_folder({"find", "tenants", "{tenant_id: 't1'}", "--count"}).out, "1\n");
  const Said again = in_folder({"tenants", "add", "t1", "--name", "One"});
  EXPECT_EQ(again.status, kExitFailed);
  EXPECT_TRUE(is_one_line(again.err)) << again.err;
  EXPECT_EQ(in_folder({"tenants", "add", "t2", "--name", "Two", "--plan", "gold"}).status,
            kExitUsage);
}

TEST_F(CommandsOverAFolder, UserPasswordComesFromStandardInput) {
  const Said added =
      in_folder({"users", "add", "ada@example.com", "--role", "NOC"}, "correct horse battery\n");
  EXPECT_EQ(added.status, kExitDone) << added.err;
  EXPECT_EQ(in_folder({"users", "add", "bob@example.com", "--role", "NOC"}).status, kExitUsage);
  EXPECT_EQ(in_folder({"users", "disable", "ada@example.com"}).status, kExitDone);
  EXPECT_NE(in_folder({"users", "list"}).out.find("no"), std::string::npos);
}

TEST_F(CommandsOverAFolder, KeyIsPrintedAloneAndCanBeRevoked) {
  const Said added = in_folder({"keys", "add", "--permission", "events.write"});
  EXPECT_EQ(added.status, kExitDone) << added.err;
  EXPECT_TRUE(added.out.starts_with("mg_live_")) << added.out;
  EXPECT_TRUE(is_one_line(added.out));
  const std::string listed = in_folder({"keys", "list"}).out;
  const std::size_t row = listed.find('\n') + 1;
  const std::string id = listed.substr(row, listed.find(' ', row) - row);
  EXPECT_EQ(in_folder({"keys", "revoke", id}).status, kExitDone);
  EXPECT_EQ(in_folder({"keys", "list"}).out.find(id), std::string::npos);
  EXPECT_EQ(in_folder({"keys", "revoke", "nobody"}).status, kExitFailed);
}

TEST_F(CommandsOverAFolder, WebhooksAreListedByOwnerAndReplayNamesOne) {
  ASSERT_EQ(in_folder({"tenants", "add", "t1", "--name", "One"}).status, kExitDone);
  EXPECT_TRUE(in_folder({"webhooks", "list"}).out.starts_with("WEBHOOK"));
  EXPECT_EQ(in_folder({"webhooks", "list", "--tenant", "t1"}).status, kExitDone);
  EXPECT_EQ(in_folder({"webhooks", "list", "--tenant", "nobody"}).status, kExitFailed);
  const Said replayed = in_folder({"webhooks", "replay", "w1", "--tenant", "t1"});
  EXPECT_EQ(replayed.status, kExitFailed);
  EXPECT_TRUE(is_one_line(replayed.err)) << replayed.err;
  EXPECT_EQ(in_folder({"webhooks", "replay", "w1", "--since", "a", "--delivery", "b"}).status,
            kExitUsage);
}

TEST_F(CommandsOverAFolder, ImportCountsOnceHoweverOftenItRuns) {
  ASSERT_EQ(in_folder({"tenants", "add", "t1", "--name", "One"}).status, kExitDone);
  const std::string events =
      R"({"id":"1","source":"s","type":"storage.usage","subject":"t1","data":{"bytes":5}})"
      "\n\n"
      R"({"id":"2","source":"s","type":"storage.usage","subject":"t1","data":{"bytes":6}})"
      "\n";
  EXPECT_EQ(in_folder({"import", "-"}, events).status, kExitFailed);  // new at each import
  const Arguments import = {"import", "-", "--default-time", to_text(SystemClock().now())};
  EXPECT_EQ(in_folder(import, events).out, "recorded 2 events, 0 were there already\n");
  EXPECT_EQ(in_folder(import, events).out, "recorded 0 events, 2 were there already\n");
}

TEST_F(CommandsOverAFolder, ImportReadsCsv) {
  ASSERT_EQ(in_folder({"tenants", "add", "t1", "--name", "One"}).status, kExitDone);
  const std::string csv =
      "tenant_id,source,id,type,webhook_id,success,duration_ms,time\n"
      "t1,s,1,webhook.call,w,true,12.5," +
      to_text(SystemClock().now()) + "\n";
  const Said said = in_folder({"import", "-", "--format", "csv"}, csv);
  EXPECT_EQ(said.out, "recorded 1 events, 0 were there already\n") << said.err;
  EXPECT_EQ(in_folder({"find", "webhook_calls", "{success: true}", "--count"}).out, "1\n");
}

TEST_F(CommandsOverAFolder, ImportNamesTheLineThatIsWrongAndRecordsNothingOfItsBatch) {
  ASSERT_EQ(in_folder({"tenants", "add", "t1", "--name", "One"}).status, kExitDone);
  const std::string events =
      R"({"id":"1","source":"s","type":"storage.usage","subject":"t1","data":{"bytes":5}})"
      "\n\n"
      R"({"id":"2","source":"s","type":"storage.usage","subject":"nobody","data":{"bytes":6}})"
      "\n";
  const Said said =
      in_folder({"import", "-", "--default-time", to_text(SystemClock().now())}, events);
  EXPECT_EQ(said.status, kExitFailed);
  EXPECT_NE(said.err.find("line 3"), std::string::npos) << said.err;
  EXPECT_EQ(said.err.find("line 1"), std::string::npos) << said.err;
  EXPECT_EQ(said.out, "recorded 0 events, 0 were there already\n");
}

TEST_F(CommandsOverAFolder, FindRefusesWhatItCannotRead) {
  ASSERT_EQ(in_folder({"tenants", "add", "t1", "--name", "One"}).status, kExitDone);
  EXPECT_EQ(in_folder({"find", "nothing"}).status, kExitUsage);
  EXPECT_EQ(in_folder({"find", "tenants", "{a: b}"}).status, kExitUsage);
  EXPECT_EQ(in_folder({"find", "tenants", "{a: {$near: 1}}"}).status, kExitUsage);
  EXPECT_EQ(in_folder({"find", "tenants", "--sort", "{a: 2}"}).status, kExitUsage);
}

TEST_F(CommandsOverAFolder, FindKnowsWhichFieldWasMeant) {
  ASSERT_EQ(in_folder({"tenants", "add", "t1", "--name", "One"}).status, kExitDone);
  const Said field = in_folder({"find", "tenants", "{$or: [{statsu: 'active'}, {name: 'One'}]}"});
  EXPECT_EQ(field.status, kExitUsage);
  EXPECT_NE(field.err.find("did you mean 'status'?"), std::string::npos) << field.err;
  EXPECT_EQ(in_folder({"find", "tenants", "{'status.deeper': 1}"}).status, kExitDone);
  EXPECT_EQ(in_folder({"find", "sales", "{amuont: 1}"}).status, kExitUsage);
  EXPECT_EQ(in_folder({"export", "sales", "{amount: 1}"}).status, kExitDone);
}

TEST_F(CommandsOverAFolder, LookingMakesNoFolder) {
  for (const Arguments& words : {Arguments{"find", "tenants"}, Arguments{"verify"},
                                 Arguments{"doctor"}, Arguments{"tenants", "list"}}) {
    const Said said = in_folder(words);
    EXPECT_EQ(said.status, kExitConfiguration) << words.front();
    EXPECT_TRUE(is_one_line(said.err)) << said.err;
  }
}

TEST_F(CommandsOverAFolder, FindSortsBothWays) {
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_EQ(in_folder({"tenants", "add", id, "--name", "X"}).status, kExitDone);
  }
  const auto first = [&](const std::string& sort) {
    return in_folder({"find", "tenants", "--sort", sort, "--limit", "1"}).out;
  };
  EXPECT_NE(first("-tenant_id").find(R"("tenant_id":"c")"), std::string::npos);
  EXPECT_NE(first("{tenant_id: -1}").find(R"("tenant_id":"c")"), std::string::npos);
  EXPECT_NE(first("tenant_id").find(R"("tenant_id":"a")"), std::string::npos);
}

TEST_F(CommandsOverAFolder, VerifyAndDoctorAndWorkersAreContentWithAFreshFolder) {
  ASSERT_EQ(in_folder({"tenants", "add", "t1", "--name", "One"}).status, kExitDone);
  EXPECT_EQ(in_folder({"verify"}).status, kExitDone);
  EXPECT_EQ(in_folder({"workers", "run-once"}).status, kExitDone);
  EXPECT_EQ(in_folder({"workers", "run-once", "bogus"}).status, kExitUsage);
  EXPECT_EQ(in_folder({"workers", "start"}).status, kExitFailed);
  EXPECT_NE(in_folder({"indexes"}).out.find("made 0 indexes"), std::string::npos);
  EXPECT_NE(in_folder({"doctor"}).out.find("ok     engine"), std::string::npos);
}

// The words that a person gave, not those that commands ask a server by.
TEST(CommandLine, AnErrorNamesTheCommandThatWasGiven) {
  for (const auto& [asked, given] :
       {std::pair{"import-lines", "import"}, std::pair{"take-snapshot", "backup"},
        std::pair{"find", "find"}}) {
    std::ostringstream err;
    print_error(asked, {ErrorCode::invalid, "no", {}}, err);
    EXPECT_EQ(err.str(), std::string{"metergate "} + given + ": no\n");
  }
}

}  // namespace
}  // namespace metergate
