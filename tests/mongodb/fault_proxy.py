"""A link to a database that loses what a test wants lost.

A fault is armed for the next requests that contain a text (a command's name, say):

    before   the request is thrown away and the connection cut
    after    the request is passed on, its answer thrown away and the connection cut
    late     the connection is cut at once, and the request passed on some time later
    delay    request and answer pass, the request after a pause

    with FaultProxy("127.0.0.1", port) as proxy:
        proxy.arm("after", "insert")      # the next one
        … mongodb://127.0.0.1:{proxy.port}/ …

As a program, for tests in other languages, it prints its port and obeys lines on standard input
("arm after insert 1", "share 0.2 insert", "end"), and answers each with "ok":

    fault_proxy.py HOST:PORT [--seed N]
"""

import argparse
import asyncio
import random
import struct
import sys
import threading

FAULTS = ("before", "after", "late", "delay")
LATE_SECONDS = 0.3
DELAY_SECONDS = 0.2
MESSAGE_BYTES_MAX = 48_000_000


async def read_message(reader):
    """One message of the protocol, which begins with its length; nothing at the stream's end."""
    try:
        head = await reader.readexactly(4)
        length = struct.unpack("<i", head)[0]
        if not 16 <= length <= MESSAGE_BYTES_MAX:
            raise ConnectionError(f"a message of {length} bytes")
        return head + await reader.readexactly(length - 4)
    except asyncio.IncompleteReadError:
        return None


class FaultProxy:
    def __init__(self, host, port, seed=1):
        self.target = (host, port)
        self.random = random.Random(seed)
        self.armed = []  # [fault, text, times left]
        self.share = None  # (probability, text)
        self.lock = threading.Lock()
        self.done = {fault: 0 for fault in FAULTS}
        self.tasks = set()

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self.serve, "127.0.0.1", 0), self.loop).result(10)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        async def end():
            self.server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def arm(self, fault, text, times=1):
        assert fault in FAULTS, f"'{fault}' is none of {', '.join(FAULTS)}"
        with self.lock:
            self.armed.append([fault, text.encode(), times])

    def fail_a_share(self, probability, text):
        """From now on, that share of the requests that contain the text meets one of the faults."""
        with self.lock:
            self.share = (probability, text.encode()) if probability else None

    def fault_for(self, message):
        with self.lock:
            fault = self.next_fault(message)
            if fault:
                self.done[fault] += 1
            return fault

    def next_fault(self, message):
        for entry in self.armed:
            if entry[1] in message:
                entry[2] -= 1
                if not entry[2]:
                    self.armed.remove(entry)
                return entry[0]
        if self.share and self.share[1] in message and self.random.random() < self.share[0]:
            return self.random.choice(FAULTS)
        return None

    async def serve(self, reader, writer):
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            return
        try:
            while (message := await read_message(reader)) is not None:
                if not await self.pass_on(message, writer, upstream_reader, upstream_writer):
                    break
        except (OSError, asyncio.CancelledError):
            pass  # either side has gone, or the link ends
        finally:
            writer.close()
            upstream_writer.close()

    async def pass_on(self, message, writer, upstream_reader, upstream_writer):
        """One request and its answer. False: the connection ends here."""
        fault = self.fault_for(message)
        if fault == "before":
            return False
        if fault == "late":
            task = asyncio.ensure_future(self.apply_late(message))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            return False
        if fault == "delay":
            await asyncio.sleep(DELAY_SECONDS)
        upstream_writer.write(message)
        await upstream_writer.drain()
        answer = await read_message(upstream_reader)
        if answer is None or fault == "after":
            return False
        writer.write(answer)
        await writer.drain()
        return True

    async def apply_late(self, message):
        await asyncio.sleep(LATE_SECONDS)
        try:
            reader, writer = await asyncio.open_connection(*self.target)
            writer.write(message)
            await writer.drain()
            await read_message(reader)
            writer.close()
        except OSError:
            pass  # the database is away: then it was never applied


def obey(proxy, words):
    if words[0] == "arm":
        proxy.arm(words[1], words[2], int(words[3]) if len(words) > 3 else 1)
    elif words[0] == "share":
        proxy.fail_a_share(float(words[1]), words[2])
    else:
        raise ValueError(f"'{words[0]}' is none of arm, share, end")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", metavar="HOST:PORT")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    host, port = options.target.rsplit(":", 1)
    with FaultProxy(host, int(port), options.seed) as proxy:
        print(proxy.port, flush=True)
        for line in sys.stdin:
            words = line.split()
            if not words:
                continue
            if words[0] == "end":
                break
            obey(proxy, words)
            print("ok", flush=True)


if __name__ == "__main__":
    main()
