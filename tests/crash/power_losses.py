#!/usr/bin/env python3
"""Takes the power from a loaded server and proves that everything acknowledged is counted exactly once.

  power_losses.py --binary build/metergate [--rounds 200] [--seed N] [--seconds 3600]

An unmodified server runs under strace and is killed: while it starts, under load, while it checkpoints. From the log of its
system calls several folders are made as they may stand on a disk that kept what was synced, and of the rest an arbitrary
part, torn or whole (unsynced.py). Each must open, verify, and after everything unacknowledged was sent again say what the
truth of campaign.py says. The next run goes on with one of them, so that losses follow one another. One closing line.
"""
import argparse
import asyncio
import copy
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import campaign
import server as product
import unsynced

FOLDERS_A_LOG = 4
LOGS_A_FOLDER = 5                                      # then anew: what has to be compared grows


def inner_process(strace):
    """The server that strace runs."""
    with open(f"/proc/{strace}/task/{strace}/children") as children:
        return int(children.read().split()[0])


async def fill(server, rnd, is_over):
    """Large events that nothing counts: journal segments fill, and are archived."""
    connection = product.Connection(server.port)
    number = rnd.randrange(1 << 60)
    while not is_over.is_set():
        events = [{"specversion": "1.0", "id": f"fill-{number}-{n}", "source": "campaign", "type": "filler", "subject": "tenant_0",
                   "time": campaign.STARTED, "data": {"text": rnd.randbytes(15_000).hex()}} for n in range(20)]
        number += 1
        if await connection.ask("POST", "/api/v1/events", server.provider, events) is None:
            break
        await asyncio.sleep(0.2)
    connection.close()


async def load(server, truth, rnd, tokens, seconds, end):
    is_over = asyncio.Event()
    filling = asyncio.create_task(fill(server, rnd, is_over))
    await campaign.load(server, truth, rnd, tokens, seconds, end)
    is_over.set()
    await filling


def run_and_kill(server, truth, rnd, tokens, log):
    """A run of the server whose every change of the folder is in `log`."""
    server.wrapper = unsynced.wrapper(log)

    def kill():
        os.kill(inner_process(server.process.pid), signal.SIGKILL)
    try:
        if rnd.random() < 0.15:                        # while it starts
            server.process = subprocess.Popen([*server.wrapper, server.binary, "serve"], env=server.environment,
                                              stdout=server.log, stderr=server.log)
            time.sleep(rnd.uniform(0.1, 1))
            kill()
        else:
            if not server.start(seconds=60):
                raise SystemExit(f"the server did not start: {server.last_words()}")
            asyncio.run(load(server, truth, rnd, tokens, rnd.uniform(0, 1) if rnd.random() < 0.8 else rnd.uniform(5, 6), kill))
        server.process.wait(timeout=60)
    finally:
        if server.process.poll() is None:
            kill()
    server.wrapper = []


def check(binary, folder, truth):
    """Faults of a folder after a loss, as lines; afterwards all that was waiting is acknowledged."""
    server = product.Server(binary, folder)
    try:
        try:
            if not server.start():
                return [f"it does not start: {server.last_words()}"]
            asyncio.run(campaign.settle(server, truth))
            lost, double, differences = campaign.compare(server, truth)
        except SystemExit as said:
            return [str(said)]
        return ([f"lost {lost}, double {double}"] if lost or double else []) + differences
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        server.log.close()


class Campaign:
    """What was done and found; `losses` of them are asked for."""

    def __init__(self, args):
        self.args, self.rnd = args, random.Random(args.seed)
        self.losses = self.kept = self.torn = self.forgotten = self.acknowledged = self.faults = 0
        self.until = time.monotonic() + args.seconds

    def is_over(self):
        return self.losses >= self.args.rounds or self.faults > 0 or time.monotonic() > self.until

    def one_folder(self, root):
        """Some runs of a server on a folder of its own, each ending in several losses."""
        folder, log, truth = os.path.join(root, "data"), os.path.join(root, "calls"), campaign.Truth()
        server = product.Server(self.args.binary, folder)
        tokens = campaign.prepare(server)
        server.stop()
        for _ in range(LOGS_A_FOLDER):
            if self.is_over():
                break
            before = os.path.join(root, "before")
            shutil.rmtree(before, ignore_errors=True)
            subprocess.run(["cp", "-r", "--sparse=always", "--reflink=auto", folder, before], check=True)
            run_and_kill(server, truth, self.rnd, tokens, log)
            disk = unsynced.Disk(folder, before, self.args.lying)
            disk.follow(log)
            truth, after = self.lose(root, disk, truth)
            shutil.rmtree(folder)
            shutil.move(after, folder)
            print(f"  {self.losses} losses, {disk.calls} changes in the last run, {disk.syncs} syncs", file=sys.stderr, flush=True)
        self.acknowledged += len(truth.acknowledged) + len(truth.paths_acknowledged)
        server.log.close()

    def lose(self, root, disk, before):
        """Folders as the disk may have kept them, each looked at; the truth of the last one, and where that is."""
        for turn in range(FOLDERS_A_LOG):
            target = os.path.join(root, f"after-{self.losses}", "data")
            os.makedirs(target)
            kept, forgotten, torn = disk.rebuild(target, self.rnd)
            if self.args.keep:
                shutil.copytree(target, self.args.keep, dirs_exist_ok=True)
            truth = copy.deepcopy(before)
            found = check(self.args.binary, target, truth)
            self.kept, self.forgotten, self.torn, self.losses = (self.kept + kept, self.forgotten + forgotten, self.torn + torn,
                                                                 self.losses + 1)
            for line in found[:10]:
                print(f"loss {self.losses}: {line}", flush=True)
            self.faults += bool(found)
            if self.is_over() or turn + 1 == FOLDERS_A_LOG:
                return truth, target
            shutil.rmtree(os.path.dirname(target))
            if self.args.keep:
                shutil.rmtree(self.args.keep)
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=200, help="power losses")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--seconds", type=float, default=3600, help="the longest the rounds may take")
    parser.add_argument("--lying", action="store_true", help="syncs count for nothing: this must find losses")
    parser.add_argument("--keep", help="a folder that holds the last disk as it was before it was opened")
    args = parser.parse_args()
    args.binary = os.path.abspath(args.binary)
    print(f"seed {args.seed}", flush=True)
    run = Campaign(args)
    while not run.is_over():
        with tempfile.TemporaryDirectory(prefix="metergate-power-") as root:
            run.one_folder(root)
    print(f"campaign power: {run.losses} losses, seed {args.seed}, {run.acknowledged} acknowledged, of unsynced changes {run.kept} kept "
          f"({run.torn} torn), {run.forgotten} forgotten; folders that opened wrongly {run.faults}")
    return 1 if run.faults or run.losses < args.rounds else 0


if __name__ == "__main__":
    sys.exit(main())
