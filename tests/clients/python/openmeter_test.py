"""OpenMeter's SDK of PyPI, unchanged, against a server: what it says to meters, events and subjects, by figures worked out by hand;
and what the metering plugin of Kong's gateway posts.

  openmeter_test.py BINARY
"""
import datetime
import json
import os
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request

from corehttp.exceptions import HttpResponseError
from openmeter import Client
from openmeter.models import Event, MeterCreate, MeterQueryRequest, MeterUpdate, SubjectUpsert

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "crash"))
import server as product
from server import check

HOUR = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).replace(minute=0, second=0, microsecond=0)


def refused(status, claim, call):
    try:
        call()
    except HttpResponseError as error:
        check(error.status_code == status, claim, error)
        return
    raise SystemExit(f"not refused: {claim}")


def event(number, subject, tokens, model):
    return Event(id=f"p{number}", source="app", specversion="1.0", type="prompt", subject=subject,
                 time=HOUR + datetime.timedelta(minutes=number), data={"tokens": tokens, "model": model})


def meters(client):
    made = client.meters.create(MeterCreate(slug="tokens", name="Tokens", aggregation="SUM", event_type="prompt",
                                            value_property="$.tokens", group_by={"model": "$.model"}))
    check(made.slug == "tokens" and client.meters.get("tokens").id == made.id, "a meter is made")
    sent = [event(0, "acme", 1.5, "x"), event(1, "acme", 2, "y"), event(2, "bolt", 4, "z")]
    client.events.ingest_event(sent[0])
    for _ in range(2):
        client.events.ingest_events(sent)
    check(len(client.meters.query_json("tokens").data) == 1 and client.meters.query_json("tokens").data[0].value == 7.5,
          "what is sent again counts once", client.meters.query_json("tokens"))
    changed = client.meters.update("tokens", MeterUpdate(name="All tokens", description="in and out"))
    check(changed.name == "All tokens" and changed.id == made.id, "a meter is renamed", changed)
    check(client.meters.query_json("tokens", client_id="me").data[0].value == 7.5, "and counts on, for a client that names itself")
    refused(400, "other groups are refused", lambda: client.meters.update("tokens", MeterUpdate(group_by={"kind": "$.kind"})))


def questions(client):
    def rows(**members):
        body = MeterQueryRequest(from_property=HOUR, to=HOUR + datetime.timedelta(hours=1), client_id="me", **members)
        return sorted((row.subject, row.value) for row in client.meters.query("tokens", body).data)

    check(rows(subject=["acme", "bolt"], group_by=["subject"]) == [("acme", 3.5), ("bolt", 4)], "a question as a body, by subject")
    check(rows(filter_group_by={"model": ["x", "z"]}, group_by=["subject"]) == [("acme", 1.5), ("bolt", 4)], "any of several values")
    refused(400, "a filter that is not known is refused", lambda: rows(filter_customer_id=["c"]))
    refused(404, "a meter that is not there", lambda: client.meters.query("nothing", MeterQueryRequest()))


def subjects(client):
    check({subject.key for subject in client.subjects.list()} == {"acme", "bolt"}, "subjects are the tenants")
    named = client.subjects.upsert([SubjectUpsert(key="acme", display_name="Acme Inc")])
    check(named[0].display_name == "Acme Inc" and client.subjects.get("acme").display_name == "Acme Inc", "one is named")
    refused(400, "a subject that is no tenant is not made", lambda: client.subjects.upsert([SubjectUpsert(key="new")]))
    check(list(client.meters.list_subjects("tokens")) == ["acme", "bolt"], "subjects of a meter")


def listed(client):
    def ids(**filters):
        return [one.event.id for one in client.events.list(client_id="me", from_parameter=HOUR, **filters)]

    check(ids() == ["p2", "p1", "p0"], "events are listed, the newest first", ids())
    check(ids(subject="acme") == ["p1", "p0"] and ids(id="p2") == ["p2"] and ids(limit=1) == ["p2"], "and filtered")
    first = client.events.list(id="p0")[0]
    check(first.event.data == {"tokens": 1.5, "model": "x"} and first.event.time == HOUR, "as they were sent", first)
    refused(400, "arrivals are not kept, so no filter by them", lambda: ids(ingested_at_from=HOUR))


def kong(server, client):
    """The metering plugin of Kong's gateway: what it says of each request it passed on, and of each side of a model's answer."""
    def post(events, content_type="application/cloudevents-batch+json"):
        ask = urllib.request.Request(f"http://127.0.0.1:{server.port}/api/v3/openmeter/events", json.dumps(events).encode(),
                                     {"Authorization": f"Bearer {key}", "Content-Type": content_type, "Accept": "application/json",
                                      "User-Agent": "kong/3.14"})
        try:
            with urllib.request.urlopen(ask, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def said(number, type, subject, data):
        return {"specversion": "1.0", "id": f"7d44-{number}", "source": "kong-gateway", "type": type, "subject": subject,
                "time": (HOUR + datetime.timedelta(minutes=number)).isoformat(timespec="milliseconds"),
                "datacontenttype": "application/json", "data": {"control_plane_id": "c1", "subject_type": "consumer_id", **data}}

    def request(number, subject, status=200):
        return said(number, "kong.api_request", subject,
                    {"client_ip": "203.0.113.9", "request_host": "api.example.com", "request_method": "GET", "request_uri": "/orders?page=2",
                     "request_size_bytes": 412, "request_user_agent": "curl/8.5", "response_size_bytes": 2048, "response_http_status": status,
                     "route_id": "r1", "route_name": "orders", "service_id": "s1", "service_name": "shop", "service_port": 443,
                     "service_protocol": "https", "upstream_status": status})

    def tokens(number, subject, side, count):
        return said(number, "kong.llm_request", subject,
                    {"type": side, "tokens": count, "model": "gpt-4o", "provider": "openai", "http_status": 200, "api_request_id": "q1",
                     "ai_plugin_id": "a1", "ai_plugin_name": "ai-proxy", "cache_status": "Miss", "route_id": "r1", "service_id": "s1"})

    key = server.command("keys", "add", "--permission", "events.write", "--name", "kong").strip()
    client.meters.create(MeterCreate(slug="kong_requests", aggregation="COUNT", event_type="kong.api_request",
                                     group_by={"route": "$.route_name", "status": "$.response_http_status"}))
    client.meters.create(MeterCreate(slug="kong_tokens", aggregation="SUM", event_type="kong.llm_request", value_property="$.tokens",
                                     group_by={"side": "$.type", "model": "$.model"}))
    batch = [request(1, "consumer:acme"), request(2, "bolt", 500), request(3, "unknown"),
             tokens(4, "consumer:acme", "request", 120), tokens(5, "consumer:acme", "response", 80)]
    check([post(batch), post(batch)] == [204, 204], "a batch of the plugin's, sent twice")
    check(post(request(6, "acme"), "application/cloudevents+json") == 204, "and a single event")
    check(post([request(7, "unknown")]) == 404, "a batch of strangers alone is refused")

    def rows(meter, *groups):
        return sorted((row.subject, *[row.group_by[group] for group in groups], row.value)
                      for row in client.meters.query_json(meter, group_by=["subject", *groups]).data)

    check(rows("kong_requests", "status") == [("acme", "200", 2), ("bolt", "500", 1)], "requests by status", rows("kong_requests", "status"))
    check(rows("kong_tokens", "side") == [("acme", "request", 120), ("acme", "response", 80)], "tokens by side", rows("kong_tokens", "side"))


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-openmeter-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        server.start()
        try:
            for tenant in ("acme", "bolt"):
                server.command("tenants", "add", tenant, "--name", tenant, "--plan", "free")
            with Client(endpoint=f"http://127.0.0.1:{server.port}", token=server.provider) as client:
                for part in (meters, questions, subjects, listed):
                    part(client)
                kong(server, client)
                client.meters.delete("tokens")
                refused(404, "a meter that is deleted is gone", lambda: client.meters.get("tokens"))
            server.command("verify")
        finally:
            server.stop()
    print("all is so")


if __name__ == "__main__":
    main()
