#!/usr/bin/env python3
"""What an operator meets: the collections' eight queries, with a server and without one, and starts that are refused.

  operator_test.py BINARY

Each refusal must end the process by itself, with a status that is not 0 and a text that names what is wrong.
"""
import datetime
import glob
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product
from server import check

NOW = datetime.datetime.now(datetime.timezone.utc)
PERIOD = NOW.strftime("%Y-%m")


def fill(server):
    """A tenant over its limits, another one within, and a report."""
    for tenant, plan in (("tenant_123", "free"), ("tenant_456", "basic")):
        body = {"tenant_id": tenant, "name": tenant, "plan": plan}
        check(product.ask_once(server.port, "POST", "/provider/tenants", server.provider, body)[0] == 201, f"{tenant} is added")
    events = [{"id": f"e{n}", "source": "shop", "type": "api.call", "subject": "tenant_123" if n % 3 else "tenant_456",
               "time": (NOW - datetime.timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%SZ"),
               "data": {"method": "GET", "endpoint": "/orders", "status": 200, "request_bytes": 1, "response_bytes": 1, "duration_ms": 1}}
              for n in range(30)]
    events.append({"id": "s", "source": "shop", "type": "store.count", "subject": "tenant_123", "data": {"count": 3}})
    check(product.ask_once(server.port, "POST", "/api/v1/events", server.provider, events)[0] == 204, "events are taken")
    check(server.command("workers", "run-once"), "the workers run")
    answer = product.ask_once(server.port, "GET", f"/provider/billing/reports?period={PERIOD}", server.provider)
    check(answer[0] == 200, "a report is made", answer)


def the_eight_queries(server, where):
    def find(*words):
        return server.find(*words)

    def falling(documents, field):
        values = [document[field] for document in documents]
        return [json.dumps(value) for value in values] == sorted((json.dumps(value) for value in values), reverse=True)

    counters = find("usage_counters", json.dumps({"period": PERIOD}))
    check({document["tenant_id"] for document in counters} == {"tenant_123", "tenant_456"}, f"counters of a period, {where}", counters)
    mine = find("usage_counters", '{"tenant_id": "tenant_123"}', "--sort", '{"period": -1}')
    check(mine and mine[0]["period"] == PERIOD and falling(mine, "period"), f"counters of a tenant, newest first, {where}", mine)
    newest = find("api_calls", "{}", "--sort", '{"timestamp": -1}', "--limit", "10")
    check(len(newest) == 10 and falling(newest, "timestamp") and newest[0]["_id"].endswith("e0"), f"the newest ten calls, {where}", newest)
    calls = find("api_calls", '{"tenant_id": "tenant_123"}', "--sort", '{"timestamp": -1}')
    check(len(calls) == 20 and falling(calls, "timestamp"), f"a tenant's calls, newest first, {where}", calls)
    alerts = find("provider_alerts", '{"type": "billing.over_limit", "status": "open"}')
    check([alert["tenant_id"] for alert in alerts] == ["tenant_123"], f"open alerts, {where}", alerts)
    alerts = find("provider_alerts", '{"type": "billing.over_limit"}', "--sort", '{"first_seen": -1}')
    check(len(alerts) == 1, f"alerts by first_seen, {where}", alerts)
    reports = find("usage_reports", "{}", "--sort", '{"generated_at": -1}')
    check(len(reports) >= 1 and falling(reports, "generated_at"), f"reports, newest first, {where}", reports)
    one = find("usage_reports", json.dumps({"period": PERIOD}), "--limit", "1")
    check(len(one) == 1 and one[0]["period"] == PERIOD, f"one report of a period, {where}", one)


def refused(server, claim, parts, **environment):
    done = subprocess.run([server.binary, "serve"], env=dict(server.environment, LOG_LEVEL="info", **environment),
                          capture_output=True, text=True, timeout=60)
    text = done.stdout + done.stderr
    check(done.returncode not in (0, None) and all(part in text for part in parts), claim, f"status {done.returncode}\n{text}")


def starts_that_are_refused(server, root):
    other = os.path.join(root, "other")
    refused(server, "a port in use is named", [str(server.port), "in use"], DATA_DIR=other)
    refused(server, "a folder that another process holds is named", [server.folder], API_PORT="0")
    refused(server, "an address that is none is named, before anything is made", ["LISTEN_ADDRESS", "localhost"],
            LISTEN_ADDRESS="localhost", DATA_DIR=other + "-address")
    check(not os.path.exists(other + "-address"), "no folder was made for it")
    refused(server, "a setting that cannot be read is named with its value", ["USAGE_RETENTION_MONTHS", "twelve"],
            USAGE_RETENTION_MONTHS="twelve", DATA_DIR=other)
    refused(server, "a secret that is too short is refused, and not shown", ["JWT_SECRET"], JWT_SECRET="short", DATA_DIR=other)
    blocked = os.path.join(root, "file")
    pathlib.Path(blocked).write_text("no folder")
    refused(server, "a path that is no folder is named", [blocked], DATA_DIR=blocked, API_PORT="0")
    # Even the superuser cannot write below /proc.
    refused(server, "a folder that cannot be written is named", ["/proc/metergate"], DATA_DIR="/proc/metergate", API_PORT="0")


def listens_where_it_says(server, root):
    """The ready line names the address; 127.0.0.2 is this machine's too, and reached only where all addresses are."""
    for given, said, others_reach in ((None, "127.0.0.1", False), ("0.0.0.0", "0.0.0.0", True), ("::1", "[::1]", False),
                                      ("127.0.0.2", "127.0.0.2", True)):
        environment = dict(server.environment, API_PORT="0", DATA_DIR=os.path.join(root, "listening"))
        environment.pop("LISTEN_ADDRESS")
        environment.update({"LISTEN_ADDRESS": given} if given else {})
        with subprocess.Popen([server.binary, "serve"], cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
            line = process.stdout.readline().strip()
            port = line.rpartition(":")[2]
            reached = port.isdigit() and is_reached("127.0.0.2", int(port))
            process.terminate()
        check(line == f"metergate is ready on http://{said}:{port}", f"LISTEN_ADDRESS={given} is said in the ready line", line)
        check(reached == others_reach, f"LISTEN_ADDRESS={given} is where it listens")


def is_reached(address, port):
    try:
        socket.create_connection((address, port), timeout=5).close()
        return True
    except OSError:
        return False


def damage_is_refused(server, root):
    """The middle of the journal is changed: sealed frames stand behind it, so it is no torn tail."""
    folder = os.path.join(root, "damaged")
    shutil.copytree(server.folder, folder, ignore=shutil.ignore_patterns("*.sock", "LOCK"))
    segment = sorted(glob.glob(os.path.join(folder, "journal", "*")), key=os.path.getsize)[-1]
    with open(segment, "r+b") as file:
        file.seek(4096 + 64)
        byte = file.read(1)
        file.seek(4096 + 64)
        file.write(bytes([byte[0] ^ 1]))
    refused(server, "a damaged journal is named with its file and place", [os.path.basename(segment), "byte"],
            DATA_DIR=folder, API_PORT="0")


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="metergate-operator-") as root:
        server = product.Server(binary, os.path.join(root, "data"))
        server.start()
        try:
            fill(server)
            the_eight_queries(server, "asked of a running server")
            starts_that_are_refused(server, root)
            listens_where_it_says(server, root)
            server.kill()
            damage_is_refused(server, root)
            server.start()
        finally:
            server.stop()
        the_eight_queries(server, "in a folder that nobody holds")
        verified = server.command("verify", check=False)
        check(verified.returncode == 0, "verify finds nothing", verified.stdout)
    print("all is so")


if __name__ == "__main__":
    main()
