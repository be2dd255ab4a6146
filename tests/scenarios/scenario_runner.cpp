#include "scenario_runner.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "scenario_world.h"

namespace metergate {
namespace {

// A line that changes the world. A row with `below` is for indented lines under a line of that
// verb.
struct ChangeRow {
  std::string_view verb;
  std::string_view below;
  Result<> (ScenarioWorld::*change)(const Words&);
};

constexpr std::array<ChangeRow, 14> kChanges = {{
    {"currency", "", &ScenarioWorld::set_currency},
    {"zone", "", &ScenarioWorld::set_zone},
    {"plan", "", &ScenarioWorld::define_plan},
    {"limit", "plan", &ScenarioWorld::define_plan_limit},
    {"rate", "plan", &ScenarioWorld::define_plan_rate},
    {"tenant", "", &ScenarioWorld::add_tenant},
    {"own_limit", "tenant", &ScenarioWorld::set_own_limit},
    {"move", "", &ScenarioWorld::move_tenant},
    {"usage", "", &ScenarioWorld::set_usage},
    {"correct", "", &ScenarioWorld::correct},
    {"acknowledge", "", &ScenarioWorld::settle_alert},
    {"resolve", "", &ScenarioWorld::settle_alert},
    {"thresholds", "", &ScenarioWorld::set_thresholds},
    {"forecast", "", &ScenarioWorld::set_forecast},
}};

// A line whose indented lines are claims, each about the fact that its first word names.
struct LookRow {
  std::string_view verb;
  Result<Facts> (ScenarioWorld::*look)(const Words&);
};

constexpr std::array<LookRow, 3> kLooks = {{
    {"statement", &ScenarioWorld::show_statement},
    {"report", &ScenarioWorld::show_report},
    {"watch", &ScenarioWorld::watch},
}};

Words words_of(const std::string& line) {
  std::istringstream rest{line.substr(0, line.find('#'))};
  Words words;
  for (std::string word; rest >> word;) words.push_back(word);
  return words;
}

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

class ScenarioRun {
 public:
  explicit ScenarioRun(std::vector<Plan> plans) : world_(std::move(plans)) {}

  void take(int line, const Words& words, bool is_indented) {
    line_ = line;
    if (is_indented) {
      take_below(words);
    } else {
      end_block();
      begin_block(words);
    }
  }

  std::vector<ScenarioFailure> end() && {
    end_block();
    if (claims_in_all_ == 0 && failures_.empty())
      failures_.push_back({line_, "the scenario claims nothing"});
    return std::move(failures_);
  }

 private:
  void refuse(const std::string& message) { failures_.push_back({line_, message}); }

  bool change(const Words& words, std::string_view below) {
    for (const ChangeRow& row : kChanges) {
      if (row.verb != words[0] || row.below != below) continue;
      const Result<> done = (world_.*row.change)(words);
      if (!done) refuse(done.error().message);
      return true;
    }
    return false;
  }

  bool look(const Words& words) {
    for (const LookRow& row : kLooks) {
      if (row.verb != words[0]) continue;
      look_line_ = line_;
      claims_ = 0;
      Result<Facts> facts = (world_.*row.look)(words);
      if (facts) {
        facts_ = *std::move(facts);
      } else {
        refuse(facts.error().message);
      }
      return true;
    }
    return false;
  }

  void begin_block(const Words& words) {
    block_ = words[0];
    if (!change(words, "") && !look(words)) refuse("'" + words[0] + "' is not known");
  }

  void end_block() {
    if (look_line_ != 0 && claims_ == 0)
      failures_.push_back({look_line_, "nothing is claimed below this line"});
    look_line_ = 0;
    facts_.clear();
  }

  void take_below(const Words& words) {
    if (look_line_ == 0) {
      if (!change(words, block_)) refuse("'" + words[0] + "' is not known below '" + block_ + "'");
      return;
    }
    ++claims_;
    ++claims_in_all_;
    const auto fact = facts_.find(words[0]);
    const std::string actual =
        fact == facts_.end() ? "nothing is known of " + words[0] : joined(words_of(fact->second));
    if (joined(words) != actual) refuse("expected: " + joined(words) + "\n  actual: " + actual);
  }

  ScenarioWorld world_;
  std::string block_;
  Facts facts_;
  int line_ = 0;
  int look_line_ = 0;  // the line of the open block of claims; 0: none
  int claims_ = 0;
  int claims_in_all_ = 0;
  std::vector<ScenarioFailure> failures_;
};

}  // namespace

std::vector<ScenarioFailure> run_scenario(std::string_view text, std::vector<Plan> plans) {
  ScenarioRun run{std::move(plans)};
  std::istringstream lines{std::string{text}};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const Words words = words_of(line);
    if (!words.empty()) run.take(number, words, line.front() == ' ');
  }
  return std::move(run).end();
}

}  // namespace metergate
