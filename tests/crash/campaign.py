#!/usr/bin/env python3
"""Kills a loaded server at random moments and proves that every acknowledged fact is counted exactly once.

  campaign.py --binary build/metergate [--rounds 100] [--seed N] [--mode kill|sync|full|damage] [--seconds 900]

The truth is kept here, written down before each request leaves: events by their ids (sent again until they are
acknowledged), metered requests by a path of their own each (acknowledged: counted once; not acknowledged: at most
once). At the end counters, raw events, statements and the report are compared with it. One closing line.
"""
import argparse
import asyncio
import collections
import csv
import datetime
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import server as product

TENANTS = [f"tenant_{n}" for n in range(8)]
CONNECTIONS = 64


class Truth:
    def __init__(self):
        self.events = {}                               # id -> (tenant, type)
        self.acknowledged = set()                      # ids
        self.waiting = collections.deque()             # ids to send (again)
        self.paths_sent = collections.Counter()        # path -> times sent (always 1)
        self.paths_acknowledged = set()
        self.next = 0

    def new_event(self, rnd):
        self.next += 1
        event_id = f"e{self.next}"
        self.events[event_id] = (rnd.choice(TENANTS), rnd.choice(["api.call", "webhook.call"]))
        return event_id

    def body(self, event_id):
        tenant, kind = self.events[event_id]
        data = ({"method": "GET", "endpoint": "/orders", "status": 200, "request_bytes": 10, "response_bytes": 20,
                 "duration_ms": 3} if kind == "api.call" else
                {"webhook_id": "w1", "success": True, "duration_ms": 5})
        return {"specversion": "1.0", "id": event_id, "source": "campaign", "type": kind, "subject": tenant,
                "time": STARTED, "data": data}


STARTED = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


async def send_events(server, truth, rnd, connection):
    count = rnd.choice([1, 1, 5, 50])
    ids = [truth.waiting.popleft() for _ in range(min(count, len(truth.waiting)))]
    while len(ids) < count:
        ids.append(truth.new_event(rnd))
    if len(ids) > 1 and rnd.random() < 0.2:
        ids.append(ids[0])                             # twice in one batch: one count
    answer = await connection.ask("POST", "/api/v1/events", server.provider, [truth.body(i) for i in ids])
    if answer is not None and answer[0] == 204:
        truth.acknowledged.update(ids)
        if rnd.random() < 0.1:
            truth.waiting.extend(ids[:5])              # a retry of what was acknowledged
    else:
        truth.waiting.extend(i for i in dict.fromkeys(ids) if i not in truth.acknowledged)
        if answer is not None and answer[0] not in (429, 503):
            raise SystemExit(f"unexpected answer {answer}")
    return answer is not None


async def call_route(server, truth, rnd, connection, tokens):
    tenant = rnd.choice(TENANTS)
    truth.next += 1
    path = f"/api/tenants/{tenant}/stores/none-{truth.next}"
    truth.paths_sent[path] += 1
    answer = await connection.ask("GET", path, tokens[tenant])
    if answer is not None and answer[0] == 404:
        truth.paths_acknowledged.add(path)
    elif answer is not None and answer[0] not in (429, 503):
        raise SystemExit(f"unexpected answer {answer}")
    return answer is not None


async def client(server, truth, rnd, tokens, is_over):
    connection = product.Connection(server.port)
    while not is_over.is_set():
        send = send_events(server, truth, rnd, connection) if rnd.random() < 0.5 else \
            call_route(server, truth, rnd, connection, tokens)
        if not await send:
            break
    connection.close()


async def load(server, truth, rnd, tokens, seconds, end):
    is_over = asyncio.Event()
    clients = [asyncio.create_task(client(server, truth, rnd, tokens, is_over)) for _ in range(CONNECTIONS)]
    await asyncio.sleep(seconds)
    end()
    is_over.set()
    await asyncio.gather(*clients)


async def settle(server, truth):
    """Sends again what was not acknowledged."""
    connection = product.Connection(server.port)
    until = time.monotonic() + 60
    while truth.waiting and time.monotonic() < until:
        ids = [truth.waiting.popleft() for _ in range(min(200, len(truth.waiting)))]
        answer = await connection.ask("POST", "/api/v1/events", server.provider, [truth.body(i) for i in ids])
        if answer is not None and answer[0] == 204:
            truth.acknowledged.update(ids)
        else:
            truth.waiting.extend(ids)
            await asyncio.sleep(0.2)
    connection.close()
    if truth.waiting:
        raise SystemExit("events could not be sent again within a minute")


def compare(server, truth):
    """Counters, raw events, statements and the report against the truth; returns lost, double and differences."""
    period = STARTED[:7]
    want_events = collections.Counter(truth.events[i] for i in truth.acknowledged)
    raw_paths, raw_events = collections.Counter(), collections.Counter()
    for call in server.find("api_calls"):
        if call["source"] == "campaign":
            raw_events[(call["tenant_id"], "api.call")] += 1
        else:
            raw_paths[call["path"]] += 1
    for call in server.find("webhook_calls"):
        raw_events[(call["tenant_id"], "webhook.call")] += 1
    lost = sum(1 for path in truth.paths_acknowledged if raw_paths[path] == 0)
    double = sum(count - 1 for count in raw_paths.values() if count > 1)
    invented = sum(1 for path in raw_paths if path not in truth.paths_sent)
    lost += sum(max(0, count - raw_events[key]) for key, count in want_events.items())
    double += sum(max(0, count - want_events[key]) for key, count in raw_events.items())
    calls = collections.Counter({t: raw_events[(t, "api.call")] for t in TENANTS})
    for path, count in raw_paths.items():
        calls[path.split("/")[3]] += count
    differences = []
    counters = {c["tenant_id"]: c for c in server.find("usage_counters", json.dumps({"period": period}))}
    report = product.ask_once(server.port, "GET", f"/provider/billing/reports?period={period}&format=json", server.provider)
    rows = {t["tenant_id"]: t for t in json.loads(report[1])["data"]["tenants"]}
    for tenant in TENANTS:
        statement = json.loads(product.ask_once(server.port, "GET", f"/provider/billing/tenants/{tenant}",
                                                server.provider)[1])["data"]
        want = {"api_calls": calls[tenant], "webhook_calls": raw_events[(tenant, "webhook.call")]}
        for meter, value in want.items():
            got = {"counter": counters.get(tenant, {}).get(meter, 0), "statement": statement["usage"][meter],
                   "report": rows[tenant]["usage"][meter]}
            differences += [f"{tenant} {meter}: {where} {found}, raw events {value}"
                            for where, found in got.items() if found != value]
    verified = server.command("verify", check=False)
    if verified.returncode != 0:
        differences.append("metergate verify: " + (verified.stdout + verified.stderr).strip()[:500])
    return lost, double + invented, differences


def prepare(server):
    if not server.start():
        raise SystemExit("the server did not start")
    for tenant in TENANTS:
        answer = product.ask_once(server.port, "POST", "/provider/tenants", server.provider,
                                  {"tenant_id": tenant, "name": tenant, "plan": "enterprise"})
        if answer is None or answer[0] != 201:
            raise SystemExit(f"no tenant: {answer}")
    return {tenant: server.tenant_token(tenant) for tenant in TENANTS}


def finish(server, truth, rounds, what, seed):
    asyncio.run(settle(server, truth))
    lost, double, differences = compare(server, truth)
    for line in differences[:20]:
        print(line)
    acknowledged = len(truth.acknowledged) + len(truth.paths_acknowledged)
    print(f"campaign {what}: {rounds} rounds, seed {seed}, {acknowledged} acknowledged, lost {lost}, double {double}, "
          f"differences {len(differences)}")
    return 1 if lost or double or differences else 0


def mode_kill(args, folder, rnd):
    truth = Truth()
    server = product.Server(args.binary, folder)
    tokens = prepare(server)
    rounds, until = 0, time.monotonic() + args.seconds
    while rounds < args.rounds and time.monotonic() < until:
        asyncio.run(load(server, truth, rnd, tokens, rnd.uniform(0, args.load_seconds), server.kill))
        if rnd.random() < 0.2:                         # again, while it recovers
            again = subprocess.Popen([args.binary, "serve"], env=server.environment, stdout=server.log,
                                     stderr=server.log)
            time.sleep(rnd.uniform(0, 0.1))
            again.kill()
            again.wait()
        if not server.start():
            raise SystemExit(f"round {rounds}: the server did not start again: {server.last_words()}")
        rounds += 1
    status = finish(server, truth, rounds, "kill", args.seed)
    return status or server.stop()


def mode_sync(args, folder, rnd):
    """fdatasync fails with EIO at its n-th call: the process must end, and nothing acknowledged may be missing."""
    truth = Truth()
    server = product.Server(args.binary, folder)
    tokens = prepare(server)
    server.stop()
    rounds = 0
    for n in range(1, args.rounds + 1):
        server.wrapper = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync",
                          "-e", f"inject=fdatasync:error=EIO:when={n}"]
        if server.start():
            asyncio.run(load(server, truth, rnd, tokens, 0.4, lambda: None))
            try:
                status = server.process.wait(timeout=5)
            except subprocess.TimeoutExpired:          # fewer than n syncs: nothing to see in this round
                server.process.terminate()
                status = server.process.wait(timeout=30)
                if status != 0:
                    raise SystemExit(f"round {n}: exit status {status} without a failed sync")
            else:
                if status == 0:
                    raise SystemExit(f"round {n}: a failed sync ended in exit status 0")
        server.wrapper = []
        if not server.start():
            raise SystemExit(f"round {n}: the server did not start again: {server.last_words()}")
        server.stop()
        rounds += 1
    server.start()
    return finish(server, truth, rounds, "sync", args.seed) or server.stop()


def mode_full(args, folder, rnd):
    """A full disk: refused with 503 and Retry-After before anything is lost, and taken again once there is room."""
    mount = folder + "-small"
    os.makedirs(mount)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=320m", "tmpfs", mount], check=True)
    server = None
    try:
        truth = Truth()
        server = product.Server(args.binary, os.path.join(mount, "data"))
        tokens = prepare(server)
        refusals = 0
        for _ in range(args.rounds):
            ballast = os.path.join(mount, "ballast")
            free = shutil.disk_usage(mount).free
            subprocess.run(["fallocate", "-l", str(max(1, free - 4096)), ballast], check=False)
            for _ in range(40):                        # until the prepared segments are used up, or time is
                asyncio.run(load(server, truth, rnd, tokens, 0.5, lambda: None))
                answer = product.ask_once(server.port, "POST", "/api/v1/events", server.provider,
                                          [truth.body(truth.new_event(rnd)) for _ in range(500)])
                if answer is None:
                    raise SystemExit("the server went away on a full disk")
                if answer[0] == 503:
                    refusals += 1
                    break
            for event_id in truth.events:
                if event_id not in truth.acknowledged and event_id not in truth.waiting:
                    truth.waiting.append(event_id)
            read = product.ask_once(server.port, "GET", "/provider/billing/tenants", server.provider)
            if read is None or read[0] != 200:
                raise SystemExit(f"reads must go on while the disk is full: {read}")
            os.remove(ballast)
            asyncio.run(settle(server, truth))
        print(f"refused with 503 in {refusals} of {args.rounds} rounds")
        return finish(server, truth, args.rounds, "full", args.seed) or server.stop()
    finally:
        if server is not None and server.process and server.process.poll() is None:
            server.kill()
        if server is not None:
            server.log.close()
        subprocess.run(["umount", mount], check=True)


def mode_damage(args, folder, rnd):
    """Cuts files and flips bits in copies of a good folder: refused, repaired or harmless, never a wrong total."""
    truth = Truth()
    server = product.Server(args.binary, folder)
    tokens = prepare(server)
    for _ in range(3):
        asyncio.run(load(server, truth, rnd, tokens, 1.0, server.kill))
        server.start()
    asyncio.run(settle(server, truth))
    server.kill()
    outcomes = collections.Counter()
    until = time.monotonic() + args.seconds
    while outcomes.total() < args.rounds and time.monotonic() < until:
        copy = folder + "-damaged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.sock"))
        files = [os.path.join(d, f) for d, _, fs in os.walk(copy) for f in fs if os.path.getsize(os.path.join(d, f)) > 0]
        victim = rnd.choice(files)
        size = os.path.getsize(victim)
        used = min(size, 3_000_000)
        with open(victim, "r+b") as file:
            kind = rnd.choice(["flip", "zero", "cut"])
            at = rnd.randrange(used)
            if kind == "cut":
                file.truncate(at)
            else:
                file.seek(at)
                piece = file.read(1 if kind == "flip" else 512)
                file.seek(at)
                file.write(bytes([piece[0] ^ (1 << rnd.randrange(8))]) if kind == "flip" else bytes(len(piece)))
        damaged = product.Server(args.binary, copy)
        if not damaged.start():
            outcomes["refused"] += 1
            continue
        asyncio.run(settle(damaged, truth))
        try:
            lost, double, differences = compare(damaged, truth)
        except SystemExit as said:
            if "corrupt" in str(said) or "damage" in str(said):
                outcomes["said"] += 1
                damaged.kill()
                continue
            raise
        damaged.kill()
        if lost or double or differences:
            print(f"{victim} {kind} at {at}: lost {lost}, double {double}, {differences[:3]}")
            outcomes["wrong"] += 1
        else:
            outcomes["harmless"] += 1
    print(f"campaign damage: {outcomes.total()} mutations, seed {args.seed}, {dict(outcomes)}, silently wrong {outcomes['wrong']}")
    return 1 if outcomes["wrong"] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--mode", choices=["kill", "sync", "full", "damage"], default="kill")
    parser.add_argument("--seconds", type=float, default=900, help="the longest the rounds may take")
    parser.add_argument("--load-seconds", type=float, default=3, help="the longest load before a kill")
    args = parser.parse_args()
    args.binary = os.path.abspath(args.binary)
    print(f"seed {args.seed}")
    rnd = random.Random(args.seed)
    with tempfile.TemporaryDirectory(prefix="metergate-campaign-") as root:
        modes = {"kill": mode_kill, "sync": mode_sync, "full": mode_full, "damage": mode_damage}
        return modes[args.mode](args, os.path.join(root, "data"), rnd)


if __name__ == "__main__":
    sys.exit(main())
