#!/usr/bin/env python3
"""Access logs of nginx, Caddy and HAProxy, imported: recognised, each line once, what is at fault set aside.

  import_log_test.py METERGATE
"""
import datetime
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product  # noqa: E402

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}")


def at(number):
    return NOW - datetime.timedelta(seconds=600 - number // 10)


def nginx(number, path=None):
    return (f'192.0.2.7 - - [{at(number):%d/%b/%Y:%H:%M:%S} +0000] "GET {path or f"/api/tenants/acme/orders/{number % 4}?key=1"} HTTP/1.1" '
            f'200 512 "-" "curl/8.0" 0.025')


def haproxy(number):
    return (f'Mar  5 10:30:00 lb haproxy[1]: 10.0.1.2:{number} [{at(number):%d/%b/%Y:%H:%M:%S}.123] web app/s1 0/0/1/20/25 200 700 '
            f'- - ---- 1/1/1/1/0 0/0 {{acme.example.com}} "POST /orders/{number} HTTP/1.1"')


def caddy(number):
    return json.dumps({"level": "info", "ts": at(number).timestamp() + number / 1000, "msg": "handled request", "request": {
        "client_ip": "192.0.2.9", "method": "GET", "host": "acme.example.com", "uri": f"/orders/{number}", "headers": {"X-Tenant": ["acme"]}},
        "bytes_read": 3, "duration": 0.005, "size": 900, "status": 201})


class Case:
    def __init__(self, server, root):
        self.server, self.root = server, root

    def file(self, name, content):
        path = os.path.join(self.root, name)
        data = content if isinstance(content, bytes) else content.encode()
        pathlib.Path(path).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def run(self, *words):
        return subprocess.run([self.server.binary, "import", *words], env=self.server.environment, capture_output=True, text=True, timeout=120)

    def says(self, claim, said, *words, status=0):
        done = self.run(*words)
        check(done.returncode == status and said in done.stdout + done.stderr, claim, f"{done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def count(self, text):
        return int(self.server.command("find", "api_calls", text, "--count"))


def each_format(case):
    """Recognised by their lines; the same again adds nothing."""
    for name, line, words in (("access.log", nginx, ["--tenant-path", "/api/tenants/{tenant}/"]),
                              ("haproxy.txt", haproxy, ["--tenant-field", "capture1:{tenant}.example.com"]),
                              ("access.json", caddy, ["--tenant-field", "x-tenant", "--source", "caddy"])):
        path = case.file(name, "".join(line(n) + "\n" for n in range(1500)))
        case.says(f"{name} is imported", "recorded 1500 events, 0 were", path, *words)
        case.says("and again adds nothing", "recorded 0 events, 1500 were", path, *words)
    check(case.count("{endpoint: 'GET /api/tenants/{tenant_id}/orders/{id}'}") == 1500, "calls of a kind have one endpoint")
    found = case.server.find("api_calls", "{endpoint: 'GET /api/tenants/{tenant_id}/orders/{id}'}", "--limit", "1")[0]
    check(found["tenant_id"] == "acme" and "key=1" not in json.dumps(found), "without what may be secret", found)


def grown_and_renamed(case):
    """Equal lines count each; a file that has grown, was renamed, packed or cut adds what is new."""
    words = ["--tenant", "acme", "--source", "grown"]
    lines = [nginx(7, "/same") + "\n"] * 3 + [nginx(8, "/other") + "\n"]
    case.says("equal lines are calls each", "recorded 4 events", case.file("g.log", "".join(lines)), *words)
    lines += [nginx(9, "/same") + "\n"] * 2
    path = case.file("g.log.1.gz", "".join(lines))
    case.says("a packed one that has grown adds its new lines", "recorded 2 events, 4 were", path, *words)
    case.says("a cut one adds nothing", "recorded 0 events, 3 were", case.file("g2.log", "".join(lines[3:])), *words)


def rejects(case):
    """What cannot be read, or is nobody's, is set aside with its reason, and the rest goes in."""
    lines = [nginx(n, f"/t/acme/{n}") for n in range(1200)]
    lines[3] = "nonsense"
    lines[700] = nginx(700, "/t/nobody/x")
    lines[701] = nginx(701, "/t/acme/x").replace(str(NOW.year), "2001")
    lines[1100] = nginx(5, "/static/logo.png")
    path, kept = case.file("r.log", "\n".join(lines)), os.path.join(case.root, "rejects.ndjson")
    words = [path, "--tenant-path", "/t/{tenant}/", "--source", "r", "--rejects", kept]
    case.says("the good lines are recorded", "recorded 1196 events", *words, status=1)
    found = {row["line"]: row["reason"] for row in map(json.loads, pathlib.Path(kept).read_text().splitlines())}
    check(sorted(found) == [4, 701, 702, 1101], "the others are in the file", found)
    check("no tenant 'nobody'" in found[701] and "closed" in found[702] and "--tenant-path" in found[1101], "with their reasons", found)
    case.says("without a file, reasons are printed", "r.log: line 4: it is not", *words[:-2], status=1)
    only_static = case.file("s.log", nginx(5, "/static/logo.png") + "\n")
    case.says("lines of no tenant are no fault", "1 lines that bill nobody and 0 at fault", only_static, "--tenant-path", "/t/{tenant}/")


def who_is_billed(case):
    """A log's callers choose their paths, their names and their refusals, and bill nobody else by them."""
    words = ["--tenant-path", "/hit/{tenant}/", "--source", "who"]
    billed = ["/hit/acme/plain", "http://any/hit/acme/whole", "/hit/%61cme/coded"]
    unclear = ["/hit/acme/../other/x", "//hit/acme/x", "/hit/acme%2f..%2fother/x", "/hit/./acme/x"]
    case.says("plain paths are recorded", "recorded 3 events", case.file("w.log", "".join(nginx(n, path) + "\n" for n, path in enumerate(billed))), *words)
    path = case.file("u.log", "".join(nginx(n, path) + "\n" for n, path in enumerate(unclear)))
    case.says("unclear ones are at fault", "0 lines that bill nobody and 4 at fault", path, *words, status=1)
    refused = [nginx(n, "/hit/acme/no").replace('" 200 ', f'" {status} ') for n, status in enumerate((401, 429, 502, 503, 504))]
    refused.append(nginx(9, "/hit/acme/no").replace('"GET', '"OPTIONS'))
    case.says("refused calls bill nobody", "6 lines that bill nobody and 0 at fault", case.file("f.log", "\n".join(refused)), *words)
    odd = [nginx(n, "/hit/acme/odd").replace(" - - [", f" - {user} [", 1) for n, user in enumerate(("[ a", "two words", "- [x]"))]
    case.says("a caller's name hides no call", "recorded 3 events", case.file("o.log", "\n".join(odd)), *words)
    forged = json.loads(caddy(3))
    forged["request"]["headers"] = {"User": ["acme"], "Host": ["acme"]}
    case.says("a header is no user", "1 lines that bill nobody", case.file("c.json", json.dumps(forged) + "\n"), "--tenant-field", "user")
    said = case.says("a line does not move the cursor", "is no request line", case.file("e.log", nginx(2, "/hit/acme/first") + "\n" + nginx(1, "/x").replace('"GET /x HTTP/1.1"', '"\\x1b[31mBAD\\x07"')), *words, status=1)
    check("\x1b" not in said.stderr, "control characters are shown as such", repr(said.stderr))


def bad_input(case):
    def refused(said, *words):
        done = case.run(*words)
        lines = done.stderr.strip().splitlines()
        check(done.returncode == 1 and said in lines[0] and not case.count("{endpoint: 'GET /never'}"), f"refused: {said}", done.stderr)
    log = case.file("n.log", nginx(1, "/never") + "\n")
    refused("does not say whose calls they are", log)
    refused("must have {tenant} once", log, "--tenant-path", "/x/")
    refused("has no known format", case.file("x.log", "some text\nof no format\n"), "--tenant", "acme")
    refused("cannot be read", os.path.join(case.root, "nowhere.log"), "--tenant", "acme")
    refused("nowhere.csv", log, "--tenant", "acme", "--tenant-map", os.path.join(case.root, "nowhere.csv"))


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-logs-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        server.start()
        try:
            server.command("tenants", "add", "acme", "--name", "acme", "--plan", "free")
            for part in (each_format, grown_and_renamed, rejects, who_is_billed, bad_input):
                part(Case(server, root))
            server.command("verify")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
