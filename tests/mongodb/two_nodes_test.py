#!/usr/bin/env python3
"""Two nodes behind a round robin share one journal in the database: every event counts once, on both.

  two_nodes_test.py VENV BINARY [--seconds N] [--seed N]

The same ids go to both nodes, again and again, while the link to the database loses requests, answers and both, and
each node is killed and started again. At the end both nodes tell the same totals and statements, and those are the
ledger's of this process. Before it: what a node refuses to start with, and in which words.
"""
import argparse
import concurrent.futures
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "crash")]
import fault_proxy
import server as product
import test_server

TENANTS = [f"tenant_{n}" for n in range(3)]
PASSWORD = "pass-word-of-nobody"
MONTH = time.strftime("%Y-%m", time.gmtime())
WHEN = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}", flush=True)


def ask(node, method, path, body=None, seconds=20):
    """(status, body, header fields), or None where no answer came."""
    request = urllib.request.Request(f"http://127.0.0.1:{node.port}{path}", method=method)
    request.add_header("Authorization", f"Bearer {node.provider}")
    data = None
    if body is not None:
        request.add_header("Content-Type", "application/json")
        data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, seconds) as answer:
            return answer.status, json.loads(answer.read() or b"null"), answer.headers
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(), refused.headers
    except (OSError, ValueError):
        return None


class Nodes:
    """Some nodes in folders of their own; turn() gives each in its turn, as a load balancer does."""

    def __init__(self, binary, folder, uri, count=2):
        self.all = []
        for n in range(count):
            place = folder / f"node{n}"
            place.mkdir()
            self.all.append(product.Server(binary, str(place / "data"), environment={
                "MONGO_URI": uri, "LOG_LEVEL": "warn"}))
        self.turns = 0
        self.lock = threading.Lock()

    def turn(self):
        with self.lock:
            self.turns += 1
            return self.all[self.turns % len(self.all)]

    def end(self):
        for node in self.all:
            if node.process and node.process.poll() is None:
                node.kill()


def refused_with(binary, folder, environment, words, claim):
    """A start that is to end at once, with one line that has these words and not the password."""
    node = product.Server(binary, str(folder), environment=environment)
    done = subprocess.run([binary, "serve"], env=node.environment, capture_output=True, text=True, timeout=60)
    told = done.stderr.strip()
    problem = [line for line in told.splitlines() if not line.startswith("{")] or told.splitlines()
    is_said = all(word in told for word in words) and PASSWORD not in told + done.stdout
    check(done.returncode != 0 and is_said and len(problem) == 1, claim, f"{done.returncode}: {told}")


def look_at_refusals(binary, folder, database, driver):
    uri = database.uri
    nowhere = f"mongodb://somebody:{PASSWORD}@127.0.0.1:1/metergate?serverSelectionTimeoutMS=300"
    refused_with(binary, folder / "a", {"MONGO_URI": nowhere}, ["127.0.0.1:1/metergate", "does not answer", "correct MONGO_URI"],
                 "a database that does not answer is named, without its password")
    check(not (folder / "a").exists(), "and no data folder is left")
    refused_with(binary, folder / "b", {"MONGO_URI": f"mongodb://u:{PASSWORD}@host:port:1/x"}, ["MONGO_URI"],
                 "a URI that cannot be read is refused")
    driver["foreign"].journal.insert_one({"line": "of another program"})
    refused_with(binary, folder / "c", {"MONGO_URI": uri + "foreign"}, ["foreign", "Metergate did not write"],
                 "a journal with another program's documents is refused")
    check(driver["foreign"].journal.count_documents({}) == 1, "and nothing is written beside them")
    own = product.Server(binary, str(folder / "own"))
    check(own.start() and own.stop() == 0, "a server without MONGO_URI makes a folder of its own", own.last_words())
    refused_with(binary, folder / "own", {"MONGO_URI": uri + "refusals"}, ["has a journal of its own", "DATA_DIR"],
                 "a folder of the embedded engine is refused")


def look_at_other_settings(binary, folder, uri):
    refused_with(binary, folder / "d", {"MONGO_URI": uri, "BILLING_TIMEZONE": "Asia/Kathmandu"},
                 ["BILLING_TIMEZONE", "'UTC'"], "a node with another time zone is refused")
    refused_with(binary, folder / "e", {"MONGO_URI": uri, "BILLING_GRACE_HOURS": "5"},
                 ["BILLING_GRACE_HOURS is 5 here, and 72"], "a node with other days of grace is refused")


class Ledger:
    """What was sent, by tenant, and what was acknowledged; ids are sent again to the other node."""

    def __init__(self, nodes, seed):
        self.nodes, self.random = nodes, random.Random(seed)
        self.acknowledged = {tenant: set() for tenant in TENANTS}
        self.outcomes = {}
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    def event(self, tenant, number):
        return {"specversion": "1.0", "type": "api.call", "source": "app", "id": f"{tenant}-{number}",
                "subject": tenant, "time": WHEN,
                "data": {"method": "GET", "endpoint": "/orders", "status": 200, "request_bytes": 10,
                         "response_bytes": 20, "duration_ms": 3}}

    def send(self, sender):
        number = 0
        while not self.is_over.is_set():
            tenant = TENANTS[(sender + number) % len(TENANTS)]
            ids = [f"{sender}-{number}-{n}" for n in range(4)]
            number += 1
            self.send_until_acknowledged(tenant, ids)
            if number % 3 == 0:
                self.send_until_acknowledged(tenant, ids)  # to the other node
        return number

    def send_until_acknowledged(self, tenant, ids):
        while True:
            answer = ask(self.nodes.turn(), "POST", "/api/v1/events", [self.event(tenant, n) for n in ids])
            if answer and answer[0] == 204:
                break
            if answer and answer[0] not in (429, 500, 502, 503):
                raise SystemExit(f"an answer that is none of an outage's: {answer[:2]}")
            time.sleep(0.02)
        with self.lock:
            self.acknowledged[tenant].update(ids)


def counted(node, tenant):
    status, body, _ = ask(node, "GET", f"/provider/billing/tenants/{tenant}?period={MONTH}")
    check(status == 200, f"{tenant}'s statement is read", body) if status != 200 else None
    return body["data"]


def without_times(value):
    """A statement without the instants at which it was computed."""
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items()
                if key not in ("generated_at", "computed_at", "as_of", "updated_at", "days_elapsed", "forecast")}
    if isinstance(value, list):
        return [without_times(one) for one in value]
    return value


def calls_in(statement):
    return statement["usage"]["api_calls"]


def look_at_documents(nodes):
    a, b = nodes.all
    for tenant in TENANTS:
        status, body, _ = ask(nodes.turn(), "POST", "/provider/tenants", {"tenant_id": tenant, "name": tenant,
                                                                         "plan": "premium"})
        check(status == 201, f"{tenant} is made on one node", body)
    until = time.monotonic() + 5
    while any(ask(node, "GET", f"/provider/tenants/{tenant}")[0] != 200 for node in nodes.all for tenant in TENANTS):
        check(time.monotonic() < until, "both nodes have every tenant within 5 s") if time.monotonic() > until else None
        time.sleep(0.02)
    print("ok: both nodes have every tenant", flush=True)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        body = {"tenant_id": "raced", "name": "raced", "plan": "free"}
        answers = list(pool.map(lambda node: ask(node, "POST", "/provider/tenants", body)[0], (a, b)))
    check(sorted(answers) == [201, 409], "one tenant made on both at once is made once", answers)


def bring_back(node):
    """A start may meet a lost answer; a supervisor tries again."""
    for _ in range(20):
        if node.start():
            return
    raise SystemExit(f"a node does not start any more: {node.last_words()}")


def look_at_totals(nodes, ledger):
    for tenant in TENANTS:
        expected = len(ledger.acknowledged[tenant])
        until = time.monotonic() + 10
        while time.monotonic() < until:
            statements = [counted(node, tenant) for node in nodes.all]
            if all(calls_in(one) == expected for one in statements):
                break
            time.sleep(0.05)
        seen = [calls_in(one) for one in statements]
        check(seen == [expected] * len(seen), f"{tenant}: {expected} acknowledged, lost 0, double 0, on both", seen)
        first, second = (without_times(one) for one in statements)
        check(first == second, f"{tenant}: both nodes tell the same statement",
              f"{json.dumps(first)}\n{json.dumps(second)}")


def look_at_an_outage(nodes, database, ledger):
    database.kill()
    before = time.monotonic()
    status, body, fields = ask(nodes.all[0], "POST", "/api/v1/events", [ledger.event(TENANTS[0], "outage")])
    check(status == 503 and fields.get("Retry-After"), "without the database an event is refused with 503", body)
    check(time.monotonic() - before < 6, "and soon")
    status, _, _ = ask(nodes.all[1], "GET", "/health")
    check(status in (200, 503), "the node still answers")
    database.start()
    ledger.send_until_acknowledged(TENANTS[0], ["outage"])
    check(True, "once it is back, the event is taken")


def run(options, folder):
    with test_server.TestServer(options.venv) as database:
        import pymongo
        driver = pymongo.MongoClient(database.uri)
        look_at_refusals(options.binary, folder, database, driver)
        address = urlsplit(database.uri)
        with fault_proxy.FaultProxy(address.hostname, address.port, options.seed) as proxy:
            uri = f"mongodb://127.0.0.1:{proxy.port}/nodes?serverSelectionTimeoutMS=1000"
            nodes = Nodes(options.binary, folder, uri)
            try:
                look_at_nodes(options, folder, nodes, database, proxy)
                bring = driver["nodes"].journal.count_documents({})
                print(f"{bring - 1} entries, faults {proxy.done}", flush=True)
            finally:
                nodes.end()


def look_at_nodes(options, folder, nodes, database, proxy):
    for node in nodes.all:
        check(node.start(), "a node starts", node.last_words())
    look_at_other_settings(options.binary, folder, nodes.all[0].environment["MONGO_URI"])
    look_at_documents(nodes)
    ledger = Ledger(nodes, options.seed)
    proxy.fail_a_share(0.06, "frame")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(ledger.send, sender) for sender in range(4)]
        for turn in range(max(2, round(options.seconds / 2))):
            time.sleep(1.5)
            victim = nodes.all[turn % 2]
            victim.kill()
            time.sleep(0.2)
            bring_back(victim)
        ledger.is_over.set()
        sent = sum(sender.result() for sender in senders)
    proxy.fail_a_share(0, "")
    check(sent > 20, f"{sent} batches were sent", sent)
    look_at_totals(nodes, ledger)
    if not database.named:
        look_at_an_outage(nodes, database, ledger)
        look_at_totals(nodes, ledger)
    for node in nodes.all:
        check(node.stop() == 0, "a node stops in order", node.last_words())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("venv")
    parser.add_argument("binary")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.binary = str(pathlib.Path(options.binary).resolve())
    with tempfile.TemporaryDirectory(prefix="metergate-nodes-") as folder:
        run(options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
