"""A good tenant beside each attack on the same server: how much of what it sends is accepted, how soon, and what the server takes.

The good tenant sends events and asks for its usage at a steady rate, an open loop: what is late is late, and is not left out. Alone
and beside the attack take turns. The server has cores and a memory cgroup of its own; the attackers are `nice`, since the good
tenant is to wait for the server, and not for its turn on the core that they share.
"""
import contextlib
import datetime
import http.client
import json
import os
import subprocess
import sys
import time

import attacks
import measure
import overload
import server as product

CAP_MIB = 400
RATE = 50            # requests a second of each kind
SECONDS = 4          # of one look
METERS = 10
HERE = os.path.dirname(os.path.abspath(__file__))

# Name, what it is called in the table, its connections, and the most that the good tenant's p99 may grow.
ATTACKS = (("unread", "answers of megabytes that nobody reads", 40, 2), ("unfinished", "unfinished bodies without a token", 64, 2),
           ("waiters", "questions about events that are not there yet", 100, 2), ("values", "8 MiB of small values", 6, 2),
           ("groups", "new groups of ten meters", 4, 2), ("logins", "guessed passwords", 32, 1.5))


def ask(server, method, path, body=None, token=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, None if body is None else json.dumps(body),
                       {"Authorization": f"Bearer {token or server.provider}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status >= 300:
        raise SystemExit(f"WRONG: {method} {path}: {answer.status} {answer.read()[:300]}")
    answer.read()


def furnish(server):
    """The two tenants, the meters, and a month of minutes in one of them, which is an answer of megabytes."""
    for tenant in ("tenant_0", "evil"):
        server.command("tenants", "add", tenant, "--name", tenant, "--plan", "enterprise")
    for at in range(METERS):
        ask(server, "POST", "/api/v1/meters",
            {"slug": f"flood_{at}", "eventType": "flood", "aggregation": "SUM", "valueProperty": "$.n", "tenant_may_send": True,
             "groupBy": {f"g{group}": f"$.g{group}" for group in range(attacks.GROUPS)}})
    now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    month = now.replace(day=1, hour=0, minute=0)
    minutes = [month + datetime.timedelta(minutes=at) for at in range(int((now - month).total_seconds()) // 60)]
    for at in range(0, len(minutes), 1000):
        ask(server, "POST", "/api/v1/events",
            [{"id": f"m{at + more}", "source": "history", "type": "flood", "subject": "evil", "time": minute.isoformat(), "data": {"n": 1}}
             for more, minute in enumerate(minutes[at:at + 1000])])


class Good:
    """The good tenant: events and questions side by side, from two processes."""

    def __init__(self, tool, server, cores):
        self.tool, self.server, self.cores, self.looks = tool, server, cores, 0
        self.token = server.tenant_token("tenant_0")

    def look(self):
        self.looks += 1
        common = ["taskset", "-c", ",".join(map(str, self.cores)), self.tool, "--port", str(self.server.port), "--token", self.token,
                  "--rate", str(RATE), "--seconds", str(SECONDS), "--connections", "16", "--prefix", f"l{self.looks}c"]
        kinds = (["--batch", "1", "--tenants", "1"], ["--path", "/api/tenants/tenant_0/usage"])
        with measure.Usage(self.server.process.pid) as used:
            runs = [subprocess.Popen([*common, *kind], stdout=subprocess.PIPE, text=True) for kind in kinds]
            results = [json.loads(run.communicate()[0]) for run in runs]
        due = sum(result["due"] for result in results)
        return {"share": 100 * sum(result["accepted"] for result in results) / due, "p50": max(result["p50"] for result in results),
                "p99": max(result["p99"] for result in results), "cores": used.cpu / used.wall,
                "statuses": [result["statuses"] for result in results]}


@contextlib.contextmanager
def attacked(kind, connections, server, cores):
    command = ["nice", "-n", "19", "taskset", "-c", ",".join(map(str, cores)), sys.executable, os.path.join(HERE, "attacks.py"), kind,
               "--port", str(server.port), "--token", server.tenant_token("evil"), "--connections", str(connections), "--seconds", "120"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout.readline() != "ready\n":
                raise SystemExit(f"the attack {kind} did not begin")
            yield process
        finally:
            process.terminate()
            print(f"  ({kind}: {process.communicate()[0].strip()})", flush=True)


def one_attack(table, good, server, cores, group, rounds, attack):
    kind, label, connections, most = attack
    alone, beside = [], []
    overload.forget_peak(server.process.pid)
    for _ in range(rounds):
        alone.append(good.look())
        with attacked(kind, connections, server, cores):
            time.sleep(0.5)
            beside.append(good.look())
        time.sleep(1)
    peak = overload.peak_mib(server)
    table.keep(kind, "alone", [overload.plain(one) for one in alone])
    table.keep(kind, "beside", [overload.plain(one) for one in beside])
    table.row(f"beside {label}: accepted of the good tenant's requests, %", beside, figure="share", digits=2, least=100)
    table.row("the same: its p99 beside / alone, ms", beside, alone, figure="p99", digits=2, most=most)
    table.row("the same: the server's cores, beside / alone", beside, alone, figure="cores", digits=2)
    table.row(f"the same: most resident, MiB, {group.label}", [{"mib": peak}], figure="mib", most=CAP_MIB)
    if any(one["share"] < 100 for one in beside):
        print(f"  (answers: {[one['statuses'] for one in beside]})", flush=True)


def rows(table, binary, tool, root, rounds):
    folder = os.path.join(root, "hostile")
    os.makedirs(folder)
    ours, theirs = overload.halves()
    group = overload.Group(CAP_MIB)
    group.label = f"in a cgroup with {CAP_MIB} MiB" if group.folder else "watched only (no memory cgroup to write to)"
    server = product.Server(binary, os.path.join(folder, "data"))
    overload.start(server, ours, group)
    try:
        furnish(server)
        good = Good(os.path.join(os.path.dirname(tool), "bench_flood"), server, theirs)
        good.look()
        for attack in ATTACKS:
            one_attack(table, good, server, theirs, group, rounds, attack)
        server.command("verify")
    finally:
        server.stop()
        group.close()
