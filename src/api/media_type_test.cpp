#include "api/media_type.h"

#include <gtest/gtest.h>

namespace metergate::api {
namespace {

TEST(MediaType, IsComparedWithoutCaseParametersAndBlanks) {
  EXPECT_EQ(media_type_of("application/json"), "application/json");
  EXPECT_EQ(media_type_of("Application/JSON \t; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type_of("application/cloudevents+json;a=\"x;y\""),
            "application/cloudevents+json");
  EXPECT_EQ(media_type_of("; charset=utf-8"), "");
  EXPECT_EQ(media_type_of(" \t"), "");
  EXPECT_EQ(media_type_of(" text/plain"), " text/plain")
      << "a field's value has no blank before it";
}

}  // namespace
}  // namespace metergate::api
