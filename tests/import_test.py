#!/usr/bin/env python3
"""Files of usage as people have them, imported: by name, packed, from a pipe, from a spreadsheet, and from an export.

  import_test.py BINARY

Each case is imported twice, once with the server running and once without it: the second time adds nothing.
"""
import datetime
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product
from server import check

TIME = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
HEADER = ["id", "source", "type", "tenant_id", "time", "data.tokens", "data.model"]


def rows(source, count, separator=","):
    """Prompts of 2.5 tokens each."""
    return [separator.join([f"p{n}", source, "prompt", "acme", TIME, "2.5", "x"]) for n in range(count)]


def csv(source, count, separator=",", end="\n", blank_every=0):
    lines = [separator.join(HEADER)]
    for n, row in enumerate(rows(source, count, separator)):
        lines += [""] if blank_every and n % blank_every == 0 else []
        lines.append(row)
    return end.join(lines) + end


def ndjson(source, count):
    return "".join(f'{{"id":"p{n}","source":"{source}","type":"prompt","subject":"acme","time":"{TIME}",'
                   f'"data":{{"tokens":2.5}}}}\n' for n in range(count))


class Case:
    def __init__(self, server, folder):
        self.server, self.folder = server, folder

    def run(self, *words, text=None):
        return subprocess.run([self.server.binary, "import", *words], env=self.server.environment, input=text,
                              capture_output=True, timeout=120)

    def twice(self, claim, count, name, content, *words):
        path = os.path.join(self.folder, name)
        pathlib.Path(path).write_bytes(content)
        for said in (f"recorded {count} events, 0 were there already", f"recorded 0 events, {count} were there already"):
            done = self.run(path, *words)
            check(done.returncode == 0 and said in done.stdout.decode(), f"{claim}: {said}", done)
            self.server.stop() if self.server.process.poll() is None else self.server.start()
        if self.server.process.poll() is not None:
            self.server.start()


def shapes(case):
    case.twice("a name in capitals", 3, "USAGE.CSV", csv("capitals", 3).encode())
    case.twice("blank lines between 2,500 rows", 2500, "blank.csv", csv("blank", 2500, blank_every=3).encode())
    case.twice("a spreadsheet's file", 4, "sheet.csv",
               b"\xef\xbb\xbfsep=;\r\n" + csv("sheet", 4, ";", "\r\n").encode() + b";;;;;;\r\n")
    case.twice("semicolons without a word of them", 2, "semicolons.csv", csv("semicolons", 2, ";").encode())
    case.twice("tabs", 2, "usage.tsv", csv("tabs", 2, "\t").encode())
    case.twice("packed by gzip", 1500, "usage.Csv.GZ", gzip.compress(csv("gzip", 1500).encode()))
    case.twice("packed, and called otherwise", 5, "usage.log", gzip.compress(ndjson("otherwise", 5).encode()))
    case.twice("NDJSON with a byte order mark and blank lines", 2, "usage.ndjson",
               b"\xef\xbb\xbf" + ndjson("mark", 2).replace("\n", "\n\n \n").encode())
    packed = subprocess.run(["zstd", "-q"], input=ndjson("zstd", 1100).encode(), capture_output=True, check=True).stdout
    case.twice("packed by zstd", 1100, "usage.ndjson.zst", packed)


def pipes(case):
    for claim, content in (("NDJSON", ndjson("pipe", 3)), ("CSV", csv("pipe-csv", 3)), ("an empty pipe", "")):
        count = 0 if content == "" else 3
        done = case.run("-", text=content.encode())
        check(done.returncode == 0 and f"recorded {count} events" in done.stdout.decode(), f"standard input: {claim}", done)
    fifo = os.path.join(case.folder, "fifo")
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: pathlib.Path(fifo).write_bytes(ndjson("fifo", 2000).encode()))
    writer.start()
    done = case.run(fifo)
    writer.join()
    check(done.returncode == 0 and b"recorded 2000 events" in done.stdout, "a FIFO", done)


def times(case):
    bare = '{"id":"p0","source":"bare","type":"prompt","subject":"acme","data":{"tokens":2.5}}\n'
    path = os.path.join(case.folder, "bare.ndjson")
    pathlib.Path(path).write_text(bare)
    done = case.run(path)
    check(done.returncode == 1 and b"--default-time" in done.stderr and b"recorded 0 events" in done.stdout,
          "an event without a time is refused, with what to do", done)
    done = case.run(path, "--default-time", "yesterday")
    check(done.returncode == 2 and b"yesterday" in done.stderr, "a default that is no time is refused", done)
    case.twice("with --default-time", 1, "bare.ndjson", bare.encode(), "--default-time", TIME)
    case.twice("empty cells of the column time", 2, "empty.csv", csv("empty", 2).replace(TIME, "").encode(), "--default-time", TIME)


def faults(case):
    """What stands before a fault is recorded, and the rest after it was mended."""
    broken = csv("mended", 1700).replace("p1650,mended", "p1650,mended,too,many")
    path = os.path.join(case.folder, "mended.csv")
    pathlib.Path(path).write_text(broken)
    done = case.run(path)
    check(done.returncode == 1 and b"recorded 1650 events" in done.stdout and b"line 1652" in done.stderr,
          "all rows before a broken one are recorded", done)
    pathlib.Path(path).write_text(csv("mended", 1700))
    done = case.run(path)
    check(done.returncode == 0 and b"recorded 50 events, 1650 were there already" in done.stdout, "the rest after it is mended", done)
    wrong = csv("wrong", 3, blank_every=1).replace("prompt", "store.count").replace("data.tokens", "count").replace("2.5", "many")
    pathlib.Path(path).write_text(wrong.replace("data.model", "ip").replace(",x", ","))
    done = case.run(path)
    check(done.returncode == 1 and all(f"line {n}" in done.stderr.decode() for n in (3, 5, 7)),
          "a fault names its line, blank lines counted", done)
    pathlib.Path(path).write_text("id,source,type,tenant_id,tokens\n")
    done = case.run(path)
    check(done.returncode == 1 and b"data.<field>" in done.stderr, "a column without data. is answered with how it is written", done)
    cut = os.path.join(case.folder, "cut.ndjson.gz")
    pathlib.Path(cut).write_bytes(gzip.compress(ndjson("cut", 5000).replace("prompt", "other").encode())[:-20])
    done = case.run(cut)
    check(done.returncode == 1 and b"ends in the middle" in done.stderr and b"incomplete" not in done.stderr,
          "a packed file that is cut is said to be", done)
    # The last number that came through is a part of another one.
    rows_of_numbers = "id,source,type,tenant_id,time,data.tokens\n" + "".join(
        f"n{n},cut,other,acme,{TIME},{10 ** 11 + n * 7919}\n" for n in range(3000))
    pathlib.Path(cut).write_bytes(gzip.compress(rows_of_numbers.encode())[:-2000])
    done = case.run(cut, "--format", "csv")
    kept = int(done.stdout.split()[1])
    check(done.returncode == 1 and 0 < kept < 3000, "the rows of a packed table that is cut are whole ones", done)
    for _ in range(2):
        pathlib.Path(cut).write_bytes(gzip.compress(rows_of_numbers.encode()))
        done = case.run(cut, "--format", "csv")
        check(done.returncode == 0, "and are the same in the whole file", done)


def exported(case):
    """What another server exported, of calls and deliveries: the same here, counted once."""
    lines = [f'{{"id":"c{n}","source":"shop","type":"api.call","subject":"acme","time":"{TIME}","data":{{"method":"GET",'
             f'"endpoint":"/orders","status":200,"request_bytes":1,"response_bytes":2,"duration_ms":1.5,"device_id":"d{n}"}}}}'
             for n in range(20)]
    lines += [f'{{"id":"w{n}","source":"shop","type":"webhook.call","subject":"acme","time":"{TIME}","data":{{"webhook_id":"h",'
              f'"success":true,"duration_ms":2}}}}' for n in range(10)]
    done = case.run("-", text="\n".join(lines).encode())
    check(b"recorded 30 events" in done.stdout, "calls and deliveries are imported", done)
    with tempfile.TemporaryDirectory(prefix="metergate-import-") as root:
        other = product.Server(case.server.binary, os.path.join(root, "data"))
        other.command("tenants", "add", "acme", "--name", "acme", "--plan", "free")
        for collection, count, ending in (("api_calls", 20, ".ndjson.gz"), ("webhook_calls", 10, ".zst")):
            path = os.path.join(root, collection + ending)
            case.server.command("export", collection, "-o", path)
            check(f"recorded 0 events, {count} were there already" in case.server.command("import", path),
                  f"an export of {collection} adds nothing where it comes from")
            for said in (f"recorded {count} events, 0", f"recorded 0 events, {count}"):
                check(said in other.command("import", path), f"an export of {collection} elsewhere: {said}")
            mine, theirs = (sorted(map(str, server.find(collection))) for server in (case.server, other))
            check(mine == theirs and len(mine) == count, f"every field of {collection} came along", (mine[:1], theirs[:1]))
        counters = os.path.join(root, "counters.ndjson")
        case.server.command("export", "usage_counters", "-o", counters)
        done = other.command("import", counters, check=False)
        check(done.returncode == 1 and "no event" in done.stderr, "an export of counters is no usage", done)


def tenants_own(case):
    """What a tenant's own token sent keeps its source, elsewhere too, and counts once wherever it came from."""
    token = case.server.tenant_token("acme")
    events = [{"id": f"t{n}", "source": "till", "type": "api.call", "subject": "acme", "time": TIME, "specversion": "1.0",
               "data": {"method": "GET", "endpoint": "/own", "status": 200, "request_bytes": 1, "response_bytes": 2, "duration_ms": 1.5,
                        "caller": "ann"}} for n in range(7)]
    check(product.ask_once(case.server.port, "POST", "/api/v1/events", token, events)[0] == 204, "a tenant sends events of its own")
    with tempfile.TemporaryDirectory(prefix="metergate-import-") as root:
        other = product.Server(case.server.binary, os.path.join(root, "data"))
        other.command("tenants", "add", "acme", "--name", "acme", "--plan", "free")
        own = '{"source": "tenant/till"}'
        for collection in ("api_calls", "events"):
            path = os.path.join(root, collection + ".ndjson")
            case.server.command("export", collection, own, "-o", path)
            check("recorded 0 events, 7 were there already" in case.server.command("import", path),
                  f"an export of a tenant's own {collection} adds nothing where it comes from")
            first = 7 if collection == "api_calls" else 0
            for said in (f"recorded {first} events", "recorded 0 events, 7"):
                check(said in other.command("import", path), f"its own {collection} elsewhere: {said}")
        mine, theirs = (sorted(map(str, server.find("api_calls", own))) for server in (case.server, other))
        check(mine == theirs and len(mine) == 7 and "'caller': 'ann'" in mine[0], "every field came along", (mine[:1], theirs[:1]))
        notes = other.find("provider_audits", '{"action": "events.imported"}')
        check(len(notes) == 1 and notes[0]["actor"].startswith("cli") and notes[0]["after"]["recorded"] == 7, "and who brought them in", notes)
    for body, wanted in ((dict(events[0], source="tenant/till", id="x"), 400), (dict(events[0], source="metergate", id="x"), 400)):
        found = product.ask_once(case.server.port, "POST", "/api/v1/events", case.server.provider, body)
        check(found[0] == wanted, f"no application may send as {body['source']}", found)


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-import-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        server.start()
        try:
            server.command("tenants", "add", "acme", "--name", "acme", "--plan", "free")
            meter = {"slug": "tokens", "eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens"}
            check(product.ask_once(server.port, "POST", "/api/v1/meters", server.provider, meter)[0] == 201, "a meter is made")
            case = Case(server, root)
            for part in (shapes, pipes, times, faults, exported, tenants_own):
                part(case)
            status, answer = product.ask_once(server.port, "GET", "/api/v1/meters/tokens/query", server.provider)
            expected = 2.5 * (3 + 2500 + 4 + 2 + 2 + 1500 + 5 + 2 + 1100 + 3 + 3 + 2000 + 1 + 2 + 1700)
            value = sum(row["value"] for row in json.loads(answer)["data"])
            check(status == 200 and value == expected, f"the meter has all of it once: {value}", expected)
            server.command("verify")
        finally:
            server.stop()
    print("all is so")


if __name__ == "__main__":
    main()
