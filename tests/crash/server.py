"""A real metergate process under test: starts it, waits until it is ready, kills it, asks it things.

Only the standard library, only the product's public doors (HTTP and the command line). Traffic goes to 127.0.0.1.
"""
import asyncio
import json
import os
import signal
import socket
import subprocess
import time

SECRET = "campaign-secret-of-at-least-32-bytes!"


def check(is_true, claim, seen=""):
    """Tells a claim of a test that holds; ends the test where it does not, with what was seen."""
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, binary, folder, wrapper=(), environment=None, arguments=()):
        self.binary, self.folder, self.wrapper, self.arguments = binary, folder, list(wrapper), list(arguments)
        self.port = free_port()
        self.environment = {**os.environ, "JWT_SECRET": SECRET, "DATA_DIR": folder, "LOG_LEVEL": "error",
                            "LISTEN_ADDRESS": "127.0.0.1", "API_PORT": str(self.port), **(environment or {})}
        self.process = None
        self.log = open(os.path.join(os.path.dirname(folder), "server.log"), "a+b")
        self.provider = self.command("token", "--scope", "provider", "--role", "Provider-Admin", "--ttl", "12h").strip()

    def command(self, *words, check=True):
        done = subprocess.run([self.binary, *words], env=self.environment, capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise SystemExit(f"metergate {' '.join(words)} failed ({done.returncode}): {done.stderr.strip()}")
        return done.stdout if check else done

    def tenant_token(self, tenant):
        return self.command("token", "--scope", "tenant", "--tenant", tenant, "--ttl", "12h").strip()

    def start(self, seconds=120):
        """True once it is ready, False if it ended. The time is that of a machine that does much else."""
        self.process = subprocess.Popen([*self.wrapper, self.binary, "serve", *self.arguments], env=self.environment,
                                        stdout=self.log, stderr=self.log)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                return False
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                    probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    if b" 200 " in probe.recv(64):
                        return True
            except OSError:
                pass
            time.sleep(0.01)
        self.kill()                                    # or it would write into a folder that its caller removes
        raise SystemExit(f"the server did not get ready in {seconds} seconds")

    def last_words(self):
        self.log.seek(max(0, self.log.seek(0, os.SEEK_END) - 1000))
        return self.log.read().decode(errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def find(self, collection, filter_text="{}", *more):
        return [json.loads(line) for line in self.command("find", collection, filter_text, *more).splitlines()]


class Connection:
    """One keep-alive HTTP/1.1 connection; an answer is (status, body) or None when the server went away."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def ask(self, method, path, token, body=None, content_type="application/json"):
        try:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            data = b"" if body is None else json.dumps(body).encode()
            head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            if body is not None:
                head += f"Content-Type: {content_type}\r\nContent-Length: {len(data)}\r\n"
            self.writer.write(head.encode() + b"\r\n" + data)
            answer = await asyncio.wait_for(self.read_answer(), 20)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError):
            answer = None
        if answer is None:
            self.close()
        return answer

    async def read_answer(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        length = 0
        for line in head.lower().split("\r\n"):
            if line.startswith("content-length:"):
                length = int(line.split(":", 1)[1])
            if line.startswith("transfer-encoding:"):
                return status, await self.read_chunks()
        return status, await self.reader.readexactly(length)

    async def read_chunks(self):
        body = b""
        while True:
            length = int(await self.reader.readuntil(b"\r\n"), 16)
            chunk = await self.reader.readexactly(length + 2)
            if length == 0:
                return body
            body += chunk[:-2]

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def ask_once(port, method, path, token, body=None):
    async def run():
        connection = Connection(port)
        try:
            return await connection.ask(method, path, token, body)
        finally:
            connection.close()
    return asyncio.run(run())
