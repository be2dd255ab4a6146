"""The part `fresh` of bench/scale.py: how soon an event is in every read, and how soon it opens an alert, under steady traffic."""
import contextlib
import json
import multiprocessing
import socket
import statistics
import time

import measure
from scale_world import Client, Folder, must

BATCH = 100  # events a request of the steady traffic


def steady(port, token, tenants, rate, stopped):
    """API calls of all tenants in turn, `rate` a second in batches of BATCH, until told to stop."""
    head = (f"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/cloudevents-batch+json\r\nContent-Length: ")
    tail = ('","source":"steady","specversion":"1.0","type":"api.call","data":{"method":"GET",'
            '"endpoint":"/orders","status":200,"request_bytes":120,"response_bytes":800,"duration_ms":12}}')
    with socket.create_connection(("127.0.0.1", port)) as connection:
        begun, sent = time.monotonic(), 0
        while not stopped.is_set():
            body = "[" + ",".join(f'{{"subject":"tenant_{n * 7919 % tenants:06}","id":"{n}{tail}' for n in range(sent, sent + BATCH)) + "]"
            connection.sendall(f"{head}{len(body)}\r\n\r\n{body}".encode())
            answer = connection.recv(4096)
            must("the answer to steady traffic", True, b" 204 " in answer[:20])
            sent += BATCH
            time.sleep(max(0.0, begun + sent / rate - time.monotonic()))


@contextlib.contextmanager
def traffic(server, tenants, rate):
    stopped = multiprocessing.Event()
    sender = multiprocessing.Process(target=steady, args=(server.port, server.provider, tenants, rate, stopped))
    sender.start()
    try:
        time.sleep(1)
        yield
        must("steady traffic went on to the end", True, sender.is_alive())
    finally:
        stopped.set()
        sender.join()


class Sender:
    """One event a request, over one connection."""

    def __init__(self, server):
        self.client = Client(server)

    def send(self, tenant, kind, data):
        event = {"specversion": "1.0", "id": str(time.monotonic_ns()), "source": "bench", "type": kind, "subject": tenant, "data": data}
        connection = self.client.connection
        connection.request("POST", "/api/v1/events", json.dumps(event),
                           {"Authorization": "Bearer " + self.client.server.provider, "Content-Type": "application/cloudevents+json"})
        answer = connection.getresponse()
        answer.read()
        must("the answer to an event", 204, answer.status)


def reads_of(tenant, month):
    """Each read that shows how many webhooks were called: its path, and where the number stands in the answer."""
    return {
        "the tenant's billing page": (f"/provider/billing/tenants/{tenant}", lambda answer: answer["data"]["usage"]["webhook_calls"]),
        "the list of tenants": (f"/provider/billing/tenants?q={tenant}", lambda answer: answer["data"]["tenants"][0]["usage"]["webhook_calls"]),
        "usage by month, all tenants": (f"/provider/billing/usage?group_by=month&start_date={month}",
                                        lambda answer: answer["data"]["analytics"]["data"][-1]["total_webhook_calls"]),
        "usage by day, all tenants": ("/provider/billing/usage?group_by=day",
                                      lambda answer: sum(day["total_webhook_calls"] for day in answer["data"]["analytics"]["data"])),
        "a meter by day": (f"/api/v1/meters/webhook_calls/query?windowSize=DAY&subject={tenant}&from={month}T00:00:00Z",
                           lambda answer: sum(row["value"] for row in answer["data"])),
    }


def percentiles(took):
    return {"p50": statistics.median(took), "p99": sorted(took)[min(len(took) - 1, int(len(took) * 0.99))]}


def probe_reads(folder, server, rounds):
    """Milliseconds from the sending of an event until an answer has it, for each read."""
    sender, client = Sender(server), Client(server)
    took = {}
    for at in range(rounds):
        tenant = f"tenant_{at * 31 % folder.facts['tenants']:06}"
        for name, (path, number) in reads_of(tenant, folder.months()[0] + "-01").items():
            before = number(json.loads(client.get(path)[1]))
            begun = time.perf_counter()
            sender.send(tenant, "webhook.call", {"webhook_id": "w", "success": True, "duration_ms": 5})
            while number(json.loads(client.get(path)[1])) != before + 1:
                must("an event is in " + name + " within ten seconds", True, time.perf_counter() - begun < 10)
            took.setdefault(name, []).append((time.perf_counter() - begun) * 1e3)
    return took


def probe_alerts(server, rounds):
    """The same until a tenant that was within its limits has an open alert."""
    sender, client = Sender(server), Client(server)
    took = []
    for page in range(1, rounds // 200 + 2):
        for tenant in client.data(f"/provider/billing/tenants?has_overages=false&sort=utilization&limit=200&page={page}")["tenants"]:
            path = f"/provider/alerts?tenant_id={tenant['tenant_id']}&status=open"
            if len(took) == rounds or tenant["limits"]["max_devices"] is None or client.data(path)["pagination"]["total"] > 0:
                continue
            begun = time.perf_counter()
            sender.send(tenant["tenant_id"], "device.count", {"count": tenant["limits"]["max_devices"] + 1})
            while client.data(path)["pagination"]["total"] == 0:
                must("an alert is open within ten seconds", True, time.perf_counter() - begun < 10)
                time.sleep(0.002)
            took.append((time.perf_counter() - begun) * 1e3)
    return took


def fresh(args, table):
    tenants = 1_000 if args.quick else 10_000
    folder = Folder(args, "months", tenants=tenants, months=13)
    rate = 500 if args.quick else 2_000
    with folder.served() as server, traffic(server, tenants, rate):
        for name, took in probe_reads(folder, server, 10 if args.quick else 200).items():
            result = [percentiles(took)]
            table.keep("fresh " + name, "ours", result)
            table.row(f"G11 event to visible in {name}, beside {rate:,} events/s, p99 ms", result, figure="p99", digits=1, most=50)
        result = [percentiles(probe_alerts(server, 5 if args.quick else 100))]
        table.keep("fresh alert", "ours", result)
        table.row("G11 event to an open alert, p99 ms", result, figure="p99", digits=0, most=1000)
        table.row("G12 resident meanwhile, MiB", [{"mib": measure.resident_mib(server.process.pid)}], figure="mib", most=300)
