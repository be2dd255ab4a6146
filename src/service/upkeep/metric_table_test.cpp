#include "service/upkeep/metric_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace metergate {
namespace {

TEST(MetricTable, NamesAreOnceAndSayTheirUnitAndKind) {
  std::set<std::string_view> names;
  for (const MetricRow& row : all_metrics()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    const bool is_counter = row.name.ends_with("_total");
    EXPECT_EQ(is_counter, row.kind == MetricKind::counter) << row.name;
    const bool is_histogram = row.kind == MetricKind::histogram;
    EXPECT_TRUE(!is_histogram || row.name.ends_with("_seconds")) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_EQ(&row_of(row.metric), &row);
  }
}

TEST(MetricTable, ThePageHasTheSameTable) {
  std::ifstream file(std::string{METERGATE_SOURCE_DIR} + "/docs/metrics.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(metrics_page_table()), std::string::npos)
      << "docs/metrics.md should have:\n"
      << metrics_page_table();
}

TEST(MetricsText, PrintsValuesUnderTheirHeadInTheOrderOfTheTable) {
  MetricsText text;
  text.put(Metric::worker_runs, 3, {"drift"});
  text.put(Metric::build_info, 1, {"1.0", "embedded"});
  text.put_seconds(Metric::cpu_seconds, Microseconds{1'500'000});
  text.put_flag(Metric::clock_doubted, true);
  const std::string all = text.text();
  EXPECT_TRUE(all.starts_with(
      "# HELP metergate_build_info 1; the labels say which program runs, on which engine\n"
      "# TYPE metergate_build_info gauge\n"
      "metergate_build_info{version=\"1.0\",engine=\"embedded\"} 1\n"))
      << all;
  EXPECT_NE(all.find("\nprocess_cpu_seconds_total 1.500000\n"), std::string::npos);
  EXPECT_NE(all.find("\nmetergate_clock_doubted 1\n"), std::string::npos);
  EXPECT_NE(all.find("# TYPE metergate_worker_runs_total counter\n"
                     "metergate_worker_runs_total{worker=\"drift\"} 3\n"),
            std::string::npos);
  for (const MetricRow& row : all_metrics())
    EXPECT_NE(all.find("# TYPE " + std::string{row.name} + ' '), std::string::npos) << row.name;
}

TEST(MetricsText, BucketsOfAHistogramAddUp) {
  LatencyTally tally;
  tally.add(Microseconds{90});
  tally.add(Microseconds{400});
  tally.add(Microseconds{60'000'000});
  MetricsText text;
  text.put(Metric::http_duration, tally.counts());
  const std::string all = text.text();
  const std::string name = "metergate_http_request_duration_seconds";
  for (const std::string& line :
       {name + "_bucket{le=\"0.000100\"} 1\n", name + "_bucket{le=\"0.000500\"} 2\n",
        name + "_bucket{le=\"30.000000\"} 2\n", name + "_bucket{le=\"+Inf\"} 3\n",
        name + "_sum 60.000490\n", name + "_count 3\n"}) {
    EXPECT_NE(all.find(line), std::string::npos) << line;
  }
}

TEST(MetricsText, ALabelCannotEndItsLine) {
  MetricsText text;
  text.put(Metric::worker_runs, 1, {"a\"b\\c\nd"});
  EXPECT_NE(text.text().find("{worker=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace metergate
