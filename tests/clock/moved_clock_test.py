#!/usr/bin/env python3
"""Moves the wall clock of a running server, and looks at what it closes, refuses and says.

  moved_clock_test.py BINARY MOVED_CLOCK_LIBRARY

The library is preloaded into the server and moves its wall clock by the seconds in a file; the monotonic clock stays.
"""
import datetime
import http.server
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
import server as product
from server import check

DAY = 86400
NOW = datetime.datetime.now(datetime.timezone.utc)
PERIOD = NOW.strftime("%Y-%m")


class Upstream(http.server.BaseHTTPRequestHandler):
    """The API behind the gateway: counts what reaches it."""
    asked = 0

    def do_GET(self):
        Upstream.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *words):
        pass


class Clock:
    """The file that moves the server's clock."""

    def __init__(self, path):
        self.path = path
        self.move(0)

    def move(self, seconds):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as file:
            file.write(f"{seconds:<20}".encode())


class Product:
    def __init__(self, binary, library, root):
        self.clock = Clock(os.path.join(root, "clock"))
        upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        self.server = product.Server(binary, os.path.join(root, "data"), environment={
            "LOG_LEVEL": "info", "UPSTREAM_URL": f"http://127.0.0.1:{upstream.server_port}"})
        self.server.environment.update(LD_PRELOAD=library, METERGATE_TEST_CLOCK=self.clock.path)
        # The tenant is sixty days old, so that there is a month that can be closed.
        self.clock.move(-60 * DAY)
        self.server.arguments = ["--workers=off"]
        check(self.server.start(), "the server starts with a clock that can be moved")
        body = {"tenant_id": "acme", "name": "Acme", "plan": "basic"}
        check(self.ask("POST", "/provider/tenants", body, self.provider_now())[0] == 201, "a tenant is added")
        check(self.server.stop() == 0, "the server stops")
        self.clock.move(0)
        self.server.arguments = []
        check(self.server.start(), "it starts again, with its workers")
        self.tenant = self.server.tenant_token("acme")

    def provider_now(self):
        """A token that is issued by the moved clock."""
        return self.server.command("token", "--scope", "provider", "--role", "Provider-Admin").strip()

    def ask(self, method, path, body=None, token=None):
        return product.ask_once(self.server.port, method, path, token or self.server.provider, body)

    def send(self, name, when):
        event = {"id": name, "source": "shop", "type": "api.call", "subject": "acme",
                 "time": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
                 "data": {"method": "GET", "endpoint": "/x", "status": 200, "request_bytes": 1,
                          "response_bytes": 1, "duration_ms": 1}}
        return self.ask("POST", "/api/v1/events", [event])

    def run_workers(self):
        return self.server.command("workers", "run-once")

    def period_state(self):
        lines = self.server.command("periods", "list").splitlines()
        return next((line.split()[1:3] for line in lines if line.startswith(PERIOD)), lines)

    def calls(self):
        return [call for call in self.server.find("api_calls", '{"tenant_id": "acme"}')]


def a_wrong_look(run):
    """Forty days ahead for some seconds, with everything that runs by the clock run meanwhile, and back."""
    check(run.send("before", NOW)[0] == 204, "an event is taken")
    run.clock.move(40 * DAY)
    time.sleep(1)
    ready = run.ask("GET", "/readyz")
    check(ready[0] == 200 and b"the clock is doubted" in ready[1], "/readyz shows that the clock is doubted", ready)
    run.run_workers()
    check(b"doubted" in run.ask("GET", "/readyz")[1], "and does so after the workers ran")
    check(run.period_state() == ["open", "computed"] or run.period_state() == [], "the month is not closed meanwhile", run.period_state())
    run.clock.move(0)
    run.run_workers()
    check(run.ask("GET", "/readyz")[1] == b"ok\n", "/readyz is as before when the clock is back")
    check(run.period_state() == ["open", "computed"], "the month is open", run.period_state())
    check(run.send("after", NOW)[0] == 204, "an event of the month is taken")
    stores = run.ask("POST", "/api/tenants/acme/stores", {"store_id": "s1", "name": "One"}, run.tenant)
    check(stores[0] == 201, "a store is made", stores)
    run.server.log.flush()
    log = pathlib.Path(run.server.log.name).read_text(errors="replace")
    check('clock.doubted' in log and '"warn"' in log, "the log warns of it", log[-2000:])
    check('clock.agrees' in log, "and says when it is over")


def a_clock_set_back(run):
    """Into a month that is closed: nothing is done that could not be kept."""
    Upstream.asked = 0
    run.run_workers()                                     # closes what is over
    run.clock.move(-60 * DAY)
    then = run.server.tenant_token("acme")
    refused = run.ask("GET", "/api/tenants/acme/orders", token=then)
    check(refused[0] == 400 and b"E_PERIOD_CLOSED" in refused[1], "a call that cannot be kept is refused", refused)
    check(Upstream.asked == 0, "and the upstream is not asked")
    refused = run.ask("POST", "/api/tenants/acme/stores", {"store_id": "s2", "name": "Two"}, then)
    check(refused[0] == 400 and b"E_PERIOD_CLOSED" in refused[1], "a store is refused before it is made", refused)
    run.clock.move(0)
    stores = json.loads(run.ask("GET", "/api/tenants/acme/stores", token=run.tenant)[1])["data"]["stores"]
    check([store["store_id"] for store in stores] == ["s1"], "and is not there afterwards", stores)
    check(run.ask("GET", "/api/tenants/acme/orders", token=run.tenant)[0] == 200 and Upstream.asked == 1,
          "with the clock set right the upstream is asked again")


def a_start_at_the_wrong_time(run):
    """Started while the clock is wrong: the time of the last look is held against it."""
    run.run_workers()
    check(run.server.stop() == 0, "the server stops")
    run.clock.move(40 * DAY)
    check(run.server.start(), "it starts forty days ahead")
    check(b"doubted" in run.ask("GET", "/readyz")[1], "the start is doubted")
    run.run_workers()
    run.clock.move(0)
    run.run_workers()
    check(run.period_state() == ["open", "computed"], "and closed nothing", run.period_state())
    check(run.send("after the start", NOW)[0] == 204, "an event of the month is taken")


def main():
    binary, library = sys.argv[1], sys.argv[2]
    root = tempfile.mkdtemp(prefix="metergate-clock-")
    run = None
    try:
        run = Product(binary, library, root)
        a_wrong_look(run)
        a_clock_set_back(run)
        a_start_at_the_wrong_time(run)
        check(run.server.command("verify") is not None, "verify finds no difference")
        check(run.server.stop() == 0, "the server stops")
        print("moved clock: all is well")
    finally:
        if run and run.server.process and run.server.process.poll() is None:
            run.server.kill()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
