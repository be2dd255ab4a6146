#!/usr/bin/env python3
"""The link's faults, seen from a driver: fault_proxy_test.py VENV, run with the VENV's Python."""

import contextlib
import sys
import time
import urllib.parse

import pymongo
import pymongo.errors

from fault_proxy import LATE_SECONDS, FaultProxy
from test_server import TestServer


@contextlib.contextmanager
def linked(server):
    """A collection seen through the link, and the same without it."""
    address = urllib.parse.urlsplit(server.uri)
    database = f"metergate_test_{time.time_ns()}"
    with FaultProxy(address.hostname, address.port or 27017) as proxy:
        with pymongo.MongoClient(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true&retryWrites=false"
                                 "&retryReads=false&serverSelectionTimeoutMS=5000") as through, \
                pymongo.MongoClient(server.uri) as straight:
            yield proxy, through[database]["c"], straight[database]["c"]
            straight.drop_database(database)


def fails(act):
    try:
        act()
    except pymongo.errors.ConnectionFailure:
        return True
    return False


def check(is_true, claim):
    print(("ok: " if is_true else "WRONG: ") + claim, flush=True)
    if not is_true:
        sys.exit(1)


def try_each_fault(proxy, through, straight):
    through.insert_one({"_id": 0})
    check(straight.count_documents({}) == 1, "without a fault the insert arrives")

    proxy.arm("before", "insert")
    check(fails(lambda: through.insert_one({"_id": 1})), "cut before: the driver sees no answer")
    check(straight.find_one({"_id": 1}) is None, "cut before: nothing was inserted")

    proxy.arm("after", "insert")
    check(fails(lambda: through.insert_one({"_id": 2})), "cut after: the driver sees no answer")
    check(straight.find_one({"_id": 2}) is not None, "cut after: it was inserted")

    proxy.arm("late", "insert")
    check(fails(lambda: through.insert_one({"_id": 3})), "late: the driver sees no answer")
    check(straight.find_one({"_id": 3}) is None, "late: it is not there yet")
    until = time.monotonic() + 10 + LATE_SECONDS
    while straight.find_one({"_id": 3}) is None and time.monotonic() < until:
        time.sleep(0.02)
    check(straight.find_one({"_id": 3}) is not None, "late: it comes afterwards")

    proxy.arm("delay", "insert")
    check(not fails(lambda: through.insert_one({"_id": 4})), "delay: it arrives and is answered")
    check(proxy.done == {"before": 1, "after": 1, "late": 1, "delay": 1}, "each fault happened once")


def outlive_a_kill(server):
    """What was acknowledged with j: true is there after the process was killed."""
    with pymongo.MongoClient(server.uri) as client:
        journal = client["metergate_kill"].get_collection(
            "c", write_concern=pymongo.WriteConcern(w="majority", j=True))
        for number in range(200):
            journal.insert_one({"_id": number})
    server.kill()
    server.start()
    with pymongo.MongoClient(server.uri) as client:
        found = client["metergate_kill"]["c"].count_documents({})
    check(found == 200, f"after a kill all 200 acknowledged documents are there ({found})")


def main():
    with TestServer(sys.argv[1]) as server:
        with linked(server) as (proxy, through, straight):
            try_each_fault(proxy, through, straight)
        if not server.named:
            outlive_a_kill(server)


if __name__ == "__main__":
    main()
