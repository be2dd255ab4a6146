#include "domain/event_source.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(EventSource, TheServersNameAndWhatReadsLikeItIsItsOwn) {
  for (const std::string_view name :
       {"metergate", "Metergate", "METERGATE", " metergate", "metergate ", "meter gate",
        "metergate\xC2\xA0", "meter\xE2\x80\x8Bgate", "\xEF\xBB\xBFmetergate", "m\xD0\xB5tergate",
        "\xD0\x9C\xD0\x95\xD0\xA2\xD0\x95RG\xD0\x90\xD0\xA2\xD0\x95", "meter\xC2\xADgate",
        "\xEF\xBD\x8D\xEF\xBD\x85tergate",
        "\xCE\x9C\xCE\x95\xCE\xA4\xCE\x95RG\xCE\x91\xCE\xA4\xCE\x95",
        "meter\xC9\xA1"
        "ate"})
    EXPECT_TRUE(reads_as_own_source(name)) << name;
}

TEST(EventSource, EverythingElseIsFree) {
  for (const std::string_view name :
       {"", "pos", "metergate-agent", "metergate/pos", "my metergate", "metrgate", "metergates",
        "tenant/metergate", "metergat\xC3\xA9", "urn:metergate", "meter_gate", "\xFF", "\xF0"})
    EXPECT_FALSE(reads_as_own_source(name)) << name;
}

}  // namespace
}  // namespace metergate
