#!/usr/bin/env python3
"""Has a client library send a known number of events to a real server, in the middle of trouble, and counts them.

  exactly_once.py METERGATE COMMAND...

COMMAND is a program in the library's language that reads METERGATE_URL and METERGATE_TOKEN and does PART, three times,
for n = 1, 2, 3: prints "part n" and waits for a line; then sends everything and prints its counts as JSON.

  PART: 2000 API calls and 200 webhook calls (each tenth a failure) of tenant park, 500 API calls of tenant zoo,
        park's storage n × 1,000,000 bytes, n × 10 devices, n stores; zoo's stores without a count;
        one storage report of tenant nobody, who is not there.

Meanwhile every third answer is swallowed on its way back, the server is killed at the end of part 1, started again at
the end of part 2, and stopped and started at the end of part 3.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
import server as product  # noqa: E402
from flaky_link import FlakyLink  # noqa: E402

SECONDS_MAX = 60


def run_parts(server, environment, command):
    """The counts that the program prints."""
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          bufsize=1) as program:
        try:
            for part, trouble in enumerate([server.kill, start(server), restart(server)], 1):
                line = program.stdout.readline().strip()
                if line != f"part {part}":
                    raise SystemExit(f"the program said {line!r} instead of 'part {part}'")
                trouble()
                program.stdin.write("go on\n")
                program.stdin.flush()
            counts = json.loads(program.stdout.readline())
            if program.wait() != 0:
                raise SystemExit(f"the program ended with status {program.returncode}")
            return counts
        finally:
            program.kill()


def start(server):
    def run():
        if not server.start():
            raise SystemExit(f"the server did not start: {server.last_words()}")
    return run


def restart(server):
    def run():
        server.stop()
        start(server)()
    return run


def figures(server):
    """What the counters and the raw events say."""
    found = {}
    for tenant in ("park", "zoo"):
        counters = server.find("usage_counters", json.dumps({"tenant_id": tenant}), "--sort", "period")
        for meter in ("api_calls", "webhook_calls", "webhook_failures"):
            found[f"{tenant} {meter}"] = sum(int(counter[meter]) for counter in counters)
        for meter in ("storage_bytes", "devices_count", "stores_count"):
            found[f"{tenant} {meter}"] = int(counters[-1][meter])
        for collection in ("api_calls", "webhook_calls"):
            count = server.command("find", collection, json.dumps({"tenant_id": tenant}), "--count")
            found[f"{tenant} raw {collection}"] = int(count)
    return found


WANTED = {
    "park api_calls": 6000, "park webhook_calls": 600, "park webhook_failures": 60, "park storage_bytes": 3_000_000,
    "park devices_count": 30, "park stores_count": 3, "park raw api_calls": 6000, "park raw webhook_calls": 600,
    "zoo api_calls": 1500, "zoo webhook_calls": 0, "zoo webhook_failures": 0, "zoo devices_count": 0,
    "zoo stores_count": 0, "zoo raw api_calls": 1500, "zoo raw webhook_calls": 0,
}
WANTED_COUNTS = {"recorded": 6000 + 600 + 1500 + 4 * 3, "refused": 3, "dropped": 0}


def main():
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"not done within {SECONDS_MAX} seconds"))
    signal.alarm(SECONDS_MAX)
    binary, command = os.path.abspath(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="metergate-client-") as root:
        server = product.Server(binary, os.path.join(root, "data"))
        start(server)()
        link = FlakyLink(server.port, 3)
        try:
            for tenant in ("park", "zoo"):
                server.command("tenants", "add", tenant, "--name", tenant, "--plan", "enterprise")
            key = server.command("keys", "add", "--permission", "events.write", "--name", "client").strip()
            environment = dict(os.environ, METERGATE_URL=f"http://127.0.0.1:{link.port}", METERGATE_TOKEN=key,
                               METERGATE_SPOOL=os.path.join(root, "spool"))
            counts = run_parts(server, environment, command)
            found = figures(server)
            differences = [f"{what}: {found[what]} instead of {value}" for what, value in WANTED.items()
                           if found[what] != value]
            differences += [f"the client says {what}: {counts[what]} instead of {value}"
                            for what, value in WANTED_COUNTS.items() if counts[what] != value]
            if link.swallowed < 3:
                differences.append(f"only {link.swallowed} answers were swallowed: this proves little")
            server.command("verify")
        finally:
            link.close()
            if server.process.poll() is None:
                server.stop()
            server.log.close()
    for line in differences:
        print(line)
    print(f"{WANTED_COUNTS['recorded']} events, {link.swallowed} answers swallowed, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
