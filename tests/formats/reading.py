"""Reads everything that a data folder says, through the command line and a server, for tests of its format.

The settings are the same in every year: nothing is too old to be kept, no worker runs, and the plans are the folder's.
"""
import csv
import io
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
import server as product  # noqa: E402

COLLECTIONS = ["tenants", "subscriptions", "plans", "stores", "devices", "sales", "tickets", "usage_reports", "provider_alerts",
               "provider_audits", "provider_users", "api_keys", "webhooks", "idempotency_keys", "settings", "api_calls", "webhook_calls",
               "response_metrics", "usage_counters", "webhook_deliveries", "meters", "corrections"]


def server_of(binary, root, *arguments, **environment):
    """A server on the folder `root`/data, with the plans of `root`/plans.toml; not started."""
    kept = {"PLANS_FILE": os.path.join(root, "plans.toml"), "BILLING_GRACE_HOURS": "8760", "USAGE_RETENTION_MONTHS": "1200",
            "API_CALLS_RETENTION_MONTHS": "1200", "WEBHOOK_ALLOW": "127.0.0.0/8", "WEBHOOK_ALLOW_HTTP": "true"}
    return product.Server(binary, os.path.join(root, "data"), environment={**kept, **environment}, arguments=arguments)


def ask(server, method, path, body=None, token=None):
    answer = product.ask_once(server.port, method, path, token or server.provider, body)
    if answer is None or answer[0] >= 300:
        raise SystemExit(f"{method} {path}: {answer}")
    return json.loads(answer[1]) if answer[1] else None


def fixed_columns(text):
    """The rows of a report's CSV, without the columns that later builds have added behind those that never change."""
    return [",".join(row[:17]) for row in csv.reader(io.StringIO(text))]


def read(server, about):
    """Every document, the closed report, and what the doors say of usage and meters, in a fixed form."""
    found = {name: server.find(name, "{}", "--limit", "100000") for name in COLLECTIONS}
    # Months that have begun since have counters too.
    found["usage_counters"] = [counter for counter in found["usage_counters"] if counter["period"] < about["to"][:7]]
    found["report"] = fixed_columns(server.command("report", about["closed"], "--format", "csv"))
    for meter in about["meters"]:
        for window in ("DAY", "MONTH"):
            path = f"/api/v1/meters/{meter}/query?from={about['from']}&to={about['to']}&windowSize={window}"
            rows = ask(server, "GET", path + "&groupBy=subject")["data"]
            found[f"{meter} by {window}"] = sorted(rows, key=lambda row: (row["subject"], row["windowStart"]))
    for webhook in about["webhooks"]:
        path = f"/api/tenants/{webhook['tenant']}/webhooks/{webhook['id']}/deliveries?limit=50"
        found[f"deliveries of {webhook['id']}"] = ask(server, "GET", path)["data"]["deliveries"]
    return found


def differences(wanted, found, where=""):
    """What is wanted and not found. What is found besides is what later builds have added."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key not in found:
                yield f"{where}.{key}: is not there; {value!r} was"
            else:
                yield from differences(value, found[key], f"{where}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found)):
            yield from differences(one, other, f"{where}[{number}]")
    elif wanted != found:
        yield f"{where}: {json.dumps(found)[:300]} instead of {json.dumps(wanted)[:300]}"
