#!/usr/bin/env python3
"""Makes a data folder with every kind of record, as the present build writes it, and what it says.

  make_fixture.py METERGATE NAME       writes tests/formats/NAME.tar.gz and NAME.json

To be run once for a format, by hand, when a build writes something that no fixture holds; opens_test.py then opens it
with every later build. Everything goes in by the doors that users have. One journal segment is filled, with events that
compress well, so that there is an archive; the month before this one is closed, taken up again and closed; a meter counts what was
before it; one webhook fails, so that deliveries wait.
The folder is stopped in order.
"""
import datetime
import http.server
import json
import os
import pathlib
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request

import reading
from reading import ask

PLANS = (pathlib.Path(__file__).resolve().parents[2] / "catalogue" / "plans.toml")
LEFT_OUT = ("LOCK", "LOG", "control.sock")             # of this process and this machine, by their beginnings


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500 if self.path == "/fails" else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def months():
    """The first instants of the month before this one, of this one, and of the next."""
    this = datetime.datetime.now(datetime.timezone.utc).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = (this - datetime.timedelta(days=1)).replace(day=1)
    return last, this, (this + datetime.timedelta(days=40)).replace(day=1)


def text_of(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def event(tenant, number, kind, data, at=None):
    found = {"specversion": "1.0", "id": f"{kind}-{number}", "source": "fixture", "type": kind, "subject": tenant, "data": data}
    return found if at is None else {**found, "time": text_of(at)}


def send_events(server, last, this):
    def send(events):
        ask(server, "POST", "/api/v1/events", events)
    for month, start in enumerate((last, this)):
        base = 10_000 * month
        times = [start + datetime.timedelta(minutes=5 * n) for n in range(120)]
        send([event("park", base + n, "api.call", {
            "method": "GET", "endpoint": f"/orders/{n % 3}", "status": (200, 201, 404, 500)[n % 4], "request_bytes": 100 + n,
            "response_bytes": 900, "duration_ms": 1 + n / 8, "ip": "192.0.2.1"}, times[n]) for n in range(24)])
        send([event("zoo", base + n, "webhook.call", {"webhook_id": "w1", "success": n % 5 != 0, "status": 200 if n % 5 else 503,
                                                      "duration_ms": 40 + n}, times[n]) for n in range(16)])
        send([event("park", base + n, "prompt", {"tokens": f"{n}.25", "model": "large" if n % 3 else "small"}, times[n])
              for n in range(120)])
        send([event("zoo", base, "storage.usage", {"bytes": 3 * 2 ** 30 + 7}, times[5]),
              event("zoo", base, "store.count", {"count": 4}, times[6]), event("zoo", base, "device.count", {"count": 9}, times[7])])
    # Calls that say who called; a number that no decimal of ours holds; a meter that counts what was kept before it.
    send([event("park", 80_000 + n, "api.call", {"method": "GET", "endpoint": "/called", "status": 200, "request_bytes": 1,
                                                 "response_bytes": 2, "duration_ms": 3, "caller": f"key:{n}"}) for n in range(5)])
    # Calls that name their trace, with a caller and without.
    send([event("park", 80_010 + n, "api.call", {"method": "GET", "endpoint": "/traced", "status": 200, "request_bytes": 1,
                                                 "response_bytes": 2, "duration_ms": 3, **({"caller": f"key:{n}"} if n % 2 else {}),
                                                 "traceparent": f"00-4bf92f3577b34da6a3ce929d0e0e473{n}-00f067aa0ba902b7-01"})
          for n in range(5)])
    send([event("park", 80_000, "odd", {"big": 1e300, "small": 1e-300})])
    ask(server, "POST", "/api/v1/meters", {"slug": "odd_ones", "eventType": "odd", "aggregation": "COUNT", "from": "period_start"})
    # More than a journal segment of 16 MiB, in texts that compress well.
    for n in range(0, 320, 40):
        send([event("park", 50_000 + n + i, "note", {"text": "x" * 60_000}) for i in range(40)])


def change_plan(server):
    """With an idempotency key, which keeps its answer."""
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}/provider/billing/tenants/park/plan", method="POST",
                                   data=json.dumps({"plan": "premium", "reason": "they grow"}).encode())
    for name, value in (("Authorization", f"Bearer {server.provider}"), ("Content-Type", "application/json"), ("Idempotency-Key", "grow-1")):
        asked.add_header(name, value)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        answer.read()


def add_records(server, port):
    """Tenants, users, keys and a tenant's own records; the webhooks that were added."""
    for tenant, plan in (("park", "basic"), ("zoo", "free")):
        ask(server, "POST", "/provider/tenants", {"tenant_id": tenant, "name": f"The {tenant}", "plan": plan})
    ask(server, "PATCH", "/provider/tenants/zoo", {"limits_override": {"max_stores": 3, "max_api_calls_per_month": None},
                                                  "reason": "as agreed"})
    change_plan(server)
    ask(server, "POST", "/provider/users", {"email": "ada@example.com", "name": "Ada", "roles": ["NOC"], "password": "correct horse battery"})
    server.command("keys", "add", "--permission", "events.write", "--name", "sender")
    for meter in ({"slug": "tokens", "eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens", "groupBy": {"model": "$.model"}},
                  {"slug": "prompts", "eventType": "prompt", "aggregation": "COUNT"},
                  {"slug": "models", "eventType": "prompt", "aggregation": "UNIQUE_COUNT", "valueProperty": "$.model"},
                  {"slug": "longest", "eventType": "prompt", "aggregation": "MAX", "valueProperty": "$.tokens"},
                  {"slug": "notes", "eventType": "note", "aggregation": "COUNT"}):
        ask(server, "POST", "/api/v1/meters", meter)
    # Own limits that follow others, and a hard limit of an own meter.
    ask(server, "PATCH", "/provider/tenants/zoo", {"limits_override": {"max_stores": 3, "meters": {"tokens": 1000}, "effects": {"tokens": "hard"}},
                                                  "reason": "as agreed anew"})
    webhooks = []
    for path in ("/takes", "/fails"):
        added = ask(server, "POST", "/api/tenants/park/webhooks", {"url": f"http://127.0.0.1:{port}{path}", "events": ["*"]})
        webhooks.append({"tenant": "park", "id": added["data"]["webhook_id"]})
    ask(server, "POST", "/provider/webhooks", {"url": f"http://127.0.0.1:{port}/takes", "events": ["alert.*"]})
    ask(server, "POST", "/api/tenants/park/stores", {"store_id": "s1", "name": "North"})
    ask(server, "POST", "/api/tenants/park/stores", {"store_id": "s2", "name": "South"})
    ask(server, "PATCH", "/api/tenants/park/stores/s2", {"name": "South gate"})
    ask(server, "POST", "/api/tenants/park/devices", {"device_id": "d1", "store_id": "s1", "name": "Till", "type": "POS"})
    ask(server, "DELETE", "/api/tenants/park/stores/s2")
    for n in range(2):
        ask(server, "POST", "/api/tenants/park/sales", {"sale_id": f"sale-{n}", "store_id": "s1", "device_id": "d1", "amount": 1000 + n})
        ask(server, "POST", "/api/tenants/park/tickets", {"ticket_id": f"ticket-{n}", "sale_id": f"sale-{n}"})
    return webhooks


def count_what_was_before(server):
    """A meter that begins with the periods that are open: its batch holds what it counts of them."""
    ask(server, "POST", "/api/v1/meters", {"slug": "all_tokens", "eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens",
                                           "groupBy": {"model": "$.model"}, "from": "period_start"})


def correct(server):
    """The replacement has a number that no integer and no decimal of 64 bits holds."""
    common = {"tenant_id": "park", "source": "fixture", "reason": "sent in error"}
    ask(server, "POST", "/api/v1/corrections", {**common, "id": "api.call-10001", "action": "void"})
    ask(server, "POST", "/api/v1/corrections", {**common, "id": "prompt-10002", "action": "replace",
                                                "event": {"data": {"tokens": "7.5", "model": "small", "seed": 1e300}}})


def settle(server):
    """Until alerts stand and every delivery was tried."""
    for _ in range(300):
        waiting = [one for one in server.find("webhook_deliveries") if one.get("last_attempt_at") is None and one["status"] == "waiting"]
        alerts = server.find("provider_alerts")
        # Behind the first that failed, those of that webhook wait untried.
        if alerts and len({one["webhook_id"] for one in waiting}) <= 1:
            break
        time.sleep(0.1)
    ask(server, "POST", f"/provider/alerts/{alerts[0]['alert_id']}/ack", {})


def pack(root, name):
    def plain(member):
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        member.mode = 0o750 if member.isdir() else 0o640
        return None if os.path.basename(member.name).startswith(LEFT_OUT) else member
    with tarfile.open(reading.HERE / f"{name}.tar.gz", "w:gz", compresslevel=9) as tar:
        tar.add(os.path.join(root, "plans.toml"), "plans.toml", filter=plain)
        tar.add(os.path.join(root, "data"), "data", filter=plain)


def main():
    binary, name = os.path.abspath(sys.argv[1]), sys.argv[2]
    last, this, following = months()
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="metergate-fixture-") as root:
        pathlib.Path(root, "plans.toml").write_text(PLANS.read_text())
        server = reading.server_of(binary, root)
        server.start()
        webhooks = add_records(server, receiver.server_port)
        send_events(server, last, this)
        count_what_was_before(server)
        correct(server)
        settle(server)
        ask(server, "GET", f"/provider/billing/reports?period={this:%Y-%m}")
        server.stop()
        closer = reading.server_of(binary, root, BILLING_GRACE_HOURS="0")
        closer.command("workers", "run-once", "aggregation")
        # By the grace that the server has, it was closed too early.
        server.command("periods", "reopen", f"{last:%Y-%m}", "--reason", "closed too early")
        closer.command("workers", "run-once", "aggregation")
        about = {"closed": f"{last:%Y-%m}", "from": text_of(last), "to": text_of(following), "webhooks": webhooks,
                 "meters": ["tokens", "all_tokens", "prompts", "models", "longest", "notes", "odd_ones", "api_calls", "webhook_calls"]}
        pack(root, name)
        server = reading.server_of(binary, root, "--workers=off")
        server.start()
        found = reading.read(server, about)
        server.stop()
    parts = [f'"{key}": [\n' + ",\n".join(json.dumps(one) for one in value) + "\n]" for key, value in found.items()]
    (reading.HERE / f"{name}.json").write_text('{"about": ' + json.dumps(about) + ', "found": {\n' + ",\n".join(parts) + "\n}}\n")
    print({key: len(value) for key, value in found.items()})


if __name__ == "__main__":
    main()
