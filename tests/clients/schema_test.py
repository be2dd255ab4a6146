#!/usr/bin/env python3
"""Holds clients/events.schema.json against a real server: what it allows is taken, what it forbids is refused.

  schema_test.py METERGATE
"""
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
import server as product  # noqa: E402

SCHEMA = json.loads((HERE.parent.parent / "clients" / "events.schema.json").read_text(encoding="utf-8"))


def extremes(rule):
    """Values at the bounds, and values just beyond them."""
    if rule["type"] == "string":
        longest = rule.get("maxLength")
        taken = ["a" * rule["minLength"], "a" * (longest or 300)]
        return taken, ["", 1] if longest is None else ["a" * (longest + 1), "", 1]
    if rule["type"] == "boolean":
        return [True, False], ["true", 1]
    wrong = [rule["minimum"] - 1, rule["maximum"] + 1, "1"]
    return [rule["minimum"], rule["maximum"]], wrong + ([rule["minimum"] + 0.5] if rule["type"] == "integer" else [])


def cases():
    """(type, data, whether it is allowed), one difference from a good event each."""
    for kind, schema in SCHEMA["$defs"].items():
        rules, required = schema["properties"], schema.get("required", [])
        good = {name: extremes(rules[name])[0][-1] for name in required}
        yield kind, good, True
        yield kind, {name: extremes(rule)[0][0] for name, rule in rules.items()}, True
        yield kind, {**good, "surplus": 1}, False
        for name in required:
            yield kind, {other: value for other, value in good.items() if other != name}, False
        for name, rule in rules.items():
            allowed, forbidden = extremes(rule)
            yield from ((kind, {**good, name: value}, True) for value in allowed)
            yield from ((kind, {**good, name: value}, False) for value in forbidden)


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-schema-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        if not server.start():
            raise SystemExit(f"the server did not start: {server.last_words()}")
        passed, failed = 0, 0
        try:
            server.command("tenants", "add", "park", "--name", "Park", "--plan", "enterprise")
            for number, (kind, data, is_allowed) in enumerate(cases()):
                event = {"id": str(number), "source": "schema", "type": kind, "subject": "park", "data": data}
                status, body = product.ask_once(server.port, "POST", "/api/v1/events", server.provider, event)
                if status == (204 if is_allowed else 400):
                    passed += 1
                    continue
                failed += 1
                print(f"{kind} {json.dumps(data)[:200]}: {status} {body.decode()[:300]}, but the schema "
                      f"{'allows' if is_allowed else 'forbids'} it")
        finally:
            server.stop()
            server.log.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
