#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenario_runner.h"
#include "service/tenants/catalog.h"

namespace metergate {
namespace {

const std::string kRoot = METERGATE_SOURCE_DIR;

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Plan> shipped_plans() {
  auto plans = parse_catalogue(text_of(kRoot + "/catalogue/plans.toml"));
  EXPECT_TRUE(plans.has_value()) << (plans ? "" : plans.error().message);
  return plans ? *std::move(plans) : std::vector<Plan>{};
}

std::vector<std::string> scenario_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot + "/tests/scenarios"))
    if (entry.path().extension() == ".scenario") files.push_back(entry.path().string());
  std::ranges::sort(files);
  return files;
}

class Scenarios : public testing::TestWithParam<std::string> {};

TEST_P(Scenarios, IsTrue) {
  const std::string text = text_of(GetParam());
  ASSERT_FALSE(text.empty());
  for (const ScenarioFailure& failure : run_scenario(text, shipped_plans()))
    ADD_FAILURE_AT(GetParam().c_str(), failure.line) << failure.message;
}

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, testing::ValuesIn(scenario_files()),
                         [](const auto& file) {
                           return std::filesystem::path{file.param}.stem().string();
                         });

TEST(ScenarioFiles, AreThere) { EXPECT_GE(scenario_files().size(), 10U); }

TEST(ScenarioFiles, ShippedPlansAreTheFourOfTheRulesWithSoftLimits) {
  const auto catalogue = Catalogue::create(shipped_plans());
  ASSERT_TRUE(catalogue.has_value());
  EXPECT_EQ(catalogue->names_text(), "free, basic, premium, enterprise");
  for (const Plan& plan : catalogue->versions())
    for (const MeterRow& row : kMeters)
      EXPECT_EQ(plan.limits[row.meter].effect, LimitEffect::soft) << plan.name << " " << row.name;
}

// Tests of the runner itself: a false claim is reported with its line.
std::vector<ScenarioFailure> run(std::string_view text) {
  return run_scenario(text, shipped_plans());
}

TEST(ScenarioRunner, TellsTheLineWhatWasExpectedAndWhatIs) {
  const auto failures =
      run("tenant acme on basic\n"
          "usage acme 2026-03 api_calls 65000\n"
          "statement acme 2026-03\n"
          "  health critical\n"
          "  total 15.01  # a comment\n");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].line, 5);
  EXPECT_EQ(failures[0].message, "expected: total 15.01\n  actual: total 15.00");
}

TEST(ScenarioRunner, RefusesLinesThatItDoesNotUnderstand) {
  const auto line_of_first = [](std::string_view text) {
    const auto failures = run(text);
    return failures.empty() ? 0 : failures[0].line;
  };
  EXPECT_EQ(line_of_first("tennant acme on basic\n"), 1);
  EXPECT_EQ(line_of_first("tenant acme\n"), 1);
  EXPECT_EQ(line_of_first("tenant acme on basic\n  limit api_calls 5\n"), 2);
  EXPECT_EQ(line_of_first("tenant acme on basic\nusage acme 2026-3 api_calls 5\n"), 2);
  EXPECT_EQ(line_of_first("tenant acme on basic\nusage acme 2026-03 calls 5\n"), 2);
  EXPECT_EQ(line_of_first("tenant acme on basic\nusage acme 2026-03 api_calls -5\n"), 2);
  EXPECT_EQ(line_of_first("tenant a on free\ncorrect a 2026-02 api_calls -1 in 2026-03\n"), 2)
      << "more than was used";
  EXPECT_EQ(line_of_first("tenant acme on gold\nstatement acme 2026-03\n  total 0.00\n"), 2);
  EXPECT_EQ(line_of_first("statement nobody 2026-03\n  total 0.00\n"), 1);
  EXPECT_EQ(line_of_first("tenant a on free\nstatement a 2026-03\n  totals 0.00\n"), 3);
}

TEST(ScenarioRunner, RefusesScenariosThatClaimNothing) {
  EXPECT_EQ(run("").size(), 1U);
  EXPECT_EQ(run("tenant acme on basic\n").size(), 1U);
  const auto failures = run("tenant acme on basic\nstatement acme 2026-03\nreport 2026-03\n");
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].line, 2);
  EXPECT_EQ(failures[1].line, 3);
}

}  // namespace
}  // namespace metergate
