#!/usr/bin/env python3
"""Alerts by mail and in a chat, at real servers: aiosmtpd with TLS and logins, and an incoming hook.

  channels_test.py METERGATE          (by the system's Python, which has Debian's aiosmtpd)

Messages arrive whole over TLS from the start and by STARTTLS, with and without a login; a destination that cannot be
reached, a refused login and a certificate that does not fit each say in the delivery what to do; a kill in the middle of
a message loses nothing; no password and no chat's URL is shown, printed or logged.
"""
import asyncio
import email
import email.policy
import http.server
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))
import server as product  # noqa: E402

PASSWORD, HOOK = "correct-horse-7", "/services/T0/B0/secret-of-the-chat"
NAME = "Köln Zoo <!channel> 東京 =?UTF-8?B?eA==?="


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}")


class Mailbox:
    """Keeps messages; holds the first one of them back for as long as it is told to."""

    def __init__(self):
        self.messages, self.arrived, self.may_answer = [], threading.Event(), threading.Event()
        self.may_answer.set()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address == "nobody@example.com":
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append((session.authenticated, envelope.rcpt_tos, message))
        self.arrived.set()
        while not self.may_answer.is_set():
            await asyncio.sleep(0.01)
        return "250 2.0.0 kept"


def authenticate(_server, _session, _envelope, _mechanism, data):
    is_right = (data.login, data.password) == (b"metergate", PASSWORD.encode())
    return AuthResult(success=is_right, handled=False, auth_data=data.login.decode())


class Chat(http.server.BaseHTTPRequestHandler):
    told = []

    def do_POST(self):
        self.told.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-subj", "/CN=mail", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    return context


def mail_server(box, **options):
    found = Controller(box, hostname="127.0.0.1", port=product.free_port(), ready_timeout=20, **options)
    found.start()
    return found


class World:
    def __init__(self, server):
        self.server = server

    def ask(self, method, path, body=None, status=None):
        async def one():
            connection = product.Connection(self.server.port)
            answer = await connection.ask(method, path, self.server.provider, body)
            connection.close()
            return answer
        answer = asyncio.run(one())
        wanted = status is None and answer[0] < 300 or answer[0] == status
        check(wanted, f"{method} {path} is answered {status or '2xx'}", answer) if not wanted else None
        return json.loads(answer[1]).get("data") if answer[1] else None

    def add(self, **fields):
        return self.ask("POST", "/provider/webhooks", {"events": ["alert.opened"], **fields})["webhook_id"]

    def settled(self, which, status=None):
        """The newest delivery, once it was tried."""
        for _ in range(1000):
            found = self.ask("GET", f"/provider/webhooks/{which}/deliveries")["deliveries"]
            if found and found[0]["last_attempt_at"] and (status is None or found[0]["status"] == status):
                return found[0]
            time.sleep(0.02)
        raise SystemExit(f"nothing was tried: {found}")

    def test(self, which):
        self.ask("POST", f"/provider/webhooks/{which}/test")
        return self.settled(which)


def mail(port, secure, **more):
    # Without a name the certificate does not fit.
    host = more.pop("host", "localhost")
    return {"kind": "email", "url": f"{'smtps' if secure else 'smtp'}://{host}:{port}", "from": "metergate@example.com",
            "to": ["billing@example.com"], **more}


def look_at_failures(world, secure, upgraded):
    closed = world.test(world.add(**mail(product.free_port(), True)))
    check("no connection to localhost" in closed["last_problem"] and "check host and port" in closed["last_problem"],
          "a server that cannot be reached says so", closed)
    refused = world.test(world.add(**mail(upgraded.port, False, username="metergate", password="wrong-horse")))
    check(refused["last_status"] == 535 and "check `username` and `password`" in refused["last_problem"], "so does a refused login", refused)
    misfit = world.test(world.add(**mail(secure.port, True, host="127.0.0.1")))
    check("its certificate is not for this name" in misfit["last_problem"], "so does a certificate that does not fit", misfit)
    inside = world.ask("POST", "/provider/webhooks", {"events": ["alert.opened"], **mail(25, False, host="10.0.0.7")}, status=400)
    check(inside is None, "an inner address is refused as for webhooks")


def look_at_messages(world, box, chat_port, secure, upgraded):
    login = {"username": "metergate", "password": PASSWORD}
    first = world.add(**mail(secure.port, True, to=["billing@example.com", "nobody@example.com"], **login))
    second = world.add(**mail(upgraded.port, False, types=["billing.near_limit"], **login))
    chat = world.add(kind="slack", url=f"https://localhost:{chat_port}{HOOK}", severities=["medium", "high"])
    partly = world.test(first)
    check(partly["status"] == "delivered" and "nobody@example.com" in partly["last_problem"],
          "one receiver that is refused does not keep it from the others", partly)
    check(world.test(second)["status"] == "delivered" and len(box.messages) == 2, "a test arrives over TLS and by STARTTLS")
    check(all(is_known for is_known, _, _ in box.messages), "both with a login")
    world.ask("POST", "/provider/tenants", {"tenant_id": "zoo", "name": NAME, "plan": "free"})
    world.ask("POST", "/api/v1/events", [{"specversion": "1.0", "id": "1", "source": "shop", "type": "store.count", "subject": "zoo",
                                         "data": {"count": 3}}])
    for _ in range(1000):
        if len(box.messages) == 3 and len(Chat.told) == 1:
            break
        time.sleep(0.02)
    check(len(box.messages) == 3 and len(Chat.told) == 1, "an alert arrives where its type and severity were asked for", Chat.told)
    message = box.messages[-1][2]
    check(message["Subject"] == f"[Metergate] {NAME} is over its limit of stores_count ({message['Subject'][-8:-1]})",
          "its subject names the tenant as it is called", message["Subject"])
    check("Tenant: zoo" in message.get_content() and message["Message-ID"], "its text says which", message.get_content())
    path, body = Chat.told[0]
    check(path == HOOK and "&lt;!channel&gt;" in body["text"] and "<" not in body["text"], "a name calls nobody in the chat", body)
    world.settled(first, "delivered")
    return first, chat


def kill_in_the_middle(world, box, which):
    box.may_answer.clear()
    box.arrived.clear()
    before = len(box.messages)
    world.ask("POST", f"/provider/webhooks/{which}/test")
    check(box.arrived.wait(20), "a message is under way")
    world.server.process.send_signal(signal.SIGKILL)
    world.server.process.wait()
    box.may_answer.set()
    check(world.server.start(), "the server starts again")
    done = world.settled(which, "delivered")
    arrived = {message["Message-ID"] for _, _, message in box.messages[before:]}
    check(len(box.messages) == before + 2 and arrived == {f"<{done['delivery_id']}@example.com>"},
          "after a kill it arrives again, under the same Message-ID", arrived)


def look_for_secrets(world, folder):
    told = json.dumps(world.ask("GET", "/provider/webhooks")) + json.dumps(world.ask("GET", "/provider/audits?limit=200"))
    told += world.server.command("find", "webhooks", "{}") + world.server.command("find", "webhook_deliveries", "{}")
    told += pathlib.Path(folder, "server.log").read_text(errors="replace")
    for secret in (PASSWORD, "wrong-horse", "secret-of-the-chat"):
        check(secret not in told, "a secret is neither shown nor printed nor logged")
    check("(set)" in told and "https://localhost" in told, "what is no secret is there")


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="metergate-channels-") as folder:
        context, box = certificate(folder), Mailbox()
        secure = mail_server(box, ssl_context=context, authenticator=authenticate, auth_require_tls=False)
        upgraded = mail_server(box, tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
        chat = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Chat)
        chat.socket = context.wrap_socket(chat.socket, server_side=True)
        threading.Thread(target=chat.serve_forever, daemon=True).start()
        server = product.Server(binary, os.path.join(folder, "data"), environment={
            "WEBHOOK_ALLOW": "localhost,127.0.0.0/8", "WEBHOOK_CA_FILE": f"{folder}/cert.pem", "LOG_LEVEL": "debug"})
        world = World(server)
        check(server.start(), "the server starts")
        try:
            look_at_failures(world, secure, upgraded)
            first, _ = look_at_messages(world, box, chat.server_port, secure, upgraded)
            kill_in_the_middle(world, box, first)
            look_for_secrets(world, folder)
        finally:
            server.process.terminate()
            server.process.wait(timeout=20)
            secure.stop()
            upgraded.stop()


if __name__ == "__main__":
    main()
