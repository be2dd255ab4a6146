#!/usr/bin/env python3
"""How fast the main job is, on this machine: one table, with CPU beside wall time because the client shares the cores.

  bench/core.py --binary build/metergate [--events 1000000] [--tenants 10000] [--seconds 5]

Rows: durable events a second in batches of 1, 100 and 1,000 from 8 connections; requests a second on a metered tenant
route (wrk, 64 connections); the start of a server with that many tenants; resident memory. The counts are compared
with what was sent at the end: a fast wrong count is a failure. Traffic goes to 127.0.0.1 and ends by itself.
"""
import argparse
import datetime
import json
import multiprocessing
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "crash"))
import server as product

CONNECTIONS = 8


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) // 1024


def send(port, token, tenants, batch, count, name, now):
    """One connection: `count` events in batches, each answered with 204 before the next is sent."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = (f"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                "Content-Type: application/cloudevents-batch+json\r\nContent-Length: ")
        tail = ('","source":"bench","specversion":"1.0","type":"api.call","time":"' + now + '","data":{"method":"GET",'
                '"endpoint":"/orders","status":200,"request_bytes":120,"response_bytes":800,"duration_ms":12}}')
        for first in range(0, count, batch):
            body = "[" + ",".join(f'{{"subject":"tenant_{n % tenants}","id":"{name}-{n}{tail}'
                                  for n in range(first, min(first + batch, count))) + "]"
            connection.sendall(f"{head}{len(body)}\r\n\r\n{body}".encode())
            answer = connection.recv(4096)
            if b" 204 " not in answer[:20]:
                raise SystemExit(f"unexpected answer: {answer[:300]}")


def events_row(server, tenants, batch, total, now):
    each = total // CONNECTIONS
    clients = [multiprocessing.Process(target=send, args=(server.port, server.provider, tenants, batch, each, f"b{batch}-{c}", now))
               for c in range(CONNECTIONS)]
    cpu, start = cpu_seconds(server.process.pid), time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    wall, cpu = time.monotonic() - start, cpu_seconds(server.process.pid) - cpu
    if any(client.exitcode for client in clients):
        raise SystemExit("a client failed")
    sent = each * CONNECTIONS
    print(f"| durable events, batches of {batch} | {sent / wall:,.0f} events/s | {cpu / sent * 1e6:.2f} µs CPU an event |")
    return sent


def requests_row(server, seconds):
    token = server.tenant_token("tenant_0")
    cpu = cpu_seconds(server.process.pid)
    out = subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {token}",
                          f"http://127.0.0.1:{server.port}/api/tenants/tenant_0/stores"],
                         capture_output=True, text=True, check=True).stdout
    cpu = cpu_seconds(server.process.pid) - cpu
    done = int(re.search(r"(\d+) requests in", out).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    p99 = re.search(r"99%\s+(\S+)", out).group(1)
    if "Non-2xx" in out:
        raise SystemExit(out)
    print(f"| metered tenant route, 64 connections | {rate:,.0f} requests/s, p99 {p99} | {cpu / done * 1e6:.1f} µs CPU a request |")


def add_tenants(server, count):
    connection = socket.create_connection(("127.0.0.1", server.port))
    reader = connection.makefile("rb")
    for n in range(count):
        body = json.dumps({"tenant_id": f"tenant_{n}", "name": f"Tenant {n}", "plan": "enterprise"})
        connection.sendall((f"POST /provider/tenants HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.provider}\r\n"
                            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
        status = reader.readline()
        if b" 201 " not in status:
            raise SystemExit(f"unexpected answer: {status}")
        length = 0
        while (line := reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        reader.read(length)
    connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=5)
    args = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("bench/core.py needs wrk: apt-get install wrk")
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    with tempfile.TemporaryDirectory(prefix="metergate-bench-") as root:
        server = product.Server(os.path.abspath(args.binary), os.path.join(root, "data"))
        server.start()
        add_tenants(server, args.tenants)
        print(f"machine: {os.cpu_count()} cores; {args.tenants:,} tenants; the client runs on the same cores")
        print("| work | rate | cost |\n|---|---|---|")
        sent = sum(events_row(server, args.tenants, batch, total, now)
                   for batch, total in [(1, args.events // 50), (100, args.events // 2), (1000, args.events)])
        requests_row(server, args.seconds)
        print(f"| resident memory after {sent:,} events | {resident_mib(server.process.pid)} MiB | |")
        server.stop()
        start = time.monotonic()
        server.start(seconds=120)
        print(f"| start with {args.tenants:,} tenants | {time.monotonic() - start:.2f} s | {resident_mib(server.process.pid)} MiB |")
        kept = int(server.command("find", "api_calls", '{"source": "bench"}', "--count"))
        print(f"events sent {sent:,}, kept {kept:,}: {'right' if sent == kept else 'WRONG'}")
        server.stop()
        return 0 if sent == kept else 1


if __name__ == "__main__":
    sys.exit(main())
