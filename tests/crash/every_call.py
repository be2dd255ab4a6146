#!/usr/bin/env python3
"""Kills the server at every system call of one scripted run, and proves that every acknowledged fact is counted once.

  every_call.py --binary build/metergate [--rounds N] [--seed N] [--seconds 7200]

The script: a start on a folder that was killed under load, events alone and in batches, metered requests, new tenants and
changed ones, a stop in order, which writes a checkpoint. A first run counts the calls. strace then makes the n-th of a kind
end the process before it is done: seen from the start for whichever thread gets there first, and, once the server is ready,
for each thread alone. Without --rounds each of these places is tried, with it so many of them by chance. After each kill:
start, send what was not acknowledged again, compare everything with the truth of campaign.py. One closing line.
"""
import argparse
import asyncio
import collections
import copy
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import campaign
import server as product

CALLS = ("write pwrite64 fdatasync fsync openat ftruncate fallocate rename unlink mkdir sendmsg recvmsg close connect accept4 "
         "epoll_wait").split()
TRACED = "trace=" + ",".join(CALLS)
CALL = re.compile(r"(?:(\d+) +)?(\w+)\(")


class Script:
    """The same requests each time; what is acknowledged is written down."""

    def __init__(self, server, truth, tokens):
        self.server, self.truth, self.tokens, self.rnd = server, truth, tokens, random.Random(1)
        self.tenants = []                              # acknowledged ones

    async def run(self):
        connection = product.Connection(self.server.port)
        for step in range(16):
            send = campaign.send_events if step % 2 else campaign.call_route
            arguments = (self.server, self.truth, self.rnd, connection) + (() if step % 2 else (self.tokens,))
            if not await send(*arguments):
                break
            if step % 4 == 3 and not await self.change(connection, f"new_{step}"):
                break
        connection.close()

    async def change(self, connection, tenant):
        made = await connection.ask("POST", "/provider/tenants", self.server.provider, {"tenant_id": tenant, "name": tenant, "plan": "free"})
        if made is None:
            return False
        self.tenants.append(tenant)
        return await connection.ask("PATCH", f"/provider/tenants/{tenant}", self.server.provider,
                                    {"limits_override": {"max_stores": 3}, "reason": "as agreed"}) is not None


def prepared(binary, root):
    """A folder that was killed under load, so that a start has something to recover; its truth and the tenants' tokens."""
    truth = campaign.Truth()
    server = product.Server(binary, os.path.join(root, "data"))
    tokens = campaign.prepare(server)
    asyncio.run(campaign.load(server, truth, random.Random(2), tokens, 0.3, server.kill))
    server.log.close()
    return truth, tokens


def threads(pid):
    return sorted(int(thread) for thread in os.listdir(f"/proc/{pid}/task"))


def inner_process(strace):
    with open(f"/proc/{strace}/task/{strace}/children") as children:
        return int(children.read().split()[0])


class Run:
    """One run of the script on a copy of the folder, killed or not."""

    def __init__(self, binary, root, truth, tokens):
        self.root = os.path.join(root, "run")
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(self.root)
        subprocess.run(["cp", "-r", "--sparse=always", "--reflink=auto", os.path.join(root, "data"), self.root + "/data"], check=True)
        self.truth = copy.deepcopy(truth)
        self.server = product.Server(binary, os.path.join(self.root, "data"))
        self.script = Script(self.server, self.truth, tokens)

    def play(self, wrapper=(), attach=None):
        """Whether it ended otherwise than in order. `attach`: for each thread of the ready server, the strace to attach, or nothing."""
        self.server.wrapper = list(wrapper)
        watchers = []
        try:
            if not self.server.start(seconds=120):
                return True
            process = inner_process(self.server.process.pid) if wrapper else self.server.process.pid
            for place, thread in enumerate(threads(process) if attach else []):
                if (words := attach(place)) is not None:
                    watchers.append(subprocess.Popen(["strace", "-p", str(thread), *words], stderr=subprocess.PIPE, text=True))
                    watchers[-1].stderr.readline()     # "attached"
            asyncio.run(self.script.run())
            try:
                os.kill(process, 15)
            except ProcessLookupError:
                pass
            return self.server.process.wait(timeout=120) != 0
        finally:
            self.server.wrapper = []
            if self.server.process.poll() is None:
                self.server.kill()
            for watcher in watchers:
                watcher.wait(timeout=60)
                watcher.stderr.close()

    def faults(self):
        if not self.server.start(seconds=120):
            return [f"it does not start again: {self.server.last_words()}"]
        try:
            asyncio.run(campaign.settle(self.server, self.truth))
            lost, double, found = campaign.compare(self.server, self.truth)
            names = {tenant["tenant_id"] for tenant in self.server.find("tenants")}
        except SystemExit as said:
            return [str(said)]
        found += [f"tenant {name} was acknowledged and is not there" for name in self.script.tenants if name not in names]
        return found + ([f"lost {lost}, double {double}"] if lost or double else [])

    def close(self):
        if self.server.process and self.server.process.poll() is None:
            self.server.kill()
        self.server.log.close()


def counted(log):
    """Calls by thread."""
    found = collections.defaultdict(collections.Counter)
    with open(log, errors="replace") as lines:
        for line in lines:
            if (call := CALL.match(line)) and call[2] in CALLS:
                found[call[1]][call[2]] += 1
    return found


def places(binary, root, truth, tokens):
    """Every place to kill at: (call, n, nothing) from the start, (call, n, thread) of a ready server."""
    run = Run(binary, root, truth, tokens)
    log = os.path.join(root, "calls")
    if run.play(["strace", "-f", "-o", log, "-e", TRACED, "-e", "signal=none"]):
        raise SystemExit(f"the script did not end in order: {run.server.last_words()}")
    run.close()
    most = collections.Counter()
    for calls in counted(log).values():
        most |= calls
    found = [(call, n, None) for call in CALLS for n in range(1, most[call] + 1)]
    run = Run(binary, root, truth, tokens)
    if run.play(attach=lambda place: ["-o", f"{log}-{place}", "-e", TRACED, "-e", "signal=none"]):
        raise SystemExit(f"the script did not end in order: {run.server.last_words()}")
    run.close()
    for path in [name for name in os.listdir(root) if name.startswith("calls-")]:
        for calls in counted(os.path.join(root, path)).values():
            found += [(call, n, int(path.split("-")[1])) for call in CALLS for n in range(1, calls[call] + 1)]
    return found


def kill_at(run, call, n, thread):
    words = ["-o", "/dev/null", "-e", "trace=" + call, "-e", f"inject={call}:signal=SIGKILL:when={n}"]
    if thread is None:
        return run.play(["strace", "-f", *words])
    return run.play(attach=lambda place: words if place == thread else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--seconds", type=float, default=7200, help="the longest the rounds may take")
    args = parser.parse_args()
    args.binary = os.path.abspath(args.binary)
    print(f"seed {args.seed}", flush=True)
    killed = rounds = faults = 0
    until = time.monotonic() + args.seconds
    with tempfile.TemporaryDirectory(prefix="metergate-calls-") as root:
        truth, tokens = prepared(args.binary, root)
        every = places(args.binary, root, truth, tokens)
        chosen = list(every)
        random.Random(args.seed).shuffle(chosen)
        for call, n, thread in chosen[:args.rounds]:
            if time.monotonic() > until:
                break
            run = Run(args.binary, root, truth, tokens)
            killed += kill_at(run, call, n, thread)
            found = run.faults()
            run.close()
            rounds += 1
            faults += bool(found)
            for line in found[:10]:
                print(f"{call} {n}{'' if thread is None else f' of thread {thread}'}: {line}", flush=True)
    print(f"campaign calls: {rounds} of {len(every)} places, seed {args.seed}, {killed} killed there, {rounds - killed} not reached again, "
          f"wrong {faults}")
    return 1 if faults or rounds < (args.rounds or len(every)) else 0


if __name__ == "__main__":
    sys.exit(main())
