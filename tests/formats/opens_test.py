#!/usr/bin/env python3
"""Data folders that older builds have made open, verify, and say what they said then.

  opens_test.py METERGATE

For each NAME.tar.gz beside this file: `metergate verify` finds nothing on a copy; then a server reads everything from it,
and all that stands in NAME.json must be there with the same value (what is there besides, later builds have added). Then
it takes a new event, is killed, opens again, and has counted it. docs/storage-format.md says how a fixture is made.
"""
import json
import os
import pathlib
import sys
import tarfile
import tempfile

import reading


def check(binary, name, root):
    """Faults, as lines."""
    with tarfile.open(reading.HERE / f"{name}.tar.gz") as tar:
        tar.extractall(root)
    fixture = json.loads((reading.HERE / f"{name}.json").read_text())
    server = reading.server_of(binary, root, "--workers=off")
    verified = server.command("verify", check=False)
    if verified.returncode != 0:
        return [f"{name}: verify: {verified.stdout}{verified.stderr}"]
    if not server.start():
        return [f"{name}: the server did not start: {server.last_words()}"]
    faults = [f"{name}{line}" for line in reading.differences(fixture["found"], reading.read(server, fixture["about"]))]
    if not faults:
        faults = [f"{name}: {line}" for line in goes_on(server)]
    server.stop()
    return faults


def goes_on(server):
    """The folder takes what comes now, and keeps it over a kill."""
    event = {"id": "later", "source": "fixture", "type": "api.call", "subject": "park",
             "data": {"method": "GET", "endpoint": "/later", "status": 200, "request_bytes": 10, "response_bytes": 10, "duration_ms": 1}}
    reading.ask(server, "POST", "/api/v1/events", event)
    reading.ask(server, "POST", "/api/v1/events", event)
    server.kill()
    if not server.start():
        return [f"it did not open again after a kill: {server.last_words()}"]
    count = int(server.command("find", "api_calls", '{"tenant_id": "park", "endpoint": "GET /later"}', "--count"))
    verified = server.command("verify", check=False)
    return ([] if count == 1 else [f"a new event was counted {count} times"]) + ([] if verified.returncode == 0 else [verified.stdout])


def main():
    binary = os.path.abspath(sys.argv[1])
    names = sorted(path.name.removesuffix(".tar.gz") for path in reading.HERE.glob("*.tar.gz"))
    faults = [] if names else ["there is no fixture"]
    for name in names:
        with tempfile.TemporaryDirectory(prefix="metergate-formats-") as root:
            faults += check(binary, name, root)
    print("".join(f"{fault}\n" for fault in faults[:40]), end="")
    print(f"{len(names)} folders of older builds ({', '.join(names)}), {len(faults)} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
