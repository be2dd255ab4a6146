#!/usr/bin/env python3
"""Kills the server while usage climbs past 75, 90 and 100 % of a limit, and proves that each alert opens once.

  warnings.py --binary build/metergate [--rounds 40] [--seed N]

Each tenant's calls grow by a random part of its limit, acknowledged batch by batch; the server is killed in between and
at any moment. Afterwards: of each tenant, meter and threshold there is at most one alert, told exactly once to the
provider's destination; where usage ended between 90 and 100 % the alert of 90 is open; where it passed the limit there
is one billing.over_limit and no open warning. One closing line.
"""
import argparse
import collections
import datetime
import json
import os
import random
import shutil
import sys
import tempfile
import time

import server as product

LIMIT = 10_000                                            # API calls of the plan free
TENANTS = [f"tenant_{n}" for n in range(6)]
# Where each ends, in percent of the limit.
ENDS = [60, 80, 95, 100, 104, 130]


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")


class Usage:
    """What was acknowledged, and what is sent next; a batch without an answer is sent again as it was."""

    def __init__(self, rnd):
        self.rnd, self.calls, self.batches = rnd, collections.Counter(), 0
        self.period = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m")

    def next_batch(self, tenant, end):
        left = LIMIT * end // 100 - self.calls[tenant]
        size = min(left, self.rnd.randrange(LIMIT // 50, LIMIT // 8))
        self.batches += 1
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [{"id": f"{self.batches}-{n}", "source": "campaign", "type": "api.call", "subject": tenant, "time": now,
                 "data": {"method": "GET", "endpoint": "/x", "status": 200, "request_bytes": 1, "response_bytes": 1,
                          "duration_ms": 1}} for n in range(size)]


def run_round(server, usage, rnd, waiting):
    """Some batches, then a kill; `waiting` keeps what had no answer."""
    check(server.start(), "the server starts", server.last_words())
    for _ in range(rnd.randrange(1, 6)):
        index = rnd.randrange(len(TENANTS))
        tenant = TENANTS[index]
        batch = waiting.get(tenant) or usage.next_batch(tenant, ENDS[index])
        if not batch:
            continue
        waiting[tenant] = batch
        answer = product.ask_once(server.port, "POST", "/api/v1/events", server.provider, batch)
        if answer is not None and answer[0] == 204:
            usage.calls[tenant] += len(batch)
            del waiting[tenant]
        time.sleep(rnd.choice((0, 0.1, 0.6)))
    server.kill()


def finish(server, usage, waiting):
    check(server.start(), "the server starts", server.last_words())
    for index, tenant in enumerate(TENANTS):
        while usage.calls[tenant] < LIMIT * ENDS[index] // 100:
            batch = waiting.pop(tenant, None) or usage.next_batch(tenant, ENDS[index])
            answer = product.ask_once(server.port, "POST", "/api/v1/events", server.provider, batch)
            check(answer is not None and answer[0] == 204, "events are taken", answer)
            usage.calls[tenant] += len(batch)
    server.command("workers", "run-once", "aggregation")


def look(server):
    alerts = server.find("provider_alerts", json.dumps({"period": usage_period()}))
    of = collections.defaultdict(list)
    for alert in alerts:
        if alert["type"] != "billing.forecast_over":
            of[alert["tenant_id"]].append((alert["type"], alert.get("threshold"), alert["status"]))
    for tenant, end in zip(TENANTS, ENDS):
        found = [kind[:2] for kind in of[tenant]]
        check(len(found) == len(set(found)), f"each alert of {tenant} is there once", of[tenant])
        is_open = {kind[:2] for kind in of[tenant] if kind[2] == "open"}
        over = ("billing.over_limit", None)
        check((over in is_open) == (end > 100), f"{tenant} is over or not", of[tenant])
        near = {kind[1] for kind in is_open if kind[0] == "billing.near_limit"}
        wanted = {60: set(), 80: {75}, 95: {90}, 100: {90}}.get(end, set())
        check(wanted <= near and (end <= 100 or not near) and (end > 75 or not near), f"the warnings of {tenant} at {end} %", of[tenant])
    told = collections.Counter()
    for delivery in server.find("webhook_deliveries", json.dumps({"type": "alert.opened"})):
        told[json.loads(delivery["payload"])["data"]["alert_id"]] += 1
    check(set(told) == {alert["alert_id"] for alert in alerts}, "each alert is told", (told, alerts))
    check(set(told.values()) == {1}, "and told once", told)
    return len(alerts)


def usage_period():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m")


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--binary", required=True)
    words.add_argument("--rounds", type=int, default=40)
    words.add_argument("--seed", type=int, default=int(time.time()))
    wanted = words.parse_args()
    rnd = random.Random(wanted.seed)
    root = tempfile.mkdtemp(prefix="metergate-warnings-")
    server = None
    print(f"seed {wanted.seed}")
    try:
        server = product.Server(os.path.abspath(wanted.binary), os.path.join(root, "data"),
                                environment={"WEBHOOK_ALLOW": "127.0.0.1", "WEBHOOK_ALLOW_HTTP": "true"})
        check(server.start(), "the server starts", server.last_words())
        hook = {"url": f"http://127.0.0.1:{product.free_port()}/nobody", "events": ["alert.*"]}
        answer = product.ask_once(server.port, "POST", "/provider/webhooks", server.provider, hook)
        check(answer[0] in (200, 201), "a destination is added", answer)
        for tenant in TENANTS:
            body = {"tenant_id": tenant, "name": tenant, "plan": "free"}
            check(product.ask_once(server.port, "POST", "/provider/tenants", server.provider, body)[0] == 201, f"{tenant} is added")
        server.kill()
        usage, waiting = Usage(rnd), {}
        for _ in range(wanted.rounds):
            run_round(server, usage, rnd, waiting)
        finish(server, usage, waiting)
        alerts = look(server)
        check(server.stop() == 0, "the server stops")
        print(f"warnings: {wanted.rounds} kills, {alerts} alerts, each opened and told once")
    finally:
        if server and server.process and server.process.poll() is None:
            server.kill()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
