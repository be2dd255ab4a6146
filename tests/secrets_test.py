#!/usr/bin/env python3
"""Secrets in the data folder: in the clear without a key, encrypted with one, rotated while the server runs.

  secrets_test.py METERGATE
"""
import base64
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product  # noqa: E402


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}")


def add_webhook(server):
    status, answer = product.ask_once(server.port, "POST", "/provider/webhooks", server.provider,
                                      {"url": "https://hooks.example/in", "events": ["*"]})
    check(status == 201, "a webhook is made", answer)
    return answer.decode().split('"secret":"')[1].split('"')[0]


def clear_in(folder, secret):
    """The files of the folder that have the secret's bytes."""
    return [str(path) for path in pathlib.Path(folder).rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def until(claim, holds):
    end = time.monotonic() + 20
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"not so: {claim}")
        time.sleep(0.05)
    print(f"ok: {claim}")


def serve_fails(server, said):
    done = subprocess.run([server.binary, "serve"], env=server.environment, capture_output=True, text=True, timeout=60)
    lines = [line for line in done.stderr.strip().splitlines() if line.startswith("metergate serve")]
    check(done.returncode == 3 and len(lines) == 1 and said in lines[0], f"no start: {said}", done.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix="metergate-secrets-") as root:
        server = product.Server(os.path.abspath(sys.argv[1]), os.path.join(root, "data"))
        server.start()
        old = add_webhook(server)
        check("lie in the clear" in server.command("doctor"), "doctor says that a secret lies in the clear")
        server.stop()
        check(clear_in(server.folder, old), "and it does")

        keys = pathlib.Path(root, "secrets.key")
        first, second = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
        server.environment["SECRETS_KEY_FILE"] = str(keys)
        serve_fails(server, "cannot be read")
        keys.write_text("hunter2\n")
        serve_fails(server, "line 1 is not the base64 of 32 bytes")
        keys.write_text(first + "\n")
        check(server.start(), "a start with a key", server.last_words())
        check("1 webhook secrets, encrypted" in server.command("doctor"), "encrypts what was there")
        new = add_webhook(server)
        server.stop()
        check(not clear_in(server.folder, new), "a new secret is nowhere in the clear", clear_in(server.folder, new))

        keys.write_text(second + "\n")
        serve_fails(server, "encrypted with the key")
        done = server.command("doctor", check=False)
        check(done.returncode == 1 and "which is not in SECRETS_KEY_FILE" in done.stdout, "doctor says so", done.stdout)
        check(server.command("verify").startswith("0 differences"), "a command that sends nothing needs no key")
        server.environment.pop("SECRETS_KEY_FILE")
        serve_fails(server, "set SECRETS_KEY_FILE")

        server.environment["SECRETS_KEY_FILE"] = str(keys)
        keys.write_text(first + "\n")
        server.start()
        keys.write_text(second + "\n" + first + "\n")
        seen = str(keys) + "2"
        pathlib.Path(seen).write_text(second + "\n")
        only_second = {**server.environment, "SECRETS_KEY_FILE": seen}
        until("keys rotate while it runs", lambda: "2 webhook secrets, encrypted" in subprocess.run(
            [server.binary, "doctor"], env=only_second, capture_output=True, text=True, timeout=60).stdout)
        server.stop()
        keys.write_text(second + "\n")
        check(server.start(), "the old key is needed no more", server.last_words())
        server.stop()


if __name__ == "__main__":
    main()
