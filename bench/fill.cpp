// Fills a data folder with invented history, so that a server can be measured on a large one:
//
//   bench_fill --data DIR --plans catalogue/plans.toml [--tenants N] [--months M] [--days D]
//              [--events E] [--event-hours H] [--seed S] [--journal keep] [--rows FILE]
//              [--tenants-out FILE]
//
// Writes tenants, M months of usage (as day totals, D days of each month) and E single events of
// the current month through the Store, in the form in which the services write them. Past months
// are closed, and their reports frozen, by the service that does so in production. The same seed
// makes the same figures; only the dates follow the clock. The totals are printed as JSON at the
// end, and the rows are written to the two files, so that the answers of a server can be checked.
#include <fmt/format.h>
#include <fmt/os.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "app/dice.h"
#include "base/log.h"
#include "service/alerts/alerting.h"
#include "service/reports/reporting.h"
#include "service/tenants/directory.h"
#include "service/upkeep/aggregation.h"
#include "service/webhooks/deliveries.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr std::size_t kTotalsPerBatch = 400;
constexpr std::size_t kEventsPerBatch = 1000;
constexpr std::int64_t kTenantsBetweenWaits = 500;
// The most that a tenant and an event take in the journal.
constexpr std::int64_t kTenantBytes = 4096;
constexpr std::int64_t kEventBytes = 160;

struct Wanted {
  std::string data;
  std::string plans;
  std::int64_t tenants = 1000;
  std::int64_t months = 13;  // the current one included
  std::int64_t days = 31;    // of each month, with usage
  std::int64_t events = 0;
  std::int64_t event_hours = 72;  // in which the events lie, before now
  std::uint64_t seed = 48080;
  bool keeps_journal = false;  // ends like a crash, with everything still in the journal
  std::string rows;
  std::string tenants_out;
};

struct PlanRow {
  std::string_view name;
  std::int64_t until;  // out of a hundred tenants
  std::int64_t stores;
  std::int64_t devices;
  std::int64_t calls;  // the plan's included calls; the others likewise
  std::int64_t webhooks;
  std::int64_t gigabytes;
};
constexpr std::array<PlanRow, 4> kPlans = {{{"free", 40, 1, 2, 10'000, 100, 1},
                                            {"basic", 70, 5, 10, 50'000, 500, 10},
                                            {"premium", 90, 20, 50, 200'000, 2'000, 50},
                                            {"enterprise", 100, 100, 200, 1'000'000, 10'000, 200}}};

constexpr std::array<std::string_view, 8> kWords = {"Adventure", "Boulder", "Coast", "Delta",
                                                    "Ember",     "Fjord",   "Grove", "Harbour"};
constexpr std::array<std::string_view, 6> kEndpoints = {"stores",  "devices",  "sales",
                                                        "tickets", "webhooks", "usage"};
// The spread of response times around a tenant's typical one, in percent of it: 24 buckets a day.
constexpr std::array<std::int64_t, 24> kDurations = {62,  68,  72,  76,  80,  84,  88,  92,
                                                     96,  100, 105, 111, 118, 126, 135, 146,
                                                     160, 178, 205, 250, 330, 480, 800, 1900};

struct MadeTenant {
  TenantId id;
  const PlanRow* plan = nullptr;
  std::int64_t use_permille = 0;  // of the plan's limits
  std::int64_t typical_us = 0;
  std::int64_t stores = 0;
  std::int64_t devices = 0;
  std::int64_t bytes = 0;
};

struct Totals {
  std::int64_t calls = 0;
  std::int64_t successes = 0;
  std::int64_t duration_us = 0;
  std::int64_t webhooks = 0;
};

class Filler {
 public:
  Filler(Wanted wanted, Store& store, ManualClock& clock, Timestamp now)
      : wanted_(std::move(wanted)),
        store_(store),
        clock_(clock),
        now_(now),
        current_(Period::of(now, rules_.zone)),
        dice_(wanted_.seed) {
    if (!wanted_.rows.empty()) rows_.open(wanted_.rows);
    if (rows_.is_open()) rows_ << "tenant,day,calls,ok,duration_us,webhooks,bytes\n";
  }

  Result<> fill() {
    std::ifstream file{wanted_.plans};
    std::ostringstream plans;
    plans << file.rdbuf();
    catalog_ = TRY(Catalog::open(store_, clock_, plans.str()));
    directory_ = TRY(Directory::open(store_, *catalog_, clock_));
    TRY(add_tenants());
    for (std::int64_t ago = wanted_.months - 1; ago >= 0; --ago) TRY(fill_month(ago));
    clock_.set(now_);
    TRY(settle());
    TRY(add_events());
    return settle();
  }

  // As the worker does every ten minutes.
  Result<> close() {
    const Log log(clock_, LogLevel::error);
    const Billing billing(store_, *directory_, *catalog_, rules_, clock_);
    const auto webhooks =
        TRY(Webhooks::open(store_, clock_, [](std::string_view) { return Result<>(); }));
    const auto deliveries =
        TRY(Deliveries::open({store_, *webhooks, *directory_, *catalog_, rules_, clock_, log}));
    Alerting alerting({store_, *directory_, billing, *deliveries, rules_, clock_});
    Reporting reporting(store_, billing, rules_, clock_);
    Aggregation aggregation({store_, *directory_, billing, alerting, reporting, rules_, log});
    TRY(aggregation.close_periods());
    TRY(settle());
    for (const MadeTenant& tenant : tenants_) {
      const auto evaluate = [&] { return alerting.evaluate({tenant.id, current_}); };
      TRY(patiently(evaluate));
    }
    return settle();
  }

  void print() const {
    std::string months;
    for (const auto& [period, sums] : totals_) {
      months +=
          fmt::format(R"({}"{}":{{"calls":{},"successes":{},"duration_us":{},"webhooks":{}}})",
                      months.empty() ? "" : ",", period, sums.calls, sums.successes,
                      sums.duration_us, sums.webhooks);
    }
    fmt::print(R"({{"tenants":{},"events":{},"head":{},"current":"{}","months":{{{}}}}})"
               "\n",
               tenants_.size(), wanted_.events, store_.head(), current_.text(), months);
  }

  Result<> write_tenants() const {
    if (wanted_.tenants_out.empty()) return {};
    std::ofstream out{wanted_.tenants_out};
    out << "tenant,name,plan,status,stores,devices,bytes\n";
    for (const MadeTenant& one : tenants_) {
      const auto record = TRY(directory_->get(one.id));
      out << fmt::format("{},{},{},{},{},{},{}\n", one.id.text(), record->tenant.name,
                         one.plan->name, record->tenant.status, one.stores, one.devices, one.bytes);
    }
    return {};
  }

 private:
  // Retries while the store is full, as a service's caller would. The store's own thread writes
  // meanwhile, so filling uses two cores.
  template <class Write>
  auto patiently(const Write& write) -> decltype(write()) {
    for (;;) {
      auto written = write();
      if (written || written.error().code != ErrorCode::overloaded) return written;
      std::this_thread::sleep_for(Milliseconds{1});
    }
  }

  Result<> settle() {
    store_.wait_durable(store_.head());
    if (wanted_.keeps_journal) return {};
    return store_.checkpoint();
  }

  Result<> write(const Batch& batch) {
    TRY(patiently([&] { return store_.apply(batch); }));
    return {};
  }

  Period month(std::int64_t ago) const {
    return Period::from_ordinal(current_.ordinal() - static_cast<std::int32_t>(ago));
  }

  Result<> add_tenants() {
    clock_.set(month(wanted_.months - 1).window(rules_.zone).start);
    const Actor actor{"fill", "", "", ""};
    for (std::int64_t n = 0; n < wanted_.tenants; ++n) {
      const MadeTenant made = TRY(make_tenant(n));
      const NewTenant wanted{
          made.id,
          fmt::format("{} {} {}", kWords[at(dice_.roll(0, 7))], kWords[at(dice_.roll(0, 7))], n),
          std::string(made.plan->name),
          {}};
      TRY(patiently([&] { return directory_->add(wanted, actor); }));
      if (dice_.roll(1, 100) <= 3) {
        TenantPatch suspend;
        suspend.status = "suspended";
        TRY(patiently([&] { return directory_->change(made.id, suspend, actor); }));
      }
      if (n % kTenantsBetweenWaits == 0) store_.wait_durable(store_.head());
      tenants_.push_back(made);
    }
    return {};
  }

  static std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

  Result<MadeTenant> make_tenant(std::int64_t n) {
    const std::int64_t percent = dice_.roll(1, 100);
    const PlanRow* plan = kPlans.data();
    while (percent > plan->until) ++plan;
    MadeTenant made;
    made.id = TRY(TenantId::parse(fmt::format("tenant_{:06}", n)));
    made.plan = plan;
    made.use_permille = dice_.roll(100, 1150);
    made.typical_us = dice_.roll(4'000, 60'000);
    made.stores = std::max<std::int64_t>(1, plan->stores * dice_.roll(20, 108) / 100);
    made.devices = std::max<std::int64_t>(1, plan->devices * dice_.roll(20, 108) / 100);
    made.bytes = (plan->gigabytes << 30) / 1000 * dice_.roll(50, 1080);
    return made;
  }

  Result<> fill_month(std::int64_t ago) {
    const Period period = month(ago);
    const Day first = period.first_day();
    const Day last =
        ago == 0 ? std::min(rules_.zone.day_of(now_), period.last_day()) : period.last_day();
    const std::int64_t there = std::min((last - first).count() + 1, wanted_.days);
    const std::int64_t whole = std::min((period.last_day() - first).count() + 1, wanted_.days);
    clock_.set(rules_.zone.start_of(first));
    Batch batch;
    for (const MadeTenant& tenant : tenants_) {
      for (std::int64_t n = 0; n < there; ++n)
        batch.day_totals.push_back(make_day(tenant, first + days{n}, whole));
      if (batch.day_totals.size() < kTotalsPerBatch) continue;
      batch.at = clock_.now();
      TRY(write(batch));
      batch.day_totals.clear();
    }
    batch.at = clock_.now();
    return write(batch);
  }

  DayTotal make_day(const MadeTenant& tenant, Day day, std::int64_t days_of_month) {
    const std::int64_t month_calls = tenant.plan->calls * tenant.use_permille / 1000;
    const std::int64_t calls = month_calls * dice_.roll(85, 115) / 100 / days_of_month + 1;
    DayTotal total{tenant.id, day, {}};
    Counter& counter = total.counter;
    counter.calls.count = calls;
    counter.calls.by_status_class[3] = calls / 50;
    counter.calls.by_status_class[1] = calls - calls / 50;
    counter.calls.request_bytes = calls * 310;
    counter.calls.response_bytes = calls * 1870;
    add_durations(tenant.typical_us, counter.calls);
    counter.webhooks.count = calls / 100;
    counter.webhooks.duration_us = calls / 100 * tenant.typical_us * 9;
    counter.updated_at = rules_.zone.start_of(day);
    const bool is_first = day == Period::of(day).first_day();
    if (is_first) {
      const Timestamp when = counter.updated_at + hours{1};
      counter.gauges.stores.set(tenant.stores, when);
      counter.gauges.devices.set(tenant.devices, when);
      counter.gauges.reported_bytes.set(tenant.bytes, when);
    }
    note(tenant, total, is_first);
    return total;
  }

  static void add_durations(std::int64_t typical_us, CallSums& calls) {
    const auto parts = static_cast<std::int64_t>(kDurations.size());
    for (std::int64_t i = 0; i < parts; ++i) {
      const std::int64_t times = calls.count * (i + 1) / parts - calls.count * i / parts;
      if (times == 0) continue;
      const Microseconds duration{typical_us * kDurations[at(i)] / 100};
      calls.durations.add(duration, static_cast<std::uint32_t>(times));
      calls.duration_us += duration.count() * times;
    }
  }

  void note(const MadeTenant& tenant, const DayTotal& total, bool is_first) {
    const CallSums& calls = total.counter.calls;
    Totals& sums = totals_[Period::of(total.day).text()];
    sums.calls += calls.count;
    sums.successes += calls.by_status_class[1];
    sums.duration_us += calls.duration_us;
    sums.webhooks += total.counter.webhooks.count;
    if (!rows_.is_open()) return;
    rows_ << tenant.id.text() << ',' << to_text(total.day) << ',' << calls.count << ','
          << calls.by_status_class[1] << ',' << calls.duration_us << ','
          << total.counter.webhooks.count << ',';
    if (is_first) rows_ << tenant.bytes;
    rows_ << '\n';
  }

  // In order of time; some tenants have many times the calls of others.
  Result<> add_events() {
    const Timestamp start =
        std::max(current_.window(rules_.zone).start, now_ - hours{wanted_.event_hours});
    const std::int64_t span = (now_ - start).count();
    Batch batch;
    for (std::int64_t n = 0; n < wanted_.events; ++n) {
      const Timestamp when = start + Milliseconds{span / 1000 * n / wanted_.events * 1000};
      batch.events.push_back(make_event(n, when));
      if (batch.events.size() < kEventsPerBatch && n + 1 < wanted_.events) continue;
      batch.at = now_;
      TRY(write(batch));
      batch.events.clear();
    }
    return {};
  }

  UsageEvent make_event(std::int64_t n, Timestamp when) {
    const std::int64_t a = dice_.roll(0, 9999);
    const std::int64_t place = a * a / 10'000 * wanted_.tenants / 10'000;
    const MadeTenant& tenant = tenants_[at(place)];
    UsageEvent event;
    event.tenant = tenant.id;
    event.source = "fill";
    event.id = fmt::format("{:016x}", dice_.roll(0, INT64_MAX - 1) / 2 + n);
    event.occurred_at = when;
    ApiCall call;
    const std::string_view endpoint = kEndpoints[at(dice_.roll(0, 5))];
    call.method = "GET";
    call.endpoint = fmt::format("GET /api/tenants/{{tenant_id}}/{}", endpoint);
    call.status = dice_.roll(1, 50) == 1 ? 404 : 200;
    call.request_bytes = dice_.roll(180, 600);
    call.response_bytes = dice_.roll(240, 4200);
    call.duration = Microseconds{tenant.typical_us * dice_.roll(60, 190) / 100};
    Totals& sums = totals_[current_.text()];
    ++sums.calls;
    if (call.status == 200) ++sums.successes;
    sums.duration_us += call.duration.count();
    event.fact = std::move(call);
    return event;
  }

  const Wanted wanted_;
  Store& store_;
  ManualClock& clock_;
  const BillingRules rules_;
  const Timestamp now_;
  const Period current_;
  Dice dice_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Directory> directory_;
  std::vector<MadeTenant> tenants_;
  std::map<std::string, Totals> totals_;
  std::ofstream rows_;
};

Result<> run(const Wanted& wanted) {
  const SystemClock system;
  const Timestamp now = system.now();
  ManualClock clock(now);
  const Log log(clock, LogLevel::error);
  EmbeddedOptions options;
  options.folder = wanted.data;
  if (wanted.keeps_journal) {
    // One segment that never fills, so that everything stays in it.
    options.segment_bytes =
        (64LL << 20) + wanted.tenants * kTenantBytes + wanted.events * kEventBytes;
    options.checkpoint_every = hours{24};
  }
  const auto store = TRY(open_embedded_store(options, clock, log));
  Filler filler(wanted, *store, clock, now);
  TRY(filler.fill());
  if (!wanted.keeps_journal) TRY(filler.close());
  TRY(filler.write_tenants());
  filler.print();
  if (wanted.keeps_journal) {
    std::fflush(nullptr);
    ::_exit(0);  // like a crash: no last checkpoint
  }
  return {};
}

std::optional<Wanted> parse(int count, char** words) {
  Wanted wanted;
  const std::map<std::string, std::int64_t*> numbers = {{"--tenants", &wanted.tenants},
                                                        {"--months", &wanted.months},
                                                        {"--days", &wanted.days},
                                                        {"--events", &wanted.events},
                                                        {"--event-hours", &wanted.event_hours}};
  const std::map<std::string, std::string*> texts = {{"--data", &wanted.data},
                                                     {"--plans", &wanted.plans},
                                                     {"--rows", &wanted.rows},
                                                     {"--tenants-out", &wanted.tenants_out}};
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string word = words[i];
    if (const auto number = numbers.find(word); number != numbers.end()) {
      *number->second = std::atoll(words[i + 1]);
    } else if (const auto text = texts.find(word); text != texts.end()) {
      *text->second = words[i + 1];
    } else if (word == "--seed") {
      wanted.seed = std::strtoull(words[i + 1], nullptr, 10);
    } else if (word == "--journal" && std::string_view(words[i + 1]) == "keep") {
      wanted.keeps_journal = true;
    } else {
      return std::nullopt;
    }
  }
  const bool is_whole = count % 2 == 1 && !wanted.data.empty() && !wanted.plans.empty();
  const bool is_sane = wanted.tenants > 0 && wanted.months > 0 && wanted.days > 0;
  return is_whole && is_sane ? std::optional(wanted) : std::nullopt;
}

}  // namespace
}  // namespace metergate

int main(int count, char** words) {
  const auto wanted = metergate::parse(count, words);
  if (!wanted) {
    std::fputs(
        "usage: bench_fill --data DIR --plans FILE [--tenants N] [--months M] [--days D] "
        "[--events E] [--event-hours H] [--seed S] [--journal keep] [--rows FILE] [--tenants-out "
        "FILE]\n",
        stderr);
    return 2;
  }
  const auto filled = metergate::run(*wanted);
  if (!filled) std::fprintf(stderr, "bench_fill: %s\n", filled.error().message.c_str());
  return filled ? 0 : 1;
}
