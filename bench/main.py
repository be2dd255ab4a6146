#!/usr/bin/env python3
"""Runs the parts that are named, all by default, and prints one table. Called by bench/run."""
import argparse
import os
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "..", "tests", "crash")]
import checks
import events
import gateway
import hostile
import measure
import overload

PARTS = ("gateway", "checks", "events", "overload", "hostile")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=", ".join(PARTS))
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each round that wrk drives")
    args = parser.parse_args()
    unknown = [name for name in args.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if min(args.rounds, args.seconds) < 1:
        parser.error("rounds and seconds are each at least 1")
    binary = os.path.join(os.path.abspath(args.build), "metergate")
    tool = os.path.join(os.path.abspath(args.build), "bench_load")
    began = time.monotonic()
    table = measure.Table(os.path.join(args.build, "bench.csv"))
    print(f"machine: {os.cpu_count()} cores, which servers, origin and client share; {args.rounds} rounds in turn after a warm-up; "
          "median (lowest–highest)\n")
    table.start()
    with tempfile.TemporaryDirectory(prefix="metergate-bench-") as root:
        if "gateway" in args.parts:
            gateway.rows(table, binary, root, args.rounds, args.seconds)
        if "checks" in args.parts:
            checks.rows(table, binary, root, args.rounds, args.seconds)
        if "events" in args.parts:
            events.rows(table, binary, tool, root, args.rounds, args.seconds)
        if "overload" in args.parts:
            overload.rows(table, binary, tool, root, args.rounds, args.seconds)
        if "hostile" in args.parts:
            hostile.rows(table, binary, tool, root, args.rounds)
    print(f"\nEvery round: {table.path}. {time.monotonic() - began:.0f} s. nginx and HAProxy check no token, hold no limits and never "
          "sync their logs.\nThe counts were right after every part.")
    if table.missed:
        print("Missed: " + "; ".join(table.missed))


if __name__ == "__main__":
    main()
