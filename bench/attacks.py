#!/usr/bin/env python3
"""One attack of `bench/run hostile`, as a process of its own: it prints `ready` once it is under way, and when it is asked to end
(SIGTERM, or after --seconds) one line of JSON with what it was answered.

  attacks.py KIND --port P [--token TENANT'S] [--connections N] [--seconds S]
"""
import argparse
import asyncio
import collections
import json
import signal
import socket
import time

BODY_BYTES = 8 << 20
GROUPS = 5
HOSTS = 250        # a login flood comes from as many addresses, so that its guesses are hashed
MINUTES = 30 * 24 * 60


def head(method, path, token=None, length=None, content_type="application/json"):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if length is not None:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {length}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def answer(reader):
    """The status of the next answer, its body read and thrown away."""
    first = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    for line in first.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            await reader.readexactly(int(value))
    return first.split(" ", 2)[1]


class Attack:
    """What one connection does, again and again; what it was answered is counted."""

    def __init__(self, options):
        self.options, self.counts, self.made = options, collections.Counter(), 0

    async def connect(self, number, **more):
        self.made += 1
        return await asyncio.open_connection("127.0.0.1", self.options.port, **more)

    async def run(self, number):
        while True:
            try:
                await self.once(number)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                self.counts["closed"] += 1
                await asyncio.sleep(0.05)

    async def once(self, number):
        raise NotImplementedError


class Unread(Attack):
    """Asks for megabytes, several times, and reads nothing; asks anew where it is thrown out."""

    async def once(self, number):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.setblocking(False)
        await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", self.options.port))
        self.made += 1
        with one:
            ask = head("GET", "/api/v1/meters/flood_0/query?windowSize=MINUTE", self.options.token)
            await asyncio.get_running_loop().sock_sendall(one, ask * 4)
            while True:
                await asyncio.sleep(1)
                try:
                    one.send(b"\r\n")
                except OSError:
                    self.counts["thrown out"] += 1
                    return


class Unfinished(Attack):
    """Declares a body without a token, and sends it as slowly as it may."""

    async def once(self, number):
        reader, writer = await self.connect(number)
        writer.write(head("POST", "/api/v1/events", None, BODY_BYTES) + b"[")
        try:
            while True:
                try:
                    self.counts[await asyncio.wait_for(answer(reader), 1)] += 1
                    return
                except asyncio.TimeoutError:
                    writer.write(b" " * 2048)
                    await writer.drain()
        finally:
            writer.close()


class Waiters(Attack):
    """Asks for usage as of an event that is not there yet, over and over."""

    async def once(self, number):
        reader, writer = await self.connect(number)
        ask = head("GET", "/api/tenants/evil/usage?after_seq=9000000000000000", self.options.token)
        try:
            while True:
                writer.write(ask)
                await writer.drain()
                self.counts[await answer(reader)] += 1
        finally:
            writer.close()


class Values(Attack):
    """Bodies of small values: every other one at the login's door, the rest with a tenant's token."""

    BODY = b"[" + b"1," * (BODY_BYTES // 2 - 1) + b"1]"

    async def once(self, number):
        path, token = ("/provider/auth/login", None) if number % 2 else ("/api/v1/events", self.options.token)
        reader, writer = await self.connect(number)
        try:
            writer.write(head("POST", path, token, len(self.BODY)))
            for at in range(0, len(self.BODY), 1 << 16):
                writer.write(self.BODY[at:at + (1 << 16)])
                await writer.drain()
            self.counts[await answer(reader)] += 1
        finally:
            writer.close()


class Groups(Attack):
    """Events for all meters, each with values of its groups that nobody has seen before."""

    sent = 0

    async def once(self, number):
        reader, writer = await self.connect(number)
        try:
            while True:
                events = []
                for _ in range(500):
                    self.sent += 1
                    data = {"n": 1, **{f"g{group}": f"value-{self.sent}-of-{group}" for group in range(GROUPS)}}
                    events.append({"id": f"g{self.sent}", "source": "evil", "type": "flood", "subject": "evil", "data": data})
                body = json.dumps(events).encode()
                writer.write(head("POST", "/api/v1/events", self.options.token, len(body)) + body)
                await writer.drain()
                self.counts[await answer(reader)] += 1
        finally:
            writer.close()


class Logins(Attack):
    """Guesses passwords, from many addresses and for many accounts."""

    async def once(self, number):
        turn = self.made
        reader, writer = await self.connect(number, local_addr=(f"127.1.{turn // HOSTS % HOSTS}.{turn % HOSTS + 2}", 0))
        body = json.dumps({"email": f"user{turn % 7}@example.com", "password": "not the right one"}).encode()
        try:
            writer.write(head("POST", "/provider/auth/login", None, len(body)) + body)
            await writer.drain()
            self.counts[await answer(reader)] += 1
        finally:
            writer.close()


KINDS = {"unread": Unread, "unfinished": Unfinished, "waiters": Waiters, "values": Values, "groups": Groups, "logins": Logins}


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token")
    parser.add_argument("--connections", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    attack = KINDS[options.kind](options)
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    runs = [asyncio.create_task(attack.run(number)) for number in range(options.connections)]
    began = time.monotonic()
    while attack.made < options.connections and time.monotonic() - began < 10:
        await asyncio.sleep(0.05)
    print("ready", flush=True)
    try:
        await asyncio.wait_for(end.wait(), options.seconds)
    except asyncio.TimeoutError:
        pass
    for run in runs:
        run.cancel()
    print(json.dumps({"connections made": attack.made, **dict(sorted(attack.counts.items()))}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
