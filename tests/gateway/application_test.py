#!/usr/bin/env python3
"""An application that is not ours (json-server) behind the gateway: what Metergate counts, against its access log.

  application_test.py BINARY [--kills 0] [--seconds 4] [--connections 32] [--seed 1]

Without kills, Metergate's calls by method, path and status equal those of the application's log and those that the
clients saw answered. With kills (SIGKILL of Metergate under load, then a restart) nothing that a client saw
answered is missing, nothing is counted that the application did not log, and the rest is at most what was under
way at the kills. One closing line says the figures. The application runs from tests/gateway/json_server (npm ci).
"""
import argparse
import asyncio
import collections
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
import server as product

TENANT = "tenant_1"
LOG_LINE = re.compile(r"^(GET|POST|PATCH) (/\S+) (\d{3}) ")     # as the application sees it, without the tenant
COLOUR = re.compile(r"\x1b\[\d+m")


class Application:
    def __init__(self, root):
        data = {"orders": [{"id": n, "customer": n % 7, "amount": n * 100} for n in range(1, 41)],
                "customers": [{"id": n, "name": f"Customer {n}"} for n in range(7)]}
        (root / "db.json").write_text(json.dumps(data))
        (root / "routes.json").write_text(json.dumps({"/api/tenants/:tenant/*": "/$2"}))
        self.port, self.log = product.free_port(), root / "access.log"
        command = ["node", str(HERE / "json_server" / "node_modules" / "json-server" / "lib" / "cli" / "bin.js"), "--host", "127.0.0.1",
                   "--port", str(self.port), "--routes", str(root / "routes.json"), str(root / "db.json")]
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
                found[(match[1], f"/api/tenants/{TENANT}" + match[2].split("?")[0], int(match[3]))] += 1
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


def metered(server):
    found = collections.Counter()
    for call in server.find("api_calls", json.dumps({"tenant_id": TENANT, "billable": True})):
        found[(call["method"], call["path"], call["status"])] += 1
    return found


def run(options, root):
    application = Application(root)
    server = product.Server(os.path.abspath(options.binary), str(root / "data"),
                            environment={"UPSTREAM_URL": f"http://127.0.0.1:{application.port}"})
    server.start()
    try:
        plan = {"tenant_id": TENANT, "name": "One", "plan": "enterprise"}
        if product.ask_once(server.port, "POST", "/provider/tenants", server.provider, plan)[0] != 201:
            raise SystemExit("the tenant could not be added")
        load = Load(server, server.tenant_token(TENANT), options)
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
        time.sleep(0.5)
        return load.answered, metered(server), application.logged(), server.command("verify", check=False).returncode
    finally:
        server.stop()
        application.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="metergate-gateway-") as root:
        answered, counted, logged, verified = run(options, pathlib.Path(root))
    missing, invented = answered - counted, counted - logged
    open_ends = sum((logged - answered).values())
    allowed = options.kills * options.connections
    for name, rows in (("answered and not counted", missing), ("counted and not in the application's log", invented)):
        for row, count in sorted(rows.items()):
            print(f"{name}: {count} × {row}")
    is_right = not missing and not invented and open_ends <= allowed and verified == 0 and sum(answered.values()) > 100
    print(f"seed {options.seed}, kills {options.kills}: answered {sum(answered.values())}, counted {sum(counted.values())}, in the application's "
          f"log {sum(logged.values())}; lost {sum(missing.values())}, invented {sum(invented.values())}, under way at kills {open_ends} "
          f"(at most {allowed}); verify {'finds nothing' if verified == 0 else 'FINDS DIFFERENCES'}: {'right' if is_right else 'WRONG'}")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
