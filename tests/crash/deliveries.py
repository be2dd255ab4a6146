#!/usr/bin/env python3
"""Kills the server while sales are made, and proves that every fact reaches the tenant's webhooks.

  deliveries.py --binary build/metergate [--rounds 200] [--seed N] [--seconds 900]

Each tenant records its sales one after another, so their order is known; its webhooks go to a receiver in this
process, which answers most requests, fails some, and lets some hang. After the last round the receiver is kind. Then:
every sale that is kept arrived at every webhook of its tenant; always under one id; in the order in which the sales
were made; and no fewer attempts are counted than arrived. One closing line.
"""
import argparse
import asyncio
import collections
import json
import os
import random
import shutil
import sys
import tempfile
import time

import server as product

TENANTS = [f"tenant_{n}" for n in range(6)]
HOOKS = 2                                              # of each tenant
FAILING = 0.02                                         # of the requests, while the server is killed


class Receiver:
    """Writes down what arrives, in the order in which it arrives, before it answers."""

    def __init__(self, rnd):
        self.rnd, self.is_kind = rnd, False
        self.arrivals = collections.defaultdict(list)  # path -> [(webhook-id, sale)]

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = json.loads(await reader.readexactly(int(fields["content-length"])))
            self.arrivals[head.split(" ")[1]].append((fields["webhook-id"], body["data"]["sale_id"]))
            chance = 1 if self.is_kind else self.rnd.random()
            if chance < FAILING / 2:
                await reader.read()                    # hangs until the other side has enough
            elif chance < FAILING:
                writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
            else:
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class Seller:
    """One tenant's till: one sale after another, each sent once."""

    def __init__(self, tenant, token):
        self.tenant, self.token, self.next = tenant, token, 0
        self.acknowledged = set()

    async def sell(self, port, is_over):
        connection = product.Connection(port)
        while not is_over.is_set():
            self.next += 1
            sale = f"{self.tenant}-{self.next:06d}"
            answer = await connection.ask("POST", f"/api/tenants/{self.tenant}/sales", self.token,
                                          {"sale_id": sale, "amount": 100})
            if answer is None:
                break
            if answer[0] == 201:
                self.acknowledged.add(sale)
            elif answer[0] not in (429, 503):
                raise SystemExit(f"unexpected answer {answer}")
            await asyncio.sleep(0.01)
        connection.close()


async def in_thread(work, *words):
    return await asyncio.get_running_loop().run_in_executor(None, work, *words)


async def ask(server, method, path, token, body=None):
    connection = product.Connection(server.port)
    answer = await connection.ask(method, path, token, body)
    connection.close()
    if answer is None or answer[0] not in (200, 201):
        raise SystemExit(f"{method} {path}: {answer}")
    return json.loads(answer[1])["data"]


async def prepare(server, port):
    if not await in_thread(server.start):
        raise SystemExit(f"the server did not start: {server.last_words()}")
    sellers = []
    for tenant in TENANTS:
        await ask(server, "POST", "/provider/tenants", server.provider,
                  {"tenant_id": tenant, "name": tenant, "plan": "enterprise"})
        seller = Seller(tenant, server.tenant_token(tenant))
        for n in range(HOOKS):
            await ask(server, "POST", f"/api/tenants/{tenant}/webhooks", seller.token,
                      {"url": f"http://127.0.0.1:{port}/{tenant}/{n}", "events": ["sale.created"]})
        sellers.append(seller)
    return sellers


async def one_round(server, sellers, rnd):
    is_over = asyncio.Event()
    selling = [asyncio.create_task(seller.sell(server.port, is_over)) for seller in sellers]
    await asyncio.sleep(rnd.uniform(0, 0.6))
    server.kill()
    is_over.set()
    await asyncio.gather(*selling)
    if not await in_thread(server.start):
        raise SystemExit(f"the server did not start again: {server.last_words()}")


async def settle(server, seconds):
    """Until nothing waits; retries that are far off are asked for at once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        waiting = await in_thread(server.find, "webhook_deliveries", '{"status":"waiting"}')
        if not waiting:
            return
        for one in waiting:
            if one.get("last_attempt_at") is not None and one.get("claimed_at") is None:
                connection = product.Connection(server.port)
                await connection.ask("POST", f"/api/tenants/{one['tenant_id']}/webhooks/{one['webhook_id']}/replay",
                                     server.provider, {"delivery_id": one["delivery_id"]})
                connection.close()
        await asyncio.sleep(0.3)
    raise SystemExit("deliveries still wait after the last round")


def compare(server, sellers, receiver):
    """Lost sales, ids that changed, sales out of order, attempts that were not counted."""
    kept = collections.defaultdict(set)
    for sale in server.find("sales"):
        kept[sale["tenant_id"]].add(sale["sale_id"])
    counted = {c["tenant_id"]: c["webhook_calls"] for c in server.find("usage_counters")}
    lost = ids = disorder = uncounted = 0
    for seller in sellers:
        lost += len(seller.acknowledged - kept[seller.tenant])
        arrived = 0
        for n in range(HOOKS):
            arrivals = receiver.arrivals[f"/{seller.tenant}/{n}"]
            arrived += len(arrivals)
            first = list(dict.fromkeys(sale for _, sale in arrivals))
            lost += len(kept[seller.tenant] - set(first))
            ids += len({(i, s) for i, s in arrivals}) - len(first)
            disorder += sum(1 for a, b in zip(first, first[1:]) if a > b)
        uncounted += max(0, arrived - counted.get(seller.tenant, 0))
    return lost, ids, disorder, uncounted


async def campaign(args, folder):
    rnd = random.Random(args.seed)
    receiver = Receiver(rnd)
    port = await receiver.start()
    server = product.Server(args.binary, folder,
                            environment={"WEBHOOK_ALLOW": "127.0.0.0/8", "WEBHOOK_ALLOW_HTTP": "true"})
    sellers = await prepare(server, port)
    rounds, until = 0, time.monotonic() + args.seconds
    while rounds < args.rounds and time.monotonic() < until:
        await one_round(server, sellers, rnd)
        rounds += 1
    receiver.is_kind = True
    await settle(server, 120)
    lost, ids, disorder, uncounted = await in_thread(compare, server, sellers, receiver)
    verified = await in_thread(lambda: server.command("verify", check=False))
    if verified.returncode != 0:
        print((verified.stdout + verified.stderr).strip()[:1000])
    arrivals = sum(len(one) for one in receiver.arrivals.values())
    sales = sum(len(seller.acknowledged) for seller in sellers)
    status = await in_thread(server.stop)
    print(f"deliveries: {rounds} kills, seed {args.seed}, {sales} sales acknowledged, {arrivals} arrivals, lost {lost}, "
          f"ids changed {ids}, out of order {disorder}, not counted {uncounted}")
    return 1 if lost or ids or disorder or uncounted or verified.returncode or status or not arrivals else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--seconds", type=float, default=900)
    args = parser.parse_args()
    args.binary = os.path.abspath(args.binary)
    print(f"seed {args.seed}", flush=True)
    root = tempfile.mkdtemp(prefix="metergate-deliveries-")
    try:
        status = asyncio.run(campaign(args, os.path.join(root, "data")))
    finally:
        shutil.rmtree(root, ignore_errors=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
