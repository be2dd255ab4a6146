"""What the tests of the gateway's doors share: an upstream that keeps every byte, and a server in front of it."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

TIMEOUT = 20


class ByteUpstream:
    """Answers each request that has no chunked body, and keeps its head as it came."""

    def __init__(self, answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
        self.answer = answer
        self.lock = threading.Lock()
        self.heads = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        buffer = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in buffer:
                    try:
                        got = connection.recv(65536)
                    except OSError:
                        return
                    if not got:
                        return
                    buffer += got
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                length = re.search(rb"(?im)^content-length: *(\d+)", head)
                wanted = int(length[1]) if length else 0
                while len(buffer) < wanted:
                    buffer += connection.recv(65536)
                buffer = buffer[wanted:]
                with self.lock:
                    self.heads.append(head)
                connection.sendall(self.answer)

    def take(self):
        """The heads since the last time."""
        with self.lock:
            heads, self.heads = self.heads, []
        return heads


class Server:
    def __init__(self, program, settings, tenants=("tenant_1", "tenant_2")):
        self.program = str(pathlib.Path(program).resolve())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-"))
        self.environment = {"PATH": os.environ.get("PATH", ""), "JWT_SECRET": "f" * 40,
                            "DATA_DIR": str(self.folder / "data"), "API_PORT": "0",
                            "LOG_LEVEL": "info", "LISTEN_ADDRESS": "127.0.0.1", **settings}
        self.tenants = tenants
        self.process = None

    def __enter__(self):
        for tenant in self.tenants:
            self.run("tenants", "add", tenant, "--name", tenant, "--plan", "enterprise")
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([self.program, "serve"], env=self.environment,
                                        cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            finally:
                self.process.kill()
                self.process.stdout.close()
                self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words):
        return subprocess.run([self.program, *words], env=self.environment, cwd=self.folder,
                              check=True, capture_output=True, text=True).stdout

    def token(self, tenant):
        return self.run("token", "--scope", "tenant", "--tenant", tenant).strip()

    def logged(self):
        return (self.folder / "log").read_text()

    def ask(self, method, target, *fields):
        """The status, the fields (names in small letters) and the body of an answer."""
        lines = [f"{method} {target} HTTP/1.1", "Host: api.example.com", "Connection: close",
                 *fields, "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT) as connection:
            connection.sendall("\r\n".join(lines).encode("latin-1"))
            got = b""
            while part := connection.recv(65536):
                got += part
        head, _, body = got.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        found = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            found.setdefault(name.lower(), []).append(value.strip())
        return int(lines[0].split(" ")[1]), found, body
