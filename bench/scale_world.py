"""Filled folders, servers on them, and who asks: for bench/scale.py."""
import contextlib
import csv
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "..", "tests", "crash")]
import measure
import server as product

PLANS = {"free": (1, 2, 10_000, 100, 1), "basic": (5, 10, 50_000, 500, 10), "premium": (20, 50, 200_000, 2_000, 50),
         "enterprise": (100, 200, 1_000_000, 10_000, 200)}


def round_half(value, by):
    return (value + by // 2) // by


class Folder:
    """A filled folder, with what is in it."""

    def __init__(self, args, name, **words):
        self.args, self.name = args, name
        # Which months are closed depends on the day, so a folder is good for one.
        key = "-".join([name, time.strftime("%Y%m%d", time.gmtime()), *(f"{k}{v}" for k, v in words.items())])
        self.path = os.path.join(args.work, key)
        self.data, self.rows = os.path.join(self.path, "data"), os.path.join(self.path, "rows.csv")
        if not os.path.exists(os.path.join(self.path, "filled.json")):
            self.fill(words)
        self.facts = json.load(open(os.path.join(self.path, "filled.json")))

    def fill(self, words):
        shutil.rmtree(self.path, ignore_errors=True)
        os.makedirs(self.path)
        command = [self.args.fill, "--data", self.data, "--plans", os.path.join(here, "..", "catalogue", "plans.toml"),
                   "--rows", self.rows, "--tenants-out", os.path.join(self.path, "tenants.csv")]
        for key, value in words.items():
            command += [f"--{key}", str(value)]
        begun = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"bench_fill failed: {done.stderr}")
        print(f"<!-- filled {self.name} in {time.monotonic() - begun:.0f} s -->", flush=True)
        with open(os.path.join(self.path, "filled.json"), "w") as file:
            file.write(done.stdout)

    @contextlib.contextmanager
    def served(self):
        """A server on a copy, which is calm: nothing is left of its first work."""
        copy = os.path.join(self.args.work, "run", "data")
        shutil.rmtree(os.path.dirname(copy), ignore_errors=True)
        os.makedirs(os.path.dirname(copy))
        shutil.copytree(self.data, copy)
        server = product.Server(self.args.binary, copy)
        server.environment["LOG_LEVEL"] = "info"
        begun = time.monotonic()
        server.start(seconds=300)
        server.start_seconds = time.monotonic() - begun
        server.start_resident = measure.resident_mib(server.process.pid)
        try:
            calm(server)
            yield server
        finally:
            if server.process.poll() is None:
                server.stop()
            shutil.rmtree(os.path.dirname(copy), ignore_errors=True)

    def months(self):
        return sorted(self.facts["months"])

    def statements(self, period):
        """What each tenant owes of a period, by arithmetic of our own from the rows that were filled in."""
        calls, webhooks = {}, {}
        for row in csv.DictReader(open(self.rows)):
            if row["day"].startswith(period):
                calls[row["tenant"]] = calls.get(row["tenant"], 0) + int(row["calls"])
                webhooks[row["tenant"]] = webhooks.get(row["tenant"], 0) + int(row["webhooks"])
        result = []
        for row in csv.DictReader(open(os.path.join(self.path, "tenants.csv"))):
            stores, devices, most_calls, most_webhooks, gigabytes = PLANS[row["plan"]]
            over = [max(0, used - most) for used, most in [
                (int(row["stores"]), stores), (int(row["devices"]), devices), (calls[row["tenant"]], most_calls),
                (webhooks[row["tenant"]], most_webhooks), (int(row["bytes"]), gigabytes << 30)]]
            micros = (over[0] * 10_000_000 + over[1] * 5_000_000 + over[2] * 1_000 + over[3] * 10_000 +
                      round_half(over[4] * 2_000_000, 1 << 30))
            result.append((row, any(over), round_half(micros, 10_000)))
        return result


def calm(server, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        cpu = measure.cpu_seconds(server.process.pid)
        time.sleep(0.5)
        if measure.cpu_seconds(server.process.pid) - cpu < 0.03:
            return


class Client:
    def __init__(self, server):
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self.connection.connect()

    def get(self, path):
        """(milliseconds, body)"""
        begun = time.perf_counter()
        self.connection.request("GET", path, headers={"Authorization": "Bearer " + self.server.provider})
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - begun) * 1e3
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:300]}")
        return took, body

    def data(self, path):
        return json.loads(self.get(path)[1])["data"]

    def repeated(self, path, most=20, seconds=1.5):
        """p50, p99 and CPU of the server for at most so many requests; after one that is not counted."""
        self.get(path)
        took, cpu, until = [], measure.cpu_seconds(self.server.process.pid), time.monotonic() + seconds
        while len(took) < most and (len(took) < 3 or time.monotonic() < until):
            took.append(self.get(path)[0])
        cpu = (measure.cpu_seconds(self.server.process.pid) - cpu) / len(took) * 1e3
        return {"p50": statistics.median(took), "p99": sorted(took)[min(len(took) - 1, int(len(took) * 0.99))], "cpu_ms": cpu}

    def floor(self):
        return self.repeated("/healthz", most=300)["p50"]


def must(what, expected, found):
    if expected != found:
        raise SystemExit(f"WRONG: {what}: expected {expected}, found {found}")


class Sampler:
    """The most memory that a process had while the block ran, looked at every 10 ms."""

    def __init__(self, pid):
        self.pid, self.most, self.stopped = pid, 0, threading.Event()

    def __enter__(self):
        self.before = self.most = measure.resident_mib(self.pid)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        while not self.stopped.wait(0.01):
            self.most = max(self.most, measure.resident_mib(self.pid))

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


class DuckDb:
    def __init__(self, work, rows):
        folder = os.path.join(work, "duckdb")
        shutil.copytree(os.path.join(here, "duckdb"), folder, dirs_exist_ok=True)
        if not os.path.exists(os.path.join(folder, "node_modules")):
            subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
        self.process = subprocess.Popen(["node", "peer.mjs", rows], cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        json.loads(self.process.stdout.readline())

    def ask(self, **question):
        cpu = measure.cpu_seconds(self.process.pid)
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        answer["cpu_ms"] = (measure.cpu_seconds(self.process.pid) - cpu) * 1e3
        answer["resident"] = measure.resident_mib(self.process.pid)
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
