// The contract for documents, their revisions, the audit chain, and queries.
#include <rapidcheck.h>

#include <algorithm>

#include "storage/testing/store_contract.h"

namespace metergate::contract {
namespace {

const DocumentKey kAcme{"acme", "acme"};

Json tenant_document(std::string_view id, std::string_view name = "Acme") {
  return Json::object({{"tenant_id", id}, {"name", name}});
}

Batch with_expectation(Expect expect, std::int64_t revision) {
  Batch batch = write(Collection::tenants, kAcme, tenant_document("acme", "New"));
  batch.documents[0].expect = expect;
  batch.documents[0].revision = revision;
  return batch;
}

ErrorCode code_of(const Result<Commit>& commit) {
  return commit ? ErrorCode::internal : commit.error().code;
}

TEST_P(StoreContract, ADocumentIsReadAsItWasWrittenWithItsRevision) {
  apply(write(Collection::tenants, kAcme, tenant_document("acme")));
  Json expected = tenant_document("acme");
  expected.set("revision", 1);
  EXPECT_EQ(get(Collection::tenants, kAcme), expected);
  apply(write(Collection::tenants, kAcme, tenant_document("acme", "New")));
  EXPECT_EQ(get(Collection::tenants, kAcme).integer_at("revision"), 2);
  EXPECT_TRUE(get(Collection::tenants, {"acme", "other"}).is_null());
  EXPECT_TRUE(get(Collection::subscriptions, kAcme).is_null());
}

TEST_P(StoreContract, ARevisionGivenByTheWriterIsNotBelieved) {
  Json document = tenant_document("acme");
  document.set("revision", 41);
  apply(write(Collection::tenants, kAcme, document));
  EXPECT_EQ(get(Collection::tenants, kAcme).integer_at("revision"), 1);
}

TEST_P(StoreContract, ARemovedDocumentIsGoneAndBeginsAnewAtOne) {
  apply(write(Collection::tenants, kAcme, tenant_document("acme")));
  apply(write(Collection::tenants, kAcme, std::nullopt));
  EXPECT_TRUE(get(Collection::tenants, kAcme).is_null());
  EXPECT_TRUE(find(Collection::tenants, R"({"tenant_id": "acme"})").empty());
  apply(write(Collection::tenants, kAcme, tenant_document("acme")));
  EXPECT_EQ(get(Collection::tenants, kAcme).integer_at("revision"), 1);
}

TEST_P(StoreContract, RemovingWhatIsNotThereIsNothingNew) {
  EXPECT_EQ(apply(write(Collection::tenants, kAcme, std::nullopt)).sequence, 0U);
}

TEST_P(StoreContract, AnExpectationThatHoldsIsApplied) {
  EXPECT_TRUE(store().apply(with_expectation(Expect::absent, 0)));
  EXPECT_TRUE(store().apply(with_expectation(Expect::revision, 1)));
  EXPECT_EQ(get(Collection::tenants, kAcme).integer_at("revision"), 2);
}

TEST_P(StoreContract, AnExpectationThatDoesNotHoldRefusesTheWholeBatch) {
  EXPECT_EQ(code_of(store().apply(with_expectation(Expect::revision, 1))), ErrorCode::conflict);
  apply(with_expectation(Expect::absent, 0));
  EXPECT_EQ(code_of(store().apply(with_expectation(Expect::absent, 0))), ErrorCode::conflict);
  Batch batch = events({call("acme", "1", "2026-03-01")});
  batch.documents = with_expectation(Expect::revision, 2).documents;
  batch.documents.insert(batch.documents.begin(),
                         {Collection::settings, {"", "x"}, Json::object()});
  const auto refused = store().apply(std::move(batch));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_NE(refused.error().message.find("tenants 'acme'"), std::string::npos);
  EXPECT_EQ(store().head(), 1U);
  EXPECT_TRUE(get(Collection::settings, {"", "x"}).is_null());
  EXPECT_EQ(store().counter(tenant("acme"), period("2026-03")).value(), std::nullopt);
}

TEST_P(StoreContract, LaterWritesOfABatchSeeTheEarlierOnes) {
  Batch batch = with_expectation(Expect::absent, 0);
  batch.documents.push_back(
      {Collection::tenants, kAcme, tenant_document("acme", "Two"), Expect::revision, 1});
  apply(std::move(batch));
  EXPECT_EQ(get(Collection::tenants, kAcme).string_at("name"), "Two");
  EXPECT_EQ(get(Collection::tenants, kAcme).integer_at("revision"), 2);
}

TEST_P(StoreContract, TwoDocumentsCannotShareAUniqueIndex) {
  const auto user = [](std::string_view id, std::string_view email) {
    return write(Collection::provider_users, {"", std::string(id)},
                 Json::object({{"email", email}}));
  };
  apply(user("1", "a@b.c"));
  EXPECT_EQ(code_of(store().apply(user("2", "a@b.c"))), ErrorCode::conflict);
  apply(user("2", "b@b.c"));
  // Two documents that swap their addresses in one batch do not conflict.
  Batch swap = user("1", "b@b.c");
  swap.documents.push_back(user("2", "a@b.c").documents[0]);
  apply(std::move(swap));
  EXPECT_EQ(get(Collection::provider_users, {"", "2"}).string_at("email"), "a@b.c");
}

TEST_P(StoreContract, TheStoreAloneWritesAuditsAndDerivedCollections) {
  for (const Collection collection :
       {Collection::provider_audits, Collection::api_calls, Collection::usage_counters}) {
    EXPECT_EQ(code_of(store().apply(write(collection, {"", "x"}, Json::object()))),
              ErrorCode::invalid);
  }
}

TEST_P(StoreContract, AuditsAreChainedInOrder) {
  Batch batch;
  batch.at = at("2026-03-10");
  batch.audits = {audit("one", "acme"), audit("two", "acme")};
  apply(batch);
  reopen();
  batch.audits = {audit("three", "")};
  apply(batch);
  AuditLink link;
  const auto records = find(Collection::provider_audits, "{}", R"({"sequence": 1})");
  ASSERT_EQ(records.size(), 3U);
  for (const Json& record : records) {
    const auto next = check_link(record, link);
    ASSERT_TRUE(next) << next.error().message;
    link = *next;
  }
  EXPECT_EQ(link.sequence, 4);
  EXPECT_EQ(get(Collection::provider_audits, {"", "two"}), records[1]);
  EXPECT_EQ(counter("acme", "2026-03").gauges.audits.last, 2);
}

// Ids of one millisecond have no order; the chain has that of the batch.
TEST_P(StoreContract, AuditsOfABatchAreChainedInItsOrderWhateverTheirIds) {
  Batch batch;
  batch.at = at("2026-03-10");
  batch.audits = {audit("z", ""), audit("m", ""), audit("a", "")};
  apply(batch);
  batch.audits = {audit("k", "")};
  apply(batch);
  reopen();
  batch.audits = {audit("b", "")};
  apply(batch);
  AuditLink link;
  std::string ids;
  for (const Json& record : find(Collection::provider_audits, "{}", R"({"sequence": 1})")) {
    const auto next = check_link(record, link);
    ASSERT_TRUE(next) << next.error().message;
    link = *next;
    ids += record.string_at("audit_id").value();
  }
  EXPECT_EQ(ids, "zmakb");
}

TEST_P(StoreContract, AnAuditIdIsUsedOnce) {
  Batch batch;
  batch.audits = {audit("one", ""), audit("one", "")};
  EXPECT_EQ(code_of(store().apply(batch)), ErrorCode::conflict);
}

TEST(AuditChain, AChangedRecordIsFound) {
  Json record = to_chained_document(audit("one", "acme"), AuditLink{});
  ASSERT_TRUE(check_link(record, AuditLink{}));
  EXPECT_FALSE(check_link(record, AuditLink{2, std::string(64, '0')}));
  EXPECT_FALSE(check_link(record, AuditLink{1, std::string(64, '1')}));
  record.set("actor", "eve");
  EXPECT_FALSE(check_link(record, AuditLink{}));
}

TEST_P(StoreContract, TheQueriesOfTheSpecificationWork) {
  apply(events({call("tenant_123", "1", "2026-03-01"), call("tenant_123", "2", "2026-03-03"),
                call("b", "3", "2026-03-02"), call("b", "4", "2026-02-02")}));
  const auto alert = [](std::string_view id, std::string_view tenant_id, std::string_view status,
                        std::string_view first_seen) {
    return write(Collection::provider_alerts, {"", std::string(id)},
                 Json::object({{"alert_id", id},
                               {"tenant_id", tenant_id},
                               {"type", "billing.over_limit"},
                               {"severity", "medium"},
                               {"period", "2026-03"},
                               {"status", status},
                               {"first_seen", at(first_seen)},
                               {"last_seen", at(first_seen)}}));
  };
  apply(alert("1", "a", "open", "2026-03-05"));
  apply(alert("2", "b", "resolved", "2026-03-07"));
  apply(alert("3", "c", "open", "2026-03-06"));
  for (const std::string_view month : {"2026-01", "2026-03", "2026-02"}) {
    apply(
        write(Collection::usage_reports, {"", std::string(month)},
              Json::object({{"period", month}, {"generated_at", at(std::string(month) + "-09")}})));
  }
  EXPECT_EQ(find(Collection::usage_counters, R"({"period": "2026-03"})").size(), 2U);
  EXPECT_EQ(find(Collection::usage_counters, R"({"tenant_id": "b"})", R"({"period": -1})")
                .front()
                .string_at("period"),
            "2026-03");
  const auto newest = find(Collection::api_calls, "{}", R"({"timestamp": -1})", 10);
  ASSERT_EQ(newest.size(), 4U);
  EXPECT_EQ(newest.front().string_at("_id"), "2");
  EXPECT_EQ(newest.back().string_at("_id"), "4");
  const auto of_one =
      find(Collection::api_calls, R"({"tenant_id": "tenant_123"})", R"({"timestamp": -1})");
  ASSERT_EQ(of_one.size(), 2U);
  EXPECT_EQ(of_one.front().string_at("_id"), "2");
  EXPECT_EQ(find(Collection::provider_alerts, R"({"type": "billing.over_limit", "status": "open"})")
                .size(),
            2U);
  const auto alerts = find(Collection::provider_alerts, R"({"type": "billing.over_limit"})",
                           R"({"first_seen": -1})");
  ASSERT_EQ(alerts.size(), 3U);
  EXPECT_EQ(alerts.front().string_at("alert_id"), "2");
  const auto reports = find(Collection::usage_reports, "{}", R"({"generated_at": -1})");
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports.front().string_at("period"), "2026-03");
  EXPECT_EQ(find(Collection::usage_reports, R"({"period": "2026-03"})").size(), 1U);
}

TEST_P(StoreContract, CountsRawEventsAsItFindsThem) {
  for (int i = 0; i < 30; ++i) {
    const std::string id = std::to_string(i);
    UsageEvent one = call(i % 3 == 0 ? "a" : "b", id, "2026-03-0" + std::to_string(1 + i % 9));
    if (i % 4 == 0) one.fact = WebhookCall{"w", true, 200, 1, Microseconds{1}};
    if (i % 5 == 0) one.fact = OtherFact{"prompt", "{}"};
    apply(events({one}));
    const bool is_written = i != 20 || store().checkpoint().has_value();
    ASSERT_TRUE(is_written);
  }
  const std::string third = R"({"$date": "2026-03-03T00:00:00Z"})";
  for (const std::string& filter :
       {std::string("{}"), std::string(R"({"tenant_id": "a"})"), std::string(R"({"tenant_id": 1})"),
        R"({"tenant_id": "b", "timestamp": {"$gte": )" + third + "}}",
        R"({"timestamp": {"$gt": )" + third + R"(, "$lte": {"$date": "2026-03-07T00:00:00Z"}}})",
        R"({"timestamp": )" + third + "}",
        R"({"$or": [{"tenant_id": "a"}, {"timestamp": )" + third + "}]}",
        std::string(R"({"tenant_id": "a", "success": true})"),
        R"({"$and": [{"timestamp": {"$gte": )" + third + R"(}}, {"timestamp": {"$gt": )" + third +
            R"(}}]})"}) {
    for (const Collection of : {Collection::api_calls, Collection::webhook_calls}) {
      Query query;
      query.collection = of;
      query.filter = parse_filter(parse_extended_json(filter).value()).value();
      EXPECT_EQ(store().count(query).value(),
                static_cast<std::int64_t>(store().find(query).value().size()))
          << filter;
    }
  }
}

TEST_P(StoreContract, VisitingStopsWhenAskedTo) {
  for (int i = 0; i < 3; ++i) {
    const std::string id = std::to_string(i);
    apply(write(Collection::tenants, {id, id}, tenant_document(id)));
  }
  int seen = 0;
  ASSERT_TRUE(store().for_each({}, [&seen](const Json&) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

TEST_P(StoreContract, WhatIsVisitedMayBeChangedMeanwhile) {
  for (int i = 0; i < 600; ++i) {
    const std::string id = std::to_string(i);
    apply(write(Collection::tenants, {id, id}, tenant_document(id)));
  }
  int seen = 0;
  ASSERT_TRUE(store().for_each({}, [&](const Json& document) {
    const std::string id = *document.string_at("tenant_id");
    apply(write(Collection::tenants, {id, id}, std::nullopt));
    ++seen;
    return true;
  }));
  EXPECT_EQ(seen, 600);
  EXPECT_EQ(store().count({}).value(), 0);
}

// Sales with values of every kind in the fields that are sorted and filtered, so that a wrong order
// or bound of an index shows.
Json any_sale(int number) {
  const auto one_of = [](auto... values) { return *rc::gen::element(Json(values)...); };
  return Json::object({{"sale_id", std::to_string(number)},
                       {"tenant_id", one_of("a", "b", "", nullptr, 7)},
                       {"timestamp", one_of(Timestamp{Milliseconds{5}}, Timestamp{Milliseconds{-5}},
                                            Timestamp{Milliseconds{300}}, nullptr, -3, 12,
                                            Decimal{125, 1}, Decimal{-31, 1}, "x", "x\x01", true)},
                       {"amount", one_of(1, 2, 3)}});
}

Json any_filter() {
  const auto part = [] {
    const auto op = *rc::gen::element<std::string>("$eq", "$ne", "$gt", "$gte", "$lt", "$lte");
    const auto field = *rc::gen::element<std::string>("tenant_id", "timestamp", "amount");
    const Json sale = any_sale(0);
    return Json::object({{field, Json::object({{op, *sale.find(field)}})}});
  };
  Json parts = Json::array();
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) parts.push_back(part());
  return Json::object({{*rc::gen::weightedElement<std::string>({{4, "$and"}, {1, "$or"}}), parts}});
}

std::vector<SortField> any_sort() {
  std::vector<SortField> sort;
  for (const char* field : {"tenant_id", "timestamp", "sale_id"})
    sort.push_back({field, *rc::gen::arbitrary<bool>()});
  sort.erase(sort.begin(), sort.begin() + *rc::gen::inRange(0, 3));
  return sort;
}

// The expected answer of a query, computed from all documents without an index.
std::vector<Json> expected(const std::vector<Json>& all, const Query& query) {
  std::vector<Json> found;
  std::ranges::copy_if(all, std::back_inserter(found),
                       [&](const Json& sale) { return query.filter.matches(sale); });
  std::ranges::sort(found, [&](const Json& a, const Json& b) {
    for (const SortField& field : query.sort) {
      const auto order = compare(*a.find(field.field), *b.find(field.field));
      if (order != 0) return field.descending ? order > 0 : order < 0;
    }
    return false;
  });
  return found;
}

TEST_P(StoreContract, FindAnswersLikeAScanOfEverything) {
  std::vector<Json> all;
  const bool holds = rc::check([&] {
    const int number = static_cast<int>(all.size());
    const Json sale = any_sale(number);
    apply(write(Collection::sales, {"t", std::to_string(number)}, sale));
    all.push_back(get(Collection::sales, {"t", std::to_string(number)}));
    if (*rc::gen::weightedElement<bool>({{9, false}, {1, true}})) RC_ASSERT(store().checkpoint());
    Query query;
    query.collection = Collection::sales;
    query.filter = parse_filter(any_filter()).value();
    query.sort = any_sort();
    const std::vector<Json> wanted = expected(all, query);
    RC_ASSERT(store().find(query).value() == wanted);
    RC_ASSERT(store().count(query).value() == static_cast<std::int64_t>(wanted.size()));
    query.skip = *rc::gen::inRange(0, 4);
    query.limit = *rc::gen::inRange(0, 4);
    const auto from = std::min(wanted.size(), static_cast<std::size_t>(query.skip));
    const auto size = std::min(wanted.size() - from, static_cast<std::size_t>(query.limit));
    const std::vector<Json> page(wanted.begin() + static_cast<std::ptrdiff_t>(from),
                                 wanted.begin() + static_cast<std::ptrdiff_t>(from + size));
    RC_ASSERT(store().find(query).value() == page);
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace metergate::contract
