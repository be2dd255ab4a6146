"""A database for a test: a process on loopback in a folder of its own, or the one that MONGO_TEST_URI names.

    with TestServer(venv) as server:
        … server.uri …
        server.kill(); server.start()     # as after a power cut, with the folder that it had

As a program it runs a command while a server is up, with its address in MONGO_URI:

    test_server.py VENV COMMAND [ARGUMENT …]
"""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

START_SECONDS_MAX = 60


class TestServer:
    def __init__(self, venv):
        self.named = os.environ.get("MONGO_TEST_URI")
        self.program = pathlib.Path(venv).resolve() / "bin" / "secantusd-py"
        self.process = None
        self.folder = None

    def __enter__(self):
        if self.named:
            self.uri = self.named
            return self
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="metergate-mongodb-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"mongodb://127.0.0.1:{self.port}/"
        self.start()
        return self

    def __exit__(self, *_):
        if self.process:
            self.kill()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        assert not self.named, "a server that MONGO_TEST_URI names is not started here"
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--host", "127.0.0.1", "--port", str(self.port), "--enable-test-commands",
                 "--storage-path", self.folder / "db", "--sync-on-commit", "--cache-size", "64M"],
                cwd=self.folder, stdout=log, stderr=log)
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise SystemExit(f"the test server ended with {self.process.returncode}:\n{self.log()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"the test server takes no connection after {START_SECONDS_MAX} s:\n{self.log()}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-2000:]


if __name__ == "__main__":
    with TestServer(sys.argv[1]) as server:
        sys.exit(subprocess.run(sys.argv[2:], env=os.environ | {"MONGO_URI": server.uri}).returncode)
