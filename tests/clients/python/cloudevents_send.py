"""Sends what sdk_test.py asks for, by the cloudevents SDK of PyPI."""
import os

import requests
from cloudevents.conversion import to_binary, to_json, to_structured
from cloudevents.http import CloudEvent

URL, KEY, TIME = (os.environ[name] for name in ("METERGATE_URL", "METERGATE_KEY", "METERGATE_TIME"))
DATA = {"method": "GET", "endpoint": "/cafés", "status": 200, "request_bytes": 10, "response_bytes": 2000, "duration_ms": 12.5}


def event(name):
    return CloudEvent({"id": name, "source": "sdk", "type": "api.call", "subject": "acme", "time": TIME,
                       "datacontenttype": "application/json"}, DATA)


def post(headers, body):
    answer = requests.post(URL, headers={**headers, "authorization": f"Bearer {KEY}"}, data=body, timeout=30)
    if answer.status_code != 204:
        raise SystemExit(f"{answer.status_code}: {answer.text}")


for n in range(5):
    post(*to_structured(event(f"structured-{n}")))
    post(*to_binary(event(f"binary-{n}")))
# The SDK has no binding for batches; it writes the events of one.
batch = b"[" + b",".join(to_json(event(f"batch-{n}")) for n in range(10)) + b"]"
post({"content-type": "application/cloudevents-batch+json"}, batch)
