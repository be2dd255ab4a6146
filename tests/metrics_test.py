#!/usr/bin/env python3
"""What a server says of itself at /metrics, who may read it, and that dashboards and alert rules name nothing else.

  metrics_test.py BINARY
"""
import json
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "gateway"))
import gateway_world

DEPLOY = HERE.parent / "deploy"
# Of Prometheus itself, in rules and dashboards.
FOREIGN = {"up"}
TRACE = ["traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate: a=1,b=2"]


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}")


def samples(text):
    """By name and labels, as they stand there."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            check(name not in found, f"{name} stands there once") if name in found else None
            found[name] = float(value)
    return found


def read(server, *fields):
    status, headers, body = server.ask("GET", "/metrics", *fields)
    return status, headers, body.decode()


def names_told(text):
    """The metrics that have a head, and what their samples may be called."""
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    names = set(kinds)
    for name, kind in kinds.items():
        if kind == "histogram":
            names |= {name + "_bucket", name + "_sum", name + "_count"}
    return names


def names_used(expression):
    """What looks like a metric in an expression of PromQL."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    bare = re.sub(r"\{[^}]*\}|\b(?:by|on|without)\s*\([^)]*\)|\[[^]]*\]", " ", bare)
    words = re.findall(r"[a-z_][a-z0-9_]*(?!\s*\()\b", bare)
    functions = set(re.findall(r"([a-z_][a-z0-9_]*)\s*\(", bare))
    return {word for word in words if word not in functions | {"and", "or", "unless", "time"}}


def expressions():
    for path in sorted((DEPLOY / "grafana").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield path.name, target["expr"]
    for line in (DEPLOY / "prometheus" / "alerts.yml").read_text().splitlines():
        if line.strip().startswith("expr:"):
            yield "alerts.yml", line.split("expr:", 1)[1].strip()


def promtool(*words, text=None):
    return subprocess.run(["promtool", *words], input=text, capture_output=True, text=True)


def look_at_deploy(told):
    used = [(place, names_used(expression)) for place, expression in expressions()]
    check(len(used) > 50, "dashboards and rules were read")
    wrong = [(place, name) for place, names in used for name in names if name not in told | FOREIGN]
    check(not wrong, "dashboards and rules name nothing that /metrics does not have", wrong)
    check(len(list((DEPLOY / "grafana").glob("*.json"))) == 3, "there are three dashboards")
    rules = promtool("check", "rules", str(DEPLOY / "prometheus" / "alerts.yml"))
    check(rules.returncode == 0, "promtool takes the rules", rules.stdout + rules.stderr)
    config = promtool("check", "config", str(DEPLOY / "prometheus" / "prometheus.yml"))
    check(config.returncode == 0, "promtool takes the example configuration", config.stdout + config.stderr)


def wait_for(server, name, least):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = samples(read(server)[2])
        if found[name] >= least:
            return found
        time.sleep(0.2)
    raise SystemExit(f"{name} did not reach {least}")


def count_what_happens(program, upstream):
    with gateway_world.Server(program, {"UPSTREAM_URL": f"http://127.0.0.1:{upstream.port}"}) as server:
        status, headers, text = read(server)
        check(status == 200 and headers["content-type"] == ["text/plain; version=0.0.4; charset=utf-8"], "/metrics is Prometheus' text", headers)
        linted = promtool("check", "metrics", text=text)
        check(linted.returncode == 0 and not linted.stderr.strip(), "promtool has nothing to say of it", linted.stdout + linted.stderr)
        look_at_deploy(names_told(text))
        before = samples(text)
        token = server.token("tenant_1")
        for _ in range(3):
            status, _, _ = server.ask("GET", "/api/tenants/tenant_1/orders/7", f"Authorization: Bearer {token}", *TRACE)
            check(status == 200, "a call passes through", status)
        for head in upstream.take():
            for field in TRACE:
                check(field.encode() in head, f"the upstream has {field.split(':')[0]} as it was sent", head)
        filter_ = json.dumps({"traceparent": TRACE[0].partition(": ")[2]})
        check(server.run("find", "api_calls", filter_, "--count").strip() == "3", "each call's record names the trace")
        check(TRACE[0].partition(": ")[2] in server.run("find", "events", '{tenant_id: "tenant_1"}'), "its event too")
        server.ask("GET", "/api/tenants/tenant_1/orders/7")
        after = samples(read(server)[2])

        def grew(name):
            return after[name] - before[name]
        check(grew('metergate_gateway_requests_total{answered_by="upstream",class="2xx"}') == 3, "three calls were answered by the upstream")
        check(grew('metergate_gateway_requests_total{answered_by="gateway",class="4xx"}') == 1, "one was refused by the gateway")
        check(grew("metergate_gateway_request_duration_seconds_count") == 4, "each has its time")
        check(grew('metergate_limit_checks_total{verdict="admitted"}') == 3, "three were held against the limits")
        check(after["metergate_journal_sync_duration_seconds_count"] > 0, "the journal's syncs are timed")
        check(after["metergate_storage_accepts_writes"] == 1, "it takes writes")
        check('metergate_gateway_targets{upstream="UPSTREAM_URL",state="up"}' in after
              or any(name.startswith("metergate_gateway_targets{") for name in after), "the upstream's targets stand there", list(after))
        check("tenant_1" not in read(server)[2], "no tenant is named")
        event = json.dumps({"specversion": "1.0", "id": "e1", "source": "app", "type": "api.call", "subject": "tenant_1",
                            "data": {"method": "GET", "endpoint": "GET /x", "status": 200,
                                     "request_bytes": 1, "response_bytes": 2, "duration_ms": 3}})
        provider = server.run("token", "--scope", "provider", "--role", "Provider-Admin").strip()
        for _ in range(2):
            send(server, event, provider)
        found = samples(read(server)[2])
        check(found['metergate_ingest_events_total{outcome="accepted"}'] == 1, "one event was accepted")
        check(found['metergate_ingest_events_total{outcome="duplicate"}'] == 1, "the same again was a duplicate")
        check(found["metergate_ingest_request_duration_seconds_count"] == 2, "both requests have their time")
        found = wait_for(server, "usage_drift_rounds_total", 1)
        check(found["usage_drift_units"] == 0, "counters do not differ from a recount")


def send(server, event, token):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", "/api/v1/events", event, {"Content-Type": "application/cloudevents+json", "Authorization": "Bearer " + token})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    check(answer.status in (200, 204), "the event is taken", (answer.status, body))


def who_may_ask(program):
    with gateway_world.Server(program, {"METRICS_ALLOW": "none", "METRICS_TENANTS": "1"}) as server:
        check(read(server)[0] == 401, "METRICS_ALLOW=none asks everybody for a token")
        status, _, text = read(server, f"Authorization: Bearer {server.token('tenant_1')}")
        check(status == 403 and json.loads(text)["error"]["details"]["required"] == "billing.read",
              "a tenant's is not enough, and the answer says what is", text)
        provider = server.run("token", "--scope", "provider", "--role", "Read-Only").strip()
        status, _, text = read(server, f"Authorization: Bearer {provider}")
        check(status == 200, "a provider's with billing.read is")
        named = set(re.findall(r'^metergate_tenant_usage\{tenant="([^"]+)"', text, re.M))
        check(len(named) == 1, "METRICS_TENANTS=1 names one tenant", named)
        check('metergate_tenant_limit{tenant="' in text and 'metergate_tenant_overage_cost{tenant="' in text, "with its limits and cost")
    with gateway_world.Server(program, {}) as server:
        for field in ("X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1", "Via: 1.1 proxy"):
            check(read(server, field)[0] == 401, f"a proxy here that no setting names opens nothing ({field.split(':')[0]})")
    behind = {"TRUSTED_PROXIES": "127.0.0.1"}
    with gateway_world.Server(program, behind) as server:
        check(read(server)[0] == 200, "this machine needs none")
        check(read(server, "X-Forwarded-For: 203.0.113.7")[0] == 401, "whom a proxy names as from elsewhere does")


def main():
    program = sys.argv[1]
    upstream = gateway_world.ByteUpstream()
    count_what_happens(program, upstream)
    who_may_ask(program)


if __name__ == "__main__":
    main()
