#!/usr/bin/env python3
"""A provider's year under a moved clock, held against an independent oracle (oracle.py).

  year.py METERGATE CLOCK [--seed N] [--tenants N] [--months N] [--acts N]

CLOCK is the library that moves the server's clock (tests/clock). Each step sets the clock while the server is down, starts it,
does some acts (events, late and refused ones, plan changes, own limits, catalogues, corrections, new tenants), compares every
statement of the open periods and the alerts with the oracle's, and kills the server, or stops it in order. When a period closes, its
report is compared, line by line; at the end every report of the year is taken again and must be what it was.
One closing line; exit status 1 where anything differed.
"""
import argparse
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from fractions import Fraction

import oracle as rules
import world

SECRET = "a-year's-secret-of-at-least-32-bytes!!"
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut")
RAW_EVENTS_KEPT = datetime.timedelta(days=80)
SETTLING = datetime.timedelta(minutes=11)
CURRENCIES = (("USD", 2), ("JPY", 0), ("BHD", 3))


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(now, **claims):
    body = {"sub": "year", "iat": int(now.timestamp()) - 5, "exp": int(now.timestamp()) + 3600, **claims}
    text = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + part(json.dumps(body).encode())
    return (text + b"." + part(hmac.new(SECRET.encode(), text, hashlib.sha256).digest())).decode()


class Server:
    """The real program on a folder of its own; its wall clock is where the year stands."""

    def __init__(self, binary, clock, folder, zone, currency):
        self.binary, self.folder = binary, folder
        self.offset = folder / "clock"
        self.environment = dict(os.environ, JWT_SECRET=SECRET, DATA_DIR=str(folder / "data"), LOG_LEVEL="error", API_PORT="0",
                                LISTEN_ADDRESS="127.0.0.1", BILLING_TIMEZONE=zone, BILLING_CURRENCY=currency,
                                STORAGE_PER_AUDIT_BYTES="0", PLANS_FILE=str(folder / "plans.toml"), USAGE_RETENTION_MONTHS="24",
                                LD_PRELOAD=clock, METERGATE_TEST_CLOCK=str(self.offset))
        self.log = open(folder / "server.log", "ab")
        self.process = self.connection = None

    def start(self, now):
        self.begin = int(now.timestamp() - time.time())
        self.move_clock(self.begin, 0)
        self.process = subprocess.Popen([self.binary, "serve"], env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        if " on http://" not in line:
            raise SystemExit(f"the server did not start: {(self.folder / 'server.log').read_text()[-600:]}")
        self.connection = http.client.HTTPConnection("127.0.0.1", int(line.strip().rsplit(":", 1)[1]), timeout=60)
        self.token = token(now, scope="provider", roles=["Provider-Admin"])

    def let_pass(self, time_span):
        seconds = int(time_span.total_seconds())
        self.move_clock(self.begin + seconds, seconds)
        self.connection.close()                      # which has now been idle for longer than the server allows

    def move_clock(self, wall, monotonic):
        """In place and in one write: the server never sees half of it, nor none."""
        file = os.open(self.offset, os.O_WRONLY | os.O_CREAT, 0o600)
        os.pwrite(file, f"{wall:<20d} {monotonic:<20d}".encode(), 0)
        os.close(file)

    def ask(self, method, path, body=None, media="application/json"):
        head = {"Authorization": "Bearer " + self.token, "Content-Type": media}
        self.connection.request(method, path, None if body is None else json.dumps(body), head)
        answer = self.connection.getresponse()
        status, text = answer.status, answer.read()
        # The server's own renewal of a subscription may come between; the answer says to repeat the change.
        if status == 409 and b"changed at the same time" in text:
            return self.ask(method, path, body, media)
        return status, text

    def data(self, path):
        status, body = self.ask("GET", path)
        if status != 200:
            raise SystemExit(f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body, parse_float=Fraction, parse_int=Fraction)["data"]

    def work(self):
        done = subprocess.run([self.binary, "workers", "run-once"], env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise SystemExit(f"workers run-once: {done.stderr}")

    def end(self, is_killed):
        self.connection.close()
        self.process.send_signal(signal.SIGKILL if is_killed else signal.SIGTERM)
        self.process.wait(timeout=60)
        self.process.stdout.close()


class Year:
    def __init__(self, options, folder):
        self.dice = random.Random(options.seed)
        self.options = options
        zone = self.dice.choice(ZONES)
        currency, digits = self.dice.choice(CURRENCIES)
        self.oracle = rules.Oracle(zone, 72, digits, "tokens")
        self.calendar = self.oracle.calendar
        self.server = Server(options.metergate, options.clock, folder, zone, currency)
        self.plans = world.first_catalogue()
        self.place = f"{zone}, {currency}"
        self.sent, self.numbers, self.reports = [], 0, {}
        self.figures = dict.fromkeys(("statements", "reports", "acts", "alerts", "kills", "differences"), 0)

    def differ(self, text):
        self.figures["differences"] += 1
        if self.figures["differences"] <= 20:
            print(f"differs: {text}", file=sys.stderr)

    def expect(self, done, wanted, text):
        if done[0] != wanted:
            self.differ(f"{text}: {done[0]} instead of {wanted}: {done[1][:300]!r}")

    # --- acts ---

    def new_tenant(self, now):
        name = f"tenant_{len(self.oracle.tenants) + 1}"
        plan = self.dice.choice(world.PLANS[:3])
        own = world.own_limits(self.dice) if self.dice.random() < 0.3 else {}
        body = {"tenant_id": name, "name": name.title(), "plan": plan}
        self.expect(self.server.ask("POST", "/provider/tenants", {**body, "limits_override": own} if own else body), 201, f"adding {name}")
        self.oracle.add_tenant(now, name, plan, own)
        return name

    def send_batch(self, now):
        tenant = self.dice.choice(sorted(self.oracle.tenants))
        good, closed = [], []
        for _ in range(self.dice.randint(1, 12)):
            if self.sent and self.dice.random() < 0.15:
                sender, event = self.dice.choice(self.sent[-400:])
                if sender != tenant or self.calendar.is_closed(self.calendar.period_of(event["time"]), now):
                    continue
            else:
                self.numbers += 1
                event = world.event(self.dice, self.numbers, now, self.calendar)
            fate = self.oracle.send(now, tenant, event)
            (closed if fate == "closed" else good).append(event)
            if fate == "counted":
                self.sent.append((tenant, event))
        self.expect(self.server.ask("POST", "/api/v1/events", [sendable(tenant, event) for event in good]), 204, f"a batch of {len(good)}")
        for event in closed:
            self.expect(self.server.ask("POST", "/api/v1/events", [sendable(tenant, event)]), 400, f"an event of {event['time']}")
        return tenant

    def change_plan(self, now):
        tenant = self.dice.choice(sorted(self.oracle.tenants))
        record = self.oracle.tenants[tenant]
        plan = self.dice.choice([name for name in world.PLANS if name != record.plan.at(now)])
        body = {"plan": plan, "reason": "asked by the tenant"}
        if self.dice.random() < 0.3:
            body["limits_override"] = "drop"
            record.own.add(now, {})
        self.expect(self.server.ask("POST", f"/provider/billing/tenants/{tenant}/plan", body), 200, f"{tenant} to {plan}")
        record.plan.add(now, plan)
        return tenant

    def change_own_limits(self, now):
        tenant = self.dice.choice(sorted(self.oracle.tenants))
        own = world.own_limits(self.dice)
        body = {"limits_override": own or None, "reason": "agreed by telephone"}
        self.expect(self.server.ask("PATCH", f"/provider/tenants/{tenant}", body), 200, f"own limits of {tenant}")
        self.oracle.tenants[tenant].own.add(now, own)
        return tenant

    def correct(self, now):
        candidates = [(tenant, event) for tenant, event in self.sent[-600:]
                      if event["type"] in ("api.call", "webhook.call", "prompt") and "corrected" not in event
                      and now - event["time"] < RAW_EVENTS_KEPT]
        if not candidates:
            return None
        tenant, event = self.dice.choice(candidates)
        period = self.calendar.period_of(event["time"])
        if self.calendar.is_closed(period, now) and rules.text_of(period) not in self.reports:
            return None
        event["corrected"] = True
        body = {"tenant_id": tenant, "source": event["source"], "id": event["id"], "action": "void",
                "time": stamp(event["time"]), "reason": "sent by mistake"}
        done = self.server.ask("POST", "/api/v1/corrections", body)
        self.expect(done, 201, f"voiding {event['id']} of {tenant}, {event['time']}")
        if done[0] == 201:
            self.oracle.correct(now, tenant, (event["source"], event["id"]))
        return tenant

    def act(self, now):
        self.figures["acts"] += 1
        kind = self.dice.random()
        act = (self.new_tenant if kind < 0.03 and len(self.oracle.tenants) < self.options.tenants else self.change_plan if kind < 0.08
               else self.change_own_limits if kind < 0.13 else self.correct if kind < 0.20 else self.send_batch)
        tenant = act(now)
        if tenant is not None:
            self.oracle.glance(now, tenant)

    # --- what must be ---

    def compare(self, found, tenant, period, now, where):
        self.figures["statements"] += 1
        wanted = self.oracle.statement(tenant, period, now)
        place = f"{where} of {tenant}, {rules.text_of(period)}, at {now}"
        for meter, used in wanted["usage"].items():
            shown = found["usage"].get(meter, Fraction(0))
            is_right = abs(shown - used) <= Fraction(1, 10 ** 6) if meter == "storage_gb" else shown == used
            if not is_right:
                self.differ(f"{place}: {meter} {float(shown)} instead of {float(used)}")
        for meter, limit in wanted["limits"].items():
            shown = found["limits"].get(rules.LIMIT_NAMES.get(meter, meter))
            if shown != limit:
                self.differ(f"{place}: limit of {meter} {shown} instead of {limit}")
        for name, value in (("plan", wanted["plan"]), ("overage_cost", wanted["cost"]), ("health_status", wanted["health"]),
                            ("has_overages", wanted["has_overages"])):
            if found[name] != value:
                self.differ(f"{place}: {name} {found[name]} instead of {value}")
        if len(found.get("late_items", [])) != wanted["late"]:
            self.differ(f"{place}: {len(found.get('late_items', []))} late lines instead of {wanted['late']}")

    def compare_list(self, period, now):
        rows, page = [], 1
        while True:
            data = self.server.data(f"/provider/billing/tenants?period={rules.text_of(period)}&limit=200&page={page}")
            rows += data["tenants"]
            if len(rows) >= data["pagination"]["total"]:
                break
            page += 1
        self.compare_rows(rows, period, now, "the list")
        total = sum((row["overage_cost"] for row in rows), Fraction(0))
        if data["summary"]["total_overage_cost"] != total:
            self.differ(f"the list of {rules.text_of(period)} sums up to {data['summary']['total_overage_cost']} instead of {total}")

    def compare_rows(self, rows, period, now, where):
        names = sorted(row["tenant_id"] for row in rows)
        wanted = sorted(name for name in self.oracle.tenants if self.oracle.exists(name, period))
        if names != wanted:
            self.differ(f"{where} of {rules.text_of(period)} has {sorted(set(names) ^ set(wanted))} too many or too few")
        for row in rows:
            if row["tenant_id"] in wanted:
                self.compare(row, row["tenant_id"], period, now, where)

    def compare_alerts(self):
        found, page = set(), 1
        while True:
            data = self.server.data(f"/provider/alerts?type=billing.over_limit&limit=200&page={page}")
            rows = [(alert["tenant_id"], alert["period"]) for alert in data["alerts"]]
            if len(rows) != len(set(rows)) or found & set(rows):
                self.differ("a tenant has two alerts of a period")
            found |= set(rows)
            if page >= data["pagination"]["pages"]:
                break
            page += 1
        tenants = self.oracle.tenants.items()
        wanted = {(name, period) for name, record in tenants for period in record.over}
        possible = wanted | {(name, period) for name, record in tenants for period in record.maybe_over}
        self.figures["alerts"] = len(wanted)
        for tenant, period in sorted(wanted - found):
            self.differ(f"the alert of {tenant}, {period}, is missing")
        for tenant, period in sorted(found - possible):
            self.differ(f"the alert of {tenant}, {period}, is there without a reason")

    def close(self, period, now):
        name = rules.text_of(period)
        status, body = self.server.ask("GET", f"/provider/billing/reports?period={name}")
        if status != 200:
            return self.differ(f"the report of {name}: {status} {body[:200]!r}")
        report = json.loads(body, parse_float=Fraction, parse_int=Fraction)["data"]
        self.figures["reports"] += 1
        if report["closed"] is not True:
            self.differ(f"the report of {name} is not closed at {now}")
        self.compare_rows(report["tenants"], period, now, "the report")
        self.reports[name] = report["tenants"]

    def compare_kept(self):
        for name, tenants in self.reports.items():
            again = self.server.data(f"/provider/billing/reports?period={name}")
            if again["tenants"] != tenants:
                self.differ(f"the report of {name} is not what it was")

    # --- the year ---

    def step(self, now, is_last):
        (self.server.folder / "plans.toml").write_text(world.catalogue_text(self.plans))
        self.server.start(now)
        now += datetime.timedelta(milliseconds=1)
        self.oracle.change_catalogue(now, self.plans)
        if not self.oracle.tenants:
            self.define_meter()
            for _ in range(max(3, self.options.tenants // 2)):
                self.new_tenant(now)
        now = self.settle_clock(now)
        for tenant in self.oracle.tenants:
            self.oracle.glance(now, tenant)          # at its start the server looks at the catalogue as it is now
        for _ in range(self.options.acts):
            self.act(now)
        self.server.work()
        self.oracle.look(now)
        current = self.calendar.period_of(now)
        for period in (rules.previous(current), current):
            if not self.calendar.is_closed(period, now) and period >= self.first:
                self.compare_list(period, now)
        before = rules.previous(current)
        if self.calendar.is_closed(before, now) and before >= self.first and rules.text_of(before) not in self.reports:
            self.close(before, now)
        self.compare_alerts()
        if is_last:
            self.compare_kept()
        is_killed = self.dice.random() < 0.5
        self.figures["kills"] += is_killed
        self.server.end(is_killed and not is_last)

    def settle_clock(self, now):
        """The server believes a clock that is days ahead of its last look once an event from outside and ten minutes agree."""
        self.numbers += 1
        tenant = min(self.oracle.tenants)
        event = dict(world.event(self.dice, self.numbers, now, self.calendar), type="api.call", time=now,
                     data={"method": "GET", "endpoint": "GET /", "status": 200, "request_bytes": 1, "response_bytes": 1, "duration_ms": 1})
        self.expect(self.server.ask("POST", "/api/v1/events", [sendable(tenant, event)]), 204, "an event of now")
        self.oracle.send(now, tenant, event)
        self.server.let_pass(SETTLING)
        return now + SETTLING

    def define_meter(self):
        meter = {"slug": "tokens", "eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens"}
        self.expect(self.server.ask("POST", "/api/v1/meters", meter), 201, "defining the meter")

    def run(self):
        period = self.first = (2025, self.dice.randint(1, 12))
        steps = []
        for _ in range(self.options.months):
            start, end = self.calendar.start(period), self.calendar.end(period)
            hours = sorted(self.dice.uniform(96, (end - start).total_seconds() / 3600 - 30) for _ in range(2))
            steps += [start + datetime.timedelta(minutes=20), start + datetime.timedelta(hours=71.5), start + datetime.timedelta(hours=73)]
            steps += [start + datetime.timedelta(hours=hour) for hour in hours] + [end - datetime.timedelta(minutes=20)]
            period = rules.following(period)
        for number, now in enumerate(steps):
            if number > 0 and self.dice.random() < 0.12:
                self.plans = world.changed_catalogue(self.dice, self.plans)
            self.step(now.replace(microsecond=0), number == len(steps) - 1)


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def sendable(tenant, event):
    return {"specversion": "1.0", "id": event["id"], "source": event["source"], "type": event["type"], "subject": tenant,
            "time": stamp(event["time"]), "data": event["data"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("metergate")
    parser.add_argument("clock")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 6))
    parser.add_argument("--tenants", type=int, default=12)
    parser.add_argument("--months", type=int, default=13)
    parser.add_argument("--acts", type=int, default=12)
    parser.add_argument("--keep", action="store_true", help="leave the folder for a look")
    options = parser.parse_args()
    options.metergate, options.clock = (str(pathlib.Path(path).resolve()) for path in (options.metergate, options.clock))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="metergate-year-"))
    print(f"seed {options.seed}", flush=True)
    year = Year(options, folder)
    try:
        year.run()
    finally:
        if year.server.process is not None and year.server.process.poll() is None:
            year.server.process.kill()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    figures = ", ".join(f"{name} {count}" for name, count in year.figures.items())
    print(f"year: seed {options.seed}, {year.place}, tenants {len(year.oracle.tenants)}, {figures}")
    sys.exit(1 if year.figures["differences"] else 0)


if __name__ == "__main__":
    main()
