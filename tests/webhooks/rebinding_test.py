#!/usr/bin/env python3
"""Webhooks to names whose addresses change between two looks, and to names that mix addresses: nobody inside is asked.

  rebinding_test.py METERGATE

Runs in a network of its own (a user, mount and network namespace; no rights are needed) in which this machine has public
addresses and the kinds of address that are not, a receiver listens on each of them, and a name server of the test's own
answers. So what the server does is the real thing: the system's look-up, the real rules, a real connection. For each
name: its public answers are sent to, at the very address that was answered, with one look-up for each attempt; every
other answer is refused before anything is sent, and not counted.
"""
import asyncio
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "crash"))
import server as product  # noqa: E402
from name_server import NameServer, is_name  # noqa: E402

PORT = 8080
V4, V4_OTHER, V6 = "93.184.216.34", "93.184.216.35", "2606:4700:4700::1111"
PUBLIC = [V4, V4_OTHER, V6]
INSIDE = ["127.0.0.1", "127.0.0.53", "169.254.169.254", "10.0.0.5", "172.16.0.5", "192.168.1.5", "100.64.0.5", "168.63.129.16",
          "198.18.0.5", "::1", "fd00::5", "fe80::5", "64:ff9b::7f00:1", "64:ff9b:1::5", "2002:7f00:1::1",
          "2001:0:4136:e378:8000:63bf:80ff:fffe", "2a00:1450::5efe:7f00:1"]
# Other spellings of such addresses.
ALIASES = ["0.0.0.0", "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.5", "::ffff:93.184.216.34", "::127.0.0.1",
           "255.255.255.255", "224.0.0.1", "ff02::1"]
REFUSED = INSIDE + ALIASES


def names():
    """name → steps, each the addresses that one look-up finds."""
    found = {}
    for n, bad in enumerate(REFUSED):
        found[f"rebinds{n}.example"] = [[V6 if n % 3 == 2 else V4], [bad]]
        found[f"begins{n}.example"] = [[bad], [V4]]
        found[f"mixes{n}.example"] = [[V4, bad], [bad, V6], [V4]]
    found["rebinds-often.example"] = [[V4], ["127.0.0.1"], [V6], ["::1"], [V4_OTHER], ["169.254.169.254"]]
    found["moves.example"] = [[V4], [V4_OTHER], [V6]]
    found["alias.example"] = [["inner.example", "10.0.0.5"], ["outer.example", V4]]
    found["many.example"] = [[f"93.184.217.{n}" for n in range(1, 24)] + ["127.0.0.1"]]
    found["twofold.example"] = [["::1", V4], ["127.0.0.1", V6], [V4]]
    found["nothing.example"] = [[], [V4]]
    return found


class Receivers:
    """One on each address. Writes down who was connected to, and for which host; sends away to the inside when asked to."""

    def __init__(self):
        self.lock, self.arrivals, self.connections = threading.Lock(), [], []
        for address in PUBLIC + INSIDE:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            # A link-local address is of one interface.
            where = (address, PORT, 0, socket.if_nametoindex("lo")) if address.startswith("fe80") else (address, PORT)
            listener = socket.create_server(where, family=family)
            threading.Thread(target=self.accept, args=(listener, address), daemon=True).start()

    def accept(self, listener, address):
        while True:
            peer, _ = listener.accept()
            with self.lock:
                self.connections.append(address)
            with peer:
                peer.settimeout(5)
                self.serve(peer, address)

    def serve(self, peer, address):
        text = b""
        while b"\r\n\r\n" not in text:
            piece = peer.recv(65536)
            if not piece:
                return
            text += piece
        host = next(line[6:] for line in text.decode().split("\r\n") if line.startswith("Host: "))
        with self.lock:
            self.arrivals.append((host.split(":")[0], address))
        if host.startswith("redirects"):
            peer.sendall(b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:8080/\r\nContent-Length: 0\r\n\r\n")
        else:
            peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


class Test:
    def __init__(self, server, name_server, receivers):
        self.server, self.name_server, self.receivers, self.token = server, name_server, receivers, {}
        self.faults, self.sent, self.refused = [], 0, 0

    async def ask(self, method, path, token, body=None):
        connection = product.Connection(self.server.port)
        answer = await connection.ask(method, path, token, body)
        connection.close()
        if answer is None or answer[0] >= 300:
            raise SystemExit(f"{method} {path}: {answer}")
        return json.loads(answer[1])["data"]

    async def attempt(self, tenant, webhook, name):
        """One attempt and what came of it: the delivery as it is shown."""
        path = f"/api/tenants/{tenant}/webhooks/{webhook}"
        before = self.name_server.questions(name)
        delivery = (await self.ask("POST", f"{path}/test", self.token[tenant]))["delivery_id"]
        for _ in range(400):
            found = (await self.ask("GET", f"{path}/deliveries?limit=50", self.token[tenant]))["deliveries"]
            shown = next(one for one in found if one["delivery_id"] == delivery)
            if shown["last_attempt_at"] is not None:
                break
            await asyncio.sleep(0.02)
        else:
            raise SystemExit(f"no attempt was made for {name}: {shown}")
        asked = self.name_server.questions(name) - before
        if asked != 1:
            self.faults.append(f"{name}: looked up {asked} times for one attempt")
        return shown

    async def run(self, number, name, steps):
        tenant = f"t{number}"
        await self.ask("POST", "/provider/tenants", self.server.provider, {"tenant_id": tenant, "name": tenant, "plan": "enterprise"})
        self.token[tenant] = self.server.tenant_token(tenant)
        wanted = []
        for step in steps:
            addresses = [one for one in step if not is_name(one)]
            is_public = bool(addresses) and all(one in PUBLIC for one in addresses)
            # A webhook of its own for each step: one that was refused would be tried again.
            webhook = (await self.ask("POST", f"/api/tenants/{tenant}/webhooks", self.token[tenant],
                                      {"url": f"http://{name}:{PORT}/in", "events": ["*"]}))["webhook_id"]
            shown = await self.attempt(tenant, webhook, name)
            await self.ask("DELETE", f"/api/tenants/{tenant}/webhooks/{webhook}", self.token[tenant])
            if is_public:
                wanted.append((name, addresses[0]))
                self.sent += 1
            else:
                self.refused += 1
            if (shown["status"] == "delivered") != (is_public and not name.startswith("redirects")):
                self.faults.append(f"{name} at {step}: {shown}")
            if not is_public and (shown["attempts"] != 0 or not shown["last_problem"]):
                self.faults.append(f"{name} at {step}: counted or without a reason: {shown}")
        arrived = [one for one in self.receivers.arrivals if one[0] == name]
        if arrived != wanted:
            self.faults.append(f"{name}: arrived {arrived} instead of {wanted}")
        counters = self.server.find("usage_counters", json.dumps({"tenant_id": tenant}))
        if sum(one["webhook_calls"] for one in counters) != len(wanted):
            self.faults.append(f"{name}: {counters} instead of {len(wanted)} webhook calls")


def inside(binary):
    for command in (["ip", "link", "set", "lo", "up"], *(["ip", "address", "add", one, "dev", "lo"] for one in PUBLIC + INSIDE
                                                         if one not in ("127.0.0.1", "::1"))):
        if ":" in command[-3]:
            command.append("nodad")
        subprocess.run(command, check=True)
    with tempfile.TemporaryDirectory(prefix="metergate-rebinding-") as root:
        resolv = pathlib.Path(root, "resolv.conf")
        resolv.write_text("nameserver 127.0.0.1\noptions timeout:5 attempts:1\n")
        subprocess.run(["mount", "--bind", str(resolv), "/etc/resolv.conf"], check=True)
        scripts = {**names(), "redirects.example": [[V4]]}
        name_server, receivers = NameServer(scripts), Receivers()
        server = product.Server(binary, os.path.join(root, "data"), environment={"WEBHOOK_ALLOW_HTTP": "true"})
        if not server.start():
            raise SystemExit(f"the server did not start: {server.last_words()}")
        test = Test(server, name_server, receivers)
        try:
            for number, (name, steps) in enumerate(scripts.items()):
                asyncio.run(test.run(number, name, steps))
        finally:
            server.stop()
        time.sleep(0.1)
        reached = sorted(set(receivers.connections) & set(INSIDE))
    faults = test.faults + [f"somebody inside was connected to: {one}" for one in reached]
    if len(receivers.connections) != test.sent:
        faults.append(f"{len(receivers.connections)} connections instead of {test.sent}")
    print("".join(f"{fault}\n" for fault in faults), end="")
    print(f"{len(scripts)} names, {test.sent} attempts sent to the address that was answered, {test.refused} refused, "
          f"{len(receivers.connections)} connections, {len(reached)} of them inside, {len(faults)} faults")
    return 1 if faults or test.sent < 50 or test.refused < 100 else 0


def main():
    if len(sys.argv) == 3 and sys.argv[2] == "--inside":
        sys.exit(inside(sys.argv[1]))
    command = ["unshare", "--user", "--map-root-user", "--mount", "--net", sys.executable, __file__, os.path.abspath(sys.argv[1]), "--inside"]
    sys.exit(subprocess.run(command, timeout=280).returncode)


if __name__ == "__main__":
    main()
