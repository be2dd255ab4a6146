#include "base/nearest.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(Nearest, CountsLettersThatDiffer) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("report", "report"), 0U);
  EXPECT_EQ(edit_distance("API_PORTT", "API_PORT"), 1U);
  EXPECT_EQ(edit_distance("reprot", "report"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("Report", "rEPORT"), 0U);
}

TEST(Nearest, FindsWhatWasProbablyMeant) {
  EXPECT_EQ(nearest("tenents", {"tenants", "devices"}), "tenants");
  EXPECT_EQ(nearest("biling.raed", {"billing.update", "billing.read"}), "billing.read");
  EXPECT_EQ(nearest("dpf", {"csv", "pdfs", "dpx"}), "dpx");
  EXPECT_EQ(nearest("JOSN", {"CSV", "JSON"}), "JSON");
  EXPECT_EQ(nearest("health_stauts", {"status", "health_status"}), "health_status");
}

TEST(Nearest, FindsNothingThatIsFar) {
  EXPECT_EQ(nearest("invoice", {"tenants", "devices"}), std::nullopt);
  EXPECT_EQ(nearest("ab", {"xy"}), std::nullopt);
  EXPECT_EQ(nearest("ods", {"csv", "pdf"}), std::nullopt);
  EXPECT_EQ(nearest("", {"a"}), std::nullopt);
  EXPECT_EQ(nearest(std::string(65, 'a'), {"a"}), std::nullopt);
  EXPECT_EQ(nearest("abc", {}), std::nullopt);
}

TEST(Nearest, OfSeveralAsNearTheFirst) { EXPECT_EQ(nearest("bat", {"cat", "hat"}), "cat"); }

TEST(Nearest, SaysIt) {
  EXPECT_EQ(did_you_mean("serv", {"serve"}), "; did you mean 'serve'?");
  EXPECT_EQ(did_you_mean("serv", {"xylophone"}), "");
}

}  // namespace
}  // namespace metergate
