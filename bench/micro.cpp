// The cost of single steps of the hot path, without a network and without a disk: the limit check,
// a token, reading a batch of events, and recording the same batch.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <fstream>
#include <sstream>

#include "api/event_body.h"
#include "api/event_reader.h"
#include "api/event_scan.h"
#include "base/jwt.h"
#include "service/access/sessions.h"
#include "service/metering/enforcement.h"
#include "storage/engine/memory_store.h"

namespace metergate {
namespace {

constexpr std::size_t kTenants = 1000;
constexpr std::size_t kValuesOfEvent = 12;  // as batch_of() makes it
constexpr std::string_view kSecret = "a-secret-for-measuring-of-32-bytes";

TenantId tenant_id(std::size_t n) { return TenantId::parse(fmt::format("tenant_{}", n)).value(); }

std::string shipped_plans() {
  std::ifstream file(METERGATE_SOURCE_DIR "/catalogue/plans.toml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct World {
  BillingRules rules;
  SystemClock clock;
  std::unique_ptr<ControlledStore> store = make_memory_store(rules.zone);
  std::unique_ptr<Catalog> catalog = Catalog::open(*store, clock, shipped_plans()).value();
  std::unique_ptr<Directory> directory = Directory::open(*store, *catalog, clock).value();
  Ingest ingest{*store, *directory, rules, clock};
  Enforcement enforcement{{*store, *directory, *catalog, ingest, rules, clock}};
  std::unique_ptr<Sessions> sessions =
      Sessions::create({std::string(kSecret), "", "", ""}, *store, clock).value();

  World() {
    const Actor actor{"bench", "127.0.0.1", "bench", "bench"};
    for (std::size_t n = 0; n < kTenants; ++n)
      static_cast<void>(directory->add({tenant_id(n), "Tenant", "enterprise", {}}, actor).value());
  }
};

std::string batch_of(std::size_t count, std::size_t run, Timestamp now) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format(
        R"({}{{"subject":"tenant_{}","id":"{}-{}","source":"bench","specversion":"1.0",)"
        R"("type":"api.call","time":"{}","data":{{"method":"GET","endpoint":"/orders",)"
        R"("status":200,"request_bytes":120,"response_bytes":800,"duration_ms":12}}}})",
        i == 0 ? "" : ",", i % kTenants, run, i, to_text(now));
  }
  return text + "]";
}

void limit_check_by_name(benchmark::State& state) {
  World world;
  std::size_t n = 0;
  std::vector<TenantId> tenants;
  for (std::size_t i = 0; i < kTenants; ++i) tenants.push_back(tenant_id(i));
  for (auto _ : state) {
    const auto record = world.directory->get(tenants[n++ % kTenants]).value();
    benchmark::DoNotOptimize(world.enforcement.admit_call(*record));
  }
}
BENCHMARK(limit_check_by_name);

// As called by a door, which has looked the tenant up already.
void limit_check(benchmark::State& state) {
  World world;
  std::size_t n = 0;
  std::vector<std::shared_ptr<const TenantRecord>> tenants;
  for (std::size_t i = 0; i < kTenants; ++i)
    tenants.push_back(world.directory->get(tenant_id(i)).value());
  for (auto _ : state)
    benchmark::DoNotOptimize(world.enforcement.admit_call(*tenants[n++ % kTenants]));
}
BENCHMARK(limit_check);

void token_new(benchmark::State& state) {
  World world;
  const std::string token =
      world.sessions->issue({.subject = "t", .scope = Scope::tenant, .tenant = "tenant_1"}).value();
  const VerifyingKey key = VerifyingKey::hmac(std::string(kSecret));
  for (auto _ : state) {
    const Jwt parsed = parse_jwt(token).value();
    benchmark::DoNotOptimize(is_signed_by(parsed, key));
    benchmark::DoNotOptimize(check_times(parsed.claims, world.clock.now()));
  }
}
BENCHMARK(token_new);

void token_seen(benchmark::State& state) {
  World world;
  const std::string token =
      world.sessions->issue({.subject = "t", .scope = Scope::tenant, .tenant = "tenant_1"}).value();
  for (auto _ : state) benchmark::DoNotOptimize(world.sessions->authenticate(token));
}
BENCHMARK(token_seen);

void events_read(benchmark::State& state) {
  const SystemClock clock;
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::string text = batch_of(count, 0, clock.now());
  api::EventContext context;
  context.now = clock.now();
  for (auto _ : state)
    benchmark::DoNotOptimize(api::scan_events(text, api::BodyShape::batch, context).value());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(events_read)->Arg(1)->Arg(100)->Arg(1000);

// Counts the values of an object, nested ones included, without using them.
std::size_t count_values(simdjson::ondemand::object object) {
  std::size_t count = 0;
  for (auto member : object) {
    simdjson::ondemand::object inner;
    const bool is_object = member.value().get_object().get(inner) == simdjson::SUCCESS;
    count += is_object ? count_values(inner) : 1;
  }
  return count;
}

// The parser's own speed on the same batch.
void events_walked(benchmark::State& state) {
  const SystemClock clock;
  const auto count = static_cast<std::size_t>(state.range(0));
  const simdjson::padded_string text(batch_of(count, 0, clock.now()));
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    simdjson::ondemand::document document = parser.iterate(text);
    std::size_t values = 0;
    for (auto event : document.get_array()) values += count_values(event.get_object());
    if (values != kValuesOfEvent * count) state.SkipWithError("not all of it was met");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(events_walked)->Arg(1000);

// The same batch read through a tree, as unusual events are.
void events_read_generally(benchmark::State& state) {
  const SystemClock clock;
  http::Request request;
  request.headers.emplace_back("content-type", "application/cloudevents-batch+json");
  request.body = batch_of(static_cast<std::size_t>(state.range(0)), 0, clock.now());
  api::EventContext context;
  context.now = clock.now();
  for (auto _ : state) {
    Faults faults;
    const api::EventBody body = api::read_event_body(request, faults).value();
    for (const auto& [index, element] : body.elements)
      benchmark::DoNotOptimize(api::read_event(element, context, index, faults));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(events_read_generally)->Arg(1000);

void events_recorded(benchmark::State& state) {
  World world;
  const auto count = static_cast<std::size_t>(state.range(0));
  api::EventContext context;
  context.now = world.clock.now();
  std::size_t run = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto events =
        api::scan_events(batch_of(count, ++run, context.now), api::BodyShape::batch, context);
    state.ResumeTiming();
    benchmark::DoNotOptimize(world.ingest.record(*std::move(events)).value());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(events_recorded)->Arg(1000)->Iterations(300);

}  // namespace
}  // namespace metergate

BENCHMARK_MAIN();
