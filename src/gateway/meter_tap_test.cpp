#include "gateway/meter_tap.h"

#include <gtest/gtest.h>

namespace metergate::gateway {
namespace {

using AnsweredBy = http::PassedOutcome::AnsweredBy;

class MeterTap : public testing::Test {
 protected:
  MeterTap() {
    request_.method = "GET";
    request_.remote_ip = "192.0.2.1";
    request_.recorded_ip = request_.remote_ip;
  }

  ApiCall call(const std::string& path, std::string_view segment = {}) {
    request_.path = path;
    const std::size_t at = request_.path.find(segment);
    const std::string_view in_path =
        segment.empty() ? segment : std::string_view{request_.path}.substr(at, segment.size());
    return fact_of({.request = request_,
                    .tenant_segment = in_path,
                    .templates = templates_,
                    .outcome = outcome_,
                    .duration = Microseconds{1500},
                    .caller = "key:k1"});
  }

  EndpointTemplates templates_;
  http::Request request_;
  http::PassedOutcome outcome_{.by = AnsweredBy::upstream,
                               .status = 201,
                               .reached_upstream = true,
                               .request_bytes = 10,
                               .response_bytes = 20};
};

TEST_F(MeterTap, TellsTheFactsOfTheCall) {
  const ApiCall fact = call("/api/tenants/t1/orders/42", "t1");
  EXPECT_EQ(fact.endpoint, "GET /api/tenants/{tenant_id}/orders/{id}");
  EXPECT_EQ(fact.path, "/api/tenants/t1/orders/42");
  EXPECT_EQ(fact.caller, "key:k1");
  EXPECT_EQ(fact.status, 201);
  EXPECT_EQ(fact.request_bytes, 10);
  EXPECT_EQ(fact.response_bytes, 20);
  EXPECT_EQ(fact.duration, Microseconds{1500});
  EXPECT_EQ(fact.ip, "192.0.2.1");
}

TEST_F(MeterTap, RecordsTheTraceUnlessItIsNotValid) {
  EXPECT_EQ(call("/x").traceparent, "");
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  request_.headers = {{"traceparent", trace}};
  EXPECT_EQ(call("/x").traceparent, trace);
  request_.headers.push_back({"traceparent", trace});
  EXPECT_EQ(call("/x").traceparent, "") << "two of them name no trace";
}

TEST_F(MeterTap, NamesTheEndpointTheSameForAllTenants) {
  EXPECT_EQ(call("/v2/orgs/acme/orders", "acme").endpoint, "GET /v2/orgs/{tenant_id}/orders");
  EXPECT_EQ(call("/v2/orders/42").endpoint, "GET /v2/orders/{id}");
}

TEST_F(MeterTap, TakesTheDeclaredEndpointAndItsRecords) {
  templates_ =
      EndpointTemplates::parse(R"({"paths":{"/t/{tenant_id}/stores/{store_id}/x":{"get":{}}}})")
          .value();
  EXPECT_EQ(call("/t/t1/stores/s9/x", "t1").endpoint, "GET /t/{tenant_id}/stores/{store_id}/x");
  EXPECT_EQ(call("/t/t1/stores/s9/x", "t1").store_id, "s9");
  EXPECT_EQ(call("/t/t1/stores/no id!/x", "t1").store_id, "") << "what is no id is none";
}

TEST_F(MeterTap, KeepsWithinTheBoundsOfAnEvent) {
  request_.method = std::string(32, 'M');
  const std::string path = "/" + std::string(2046, 'a') + "\xC3\xA9";
  UsageEvent made;
  made.tenant = TenantId::parse("t1").value();
  made.source = "metergate";
  made.id = "e1";
  made.occurred_at = Timestamp{Milliseconds{1'772'706'600'000}};
  made.fact = call(path);
  EXPECT_TRUE(faults_of(made, made.occurred_at).empty());
  EXPECT_EQ(std::get<ApiCall>(made.fact).path.size(), 2047U) << "not cut inside a character";
}

TEST_F(MeterTap, RecordsACallerThatLeftAs499) {
  outcome_.by = AnsweredBy::nobody;
  outcome_.status = 0;
  EXPECT_EQ(call("/x").status, 499);
  EXPECT_TRUE(is_billable(outcome_));
  outcome_.reached_upstream = false;
  EXPECT_FALSE(is_billable(outcome_));
}

TEST_F(MeterTap, BillsWhatTheUpstreamAnsweredWhateverItsStatus) {
  for (const int status : {200, 302, 404, 429, 500, 502, 503, 504}) {
    outcome_.status = status;
    EXPECT_TRUE(is_billable(outcome_)) << status;
  }
}

TEST_F(MeterTap, DoesNotBillWhatTheGatewayAnsweredForWantOfAnUpstream) {
  outcome_.by = AnsweredBy::gateway;
  for (const int status : {429, 502, 503, 504}) {
    outcome_.status = status;
    EXPECT_FALSE(is_billable(outcome_)) << status;
  }
  for (const int status : {400, 403, 413}) {
    outcome_.status = status;
    EXPECT_TRUE(is_billable(outcome_)) << status;
  }
}

}  // namespace
}  // namespace metergate::gateway
