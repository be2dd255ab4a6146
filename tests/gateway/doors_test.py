#!/usr/bin/env python3
"""The gateway's doors on the running program: proxies in front, headers, preflights, open paths, first tokens, reloads.

    doors_test.py METERGATE
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from gateway_world import ByteUpstream, Server

PROGRAM = ""
PAGE = "https://app.example.com"


def fields_of(head):
    found = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        found.setdefault(name.lower(), []).append(value.strip())
    return found


def found(server, *words):
    return [json.loads(line) for line in server.run("find", *words).splitlines() if line.startswith("{")]


class Doors(unittest.TestCase):
    def start(self, settings=None, upstreams=None, **more):
        self.upstream = ByteUpstream(**more)
        url = f"http://127.0.0.1:{self.upstream.port}"
        settings = dict(settings or {})
        settings.update({"UPSTREAMS_FILE": "upstreams.toml"} if upstreams else {"UPSTREAM_URL": url})
        server = Server(PROGRAM, settings)
        if upstreams:
            (server.folder / "upstreams.toml").write_text(upstreams.replace("{url}", url))
        server.__enter__()
        self.addCleanup(server.__exit__)
        return server

    def seen(self):
        heads = self.upstream.take()
        self.assertEqual(len(heads), 1, heads)
        return fields_of(heads[0])

    def test_behind_a_trusted_proxy_the_caller_is_whom_it_names(self):
        server = self.start({"TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.0/8", "RECORD_CALLER_IP": "network"})
        token = f"Authorization: Bearer {server.token('tenant_1')}"
        server.ask("GET", "/api/tenants/tenant_1/a", token, "X-Forwarded-For: 6.6.6.6, 203.0.113.77, 10.0.0.3",
                   "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example", "X-Real-IP: 6.6.6.6")
        seen = self.seen()
        self.assertEqual(seen["x-forwarded-for"], ["203.0.113.77"])
        self.assertEqual(seen["x-forwarded-proto"], ["https"])
        self.assertEqual(seen["x-forwarded-host"], ["shop.example"])
        self.assertEqual(seen["forwarded"], ['for=203.0.113.77;host="shop.example";proto=https'])
        self.assertNotIn("x-real-ip", seen)
        server.ask("GET", "/api/tenants/tenant_1/b", token, 'Forwarded: for="[2001:db8:1:2::3]:9";proto=https')
        self.assertEqual(self.seen()["x-forwarded-for"], ["2001:db8:1:2::3"])
        rows = found(server, "api_calls", "{}")
        self.assertEqual(sorted(row["ip"] for row in rows), ["2001:db8:1::", "203.0.113.0"])

    def test_nobody_else_is_believed(self):
        server = self.start({"TRUSTED_PROXIES": "192.0.2.1", "RECORD_CALLER_IP": "none"})
        token = f"Authorization: Bearer {server.token('tenant_1')}"
        server.ask("GET", "/api/tenants/tenant_1/a", token, "X-Forwarded-For: 203.0.113.77",
                   "X-Forwarded-Proto: https", "Forwarded: for=203.0.113.78", "True-Client-IP: 203.0.113.79",
                   "CF-Connecting-IP: 203.0.113.80", "X_Real_IP: 203.0.113.81", "X-Original-URL: /admin",
                   "X-HTTP-Method-Override: DELETE", "X-Tenant-Id: tenant_2", "Remote-User: root",
                   "X-Forwarded-Prefix: /admin", "Via: 1.0 somebody", "X-Own: stays")
        seen = self.seen()
        self.assertEqual(seen["x-forwarded-for"], ["127.0.0.1"])
        self.assertEqual(seen["x-forwarded-proto"], ["http"])
        self.assertEqual(seen["forwarded"], ['for=127.0.0.1;host="api.example.com";proto=http'])
        self.assertEqual(seen["via"], ["1.1 metergate"])
        self.assertEqual(seen["x-own"], ["stays"])
        for name in ("true-client-ip", "cf-connecting-ip", "x_real_ip", "x-original-url", "x-http-method-override",
                     "x-tenant-id", "remote-user", "x-forwarded-prefix"):
            self.assertNotIn(name, seen)
        self.assertIsNone(found(server, "api_calls", "{}")[0]["ip"])

    def test_a_header_passes_where_it_is_named(self):
        server = self.start(upstreams='[[upstream]]\nname = "a"\nurls = ["{url}"]\n'
                                      'pass_headers = ["X-HTTP-Method-Override"]\n')
        server.ask("POST", "/api/tenants/tenant_1/a", f"Authorization: Bearer {server.token('tenant_1')}",
                   "X-HTTP-Method-Override: PATCH", "X-HTTP-Method: DELETE", "Content-Length: 0")
        seen = self.seen()
        self.assertEqual(seen["x-http-method-override"], ["PATCH"])
        self.assertNotIn("x-http-method", seen)

    def test_a_preflight_passes_and_is_billed_to_nobody(self):
        server = self.start({"CORS_ORIGINS": PAGE})
        asked = [f"Origin: {PAGE}", "Access-Control-Request-Method: PUT"]
        status, _, _ = server.ask("OPTIONS", "/api/tenants/tenant_1/orders", *asked, "Cookie: a=b",
                                  "Authorization: Bearer x")
        self.assertEqual(status, 200)
        seen = self.seen()
        self.assertEqual(seen["origin"], [PAGE])
        self.assertNotIn("authorization", seen)
        self.assertNotIn("cookie", seen)
        for path in ("/api/tenants/tenant_1/stores", "/api/v1/events", "/provider/billing/tenants"):
            status, fields, _ = server.ask("OPTIONS", path, *asked)
            self.assertEqual(status, 204, path)
            self.assertEqual(fields["access-control-allow-origin"], [PAGE])
            self.assertTrue(fields["access-control-allow-methods"])
        status, fields, _ = server.ask("OPTIONS", "/api/tenants/tenant_1/stores", "Origin: https://evil.example",
                                       "Access-Control-Request-Method: PUT")
        self.assertEqual(status, 403)
        self.assertNotIn("access-control-allow-origin", fields)
        self.assertEqual(self.upstream.take(), [])
        self.assertEqual(found(server, "api_calls", "{}"), [])

    def test_a_page_may_read_the_gateways_own_answers(self):
        server = self.start({"CORS_ORIGINS": PAGE})
        token = f"Authorization: Bearer {server.token('tenant_1')}"
        for method, target, fields, wanted in [
                ("GET", "/api/tenants/tenant_1/orders", (), 401),
                ("GET", "/api/tenants/tenant_2/orders", (token,), 403),
                ("GET", "/api/tenants/tenant_1/..%2Fx", (token,), 400),
                ("GET", "/api/tenants/tenant_1/usage", (token,), 200),
                ("GET", "/nothing", (), 404),
                ("GET", "/provider/billing/tenants", (), 401),
                ("GET", "/a%2Fb", (), 400),
                ("TRACE", "/api/tenants/tenant_1/orders", (token,), 405)]:
            status, got, _ = server.ask(method, target, f"Origin: {PAGE}", *fields)
            self.assertEqual(status, wanted, target)
            self.assertEqual(got.get("access-control-allow-origin"), [PAGE], target)
            self.assertIn("Origin", got["vary"], target)
        _, got, _ = server.ask("GET", "/api/tenants/tenant_1/usage", token, "Origin: https://evil.example")
        self.assertNotIn("access-control-allow-origin", got)
        self.assertIn("Origin", got["vary"])

    def test_an_upstream_keeps_its_own_cors_fields(self):
        server = self.start({"CORS_ORIGINS": PAGE}, answer=b"HTTP/1.1 200\r\nAccess-Control-Allow-Origin : *\r\n"
                                                           b"Content-Length: 0\r\n\r\n")
        _, got, _ = server.ask("GET", "/api/tenants/tenant_1/a", f"Origin: {PAGE}",
                               f"Authorization: Bearer {server.token('tenant_1')}")
        self.assertEqual(got["access-control-allow-origin"], ["*"])

    def test_open_paths_need_no_token(self):
        server = self.start(upstreams="""
[[upstream]]
name = "api"
urls = ["{url}"]
path = "/"
pass_headers = ["x-tenant-id"]
tenant = { from = "claim" }
open = [{ path = "/login", methods = ["POST"], tenant = "tenant_2" }, { path = "/assets/" }]
""")
        self.assertEqual(server.ask("GET", "/assets/a.js", "X-Tenant-Id: tenant_1")[0], 200)
        self.assertNotIn("x-tenant-id", self.seen())
        self.assertEqual(server.ask("HEAD", "/assets/a.js")[0], 200)
        self.assertEqual(server.ask("POST", "/login", "Content-Length: 0")[0], 200)
        self.assertEqual(server.ask("GET", "/login")[0], 401)
        self.assertEqual(server.ask("GET", "/other")[0], 401)
        rows = found(server, "api_calls", "{}")
        self.assertEqual([(row["tenant_id"], row["path"], row["billable"]) for row in rows],
                         [("tenant_2", "/login", True)])

    def test_a_trusted_proxy_names_the_tenant(self):
        upstreams = ('[[upstream]]\nname = "api"\nurls = ["{url}"]\npath = "/"\n'
                     'tenant = { from = "header", header = "X-Tenant-Id" }\n')
        server = self.start({"TRUSTED_PROXIES": "127.0.0.1"}, upstreams)
        self.assertEqual(server.ask("GET", "/a", "X-Tenant-Id: tenant_2")[0], 200)
        self.assertEqual(self.seen()["x-tenant-id"], ["tenant_2"])
        self.assertEqual(server.ask("GET", "/a")[0], 401)
        self.assertEqual([row["tenant_id"] for row in found(server, "api_calls", "{}")], ["tenant_2"])
        server = self.start({"TRUSTED_PROXIES": "192.0.2.1"}, upstreams)
        self.assertEqual(server.ask("GET", "/a", "X-Tenant-Id: tenant_2")[0], 401)
        self.assertEqual(self.upstream.take(), [])

    def test_a_header_from_nobody_stops_the_start(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "upstreams.toml").write_text('[[upstream]]\nname = "api"\nurls = ["http://127.0.0.1:1"]\n'
                                               'path = "/"\ntenant = { from = "header" }\n')
        for settings, wanted in [({"UPSTREAMS_FILE": "upstreams.toml"}, "TRUSTED_PROXIES"),
                                 ({"GATEWAY_NEW_TENANTS": "plan:gold"}, "no plan of that name"),
                                 ({"GATEWAY_NEW_TENANTS": "free"}, "plan:free"),
                                 ({"TRUSTED_PROXIES": "proxy.example"}, "TRUSTED_PROXIES"),
                                 ({"CORS_ORIGINS": "app.example.com"}, "CORS_ORIGINS"),
                                 ({"RECORD_CALLER_IP": "half"}, "RECORD_CALLER_IP")]:
            done = subprocess.run([pathlib.Path(PROGRAM).resolve(), "serve"], cwd=folder, capture_output=True,
                                  text=True, timeout=60,
                                  env={"JWT_SECRET": "f" * 40, "API_PORT": "0", "DATA_DIR": "data", **settings})
            self.assertEqual(done.returncode, 3, settings)
            self.assertIn(wanted, done.stderr)

    def test_a_tenant_is_made_at_first_sight(self):
        server = self.start({"GATEWAY_NEW_TENANTS": "plan:free"})
        token = server.token("tenant_1")
        self.assertEqual(server.ask("GET", "/api/tenants/fresh/a", f"Authorization: Bearer {token}")[0], 403)
        fresh = f"Authorization: Bearer {server.token('fresh')}"
        self.assertEqual(server.ask("GET", "/api/tenants/fresh/a", fresh)[0], 200)
        self.assertEqual([row["tenant_id"] for row in found(server, "api_calls", "{}")], ["fresh"])
        audits = [row for row in found(server, "provider_audits", "{}") if row.get("tenant_id") == "fresh"]
        self.assertEqual(len(audits), 1, audits)
        self.assertEqual(audits[0]["ip"], "127.0.0.1")

    def test_the_upstreams_file_is_read_again(self):
        row = '[[upstream]]\nname = "a"\nurls = ["{url}"]\npath = "%s"\ntenant = { from = "claim" }\n'
        server = self.start(upstreams=row % "/one/")
        url = f"http://127.0.0.1:{self.upstream.port}"
        token = f"Authorization: Bearer {server.token('tenant_1')}"
        self.assertEqual(server.ask("GET", "/one/x", token)[0], 200)
        file = server.folder / "upstreams.toml"
        file.write_text((row % "/second/").replace("{url}", url))
        self.wait_for(lambda: server.ask("GET", "/second/x", token)[0] == 200)
        self.assertEqual(server.ask("GET", "/one/x", token)[0], 404)
        file.write_text("[[upstream]]\nname = 'broken'\n")
        self.wait_for(lambda: "reload.refused" in server.logged())
        time.sleep(2.5)
        self.assertEqual(server.logged().count("reload.refused"), 1)
        self.assertEqual(server.ask("GET", "/second/x", token)[0], 200)
        os.kill(server.process.pid, signal.SIGHUP)
        self.wait_for(lambda: server.logged().count("reload.refused") == 2)
        self.assertEqual(server.ask("GET", "/second/x", token)[0], 200)

    def wait_for(self, holds):
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if holds():
                return
            time.sleep(0.1)
        self.fail("it did not come to that in 20 s")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
