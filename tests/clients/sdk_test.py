#!/usr/bin/env python3
"""A CloudEvents SDK, unchanged, sends the same twenty calls twice, in each of its ways: each is counted once.

  sdk_test.py BINARY COMMAND...

COMMAND is a program with METERGATE_URL, METERGATE_KEY and METERGATE_TIME in its environment. It sends the calls structured-0 to
structured-4 in structured mode, binary-0 to binary-4 in binary mode and batch-0 to batch-9 as one batch, for the tenant acme, from
the source "sdk"; each took 12.5 ms, answered 200, and came for "GET /cafés". It ends with 0 where every answer was a 204.
"""
import datetime
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
import server as product

IDS = sorted([f"structured-{n}" for n in range(5)] + [f"binary-{n}" for n in range(5)] + [f"batch-{n}" for n in range(10)])
FIELDS = {"tenant_id": "acme", "source": "sdk", "method": "GET", "endpoint": "GET /cafés", "status": 200, "request_bytes": 10,
          "response_bytes": 2000, "processing_time_ms": 12.5, "billable": True}


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-sdk-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        server.start()
        try:
            server.command("tenants", "add", "acme", "--name", "acme", "--plan", "free")
            key = server.command("keys", "add", "--permission", "events.write", "--name", "sdk").strip()
            time = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
            environment = dict(os.environ, METERGATE_URL=f"http://127.0.0.1:{server.port}/api/v1/events", METERGATE_KEY=key,
                               METERGATE_TIME=time)
            for _ in range(2):
                subprocess.run(sys.argv[2:], env=environment, check=True, timeout=240)
                calls = server.find("api_calls")
                if sorted(call["_id"] for call in calls) != IDS:
                    raise SystemExit(f"these calls are there: {sorted(call['_id'] for call in calls)}")
                for call in calls:
                    wrong = {name: call[name] for name, value in FIELDS.items() if call[name] != value}
                    if wrong:
                        raise SystemExit(f"of {call['_id']} this is wrong: {wrong}")
            server.command("verify")
        finally:
            server.stop()
    print(f"{len(IDS)} calls, each sent twice and counted once")


if __name__ == "__main__":
    main()
