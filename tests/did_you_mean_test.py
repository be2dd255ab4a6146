#!/usr/bin/env python3
"""A misspelt word of any kind is answered with the nearest right one: on the command line, in settings, and over HTTP.

  did_you_mean_test.py BINARY
"""
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product

# (words of the command line, what was meant)
COMMANDS = [
    (["serv"], "serve"),
    (["tenants", "lst"], "list"),
    (["workers", "run-once", "agregation"], "aggregation"),
    (["find", "api_calls", "{}", "--srot", "{}"], "--sort"),
    (["report", "2026-10", "--format", "cvs"], "csv"),
    (["find", "api_cals"], "api_calls"),
    (["export", "usage_countres"], "usage_counters"),
    (["find", "api_calls", '{tenent_id: "acme"}'], "tenant_id"),
    (["export", "usage_counters", '{peroid: "2026-10"}'], "period"),
    (["find", "api_calls", "{}", "--sort", "{timestmp: -1}"], "timestamp"),
    (["find", "api_calls", '{status: {$gtee: 400}}'], "$gte"),
    (["keys", "add", "--permission", "event.write", "--name", "shop"], "events.write"),
    (["users", "add", "ann@example.com", "--role", "Bililng-Ops"], "Billing-Ops"),
    (["token", "--scope", "provder", "--role", "NOC"], "provider"),
    (["alerts", "--status", "opne"], "open"),
    (["usage", "acmee"], "acme"),
]

# (method and path, body, the field of the fault, what was meant)
REQUESTS = [
    ("POST /api/tenants/acme/webhooks", {"url": "https://example.com/", "events": ["sale.creatd"]}, "events", "sale.created"),
    ("POST /api/tenants/acme/webhooks", {"url": "https://example.com/", "events": ["usage.limit_exceded"]}, "events",
     "usage.limit_exceeded"),
    ("POST /api/tenants/acme/webhooks", {"ulr": "https://example.com/", "events": ["*"]}, "ulr", "url"),
    ("POST /provider/api-keys", {"name": "shop", "permissions": ["billing.raed"]}, "permissions", "billing.read"),
    ("POST /provider/api-keys", {"name": "shop", "permission": ["billing.read"]}, "permission", "permissions"),
    ("POST /provider/users", {"email": "ann@example.com", "name": "Ann", "password": "correct horse battery", "roles": ["Read-Olny"]},
     "roles", "Read-Only"),
    ("PATCH /provider/tenants/acme", {"limits_override": {"max_store": 3}, "reason": "they asked"}, "limits_override.max_store",
     "max_stores"),
    ("PATCH /provider/tenants/acme", {"limits_override": {"effects": {"api_call": "hard"}}, "reason": "they asked"},
     "limits_override.effects.api_call", "api_calls"),
    ("PATCH /provider/tenants/acme", {"status": "suspnded"}, "status", "suspended"),
    ("GET /provider/billing/tenants?heath_status=critical", None, "heath_status", "health_status"),
    ("GET /provider/billing/tenants?health_status=critcal", None, "health_status", "critical"),
    ("GET /provider/billing/tenants?sort=-overage_csot", None, "sort", "-overage_cost"),
    ("GET /provider/alerts?type=billing.over_limt", None, "type", "billing.over_limit"),
    ("GET /provider/events?outcome=unmached", None, "outcome", "unmatched"),
    ("GET /provider/billing/usage?group_by=dya", None, "group_by", "day"),
    ("POST /api/v1/events", [{"id": "1", "source": "shop", "type": "storage.usage", "subject": "acme", "data": {"byts": 1}}],
     "data.byts", "bytes"),
    ("POST /api/v1/meters", {"slug": "tokens", "eventTyp": "prompt", "aggregation": "COUNT"}, "eventTyp", "eventType"),
    ("POST /api/v1/meters", {"slug": "tokens", "eventType": "prompt", "aggregation": "SMU"}, "aggregation", "SUM"),
    ("GET /api/v1/meters/prompts/query?groupBy=moedl", None, "groupBy", "model"),
]


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")


def ask(server, method, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    headers = {"Authorization": f"Bearer {server.provider}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"{}")


def commands(server):
    for words, meant in COMMANDS:
        done = subprocess.run([server.binary, *words], env=server.environment, input="correct horse battery\n", capture_output=True,
                              text=True, timeout=60)
        check(done.returncode != 0 and f"did you mean '{meant}'?" in done.stderr, f"{words} means {meant}", done.stderr)
        check(len(done.stderr.splitlines()) == 1, f"one line for {words}", done.stderr)


def requests(server):
    made = {"slug": "prompts", "eventType": "prompt", "aggregation": "COUNT", "groupBy": {"model": "$.model"}}
    check(ask(server, "POST", "/api/v1/meters", made)[0] == 201, "a meter is made")
    for line, body, field, meant in REQUESTS:
        status, answer = ask(server, *line.split(" ", 1), body)
        faults = answer.get("errors") or (answer.get("error") or {}).get("details", {}).get("errors", [])
        said = [fault["message"] for fault in faults if fault["field"] == field]
        check(status == 400 and any(text.endswith(f"did you mean '{meant}'?") for text in said), f"{line} {body} means {meant}", answer)


def settings(server, root):
    """A setting in the .env file, where it stops the start, and in the environment, where it is warned of."""
    with open(os.path.join(root, "wrong.env"), "w", encoding="utf-8") as file:
        file.write("BILLING_CURENCY=EUR\n")
    words = [server.binary, "serve", "--print-config"]
    done = subprocess.run([*words, "--env-file", file.name], env=server.environment, capture_output=True, text=True, timeout=60)
    check(done.returncode == 3 and "BILLING_CURRENCY" in done.stderr, "a misspelt setting in a file", done.stderr)
    done = subprocess.run(words, env={**server.environment, "API_PROT": "1"}, capture_output=True, text=True, timeout=60)
    check(done.returncode == 0 and "API_PORT" in done.stderr, "a misspelt setting in the environment", done.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-nearest-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        server.start()
        try:
            server.command("tenants", "add", "acme", "--name", "acme", "--plan", "free")
            commands(server)
            requests(server)
            settings(server, root)
        finally:
            server.stop()
    print(f"{len(COMMANDS) + len(REQUESTS) + 2} misspelt words, each answered with what was meant")


if __name__ == "__main__":
    main()
