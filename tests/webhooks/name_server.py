"""A name server of the test's own: answers the n-th question for a name with the n-th step of its script.

A step is a list of addresses, of which a question for A takes the IPv4 ones and one for AAAA the others; the last step
stays. A step may begin with another name: the answer is then a CNAME to it and that one's addresses. UDP only.
"""
import ipaddress
import socket
import struct
import threading

A, CNAME, AAAA = 1, 5, 28


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def is_name(text):
    return ":" not in text and text[-1].isalpha()


def record(name, kind, data):
    return encoded(name) + struct.pack("!HHIH", kind, 1, 0, len(data)) + data      # never to be kept: TTL 0


class NameServer:
    def __init__(self, scripts, address="127.0.0.1", port=53):
        self.scripts, self.lock, self.asked = scripts, threading.Lock(), {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            packet, sender = self.socket.recvfrom(4096)
            self.socket.sendto(self.answer(packet), sender)

    def answer(self, packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
            at += 1 + packet[at]
        kind = struct.unpack("!H", packet[at + 1:at + 3])[0]
        records = self.records(".".join(labels), kind)
        head = packet[:2] + struct.pack("!HHHHH", 0x8180, 1, len(records), 0, 0)
        return head + packet[12:at + 5] + b"".join(records)

    def records(self, name, kind):
        with self.lock:
            steps = self.scripts.get(name, [[]])
            count = self.asked.get((name, kind), 0)
            self.asked[(name, kind)] = count + 1
        step, records = list(steps[min(count, len(steps) - 1)]), []
        if step and is_name(step[0]):
            alias = step.pop(0)
            records.append(record(name, CNAME, encoded(alias)))
            name = alias
        for address in map(ipaddress.ip_address, step):
            if kind == (A if address.version == 4 else AAAA):
                records.append(record(name, kind, address.packed))
        return records

    def questions(self, name):
        """How often the addresses of a name were asked for."""
        with self.lock:
            return max(self.asked.get((name, A), 0), self.asked.get((name, AAAA), 0))
