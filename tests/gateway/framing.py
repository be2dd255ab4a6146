#!/usr/bin/env python3
"""Sends requests with mutated framing through the gateway to an upstream that keeps every byte.

    framing.py METERGATE [--seed N] [--cases N]

The claim: for each thing sent the upstream sees exactly one clean request, or none. What is refused
gets a status from 400 on and the end of the connection. Prints its seed; exit status 1 with any case
that breaks the claim.

The upstream reads strictly and by itself: it shares no code with the server.
"""

import argparse
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from framing_grammar import PASS, REFUSE, TENANT, Case

WORKERS = 12
TIMEOUT = 20
REFUSED = {400, 401, 403, 404, 405, 413, 431}

# ---------------------------------------------------------------------------------------------
# The upstream


class Upstream:
    """Takes requests strictly apart; what it cannot is a violation unless the connection ends."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = {}  # case -> list of (head lines, body)
        self.violations = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def violate(self, text):
        with self.lock:
            self.violations.append(text)

    def serve(self, connection):
        buffer = b""
        with connection:
            while True:
                try:
                    parsed, buffer = self.read(connection, buffer)
                except ValueError as error:
                    self.violate(f"the upstream was sent {error}: {buffer[:200]!r}")
                    return
                except OSError:
                    return
                if parsed is None:
                    return  # ended, perhaps within a request: then it was never whole
                self.keep(parsed)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def keep(self, parsed):
        target = parsed[0][0].split(b" ")[1]
        found = re.fullmatch(rb"/api/tenants/tenant_1/case/(\d+)(\?.*)?", target)
        if not found or b"smuggled" in parsed[0][0]:
            self.violate(f"the upstream was asked for {target!r}")
            return
        with self.lock:
            self.seen.setdefault(int(found[1]), []).append(parsed)

    def read(self, connection, buffer):
        def more():
            nonlocal buffer
            got = connection.recv(65536)
            buffer += got
            return bool(got)

        while b"\r\n\r\n" not in buffer:
            if not more():
                return None, buffer
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines):
            raise ValueError(f"a bare CR, LF or NUL in {head!r}")
        if not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ /[\x21-\x7e]* HTTP/1\.1", lines[0]):
            raise ValueError(f"the request line {lines[0]!r}")
        fields = {}
        for line in lines[1:]:
            if not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[^\x00-\x08\x0a-\x1f\x7f]*", line):
                raise ValueError(f"the field {line!r}")
            name, _, value = line.partition(b":")
            fields.setdefault(name.lower(), []).append(value.strip())
        for name in (b"keep-alive", b"te", b"trailer", b"proxy-connection", b"expect", b"upgrade",
                     b"connection", b"content_length", b"transfer_encoding"):
            if name in fields:
                raise ValueError(f"the field {name!r} of one hop")
        if len(fields.get(b"host", [])) != 1:
            raise ValueError("not exactly one Host")
        length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
        if length and coding:
            raise ValueError("two framings")
        body = b""
        if coding:
            if coding != [b"chunked"]:
                raise ValueError(f"the coding {coding!r}")
            while True:
                while b"\r\n" not in buffer:
                    if not more():
                        return None, buffer
                size, _, buffer = buffer.partition(b"\r\n")
                if not re.fullmatch(rb"[0-9a-f]+", size):
                    raise ValueError(f"the chunk size {size!r}")
                count = int(size, 16)
                while len(buffer) < count + 2:
                    if not more():
                        return None, buffer
                if buffer[count:count + 2] != b"\r\n":
                    raise ValueError("a chunk without its end")
                body += buffer[:count]
                buffer = buffer[count + 2:]
                if count == 0:
                    break
        elif length:
            if len(length) != 1 or not re.fullmatch(rb"[0-9]+", length[0]):
                raise ValueError(f"the length {length!r}")
            count = int(length[0])
            while len(buffer) < count:
                if not more():
                    return None, buffer
            body, buffer = buffer[:count], buffer[count:]
        return (lines, body), buffer


# ---------------------------------------------------------------------------------------------
# Sending, and holding the claim against what came of it


def send(port, case):
    """Everything that came back, and whether the connection was ended by the other side."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in case.pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused already
        got = b""
        try:
            while True:
                part = connection.recv(65536)
                if not part:
                    return got
                got += part
        except ConnectionResetError:
            return got


def statuses(got):
    found = [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3})[^\r\n]*\r\n", got)]
    return [status for status in found if status >= 200]


def judge(case, got, seen):
    """What is wrong with the case, or None."""
    codes = statuses(got)
    first = codes[0] if codes else 0
    if len(seen) > 1:
        return f"the upstream saw {len(seen)} requests"
    if first == 200 and len(seen) != 1:
        return "it was answered, and the upstream saw none"
    if seen and first not in (200, 0):
        return f"the upstream saw a request that was answered with {first}"
    if case.expected == PASS and first != 200:
        return f"it should pass and was answered with {first}"
    if case.expected == REFUSE and (seen or (first not in REFUSED and first != 0)):
        return f"it should be refused and was answered with {first}"
    if case.expected == REFUSE and first == 0 and case.name != "length_too_long" and not got and \
            case.name not in MAY_WAIT:
        return "it should be refused and got no answer"
    if case.expected == REFUSE and first and case.name != "odd_target" and \
            b"\r\nConnection: close\r\n" not in got:
        return "it was refused, and the connection stayed open"
    if seen and case.expected == PASS:
        lines, body = seen[0]
        if not lines[0].startswith(case.method.encode() + b" "):
            return f"the upstream saw another method: {lines[0]!r}"
        expected = case.body if case.name != "length_too_short" else case.body[:len(body)]
        if body != expected:
            return "the upstream saw another body"
    return None


# Requests after which the server waits for more bytes: it never answers, and the request never arrives.
MAY_WAIT = {"odd_chunk_size", "chunk_of_another_size", "all_bare", "odd_trailers", "bare_line_end"}


# ---------------------------------------------------------------------------------------------
# The server


class Server:
    def __init__(self, program, folder, upstream_port):
        self.program = str(pathlib.Path(program).resolve())
        self.folder = folder
        self.environment = {"PATH": os.environ.get("PATH", ""), "JWT_SECRET": "f" * 40,
                            "DATA_DIR": str(folder / "data"), "API_PORT": "0", "LOG_LEVEL": "error",
                            "LISTEN_ADDRESS": "127.0.0.1",
                            "UPSTREAM_URL": f"http://127.0.0.1:{upstream_port}"}
        self.run("tenants", "add", TENANT, "--name", "T", "--plan", "enterprise")
        self.process = subprocess.Popen([self.program, "serve"], env=self.environment, cwd=folder,
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1])
        self.token = self.run("token", "--scope", "tenant", "--tenant", TENANT).strip()

    def run(self, *words):
        return subprocess.run([self.program, *words], env=self.environment, cwd=self.folder,
                              check=True, capture_output=True, text=True).stdout

    def recorded(self):
        """How many calls are recorded as answered by the upstream."""
        return int(self.run("find", "api_calls", "{status: 200}", "--count").split()[-1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--cases", type=int, default=3000)
    options = parser.parse_args()
    print(f"framing: seed {options.seed}, {options.cases} cases", flush=True)
    started = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="metergate-framing-"))
    upstream = Upstream()
    server = Server(options.program, folder, upstream.port)
    try:
        cases = [Case(options.seed, number, server.token) for number in range(options.cases)]
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            answers = list(pool.map(lambda case: send(server.port, case), cases))
        recorded = server.recorded()
        status = server.stop()
    finally:
        server.process.kill()
        shutil.rmtree(folder, ignore_errors=True)
    faults = list(upstream.violations)
    if status != 0:
        faults.append(f"the server ended with {status}")
    passed = 0
    for case, got in zip(cases, answers):
        seen = upstream.seen.get(case.number, [])
        passed += len(seen)
        wrong = judge(case, got, seen)
        if wrong:
            faults.append(f"case {case.number} ({case.name}): {wrong}\n  sent {case.pieces!r}\n"
                          f"  got {got[:300]!r}")
    if recorded != passed:
        faults.append(f"{passed} requests passed on, {recorded} recorded")
    for fault in faults[:20]:
        print(fault)
    kinds = len({case.name for case in cases})
    print(f"framing: {len(cases)} cases of {kinds} kinds, {passed} passed on, {len(faults)} faults, "
          f"{time.monotonic() - started:.1f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
