#include "http/words/problem.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace metergate::http {
namespace {

constexpr Timestamp kNowInMarch{Milliseconds{1'772'706'600'000}};  // 2026-03-05T10:30:00Z

std::string header_of(const Response& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, &Header::first);
  return found == response.headers.end() ? std::string{} : found->second;
}

EnvelopeContext in_march() { return {.now = kNowInMarch, .zone = nullptr, .request_id = "req_1"}; }

struct Expected {
  ErrorCode code;
  int status;
  const char* name;
};

class EveryCode : public testing::TestWithParam<Expected> {};

TEST_P(EveryCode, HasItsStatusAndName) {
  EXPECT_EQ(row_of(GetParam().code).status, GetParam().status);
  EXPECT_EQ(row_of(GetParam().code).name, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    Of, EveryCode,
    testing::Values(Expected{ErrorCode::invalid, 400, "E_VALIDATION"},
                    Expected{ErrorCode::period_closed, 400, "E_PERIOD_CLOSED"},
                    Expected{ErrorCode::unauthorized, 401, "E_UNAUTHORIZED"},
                    Expected{ErrorCode::permission, 403, "E_PERMISSION"},
                    Expected{ErrorCode::disabled, 403, "E_DISABLED"},
                    Expected{ErrorCode::not_found, 404, "E_NOT_FOUND"},
                    Expected{ErrorCode::tenant_not_found, 404, "E_TENANT_NOT_FOUND"},
                    Expected{ErrorCode::alert_not_found, 404, "E_ALERT_NOT_FOUND"},
                    Expected{ErrorCode::method, 405, "E_METHOD"},
                    Expected{ErrorCode::too_large, 413, "E_TOO_LARGE"},
                    Expected{ErrorCode::media_type, 415, "E_MEDIA_TYPE"},
                    Expected{ErrorCode::headers_too_large, 431, "E_HEADERS_TOO_LARGE"},
                    Expected{ErrorCode::duplicate, 409, "E_DUPLICATE"},
                    Expected{ErrorCode::conflict, 409, "E_CONFLICT"},
                    Expected{ErrorCode::alert_already_resolved, 409, "E_ALERT_ALREADY_RESOLVED"},
                    Expected{ErrorCode::rate_limit, 429, "E_RATE_LIMIT"},
                    Expected{ErrorCode::limit_exceeded, 429, "E_LIMIT_EXCEEDED"},
                    Expected{ErrorCode::upstream, 502, "E_UPSTREAM"},
                    Expected{ErrorCode::overloaded, 503, "E_OVERLOADED"},
                    Expected{ErrorCode::storage, 503, "E_STORAGE"},
                    Expected{ErrorCode::upstream_timeout, 504, "E_UPSTREAM_TIMEOUT"},
                    Expected{ErrorCode::corrupt, 500, "E_INTERNAL"},
                    Expected{ErrorCode::internal, 500, "E_INTERNAL"}));

TEST(Envelope, OfSuccessIsAsDocumented) {
  const Response response = success(Json::object({{"at", kNowInMarch}}), in_march(), 201);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, R"({"server_time":"2026-03-05T10:30:00+00:00","request_id":"req_1",)"
                           R"("data":{"at":"2026-03-05T10:30:00+00:00"},"error":null})");
  EXPECT_EQ(header_of(response, "Content-Type"), "application/json");
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
}

TEST(Envelope, CarriesTheOffsetOfTheBillingZone) {
  const TimeZone zone = TimeZone::find("Asia/Kathmandu").value();
  EnvelopeContext there = in_march();
  there.zone = &zone;
  EXPECT_NE(success({}, there).body.find("2026-03-05T16:15:00+05:45"), std::string::npos);
}

TEST(Envelope, OfAnErrorNamesEachFault) {
  const Error error{ErrorCode::invalid,
                    "two fields are wrong",
                    {{3, "name", "is missing"}, {{}, "plan", "is unknown"}}};
  const Response response = problem(error, in_march());
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            R"({"server_time":"2026-03-05T10:30:00+00:00","request_id":"req_1","data":null,)"
            R"("error":{"code":"E_VALIDATION","message":"two fields are wrong","details":)"
            R"({"errors":[{"index":3,"field":"name","message":"is missing"},)"
            R"({"field":"plan","message":"is unknown"}]}}})");
}

TEST(Envelope, OfAnErrorWithoutFaultsHasEmptyDetails) {
  const Response response = problem({ErrorCode::not_found, "no such thing"}, in_march());
  EXPECT_NE(response.body.find(R"("details":{})"), std::string::npos);
}

TEST(Problem, TellsNobodyWhatBrokeInside) {
  for (const ErrorCode code : {ErrorCode::internal, ErrorCode::corrupt, ErrorCode::storage}) {
    const Response response = problem({code, "/var/lib/secret is broken"}, in_march());
    EXPECT_EQ(response.body.find("secret"), std::string::npos);
    EXPECT_NE(response.body.find("req_1"), std::string::npos);
  }
}

TEST(Problem, SaysHowToAuthenticate) {
  EXPECT_EQ(
      header_of(problem({ErrorCode::unauthorized, "no token"}, in_march()), "WWW-Authenticate"),
      "Bearer");
}

TEST(Problem, SaysWhenToTryAgain) {
  for (const ErrorCode code : {ErrorCode::rate_limit, ErrorCode::limit_exceeded,
                               ErrorCode::overloaded, ErrorCode::storage}) {
    EXPECT_FALSE(header_of(problem({code, "later"}, in_march()), "Retry-After").empty());
  }
  EXPECT_TRUE(header_of(problem({ErrorCode::invalid, "no"}, in_march()), "Retry-After").empty());
}

TEST(ProblemJson, FollowsRfc9457) {
  const Error error{ErrorCode::invalid, "one event is wrong", {{0, "time", "is missing"}}};
  const Response response = problem_json(error, in_march(), "/api/v1/events");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(header_of(response, "Content-Type"), "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"about:blank","title":"Bad Request","status":400,)"
            R"("detail":"one event is wrong","instance":"/api/v1/events","code":"E_VALIDATION",)"
            R"("request_id":"req_1","errors":[{"index":0,"field":"time",)"
            R"("message":"is missing"}]})");
}

std::string pulled(Response& response) {
  std::string text;
  for (;;) {
    auto piece = response.source();
    EXPECT_TRUE(piece.has_value());
    if (!piece || !*piece) return text;
    text += **piece;
  }
}

TEST(Problem, AStreamedSuccessIsTheEnvelopeWithItsElements) {
  const TimeZone zone = TimeZone::utc();
  const EnvelopeContext context{.now = Timestamp{}, .zone = &zone, .request_id = "[]"};
  const auto data = [](Json rows) {
    return Json::object({{"empty", Json::array()}, {"rows", std::move(rows)}});
  };
  int given = 0;
  Response streamed = success_with(
      data(Json::array()),
      [&given]() -> Result<std::optional<std::string>> {
        if (given == 2) return std::nullopt;
        return std::string{given++ == 0 ? "1" : ",2"};
      },
      context);
  EXPECT_TRUE(streamed.body.empty());
  const Response whole = success(data(Json::Array{1, 2}), context);
  EXPECT_EQ(streamed.headers, whole.headers);
  EXPECT_EQ(pulled(streamed), whole.body);
}

TEST(Problem, AStreamedSuccessWithoutElementsIsWhole) {
  const TimeZone zone = TimeZone::utc();
  const EnvelopeContext context{.now = Timestamp{}, .zone = &zone, .request_id = "req_1"};
  const Json data = Json::object({{"rows", Json::array()}});
  Response streamed = success_with(
      data, []() -> Result<std::optional<std::string>> { return std::nullopt; }, context);
  EXPECT_EQ(pulled(streamed), success(data, context).body);
}

}  // namespace
}  // namespace metergate::http
