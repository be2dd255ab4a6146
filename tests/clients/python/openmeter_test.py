"""OpenMeter's SDK of PyPI, unchanged, against a server: what it says to meters, events and subjects, by figures worked out by hand.

  openmeter_test.py BINARY
"""
import datetime
import os
import pathlib
import sys
import tempfile

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


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-openmeter-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        server.start()
        try:
            for tenant in ("acme", "bolt"):
                server.command("tenants", "add", tenant, "--name", tenant, "--plan", "free")
            with Client(endpoint=f"http://127.0.0.1:{server.port}", token=server.provider) as client:
                for part in (meters, questions, subjects):
                    part(client)
                client.meters.delete("tokens")
                refused(404, "a meter that is deleted is gone", lambda: client.meters.get("tokens"))
            server.command("verify")
        finally:
            server.stop()
    print("all is so")


if __name__ == "__main__":
    main()
