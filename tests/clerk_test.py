#!/usr/bin/env python3
"""A billing clerk's month at the command line: usage, a statement, alerts, another plan; beside a running server and without one.

  clerk_test.py BINARY

Tables are read on terminals of several widths; what --json prints is what the API answers. The manual page goes through groff, completion
through bash.
"""
import datetime
import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product
from server import check

NOW = datetime.datetime.now(datetime.timezone.utc)
PERIOD = NOW.strftime("%Y-%m")


def fill(server):
    server.command("tenants", "add", "park", "--name", "Adventure Park and Botanical Gardens", "--plan", "basic")
    server.command("tenants", "add", "quiet", "--name", "東京動物園", "--plan", "free")
    time = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    events = [{"id": kind, "source": "app", "type": kind, "subject": "park", "time": time, "data": data}
              for kind, data in (("store.count", {"count": 1205}), ("device.count", {"count": 12}), ("storage.usage", {"bytes": 2 ** 30 * 152 // 10}))]
    check(product.ask_once(server.port, "POST", "/api/v1/events", server.provider, events)[0] == 204, "events are taken")
    server.command("workers", "run-once")


def api(server, path):
    status, body = product.ask_once(server.port, "GET", path, server.provider)
    check(status == 200, f"GET {path}", body)
    return json.loads(body)["data"]


def on_terminal(server, columns, *words, **environment):
    """What a terminal of so many columns shows, and the exit status."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([server.binary, *words], env={**server.environment, "TERM": "xterm", **environment}, stdout=theirs,
                               stderr=subprocess.PIPE)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    process.wait(timeout=60)
    return shown.decode().replace("\r\n", "\n"), process.returncode


def plain(text):
    return re.sub(r"\x1b\[[0-9]*m", "", text)


def usage_and_statement(server, where):
    told = server.command("usage", "park")
    check(re.search(r"stores_count\s+1,205\s+5\s+24,100\.0", told), f"digits are grouped, {where}", told)
    check("plan basic" in told and "critical" in told and "Adventure Park and Botanical Gardens" in told, f"the heading says how it stands, {where}", told)
    check("\x1b" not in told, f"a pipe gets no colours, {where}", told)
    owed = server.command("statement", "park", PERIOD)
    check(re.search(r"stores_count\s+1,205\s+5\s+1,200\s+10\.00\s+12,000\.00", owed), f"a line of the statement, {where}", owed)
    check(re.search(r"Total  12,020\.40 USD  \(so far", owed), f"and its total, {where}", owed)
    check("0.00 USD" in server.command("statement", "quiet"), f"nothing is owed, {where}")


def json_is_the_apis(server):
    shown = json.loads(server.command("usage", "park", "--json"))
    wanted = api(server, f"/provider/billing/tenants/park?period={PERIOD}")
    for name in ("usage", "limits", "overages", "utilization", "forecast", "overage_cost", "currency", "health_status", "plan"):
        check(shown[name] == wanted[name], f"usage --json has the API's {name}", (shown.get(name), wanted[name]))
    check(json.loads(server.command("statement", "park", "--json"))["line_items"] == wanted["line_items"], "and statement --json its line items")
    alerts = json.loads(server.command("alerts", "--status", "any", "--json"))
    listed = api(server, "/provider/alerts?limit=200")
    check(alerts["alerts"] == listed["alerts"] and alerts["total"] == listed["pagination"]["total"], "alerts --json are the API's", alerts)


def terminals(server):
    for columns in (200, 80, 60, 40):
        for words in (("usage", "park"), ("statement", "park"), ("alerts", "--status", "any")):
            shown, status = on_terminal(server, columns, *words)
            check(status == 0 and shown.count("\x1b[") > 0, f"{words} on {columns} columns is coloured", shown)
            for block in plain(shown).split("\n\n"):
                rows = block.splitlines()
                is_table = rows and ("METER" in rows[0] and "USED" in rows[0] or "ALERT" in rows[0] and "TYPE" in rows[0])
                if is_table:
                    check(all(len(line) <= columns for line in rows), f"{words} fits into {columns} columns", plain(shown))
                if columns == 200 and words[0] != "alerts" and rows and "METER" in block:
                    check(is_table, f"{words} is a table where there is room", plain(shown))
    narrow = plain(on_terminal(server, 40, "alerts", "--status", "any")[0])
    check(re.search(r"^ALERT +alert-", narrow, re.M), "what cannot fit is lines of its own", narrow)
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        check("\x1b" not in on_terminal(server, 80, "usage", "park", **environment)[0], f"no colours with {environment}")
    check("\x1b" in on_terminal(server, 80, "usage", "park", NO_COLOR="")[0], "an empty NO_COLOR says nothing")


def alerts_are_worked_on(server):
    alert = f"alert-{PERIOD}-park"
    check(alert in server.command("alerts"), "the open alert is listed")
    check(server.command("alerts", "--tenant", "quiet").startswith("Nothing is open"), "none of a tenant that is well")
    server.command("alerts", "ack", alert, "--reason", "we have called them")
    check("acknowledged" in server.command("alerts"), "it stays on the list when somebody has seen it")
    for words, part in ((("alerts", "ack", alert), "already"), (("alerts", "resolve", alert), "--reason"),
                        (("alerts", "resolve", "alert-none", "--reason", "nothing to do"), "alert-none"),
                        (("alerts", "--status", "opened"), "did you mean 'open'"), (("usage", "prak"), "did you mean 'park'"),
                        (("usage", "park", "2026-13"), "2026-13"), (("statement", "park", "2999-01"), "future")):
        done = server.command(*words, check=False)
        check(done.returncode in (1, 2) and part in done.stderr and done.stderr.count("\n") == 1, f"{words} is refused in a line", done)
    check("is resolved" in server.command("alerts", "resolve", alert, "--reason", "they upgrade"), "it is resolved")
    check(alert not in server.command("alerts") and alert in server.command("alerts", "--status", "resolved"), "and leaves the list")
    trail = server.find("provider_audits", '{"action": "alert.resolved"}')
    check(trail and trail[0]["actor"].startswith("cli:") and trail[0]["reason"] == "they upgrade", "the trail says who and why", trail)


def plans_are_changed(server):
    before = server.find("subscriptions", '{"tenant_id": "park"}')
    effect = server.command("plan", "set", "park", "enterprise", "--reason", "they grow", "--dry-run")
    check(re.search(r"cost in USD\s+12,020\.40\s+11,050\.00", effect) and "Nothing is changed" in effect, "a dry run shows the effect", effect)
    check(server.find("subscriptions", '{"tenant_id": "park"}') == before, "and does nothing")
    told = server.command("plan", "set", "park", "enterprise", "--reason", "they grow")
    check("park was on basic and is on enterprise" in told and re.search(r"max_stores\s+100\b", told), "a plan is set", told)
    trail = server.find("provider_audits", '{"action": "subscription.plan_changed"}')
    check(trail and trail[0]["reason"] == "they grow" and trail[0]["actor"].startswith("cli:"), "with its record", trail)
    for words, part in ((("plan", "set", "park", "gold", "--reason", "they grow"), "Invalid plan"), (("plan", "set", "park", "enterprise"), "--reason"),
                        (("plan", "set", "park", "enterprise", "--reason", "no"), "reason"), (("plan", "set", "nobody", "free", "--reason", "abc"), "nobody")):
        done = server.command(*words, check=False)
        check(done.returncode in (1, 2) and part in done.stderr and done.stderr.count("\n") == 1, f"{words} is refused in a line", done)
    check(json.loads(server.command("plan", "set", "park", "premium", "--reason", "they shrink", "--json"))["new_plan"] == "premium", "and as JSON")


def manual_and_completion(server, root):
    page = server.command("man")
    for name in ("statement", "alerts", "NO_COLOR", "CORS_ORIGINS", "EXIT STATUS"):
        check(name in page, f"the manual page has {name}")
    done = subprocess.run(["groff", "-Kutf8", "-man", "-Tutf8", "-ww"], input=page, capture_output=True, text=True, timeout=60)
    check(done.returncode == 0 and done.stderr == "", "groff has nothing against it", done.stderr)
    words = pathlib.Path(root, "completion.bash")
    words.write_text(server.command("completion", "bash"))

    def completed(*line):
        script = (f'source {words}; COMP_WORDS=({" ".join(line)}); [ -z "{line[-1]}" ] || true; COMP_CWORD={len(line) - 1}; _metergate; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
        check(done.returncode == 0 and done.stderr == "", f"bash completes {line}", done)
        return done.stdout.split()
    check(completed("metergate", "sta") == ["statement"], "a command")
    check({"ack", "resolve", "--status", "--json"} <= set(completed("metergate", "alerts", "''")), "subcommands and options")
    check(completed("metergate", "report", "--format", "c") == ["csv"], "a word of a list")
    for shell in ("zsh", "fish"):
        script = server.command("completion", shell)
        for word in ("statement", "resolve", "drop-limits", "json"):
            check(word in script, f"{shell} knows {word}")
    check(server.command("completion", "tcsh", check=False).returncode == 2, "another shell is refused")


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-clerk-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        server.start()
        try:
            fill(server)
            usage_and_statement(server, "beside a server")
            json_is_the_apis(server)
            terminals(server)
            alerts_are_worked_on(server)
            plans_are_changed(server)
            server.command("plan", "set", "park", "basic", "--reason", "back again")
        finally:
            server.stop()
        usage_and_statement(server, "without one")
        manual_and_completion(server, root)
        missing = subprocess.run([server.binary, "usage", "park", "--data-dir", os.path.join(root, "none")], capture_output=True, text=True,
                                 env=server.environment, timeout=60)
        check(missing.returncode == 3 and not os.path.exists(os.path.join(root, "none")), "a folder that is not there is not made", missing)
    print("all is so")


if __name__ == "__main__":
    main()
