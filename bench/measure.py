"""What every run here shares: rounds in turn, medians with their spread, CPU and memory of processes, one table, one CSV.

Only the ratio of two figures from the same run means anything on a machine that others use too. So the candidates of a
row take turns (A B A B), the first round is a warm-up and is thrown away, and each figure is printed as its median with
the lowest and the highest beside it.
"""
import csv
import os
import re
import statistics
import time

TICKS = os.sysconf("SC_CLK_TCK")


def children(pid):
    try:
        direct = [int(child) for child in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except OSError:
        return []
    return direct + [below for child in direct for below in children(child)]


def cpu_seconds(pid):
    """User and system time of a process and all below it, those that have ended included."""
    ticks = 0
    for one in [pid, *children(pid)]:
        try:
            fields = open(f"/proc/{one}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def resident_mib(pid):
    total = 0
    for one in [pid, *children(pid)]:
        try:
            total += int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{one}/status").read()).group(1))
        except (OSError, AttributeError):
            continue
    return total / 1024


class Usage:
    """CPU seconds that a process used while the block ran, and the wall time."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self.cpu, self.wall = cpu_seconds(self.pid), time.monotonic()
        return self

    def __exit__(self, *_):
        self.cpu, self.wall = cpu_seconds(self.pid) - self.cpu, time.monotonic() - self.wall
        self.resident = resident_mib(self.pid)


def disk(folder, size, seconds=1):
    """What the disk itself does: writes of `size` bytes one behind the other, into room made beforehand, each made durable."""
    path = os.path.join(folder, "disk")
    room = 64 << 20
    block = os.urandom(size)
    with open(path, "wb") as file:
        file.write(bytes(room))
        os.fsync(file.fileno())
        waits, at, began = [], 0, time.monotonic()
        while time.monotonic() - began < seconds:
            before = time.monotonic()
            os.pwrite(file.fileno(), block, at)
            os.fdatasync(file.fileno())
            waits.append((time.monotonic() - before) * 1e3)
            at = at + size if at + 2 * size <= room else 0
    os.remove(path)
    waits.sort()
    return {"rate": len(waits) / (time.monotonic() - began), "p50": waits[len(waits) // 2], "p99": waits[len(waits) * 99 // 100]}


def in_turn(candidates, rounds):
    """Runs each candidate once as a warm-up, then `rounds` times in turn. {name: [figures of a round, …]}."""
    for run in candidates.values():
        run()
    results = {name: [] for name in candidates}
    for at in range(rounds):
        names = list(candidates)
        for name in names[at % len(names):] + names[:at % len(names)]:
            results[name].append(candidates[name]())
    return results


def spread(values, digits=0):
    if len(values) == 1:
        return f"{values[0]:,.{digits}f}"
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


class Table:
    """Figures as they come: printed at once as rows of a table, and every single round kept as CSV."""

    HEAD = ["work", "ours", "peer", "ratio", "goal", "ours: CPU s / million", "peer: CPU s / million", "ours: p50 / p99 ms",
            "peer: p50 / p99 ms", "ours: MiB", "peer: MiB"]

    def __init__(self, path):
        self.path = path
        self.missed = []
        self.file = open(path, "w", newline="")
        self.raw = csv.writer(self.file)
        self.raw.writerow(["work", "who", "round", "figure", "value"])

    def start(self):
        print("| " + " | ".join(self.HEAD) + " |\n|" + "---|" * len(self.HEAD), flush=True)

    def keep(self, work, who, results):
        for at, result in enumerate(results):
            for figure, value in result.items():
                self.raw.writerow([work, who, at + 1, figure, value])
        self.file.flush()

    def row(self, work, ours, peer=None, figure="rate", goal="", digits=0, least=None, most=None, unit=""):
        """One line. `least` and `most` are goals for the ratio ours / peer, or for our own figure where there is no peer."""
        def values(results, name):
            return [result[name] for result in results or [] if name in result]

        def cell(results, name, of=0):
            return spread(values(results, name), of) if values(results, name) else ""

        def latency(results):
            return " / ".join(f"{statistics.median(values(results, name)):.2f}" for name in ("p50", "p99")
                              if values(results, name))
        median = statistics.median(values(ours, figure))
        judged, ratio = median, ""
        if peer:
            judged = median / statistics.median(values(peer, figure))
            ratio = f"{judged:.2f}"
        good = (least is None or judged >= least) and (most is None or judged <= most)
        if least is not None or most is not None:
            goal = goal or (f"≥ {least:g}{unit}" if least is not None else f"≤ {most:g}{unit}")
            goal += "" if good else " missed"
            if not good:
                self.missed.append(work)
        print("| " + " | ".join([work, cell(ours, figure, digits), cell(peer, figure, digits), ratio, goal, cell(ours, "cpu", 2),
                                 cell(peer, "cpu", 2), latency(ours), latency(peer), cell(ours, "resident"),
                                 cell(peer, "resident")]) + " |", flush=True)
