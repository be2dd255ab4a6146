#include "api/event_reader.h"

#include <gtest/gtest.h>

namespace metergate::api {
namespace {

const Timestamp kNow = *parse_timestamp("2026-03-05T10:30:00Z");

EventContext provider_context() { return EventContext{std::nullopt, kNow, false}; }

std::optional<UsageEvent> read(std::string_view json, const EventContext& context, Faults& faults) {
  return read_event(*parse_json(json, JsonNumbers::any), context, 7, faults);
}

UsageEvent expect_read(std::string_view json, const EventContext& context = provider_context()) {
  Faults faults;
  std::optional<UsageEvent> event = read(json, context, faults);
  EXPECT_TRUE(event) << (faults.is_empty() ? "" : faults.result().error().message);
  return event.value_or(UsageEvent{});
}

std::vector<std::string> fields_of_faults(std::string_view json,
                                          const EventContext& context = provider_context()) {
  Faults faults;
  EXPECT_FALSE(read(json, context, faults));
  std::vector<std::string> fields;
  if (faults.is_empty()) return fields;
  const Result<> result = faults.result();
  for (const Fault& fault : result.error().faults) {
    EXPECT_EQ(fault.index, 7u);
    fields.push_back(fault.field);
  }
  return fields;
}

using Fields = std::vector<std::string>;

std::string event_text(std::string_view type, std::string_view data) {
  return R"({"id":"e1","source":"pos","type":")" + std::string(type) +
         R"(","subject":"tenant_1","time":"2026-03-05T10:00:00Z")" +
         (data.empty() ? "" : ",\"data\":" + std::string(data)) + "}";
}

constexpr std::string_view kCall = R"({"method":"GET","endpoint":"/v1/x","status":200,)"
                                   R"("request_bytes":1,"response_bytes":2,"duration_ms":3})";

std::string call_with(std::string_view name, std::string_view value) {
  Json call = *parse_json(kCall);
  call.set(name, *parse_json(value, JsonNumbers::any));
  return event_text("api.call", to_text(call));
}

TEST(EventReader, ApiCallIsReadWhole) {
  const UsageEvent event = expect_read(event_text(
      "api.call", R"({"method":"POST","endpoint":"POST /v1/x","status":201,"request_bytes":10,)"
                  R"("response_bytes":20,"duration_ms":12.345,"ip":"192.0.2.1",)"
                  R"("store_id":"s1","device_id":"d1"})"));
  EXPECT_EQ(event.tenant.text(), "tenant_1");
  EXPECT_EQ(event.source, "pos");
  EXPECT_EQ(event.id, "e1");
  EXPECT_EQ(to_text(event.occurred_at), "2026-03-05T10:00:00.000Z");
  EXPECT_TRUE(event.has_own_time);
  EXPECT_TRUE(event.billable);
  EXPECT_FALSE(event.is_ours);
  const ApiCall expected{"POST", "POST /v1/x",        "",          201,  10,
                         20,     Microseconds{12345}, "192.0.2.1", "s1", "d1"};
  EXPECT_EQ(std::get<ApiCall>(event.fact), expected);
}

TEST(EventReader, EndpointGetsItsMethodInFrontOnce) {
  EXPECT_EQ(std::get<ApiCall>(expect_read(event_text("api.call", kCall)).fact).endpoint,
            "GET /v1/x");
  EXPECT_EQ(std::get<ApiCall>(expect_read(call_with("endpoint", R"("GET /v1/x")")).fact).endpoint,
            "GET /v1/x");
  EXPECT_EQ(std::get<ApiCall>(expect_read(call_with("endpoint", R"("GETTER")")).fact).endpoint,
            "GET GETTER");
}

TEST(EventReader, DurationIsExactToTheMicrosecond) {
  const auto duration = [](std::string_view value) {
    return std::get<ApiCall>(expect_read(call_with("duration_ms", value)).fact).duration.count();
  };
  EXPECT_EQ(duration("0"), 0);
  EXPECT_EQ(duration("0.001"), 1);
  EXPECT_EQ(duration("1.5e2"), 150'000);
  EXPECT_EQ(duration("0.0005"), 1);
  EXPECT_EQ(duration("0.30000000000000004"), 300);
}

TEST(EventReader, OtherBuiltInTypesAreRead) {
  const WebhookCall hook{"wh_1", false, 503, 1, Microseconds{9000}};
  EXPECT_EQ(std::get<WebhookCall>(
                expect_read(event_text("webhook.call", R"({"webhook_id":"wh_1","success":false,)"
                                                       R"("duration_ms":9,"status":503})"))
                    .fact),
            hook);
  EXPECT_EQ(std::get<StorageReport>(
                expect_read(event_text("storage.usage", R"({"bytes":5000000000})")).fact)
                .bytes,
            5'000'000'000);
  EXPECT_EQ(std::get<CountReport>(expect_read(event_text("device.count", R"({"count":3})")).fact),
            (CountReport{Meter::devices_count, 3}));
  EXPECT_EQ(std::get<CountReport>(expect_read(event_text("store.count", "")).fact),
            (CountReport{Meter::stores_count, std::nullopt}));
  EXPECT_EQ(std::get<CountReport>(expect_read(event_text("store.count", "{}")).fact),
            (CountReport{Meter::stores_count, std::nullopt}));
}

TEST(EventReader, AWholeNumberMayBeWrittenWithAPointOrAnExponent) {
  EXPECT_EQ(std::get<ApiCall>(expect_read(call_with("status", "200.0")).fact).status, 200);
  EXPECT_EQ(std::get<ApiCall>(expect_read(call_with("status", "2e2")).fact).status, 200);
  EXPECT_EQ(
      std::get<ApiCall>(expect_read(call_with("request_bytes", "1000e-1")).fact).request_bytes,
      100);
  EXPECT_EQ(
      std::get<StorageReport>(expect_read(event_text("storage.usage", R"({"bytes":1.50e3})")).fact)
          .bytes,
      1500);
  EXPECT_EQ(std::get<CountReport>(expect_read(event_text("store.count", R"({"count":3.000})")).fact)
                .count,
            3);
  for (const std::string_view value : {"200.5", "2e-1", "1e300", "18446744073709551615", "\"200\""})
    EXPECT_EQ(fields_of_faults(call_with("request_bytes", value)), (Fields{"data.request_bytes"}))
        << value;
  EXPECT_EQ(fields_of_faults(call_with("duration_ms", "1e300")), (Fields{"data.duration_ms"}));
}

TEST(EventReader, AnyNumberIsKeptAsItWasSent) {
  const std::string data = R"({"a":1e300,"b":18446744073709551615,"c":0.1000000000,)"
                           R"("d":[-1E-400,3.14159265358979323846264]})";
  EXPECT_EQ(std::get<OtherFact>(expect_read(event_text("acme.scan", data)).fact).data, data);
}

TEST(EventReader, DataMayComeInBase64) {
  const auto encoded = [](std::string_view type, std::string_view text) {
    return R"({"id":"1","source":"s","subject":"t1","type":")" + std::string(type) +
           R"(","data_base64":)" + std::string(text) + "}";
  };
  // {"bytes":5} and {"x":1e300}
  EXPECT_EQ(
      std::get<StorageReport>(expect_read(encoded("storage.usage", "\"eyJieXRlcyI6NX0=\"")).fact)
          .bytes,
      5);
  EXPECT_EQ(std::get<OtherFact>(expect_read(encoded("acme", "\"eyJ4IjoxZTMwMH0=\"")).fact).data,
            R"({"x":1e300})");
  for (const std::string_view text : {"\"%%\"", "5", "\"eyJieXRlcyI6\"", "\"AAEC\""})
    EXPECT_EQ(fields_of_faults(encoded("acme", text)), (Fields{"data_base64"})) << text;
  EXPECT_EQ(fields_of_faults(R"({"id":"1","source":"s","subject":"t1","type":"x","data":1,)"
                             R"("data_base64":"MQ=="})"),
            (Fields{"data_base64"}));
}

TEST(EventReader, EveryTypeOfJsonIsDataWeRead) {
  for (const std::string_view type :
       {"application/json", "Application/JSON ; Charset=utf-8", "text/json",
        "application/vnd.acme+json;v=2", "application/json;charset=UTF-8"})
    EXPECT_TRUE(is_json_type(type)) << type;
  for (const std::string_view type : {"text/plain", "json", "/json", "application/jsonx",
                                      "application/xml;a=/json", "application/", ""})
    EXPECT_FALSE(is_json_type(type)) << type;
}

TEST(EventReader, AnyOtherTypeKeepsItsData) {
  EXPECT_EQ(std::get<OtherFact>(expect_read(event_text("acme.scan", R"({"x":[1,2.50]})")).fact),
            (OtherFact{"acme.scan", R"({"x":[1,2.50]})"}));
  EXPECT_EQ(std::get<OtherFact>(expect_read(event_text("acme.scan", "")).fact),
            (OtherFact{"acme.scan", ""}));
}

TEST(EventReader, AbsentTimeIsTheServersAndSaysSo) {
  const UsageEvent event =
      expect_read(R"({"id":"1","source":"s","type":"x","subject":"t1","time":null})");
  EXPECT_EQ(event.occurred_at, kNow);
  EXPECT_FALSE(event.has_own_time);
}

TEST(EventReader, AbsentSubjectIsTheTokensOwnTenant) {
  EventContext context = provider_context();
  context.own_tenant = *TenantId::parse("tenant_9");
  EXPECT_EQ(expect_read(R"({"id":"1","source":"s","type":"x"})", context).tenant.text(),
            "tenant_9");
  EXPECT_EQ(fields_of_faults(R"({"id":"1","source":"s","type":"x"})"), Fields{"subject"});
  EXPECT_EQ(fields_of_faults(R"({"id":"1","source":"s","type":"x","subject":"a b"})"),
            Fields{"subject"});
}

TEST(EventReader, ExtensionsArePassedOverAndOtherNamesRefused) {
  expect_read(R"({"id":"1","source":"s","type":"x","subject":"t1","traceparent":"00-1","n1":5})");
  EXPECT_EQ(
      fields_of_faults(R"({"id":"1","source":"s","type":"x","subject":"t1","data_base64":"aa"})"),
      Fields{"data_base64"});
  EXPECT_EQ(fields_of_faults(R"({"id":"1","source":"s","type":"x","subject":"t1","Trace":1})"),
            Fields{"Trace"});
}

TEST(EventReader, SpecversionIsNeededByCloudEventsTypesOnly) {
  EventContext context = provider_context();
  context.needs_specversion = true;
  const std::string rest = R"("id":"1","source":"s","type":"x","subject":"t1"})";
  expect_read(R"({"specversion":"1.0",)" + rest, context);
  EXPECT_EQ(fields_of_faults("{" + rest, context), Fields{"specversion"});
  EXPECT_EQ(fields_of_faults(R"({"specversion":"0.3",)" + rest), Fields{"specversion"});
  EXPECT_EQ(fields_of_faults(R"({"specversion":1.0,)" + rest), Fields{"specversion"});
}

TEST(EventReader, ContentTypeOfDataIsJson) {
  const std::string rest = R"("id":"1","source":"s","type":"x","subject":"t1"})";
  expect_read(R"({"datacontenttype":"application/json",)" + rest);
  expect_read(R"({"datacontenttype":"application/json; charset=utf-8",)" + rest);
  EXPECT_EQ(fields_of_faults(R"({"datacontenttype":"text/xml",)" + rest),
            Fields{"datacontenttype"});
}

TEST(EventReader, AllFaultsOfAnEventAreTold) {
  EXPECT_EQ(fields_of_faults("{}"), (Fields{"id", "source", "type", "subject"}));
  EXPECT_EQ(fields_of_faults(R"({"id":5,"source":"","type":"api.call","subject":"t1","time":"x",)"
                             R"("data":{}})"),
            (Fields{"id", "source", "time", "data.method", "data.endpoint", "data.status",
                    "data.request_bytes", "data.response_bytes", "data.duration_ms"}));
  EXPECT_EQ(fields_of_faults("[]"), Fields{""});
}

TEST(EventReader, KindsOfDataAreStrict) {
  EXPECT_EQ(fields_of_faults(call_with("status", R"("200")")), Fields{"data.status"});
  EXPECT_EQ(fields_of_faults(call_with("status", "200.5")), Fields{"data.status"});
  EXPECT_EQ(fields_of_faults(call_with("status", "99999999999")), Fields{"data.status"});
  EXPECT_EQ(fields_of_faults(call_with("method", "1")), Fields{"data.method"});
  EXPECT_EQ(fields_of_faults(call_with("duration_ms", R"("3")")), Fields{"data.duration_ms"});
  EXPECT_EQ(fields_of_faults(call_with("duration_ms", "9000000000000000000")),
            Fields{"data.duration_ms"});
  EXPECT_EQ(fields_of_faults(call_with("ip", "[]")), Fields{"data.ip"});
  EXPECT_EQ(fields_of_faults(call_with("durations_ms", "1")), Fields{"data.durations_ms"});
  EXPECT_EQ(fields_of_faults(
                event_text("webhook.call", R"({"webhook_id":"w","success":1,"duration_ms":1})")),
            Fields{"data.success"});
  EXPECT_EQ(fields_of_faults(event_text("storage.usage", "")), Fields{"data"});
  EXPECT_EQ(fields_of_faults(event_text("storage.usage", "[]")), Fields{"data"});
  EXPECT_EQ(fields_of_faults(event_text("device.count", R"({"counts":1})")), Fields{"data.counts"});
}

}  // namespace
}  // namespace metergate::api
