"""A link between a client and a server that swallows answers: the request has arrived and was obeyed, the client
cannot know. The one fault that only the same id again can mend.

Understands HTTP/1.1 with Content-Length, which is what the clients and the server speak. Traffic stays on 127.0.0.1.
"""
import socket
import threading


def read_message(file):
    """One request or answer, head and body; None at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline(65536)
        if not line:
            return None
        head += line
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":", 1)[1])
    body = file.read(length)
    return head + body if len(body) == length else None


class FlakyLink:
    def __init__(self, server_port, swallow_every):
        self.server_port, self.swallow_every = server_port, swallow_every
        self.lock = threading.Lock()
        self.answers = self.swallowed = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def swallows(self):
        with self.lock:
            self.answers += 1
            if self.answers % self.swallow_every != 0:
                return False
            self.swallowed += 1
            return True

    def relay(self, client):
        try:
            with client, socket.create_connection(("127.0.0.1", self.server_port), timeout=20) as server:
                requests, answers = client.makefile("rb"), server.makefile("rb")
                while request := read_message(requests):
                    server.sendall(request)
                    answer = read_message(answers)
                    if answer is None or self.swallows():
                        return
                    client.sendall(answer)
        except OSError:
            return

    def close(self):
        self.listener.close()
