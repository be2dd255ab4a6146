"""The limit check over HTTP beside a bare Redis GET."""
import os
import re
import subprocess

import gateway
import measure
import peers
import server as product


def rows(table, binary, root, rounds, seconds):
    os.makedirs(os.path.join(root, "checks"))
    server = product.Server(binary, os.path.join(root, "checks", "data"))
    server.start()
    try:
        token = gateway.add_tenant(server)
        with peers.redis(root, "checks-redis", "everysec") as redis:
            subprocess.run(["redis-cli", "-p", str(redis.port), "SET", "key:000000000000", "1"], check=True, capture_output=True)

            def get():
                with measure.Usage(redis.pid) as used:
                    out = subprocess.run(["redis-benchmark", "-p", str(redis.port), "-t", "get", "-c", "64", "-n", str(30_000 * seconds),
                                          "--csv"], capture_output=True, text=True, check=True).stdout
                fields = re.findall(r'"([^"]*)"', out.splitlines()[-1])
                return {"rate": float(fields[1]), "p50": float(fields[4]), "p99": float(fields[6]),
                        "cpu": used.cpu / (30_000 * seconds) * 1e6, "resident": used.resident}
            url = f"http://127.0.0.1:{server.port}/api/tenants/tenant_0/usage/api_calls"
            results = measure.in_turn({"ours": lambda: gateway.loaded(server.process.pid, url, seconds, [f"Authorization: Bearer {token}"]),
                                       "Redis": get}, rounds)
    finally:
        server.stop()
    for who, of in results.items():
        table.keep("limit check over HTTP", who, of)
    table.row("limit check over HTTP, token checked and metered, against Redis GET: requests/s", results["ours"], results["Redis"], least=1.4)
