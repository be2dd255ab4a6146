#!/usr/bin/env python3
"""Calls the Beast example's API, and finds each call in Metergate, by its route.

  middleware_test.py METERGATE BEAST_MIDDLEWARE
"""
import collections
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "crash"))
import server as product  # noqa: E402

CALLS = {"/api/tenants/park/orders": 20, "/api/tenants/park/orders/17": 15, "/api/tenants/park/orders/18": 5,
         "/api/tenants/park/nothing": 3, "/api/tenants/zoo/orders": 7, "/": 4}
WANTED = {("park", "GET /api/tenants/{tenant_id}/orders", 200): 20,
          ("park", "GET /api/tenants/{tenant_id}/orders/{order_id}", 200): 20,
          ("park", "GET /api/tenants/{tenant_id}/{other}", 404): 3,
          ("zoo", "GET /api/tenants/{tenant_id}/orders", 200): 7}


def call_everything(environment, program):
    with subprocess.Popen([program, "0"], env=environment, stdout=subprocess.PIPE, text=True) as api:
        port = int(api.stdout.readline().rsplit(":", 1)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for path, times in CALLS.items():
            for _ in range(times):
                connection.request("GET", path)
                connection.getresponse().read()
        connection.close()
        api.send_signal(signal.SIGTERM)
        if api.wait(timeout=30) != 0:
            raise SystemExit(f"the example ended with status {api.returncode}")


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-middleware-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        if not server.start():
            raise SystemExit(f"the server did not start: {server.last_words()}")
        try:
            for tenant in ("park", "zoo"):
                server.command("tenants", "add", tenant, "--name", tenant, "--plan", "free")
            key = server.command("keys", "add", "--permission", "events.write", "--name", "beast").strip()
            call_everything(dict(os.environ, METERGATE_URL=f"http://127.0.0.1:{server.port}", METERGATE_TOKEN=key),
                            sys.argv[2])
            calls = server.find("api_calls")
        finally:
            server.stop()
            server.log.close()
    found = collections.Counter((call["tenant_id"], call["endpoint"], int(call["status"])) for call in calls)
    if found != WANTED:
        raise SystemExit(f"found {dict(found)} instead of {WANTED}")
    if any(call["ip"] != "127.0.0.1" or call["source"] != "beast-example" for call in calls):
        raise SystemExit(f"an address or a source is wrong: {json.dumps(calls[0])}")
    print(f"{sum(found.values())} calls, as many metered")


if __name__ == "__main__":
    main()
