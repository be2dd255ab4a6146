#!/usr/bin/env python3
"""Small values, large memory: bodies whose JSON would take many times their size, sent to a real server whose memory
is limited to what it has and a little more. It refuses them, lives, and has not grown by many times a body.

  small_values_test.py BINARY
"""
import json
import os
import pathlib
import resource
import socket
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "crash"))
from server import Server  # noqa: E402

BODY_BYTES = 8 << 20
MORE_BYTES = 320 << 20          # of addresses, above what the started server has
GROWN_BYTES_MAX = 100 << 20     # of memory, with one such body at a time


def filled(head, piece, tail):
    return (head + piece * ((BODY_BYTES - len(head) - len(tail)) // len(piece)) + tail).encode()


def bodies():
    event = '{"id":"1","source":"a","type":"b","subject":"t","data":'
    yield "application/json", filled("[", "1,", "1]")
    yield "application/json", filled("[", "[],", "1]")
    yield "application/json", filled("[", '{"a":1},', "1]")
    yield "application/json", filled("[0,[", '"",', "1]]")
    yield "application/json", filled(event + "[", "1,", "1]}")
    yield "application/cloudevents+json", filled(event + "[", "null,", "1]}")
    yield "application/x-ndjson", filled("", event + "[" + "1," * 380 + "1]}\n", "")


def send(port, path, token, content_type, body, results):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        head = (f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
                + (f"Authorization: Bearer {token}\r\n" if token else "") + "Connection: close\r\n\r\n")
        try:
            connection.sendall(head.encode() + body)
        except OSError:
            pass                    # refused before all of it was taken
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except OSError:
            pass
    results.append(answer.split(b" ", 2)[1:2])


def status_lines(pid):
    with open(f"/proc/{pid}/status") as status:
        return dict(line.split(":", 1) for line in status)


def kilobytes(pid, name):
    return int(status_lines(pid)[name].split()[0]) << 10


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as scratch:
        server = Server(binary, os.path.join(scratch, "data"))
        server.command("tenants", "add", "t", "--name", "T", "--plan", "free")
        token = server.tenant_token("t")
        server.start()
        pid = server.process.pid
        try:
            limit = kilobytes(pid, "VmSize") + MORE_BYTES
            resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
            before = kilobytes(pid, "VmRSS")
            for content_type, body in bodies():
                results = []
                send(server.port, "/api/v1/events", token, content_type, body, results)
                assert server.process.poll() is None, "the server ended:\n" + server.last_words()
                assert results == [[b"413"]] or results == [[b"400"]], (content_type, body[:20], results)
            grown = kilobytes(pid, "VmHWM") - before
            assert grown < GROWN_BYTES_MAX, f"{grown >> 20} MiB for a body of 8 MiB"
            # A login takes no more than a login needs, and says so before it is sent.
            for size, wanted in ((4096, b"401"), (4097, b"413"), (BODY_BYTES, b"413")):
                login = json.dumps({"email": "a@example.com", "password": "p"}).encode()
                results = []
                send(server.port, "/provider/auth/login", "", "application/json", login.ljust(size), results)
                assert results == [[wanted]], (size, results)
            for path in ("/api/tenants/t/stores", "/provider/users"):
                results = []
                send(server.port, path, token, "application/json", filled("[", "1,", "1]"), results)
                assert results == [[b"413"]], (path, results)
            # Many at once wait for their turns.
            results = []
            threads = [threading.Thread(target=send, args=(server.port, "/api/v1/events", token, kind, body, results))
                       for kind, body in list(bodies())[:4]]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert server.process.poll() is None, "the server ended:\n" + server.last_words()
            assert all(status in ([b"413"], [b"400"], [b"503"]) for status in results), results
            print(f"small values: {grown >> 20} MiB at most for bodies of 8 MiB, within {MORE_BYTES >> 20} MiB")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
