#!/usr/bin/env python3
"""The protocol of the shared journal, run against faults: one insert-only journal, one entry a slot.

    shared_journal_model.py [--seeds N] [--first S] [--loses-newest] [--copies-folder] [--without RULE]
    shared_journal_model.py --all [--seeds N]      N seeds over the four mixes of hazards
    shared_journal_model.py --rules [--seeds N]    breaks each rule; the checks must notice within N seeds

A seed is one run of three processes (four with a copied folder) that crash, pause, lose their disk,
get no answer or a late one, while senders send the same ids to any of them again. The promises are
in world.py. Exit status 1 where one did not hold, or a broken rule was not noticed.
"""

import argparse
import collections
import concurrent.futures
import itertools
import os
import sys
import time

from rules import NEEDS, Hazards, Rules
from world import Broken, World

CHUNK = 250


def run_seeds(first, count, rules, hazards):
    """Runs the seeds; the broken promises with the first seed of each, and what was seen."""
    broken, seen = {}, collections.Counter()
    for seed in range(first, first + count):
        world = World(seed, rules, hazards)
        try:
            world.run()
        except Broken as fault:
            broken.setdefault(fault.args[0], (seed, fault.args[1:]))
        seen.update(world.seen)
        seen["acknowledged by the journal"] += len(world.acknowledged_by_journal)
        seen["acknowledged by a spool"] += len(world.acknowledged_by_spool)
        seen["changes confirmed"] += len(world.changes_won)
        seen["changes refused"] += len(world.changes_lost)
        seen["disks lost"] += len(world.lost_disks)
        seen["losses of the database"] += world.database.losses
    return broken, seen


def run_in_parallel(pool, first, count, rules, hazards):
    starts = range(first, first + count, CHUNK)
    tasks = [pool.submit(run_seeds, start, min(CHUNK, first + count - start), rules, hazards) for start in starts]
    broken, seen = {}, collections.Counter()
    for task in tasks:
        more, counts = task.result()
        broken = more | broken
        seen.update(counts)
    return broken, seen


def report(seeds, hazards, broken, seen):
    counts = ", ".join(f"{name} {count:,}" for name, count in sorted(seen.items()) if count)
    print(f"{seeds:,} seeds, {hazards}: {len(broken)} promises broken; {counts}", flush=True)
    for promise, (seed, details) in broken.items():
        print(f"  {promise}: seed {seed}, {details}")


def run_all(pool, seeds):
    is_well = True
    for loses, copies in itertools.product([False, True], repeat=2):
        hazards = Hazards(loses, copies)
        broken, seen = run_in_parallel(pool, 0, seeds // 4, Rules(), hazards)
        report(seeds // 4, hazards, broken, seen)
        is_well = is_well and not broken
    return is_well


def break_each_rule(seeds):
    is_well = True
    for name in Rules.names():
        for first in range(0, seeds, 20):
            broken, _ = run_seeds(first, 20, Rules().without(name), NEEDS.get(name, Hazards()))
            if broken:
                break
        promise, (seed, _) = next(iter(broken.items())) if broken else ("NOT NOTICED", (seeds, None))
        print(f"without {name}: {promise} (seed {seed})", flush=True)
        is_well = is_well and bool(broken)
    return is_well


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--loses-newest", action="store_true")
    parser.add_argument("--copies-folder", action="store_true")
    parser.add_argument("--without", choices=Rules.names())
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--rules", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    if options.rules:
        is_well = break_each_rule(options.seeds)
    else:
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
            if options.all:
                is_well = run_all(pool, options.seeds)
            else:
                rules = Rules().without(options.without) if options.without else Rules()
                hazards = Hazards(options.loses_newest, options.copies_folder)
                broken, seen = run_in_parallel(pool, options.first, options.seeds, rules, hazards)
                report(options.seeds, hazards, broken, seen)
                is_well = not broken
    print(f"{'all is well' if is_well else 'A PROMISE DID NOT HOLD'} after {time.monotonic() - began:.0f} s")
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
