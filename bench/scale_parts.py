"""The parts of bench/scale.py: each takes the arguments and the table, prints its rows, and checks the answers."""
import csv
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time

import measure
from scale_world import PLANS, Client, DuckDb, Folder, Sampler, calm, must, product

def check_months(folder, rows, peer_rows):
    for row in rows:
        filled = folder.facts["months"][row["date"][:7]]
        must("calls of " + row["date"], filled["calls"], row["total_api_calls"])
        must("webhooks of " + row["date"], filled["webhooks"], row["total_webhook_calls"])
        must("mean of " + row["date"], round(filled["duration_us"] / filled["calls"] / 1000, 1), round(row["avg_response_time_ms"], 1))
    for ours, peer in zip(rows, peer_rows):
        for name in ["date", "total_api_calls", "total_webhook_calls", "active_tenants"]:
            must(f"DuckDB's {name}", str(ours[name]), str(peer[name]))
        must("DuckDB's bytes", round(float(peer["total_storage_gb"]), 3), round(ours["total_storage_gb"], 3))


def analytics(args, table):
    tenants = 1_000 if args.quick else 10_000
    folder = Folder(args, "months", tenants=tenants, months=13)
    first = folder.months()[0] + "-01"
    peer = DuckDb(args.work, folder.rows)
    one = f"tenant_{tenants // 3:06}"
    usage = f"/provider/billing/usage?group_by=month&start_date={first}"
    matrix = f"/api/v1/meters/api_calls/query?windowSize=MONTH&groupBy=subject&from={folder.months()[-9]}-01T00:00:00Z"
    with folder.served() as server:
        client = Client(server)
        cold, body = client.get(usage)
        rows = json.loads(body)["data"]["analytics"]["data"]
        check_months(folder, rows, peer.ask(name="all", first=first)["rows"])
        floor = client.floor()

        def ours(path):
            with measure.Usage(server.process.pid) as used:
                figures = client.repeated(path, most=40, seconds=1)
            return {"ms": figures["p50"], "p50": figures["p50"], "p99": figures["p99"], "cpu": figures["cpu_ms"] * 1e3,
                    "resident": used.resident}

        def theirs(**question):
            answers = [peer.ask(**question) for _ in range(4)]
            ms = statistics.median(answer["ms"] for answer in answers)
            return {"ms": ms, "p50": ms, "cpu": statistics.median(a["cpu_ms"] for a in answers) * 1e3, "resident": answers[-1]["resident"]}

        for work, path, question, least in [
                (f"G5 all {tenants:,} tenants by month, ms", usage, {"name": "all", "first": first}, 10),
                ("— against one sum a month only", usage, {"name": "sums", "first": first}, None),
                ("— one tenant by month, ms", f"{usage}&tenant_id={one}", {"name": "one", "first": first, "tenant": one}, None),
                ("— tenant × month, 9 months, ms", matrix, {"name": "cells", "first": folder.months()[-9] + "-01"}, None)]:
            results = measure.in_turn({"ours": lambda: ours(path), "peer": lambda: theirs(**question)}, args.rounds)
            for who in results:
                table.keep(work, who, results[who])
            # The ratio is that of speeds, so more is better.
            speed = {who: [{**one_round, "rate": 1000 / one_round["ms"]} for one_round in results[who]] for who in results}
            table.row(work + " (answers a second)", speed["ours"], speed["peer"], digits=1, least=least)
            if work.startswith("G5 "):
                table.row("G5b the same, percentiles included, ms", results["ours"], figure="ms", digits=2, most=30)
            if "one tenant" in work:
                net = [{"ms": max(0.0, one_round["ms"] - floor)} for one_round in results["ours"]]
                table.row(f"G5c one tenant, less the {floor:.2f} ms of /healthz, ms", net, figure="ms", digits=3, most=0.2)
        table.row("— the first question after the start, ms", [{"ms": cold}], figure="ms", digits=0)
        after_event = []
        for _ in range(args.rounds):
            send_one(server, one)
            after_event.append({"ms": client.get(usage)[0]})
        table.keep("the first question after an event", "ours", after_event)
        table.row("— the first question after an event, ms", after_event, figure="ms", digits=0)
        recent = "/provider/billing/usage?group_by=day"
        result = [client.repeated(recent, most=10)]
        table.keep("this month by day", "ours", result)
        table.row("— all tenants by day, this month, ms", result, figure="p50", digits=2)
        table.row("G12 resident after it, MiB", [{"mib": measure.resident_mib(server.process.pid)}], figure="mib")
    peer.close()


LISTS = ["", "health_status=healthy", "health_status=caution", "health_status=warning", "health_status=critical", "has_overages=true",
         "has_overages=false", "plan=premium", "status=suspended", "q=harbour", "q=0042"]
SORTS = ["tenant_id", "tenant_name", "plan", "overage_cost", "utilization", "stores_count", "devices_count", "api_calls",
         "webhook_calls", "storage_gb"]


def check_list(folder, client, period):
    expected = folder.statements(period)
    data = client.data(f"/provider/billing/tenants?period={period}&sort=-overage_cost&limit=200")
    must("tenants", len(expected), data["pagination"]["total"])
    must("tenants with overages", sum(over for _, over, _ in expected), data["summary"]["tenants_with_overages"])
    must("overage cost in cents", sum(cents for _, _, cents in expected), round(data["summary"]["total_overage_cost"] * 100))
    top = sorted(((-cents, row["tenant"]) for row, _, cents in expected))[:200]
    must("the 200 that owe most", [name for _, name in top], [one["tenant_id"] for one in data["tenants"]])
    for plan in PLANS:
        found = client.data(f"/provider/billing/tenants?period={period}&plan={plan}&limit=1")["pagination"]["total"]
        must(plan, sum(row["plan"] == plan for row, _, _ in expected), found)
    suspended = client.data(f"/provider/billing/tenants?period={period}&status=suspended&limit=1")["pagination"]["total"]
    must("suspended", sum(row["status"] == "suspended" for row, _, _ in expected), suspended)


def lists(args, table):
    folder = tenants_folder(args)
    current, closed = folder.facts["current"], folder.months()[-2]
    pages = folder.facts["tenants"] // 50
    with folder.served() as server:
        client = Client(server)
        for period in (current, closed):
            label = "open" if period == current else "closed"
            check_list(folder, client, period)
            worst = {}
            kinds = {"filters": LISTS, "sorts": [f"sort={dash}{sort}" for sort in SORTS for dash in ("", "-")],
                     "deep pages": [f"page={pages // 2}", f"page={pages}", f"page={pages // 2}&sort=-utilization"]}
            for kind, queries in kinds.items():
                results = []
                for query in queries:
                    result = client.repeated(f"/provider/billing/tenants?period={period}&{query}", most=args.requests, seconds=1)
                    table.keep(f"list {label} {query}", "ours", [result])
                    results.append((result["p50"], query, result))
                results.sort(key=lambda one: one[0])
                median = results[len(results) // 2]
                table.row(f"list of {folder.facts['tenants']:,}, {label} month, {kind}: the median one ({median[1] or 'plain'}), ms",
                          [median[2]], figure="p50", digits=2)
                table.row(f"— the slowest ({results[-1][1] or 'plain'})", [results[-1][2]], figure="p50", digits=2)
        table.row("resident after the lists, MiB", [{"mib": measure.resident_mib(server.process.pid)}], figure="mib")


def report_once(server, path, target):
    """Streams a report to a file: seconds, growth of the server's memory."""
    with Sampler(server.process.pid) as memory, measure.Usage(server.process.pid) as used:
        subprocess.run(["curl", "-sf", "-o", target, "-H", "Authorization: Bearer " + server.provider,
                        f"http://127.0.0.1:{server.port}{path}"], check=True)
    return {"s": used.wall, "cpu_s": used.cpu, "grown": memory.most - memory.before, "most": memory.most}


def report(args, table):
    folder = tenants_folder(args)
    current, closed = folder.facts["current"], folder.months()[-2]
    target = os.path.join(args.work, "report")
    with folder.served() as server:
        for period, label, goal in [(closed, "closed", 0.3), (current, "open", 0.3)]:
            expected = folder.statements(period)
            cents = sum(cents for _, _, cents in expected)
            for form in ("csv", "json"):
                results = [report_once(server, f"/provider/billing/reports?period={period}&format={form}", target)
                           for _ in range(args.rounds + 1)][1:]
                if form == "csv":
                    rows = list(csv.DictReader(open(target)))
                    found = sum(round(float(row["Overage Cost"]) * 100) for row in rows)
                else:
                    data = json.load(open(target))["data"]
                    rows, found = data["tenants"], round(data["summary"]["total_overage_cost"] * 100)
                must("rows of the report", len(expected), len(rows))
                must("cost of the report", cents, found)
                work = f"G6 report of {len(rows):,} tenants, {label} month, {form}"
                table.keep(work, "ours", results)
                table.row(work + ", s", results, figure="s", digits=2, most=goal if form == "csv" else None)
                table.row("— most resident meanwhile, MiB", results, figure="most", most=300 if form == "csv" else None)
                table.row("— grown by, MiB", results, figure="grown")


def opened(server):
    """What the log says of the last opening: batches replayed, milliseconds."""
    server.log.flush()
    lines = [json.loads(line) for line in open(server.log.name) if '"store.opened"' in line]
    return lines[-1] if lines else {}


def timed_start(server):
    begun = time.monotonic()
    server.start(seconds=300)
    return {"s": time.monotonic() - begun, "cpu_s": measure.cpu_seconds(server.process.pid),
            "resident": measure.resident_mib(server.process.pid)}


def start(args, table):
    folder = tenants_folder(args)
    with folder.served() as server:
        idle = measure.resident_mib(server.process.pid)
        results = [{"s": server.start_seconds, "resident": server.start_resident}]
        for _ in range(args.rounds - 1):
            server.stop()
            results.append(timed_start(server))
        table.keep("start", "ours", results)
        table.row(f"start with {folder.facts['tenants']:,} tenants, s", results, figure="s", digits=2, most=5)
        table.row(f"G12 resident with {folder.facts['tenants']:,} tenants, MiB", [{"mib": idle}], figure="mib", most=600)
        results = []
        # As much as a crash can leave: killed in the middle of the heaviest load that the store takes.
        for at in range(args.rounds):
            calm(server, 20)
            load_until_killed(server, folder.facts["tenants"], at, 3 if args.quick else 6)
            result = timed_start(server)
            # Each has 1,000 events, but for a few of other work.
            batches, took = opened(server)["replayed"], max(1, opened(server)["took_ms"]) / 1000
            result.update(batches=batches, events_per_second=batches * 1000 / took)
            results.append(result)
        table.keep("start after a kill", "ours", results)
        table.row("start after a kill under load, s", results, figure="s", digits=2, most=5)
        table.row("— batches replayed (1,000 events each)", results, figure="batches")
        table.row("G9 replay after a kill, opening the store included, events/s", results, figure="events_per_second", least=2_000_000)


def send_one(server, tenant):
    event = {"specversion": "1.0", "id": str(time.monotonic_ns()), "source": "bench", "type": "api.call", "subject": tenant,
             "data": {"method": "GET", "endpoint": "/orders", "status": 200, "request_bytes": 1, "response_bytes": 1, "duration_ms": 12}}
    status, body = product.ask_once(server.port, "POST", "/api/v1/events", server.provider, event)
    must("the answer to an event", 204, status)


def load_until_killed(server, tenants, at, seconds):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    names = [f"k{at}-{n}" for n in range(4)]
    clients = [multiprocessing.Process(target=send_quietly, args=(server.port, server.provider, tenants, name, now)) for name in names]
    for client in clients:
        client.start()
    time.sleep(seconds)
    server.kill()
    for client in clients:
        client.join()


def send_quietly(port, token, tenants, name, now):
    """Batches of 1,000 calls, spread over the tenants that were filled in, until the server goes."""
    sys.stderr = open(os.devnull, "w")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = (f"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                "Content-Type: application/cloudevents-batch+json\r\nContent-Length: ")
        tail = ('","source":"bench","specversion":"1.0","type":"api.call","time":"' + now + '","data":{"method":"GET",'
                '"endpoint":"/orders","status":200,"request_bytes":120,"response_bytes":800,"duration_ms":12}}')
        first = 0
        try:
            while True:
                body = "[" + ",".join(f'{{"subject":"tenant_{n * 7919 % tenants:06}","id":"{name}-{n}{tail}'
                                      for n in range(first, first + 1000)) + "]"
                connection.sendall(f"{head}{len(body)}\r\n\r\n{body}".encode())
                answer = connection.recv(4096)
                if not answer:
                    return
                first += 1000 if b" 204 " in answer[:20] else 0
        except OSError:
            return


def used_bytes(path):
    """Up to the last byte that is not zero."""
    at = os.path.getsize(path)
    with open(path, "rb") as file:
        while at > 0:
            first = max(0, at - (1 << 20))
            file.seek(first)
            block = file.read(at - first).rstrip(b"\0")
            if block:
                return first + len(block)
            at = first
    return 0


def replay(args, table):
    """The whole view made again from the journal: more than the checkpoints ever leave to a start."""
    events = 200_000 if args.quick else args.journal_events
    folder = Folder(args, "journal", tenants=1000 if args.quick else 10_000, months=1, days=1, events=events, **{"event-hours": 1}, journal="keep")
    segments = sorted(name for name in os.listdir(folder.data + "/journal") if name.endswith(".mgj"))
    # The two behind it are spare: as large, and empty.
    for name in segments[1:]:
        os.remove(os.path.join(folder.data, "journal", name))
    bytes_there = used_bytes(os.path.join(folder.data, "journal", segments[0]))
    copy = os.path.join(args.work, "run", "data")
    shutil.rmtree(os.path.dirname(copy), ignore_errors=True)
    os.makedirs(os.path.dirname(copy))
    subprocess.run(["cp", "-r", "--sparse=always", folder.data, copy], check=True)
    shutil.rmtree(os.path.join(copy, "view"))
    server = product.Server(args.binary, copy)
    server.environment["LOG_LEVEL"] = "info"
    result = timed_start(server)
    took = opened(server)["took_ms"] / 1000
    result.update(events_per_second=events / took, opened=took)
    client = Client(server)
    calls = client.data("/provider/billing/usage?group_by=month")["analytics"]["data"][0]["total_api_calls"]
    must("calls after the replay", folder.facts["months"][folder.facts["current"]]["calls"], calls)
    server.stop()
    shutil.rmtree(os.path.dirname(copy), ignore_errors=True)
    table.keep("replay", "ours", [result])
    table.row(f"G9 replay of a whole journal, {events:,} events, events/s", [result], figure="events_per_second", least=2_000_000)
    table.row(f"— start with a view made anew, journal of {bytes_there / 2**20:,.0f} MiB, s", [result], figure="s", digits=1, most=5)


def tenants_folder(args):
    return Folder(args, "tenants", tenants=5_000 if args.quick else args.tenants, months=2, days=3)


def growth(args, table):
    size = 1_000 if args.quick else 10_000
    folders = [(f"{n:,} tenants", Folder(args, "tenants", tenants=n, months=2, days=3))
               for n in ([200, 1_000] if args.quick else [1_000, 10_000, args.tenants])]
    folders += [(f"{n:,} events", Folder(args, "events", tenants=size, months=2, days=3, events=n))
                for n in ([10_000, 100_000] if args.quick else args.events)]
    for label, folder in folders:
        with folder.served() as server:
            client = Client(server)
            floor = client.floor()
            month = folder.months()[0] + "-01"
            # One that has events, and few enough that another size has about as many rows.
            tenant = f"tenant_{folder.facts['tenants'] // 2:06}"
            calls = client.data(f"/provider/billing/usage?group_by=month&start_date={month}")["analytics"]["data"]
            for row in calls:
                must("calls of " + row["date"], folder.facts["months"][row["date"][:7]]["calls"], row["total_api_calls"])
            cells = []
            for name, path, count in [
                    ("billing page", f"/provider/billing/tenants/{tenant}", lambda data: len(data["usage_history"])),
                    ("page of the list", "/provider/billing/tenants?page=2", lambda data: len(data["tenants"])),
                    ("usage by month", f"/provider/billing/usage?group_by=month&start_date={month}&tenant_id={tenant}",
                     lambda data: len(data["analytics"]["data"]))]:
                result = client.repeated(path, most=100)
                result["rows"] = count(client.data(path))
                cells.append((name, result))
            path = f"/api/v1/meters/api_calls/query?windowSize=DAY&subject={tenant}&from={month}T00:00:00Z"
            result = client.repeated(path, most=100)
            result["rows"] = len(json.loads(client.get(path)[1])["data"])
            cells.append(("meter by day", result))
            for name, result in cells:
                result.update(net=max(0.0, result["p50"] - floor), row_us=max(0.0, result["p50"] - floor) * 1e3 / max(1, result["rows"]))
                table.keep(f"growth {label} {name}", "ours", [result])
                table.row(f"growth, {label}: {name}, {result['rows']} rows, ms less {floor:.2f}", [result], figure="net", digits=3)
            begun = time.monotonic()
            must("events counted", folder.facts["events"], int(server.command("find", "api_calls", "{}", "--count")))
            table.row(f"growth, {label}: find api_calls --count, s", [{"s": time.monotonic() - begun}], figure="s", digits=2)
            table.row(f"{'G12 ' if label.startswith('10,000,000') else ''}resident, {label}, MiB",
                      [{"mib": measure.resident_mib(server.process.pid)}], figure="mib",
                      most=300 if label.startswith("10,000,000") else None)


def memory(args, table):
    copy = os.path.join(args.work, "run", "data")
    shutil.rmtree(os.path.dirname(copy), ignore_errors=True)
    os.makedirs(os.path.dirname(copy))
    server = product.Server(args.binary, copy)
    server.start()
    calm(server)
    table.row("G12 resident idle, nothing in it, MiB", [{"mib": measure.resident_mib(server.process.pid)}], figure="mib", most=60)
    server.stop()
