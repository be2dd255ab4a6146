#!/usr/bin/env python3
"""An application that is not ours (json-server) behind the gateway: what Metergate counts, against its access log.

  application_test.py BINARY [--load clients|wrk|browser] [--kills 0] [--seconds 4] [--connections 32] [--seed 1]

The load is clients of our own, or wrk (Debian's), or a browser (Debian's Chromium, several tabs) that uses the page in
tests/gateway/pages. Without kills, Metergate's calls by method, path and status equal those of the application's log
and those that the load saw answered. With kills (SIGKILL of Metergate under load, then a restart) nothing that a client saw
answered is missing, nothing is counted that the application did not log, and the rest is at most what was under
way at the kills. One closing line says the figures. The application runs from tests/gateway/json_server (npm ci), what
drives the browser from tests/gateway/browser (npm ci).
"""
import argparse
import asyncio
import collections
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
import server as product

TENANT = "tenant_1"
LOG_LINE = re.compile(r"^([A-Z]+) (/\S*) (\d{3}|-) ")     # as the application sees it, without the tenant
COLOUR = re.compile(r"\x1b\[\d+m")


class Application:
    def __init__(self, root):
        data = {"orders": [{"id": n, "customer": n % 7, "amount": n * 100} for n in range(1, 41)],
                "customers": [{"id": n, "name": f"Customer {n}"} for n in range(7)]}
        (root / "db.json").write_text(json.dumps(data))
        (root / "routes.json").write_text(json.dumps({"/api/tenants/:tenant/*": "/$2"}))
        self.port, self.log = product.free_port(), root / "access.log"
        folder = HERE / "json_server"
        command = ["node", str(folder / "node_modules" / "json-server" / "lib" / "cli" / "bin.js"), "--host", "127.0.0.1",
                   "--port", str(self.port), "--routes", str(root / "routes.json"),
                   "--middlewares", str(folder / "pages.cjs"), "--", str(root / "db.json")]
        self.process = subprocess.Popen(command, stdout=open(self.log, "wb"), stderr=subprocess.STDOUT, cwd=root)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit("json-server did not start:\n" + self.log.read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def logged(self):
        found = collections.Counter()
        for line in COLOUR.sub("", self.log.read_text()).splitlines():
            match = LOG_LINE.match(line.strip())
            if match:
                status = 0 if match[3] == "-" else int(match[3])
                found[(match[1], f"/api/tenants/{TENANT}" + match[2].split("?")[0], status)] += 1
        return found


def a_request(random_source):
    path = f"/api/tenants/{TENANT}"
    kind = random_source.randrange(10)
    if kind < 4:
        return "GET", f"{path}/orders/{random_source.randrange(1, 50)}", None     # some of them 404
    if kind < 6:
        return "GET", f"{path}/orders", None
    if kind < 7:
        return "GET", f"{path}/customers?name=Customer%203", None
    if kind < 8:
        return "POST", f"{path}/orders", {"customer": 1, "amount": random_source.randrange(1000)}
    if kind < 9:
        return "PATCH", f"{path}/orders/{random_source.randrange(1, 41)}", {"amount": 5}
    return "GET", f"{path}/nowhere", None


class Load:
    def __init__(self, server, token, options):
        self.server, self.token, self.options = server, token, options
        self.answered, self.until, self.is_over = collections.Counter(), 0.0, False

    async def client(self, number):
        random_source = random.Random(self.options.seed * 1000 + number)
        connection = product.Connection(self.server.port)
        while not self.is_over:
            method, path, body = a_request(random_source)
            answer = await connection.ask(method, path, self.token, body)
            if answer is None:
                await asyncio.sleep(0.02)
                continue
            if answer[0] in (429, 502, 503, 504):
                raise SystemExit(f"unexpected: {answer}")
            self.answered[(method, path.split("?")[0], answer[0])] += 1
        connection.close()

    async def run(self, kill):
        clients = [asyncio.create_task(self.client(n)) for n in range(self.options.connections)]
        try:
            await kill()
        finally:
            self.is_over = True
            await asyncio.gather(*clients)


def tool(name):
    """Where a program of Debian's is, or the end of the test: without it nothing is proved."""
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed: apt-get install {name} (tools/setup test does it)")
    return found


def run_wrk(server, token, options):
    """wrk sends for some seconds, then waits until all is answered. By status: it knows no more."""
    environment = dict(os.environ, LOAD_PATH=f"/api/tenants/{TENANT}", LOAD_TOKEN=token, LOAD_SECONDS=str(int(options.seconds)))
    command = [tool("wrk"), "-t", "2", "-c", str(options.connections), "-d", f"{int(options.seconds) + 4}s", "--timeout", "10s",
               "-s", str(HERE / "load.lua"), f"http://127.0.0.1:{server.port}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=options.seconds + 60)
    answered, broken = collections.Counter(), None
    for line in done.stdout.splitlines():
        words = line.split()
        if words[:1] == ["answered"]:
            answered[int(words[1])] += int(float(words[2]))
        elif words[:1] == ["broken"]:
            broken = int(float(words[1]))
    if done.returncode != 0 or broken != 0:
        raise SystemExit(f"wrk ended with {done.returncode}, {broken} broken connections:\n{done.stdout}{done.stderr}")
    return answered


def run_browser(server, token, options):
    """What the browser's network saw, by method, path and status."""
    command = ["node", str(HERE / "browser" / "visit.mjs"), tool("chromium"), f"http://127.0.0.1:{server.port}/api/tenants/{TENANT}",
               token, "4", str(max(1, int(options.seconds)))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=options.seconds * 10 + 120)
    if done.returncode != 0:
        raise SystemExit(f"the browser's visit failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return collections.Counter({(method, path, status): count for method, path, status, count in json.loads(done.stdout)})


def by_status(rows):
    found = collections.Counter()
    for (_, _, status), count in rows.items():
        found[status] += count
    return found


def metered(server, filters):
    found = collections.Counter()
    for call in server.find("api_calls", json.dumps({"tenant_id": TENANT, **filters})):
        found[(call["method"], call["path"], call["status"])] += 1
    return found


def run_clients(server, token, options):
    load = Load(server, token, options)
    random_source = random.Random(options.seed)

    async def kills():
        if options.kills == 0:
            await asyncio.sleep(options.seconds)
        for _ in range(options.kills):
            await asyncio.sleep(random_source.uniform(0.1, options.seconds / 2))
            server.kill()
            await asyncio.to_thread(server.start)
        await asyncio.sleep(0.3)
    asyncio.run(load.run(kills))
    return load.answered


def run(options, root):
    """What the load saw answered, what Metergate counted, what the application logged, whether all agrees in itself."""
    load = {"clients": run_clients, "wrk": run_wrk, "browser": run_browser}[options.load]
    application = Application(root)
    server = product.Server(os.path.abspath(options.binary), str(root / "data"),
                            environment={"UPSTREAM_URL": f"http://127.0.0.1:{application.port}"})
    server.start()
    try:
        plan = {"tenant_id": TENANT, "name": "One", "plan": "enterprise"}
        if product.ask_once(server.port, "POST", "/provider/tenants", server.provider, plan)[0] != 201:
            raise SystemExit("the tenant could not be added")
        answered = load(server, server.tenant_token(TENANT), options)
        time.sleep(0.5)
        # After a kill a call may be recorded that could not be passed on: it is not billable.
        counted = metered(server, {"billable": True} if options.kills else {})
        in_counters = sum(counter["api_calls"] for counter in server.find("usage_counters", json.dumps({"tenant_id": TENANT})))
        verified = server.command("verify", check=False).returncode == 0 and in_counters == sum(counted.values())
        return answered, counted, application.logged(), verified
    finally:
        server.stop()
        application.stop()


def judge(options, answered, counted, logged, verified):
    if options.load == "wrk":
        counts = {"answered": answered, "counted": by_status(counted)}
    else:
        counts = {"answered": answered, "counted": counted}
    missing, invented = counts["answered"] - counts["counted"], counted - logged
    unasked = collections.Counter() if options.kills else counts["counted"] - counts["answered"]
    open_ends = sum(logged.values()) - sum(answered.values())
    allowed = options.kills * options.connections
    for name, rows in (("answered and not counted", missing), ("counted and not in the application's log", invented),
                       ("counted and not answered", unasked)):
        for row, count in sorted(rows.items()):
            print(f"{name}: {count} × {row}")
    is_right = not missing and not invented and not unasked and 0 <= open_ends <= allowed and verified
    is_right = is_right and sum(answered.values()) > 100
    print(f"{options.load}, seed {options.seed}, kills {options.kills}: answered {sum(answered.values())}, counted {sum(counted.values())}, "
          f"in the application's log {sum(logged.values())}, by {len(logged)} methods, paths and statuses; lost {sum(missing.values())}, "
          f"invented {sum(invented.values()) + sum(unasked.values())}, under way at kills {open_ends} (at most {allowed}); "
          f"verify {'finds nothing' if verified else 'FINDS DIFFERENCES'}: {'right' if is_right else 'WRONG'}")
    return is_right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--load", choices=["clients", "wrk", "browser"], default="clients")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.kills and options.load != "clients":
        parser.error("--kills goes with clients of our own: the others do not say what they lost")
    with tempfile.TemporaryDirectory(prefix="metergate-gateway-") as root:
        return 0 if judge(options, *run(options, pathlib.Path(root))) else 1


if __name__ == "__main__":
    sys.exit(main())
