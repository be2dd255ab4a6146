"""The gateway beside reverse proxies: as many workers each, the same origin, the same load."""
import os
import re
import subprocess

import measure
import peers
import server as product

CONNECTIONS = 64
MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000}


def wrk(url, seconds, headers=(), script=None, connections=CONNECTIONS):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for header in headers:
        command += ["-H", header]
    if script:
        command += ["-s", script]
    out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{url} did not answer as it should:\n{out}")

    def latency(percent):
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(\w+)", out).groups()
        return float(value) * MILLISECONDS[unit]
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
            "requests": int(re.search(r"(\d+) requests in", out).group(1)), "p50": latency(50), "p99": latency(99)}


def loaded(pid, url, seconds, headers=(), script=None):
    with measure.Usage(pid) as used:
        result = wrk(url, seconds, headers, script)
    return {**result, "cpu": used.cpu / result["requests"] * 1e6, "resident": used.resident}


def add_tenant(server):
    """A tenant's token; its plan is large, and its limits soft."""
    created = product.ask_once(server.port, "POST", "/provider/tenants", server.provider,
                               {"tenant_id": "tenant_0", "name": "Tenant", "plan": "enterprise"})
    if created is None or created[0] != 201:
        raise SystemExit(f"the tenant could not be added: {created}")
    return server.tenant_token("tenant_0")


class Gateway:
    """Metergate in front of the origin, with token check, limit check and durable metering."""

    def __init__(self, binary, root, name, origin_port, durability, threads=1):
        os.makedirs(os.path.join(root, name))
        self.server = product.Server(binary, os.path.join(root, name, "data"), environment={
            "UPSTREAM_URL": f"http://127.0.0.1:{origin_port}", "GATEWAY_DURABILITY": durability, "API_THREADS": str(threads)})
        self.answered = 0

    def __enter__(self):
        self.server.start()
        self.token = add_tenant(self.server)
        return self

    def __exit__(self, *_):
        self.server.stop()

    def run(self, seconds):
        result = loaded(self.server.process.pid, f"http://127.0.0.1:{self.server.port}/api/tenants/tenant_0/orders", seconds,
                        [f"Authorization: Bearer {self.token}"])
        self.answered += result["requests"]
        return result

    def check(self, rounds):
        """What wrk was answered is counted; what it had under way at the end of a round, at most 64 calls, may be too."""
        counted = int(self.server.command("find", "api_calls", "{}", "--count"))
        if not self.answered <= counted <= self.answered + CONNECTIONS * rounds:
            raise SystemExit(f"WRONG: {self.answered} calls were answered, {counted} are counted")
        return counted


def rows(table, binary, root, rounds, seconds):
    headers = ["Authorization: Bearer " + "x" * 200, "X-Tenant: tenant_0"]
    with peers.nginx(root, "origin", peers.ORIGIN) as origin, \
            peers.nginx(root, "logging", peers.proxy(origin.port, "access_log ROOT/access.log usage;")) as logging, \
            peers.nginx(root, "buffered", peers.proxy(origin.port, "access_log ROOT/access.log usage buffer=64k;")) as buffered, \
            peers.nginx(root, "logging-2", peers.proxy(origin.port, "access_log ROOT/access.log usage;"), workers=2) as logging_2, \
            peers.haproxy(root, origin.port) as haproxy, \
            Gateway(binary, root, "fast", origin.port, "fast") as fast, \
            Gateway(binary, root, "fast-2", origin.port, "fast", threads=2) as fast_2, \
            Gateway(binary, root, "strict", origin.port, "strict") as strict:
        def through(peer):
            return lambda: loaded(peer.pid, f"http://127.0.0.1:{peer.port}/api/tenants/tenant_0/orders", seconds, headers)
        results = measure.in_turn({"fast": lambda: fast.run(seconds), "nginx": through(logging),
                                   "nginx, buffered log": through(buffered), "strict": lambda: strict.run(seconds),
                                   "HAProxy": through(haproxy), "fast, 2 threads": lambda: fast_2.run(seconds),
                                   "nginx, 2 workers": through(logging_2)}, rounds)
        for gateway in (fast, fast_2, strict):
            gateway.check(rounds + 1)
    for who, of in results.items():
        table.keep("gateway", who, of)
    ours, nginx = results["fast"], results["nginx"]
    table.row("gateway against nginx with a JSON log: requests/s", ours, nginx, least=1.30)
    table.row("the same: server CPU a request, nginx / ours", nginx, ours, figure="cpu", digits=2, least=1.45)
    table.row("the same: p99, ms", ours, nginx, figure="p99", digits=2, most=1.0)
    table.row("gateway against nginx, log buffered 64k: requests/s", ours, results["nginx, buffered log"], least=1.2)
    table.row("gateway against HAProxy with its log: requests/s", ours, results["HAProxy"])
    table.row("gateway, strict, against nginx with a JSON log: requests/s", results["strict"], nginx, least=0.9)
    table.row("gateway, two threads, against nginx with a JSON log, two workers: requests/s", results["fast, 2 threads"],
              results["nginx, 2 workers"])
