#!/usr/bin/env python3
"""How metergate behaves with much in it: 10,000 and 100,000 tenants, 13 months, ten million events.

  bench/scale.py --binary build/metergate [--work build/bench-scale] [--parts start,list,…] [--quick]

Data folders are filled by build/bench_fill and kept in --work, so that a second run of the same day spares that time.
Each part works on a copy. Every answer is checked against what was filled in, added up here from the same rows. Rows
go to the table and, round by round, to --work/scale.csv. The peer of the analytics is DuckDB on the same rows, in this
machine's memory and without HTTP (`npm ci` in bench/duckdb, copied to --work).
"""
import argparse
import os
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "..", "tests", "crash")]
import measure
from scale_fresh import fresh
from scale_parts import analytics, growth, lists, memory, replay, report, start

PARTS = {"memory": memory, "analytics": analytics, "fresh": fresh, "list": lists, "report": report, "start": start, "replay": replay, "growth": growth}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--fill", help="bench_fill; beside the binary where nothing is said")
    parser.add_argument("--work", help="bench-scale beside the binary where nothing is said")
    parser.add_argument("--tenants", type=int, default=100_000)
    parser.add_argument("--events", type=int, nargs="+", help="kept, for the part growth")
    parser.add_argument("--journal-events", type=int, help="for the part replay")
    parser.add_argument("--full", action="store_true", help="ten million events, 0.8 GiB of journal: fills for ten minutes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=10, help="of each list at most")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small folders: whether all of it works, not how fast")
    args = parser.parse_args()
    args.binary = os.path.abspath(args.binary)
    args.fill = os.path.abspath(args.fill or os.path.join(os.path.dirname(args.binary), "bench_fill"))
    for path in (args.binary, args.fill):
        if not os.access(path, os.X_OK):
            parser.error(f"{path} is no program; `ninja -C build metergate bench` builds both")
    unknown = [name for name in args.parts.split(",") if name not in PARTS]
    if min(args.tenants, args.rounds, args.requests, *(args.events or [1]), args.journal_events or 1) < 1:
        parser.error("tenants, events, rounds and requests are each at least 1")
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    args.work = os.path.abspath(args.work or os.path.join(os.path.dirname(args.binary), "bench-scale"))
    args.events = args.events or ([1_000_000, 10_000_000] if args.full else [100_000, 1_000_000])
    args.journal_events = args.journal_events or (9_000_000 if args.full else 1_000_000)
    if args.quick:
        args.rounds, args.requests = 1, 2
    os.makedirs(args.work, exist_ok=True)
    table = measure.Table(os.path.join(args.work, "scale.csv"))
    began = time.monotonic()
    print(f"machine: {os.cpu_count()} cores, shared with the client; {args.rounds} rounds; median (lowest–highest)\n")
    table.start()
    for name in args.parts.split(","):
        PARTS[name](args, table)
    print(f"\nEvery round: {table.path}. {time.monotonic() - began:.0f} s. Every answer was right.")
    if table.missed:
        print("Missed: " + "; ".join(table.missed))


if __name__ == "__main__":
    main()
