"""Three or four processes over one database, driven by a seed, and the promises that must hold."""

import collections
import random

from database import Database
from journal_state import Change, Event, State
from node import Disk, Node
from rules import Rules

NODES = 3
STEPS_OF_FAULTS = 700
STEPS_MAX = 9000


class Broken(AssertionError):
    """A promise that did not hold."""


class World:
    def __init__(self, seed, rules, hazards):
        self.random = random.Random(seed)
        self.rules = rules
        self.hazards = hazards
        self.database = Database(self.random, self.random.choice([0, 0.02, 0.1, 0.25]))
        self.disks = [Disk() for _ in range(NODES)]
        self.running = {}  # node number -> (Node, its steps)
        self.lost_disks = set()
        self.inbox = [collections.deque() for _ in range(NODES + 1)]
        self.answers_from_spool = [self.random.random() < 0.5 for _ in range(NODES + 1)]
        self.acknowledged_by_journal = set()
        self.acknowledged_by_spool = {}  # event -> the disks whose spool has it
        self.changes_won, self.changes_lost = [], []
        self.spools = self.hashes = self.attempts = 0
        self.crashing = self.random.choice([0, 0.005, 0.02])
        self.may_lose_disk = not hazards.loses_newest and self.random.random() < 0.3
        self.losses_left = 2 if hazards.loses_newest else 0
        self.is_copied = not hazards.copies_folder
        self.sends_left = {Event(f"e{n}"): self.random.randint(2, 8) for n in range(self.random.randint(2, 6))}
        self.own_left = self.random.randint(0, 6)
        self.changes_left = self.random.randint(0, 8)
        self.seen = collections.Counter()

    # What nodes ask of their world.

    def new_spool_name(self, number):
        self.spools += 1
        if self.rules.names_spools_afresh:
            return f"spool{self.spools}"
        return f"node{0 if number == NODES else number}"  # a copy has the name that it was copied with

    def new_hash(self):
        self.hashes += 1
        return self.hashes

    def hash_at(self, slot):
        """The chain's hash there, as anybody has it who reads the journal from its start."""
        state = State()
        for number in range(1, slot + 1):
            entry = self.database.documents.get(number)
            if entry is None:
                return None
            state.fold(entry, self.rules)
        return state.hash

    # The run.

    def run(self):
        for number in range(NODES):
            self.start(number)
        for step in range(STEPS_MAX):
            self.database.pass_time()
            if step <= STEPS_OF_FAULTS:
                self.disturb(step)
            else:
                self.database.failing = 0
            for number, disk in enumerate(self.disks):
                if number not in self.running and disk not in self.lost_disks:
                    if step > STEPS_OF_FAULTS or self.random.random() < 0.02:
                        self.start(number)
            if self.running:
                next(self.running[self.random.choice(list(self.running))][1])
            if step % 40 == 0 and not self.hazards.loses_newest:
                self.check_counts(self.truth())
            if step > STEPS_OF_FAULTS and step % 20 == 0 and not self.database.under_way and self.is_idle():
                break
        self.check()

    def start(self, number):
        node = Node(self, number, self.disks[number])
        self.running[number] = (node, node.steps())

    def disturb(self, step):
        chance = self.random.random
        if self.sends_left and chance() < 0.15:
            self.send_again()
        if self.own_left and chance() < 0.03:
            self.own_left -= 1
            self.deliver(self.random.randrange(NODES), Event(f"own{self.own_left}", is_own=True))
        if self.changes_left and chance() < 0.04:
            self.ask_for_changes()
        if self.running and chance() < self.crashing:
            self.crash(self.random.choice(list(self.running)))
        if self.losses_left and self.database.order and chance() < 0.004:
            self.losses_left -= 1
            self.database.lose_newest()
        if not self.is_copied and step > 150 and chance() < 0.02:
            self.is_copied = True
            self.disks.append(self.disks[0].copy())
            self.start(NODES)

    def send_again(self):
        event = self.random.choice(list(self.sends_left))
        self.sends_left[event] -= 1
        if not self.sends_left[event]:
            del self.sends_left[event]
        self.deliver(self.random.randrange(len(self.disks)), event)

    def deliver(self, number, event):
        if number in self.running:
            self.inbox[number].append(event)

    def ask_for_changes(self):
        """Several people change one document at once, each having seen the same revision."""
        self.changes_left -= 1
        if not self.running:
            return
        seen = self.running[self.random.choice(list(self.running))][0].state
        document = self.random.choice(["plan", "tenant"])
        for _ in range(self.random.randint(1, 3)):
            self.attempts += 1
            node = self.running[self.random.choice(list(self.running))][0]
            node.calls.append(Change(f"c{self.attempts}", document, seen.revisions.get(document, 0)))

    def crash(self, number):
        disk = self.running.pop(number)[0].disk
        self.inbox[number].clear()
        if self.may_lose_disk and len(self.running) > 1 and self.random.random() < 0.4:
            self.lost_disks.add(disk)

    # The promises.

    def truth(self):
        state = State()
        while state.slot + 1 in self.database.documents:
            state.fold(self.database.documents[state.slot + 1], self.rules)
        return state

    def is_idle(self):
        truth = self.truth()
        is_whole = self.rules == Rules()  # else views may differ for ever
        return (not any(self.inbox)
                and all(node.state.slot == truth.slot and not node.calls
                        and (node.state.hash == truth.hash or not is_whole)
                        for node, _ in self.running.values())
                and all(truth.watermark.get(spool, -1) >= len(batches) - 1
                        for disk in self.disks if disk not in self.lost_disks
                        for spool, batches in disk.spools.items()))

    def check_counts(self, truth):
        for event, times in truth.times_counted.items():
            if times > 1:
                raise Broken("counted twice", event)
        for (document, revision), names in truth.changed_by.items():
            if len(names) > 1:
                raise Broken("two changes of one revision", document, revision, names)

    def check(self):
        truth = self.truth()
        self.check_counts(truth)
        for event in self.acknowledged_by_journal:
            if truth.times_counted[event] != 1:
                raise Broken("acknowledged by the journal and not counted", event)
        for event, disks in self.acknowledged_by_spool.items():
            if disks - self.lost_disks and truth.times_counted[event] != 1:
                raise Broken("acknowledged by a spool that is there and not counted", event)
        for node, _ in self.running.values():
            if not node.state.is_same(truth):
                raise Broken("views differ", node.number, node.state.slot, truth.slot)
        if not self.hazards.loses_newest:
            self.check_changes(truth)

    def check_changes(self, truth):
        for change in self.changes_won:
            if change.name not in truth.changed_by.get((change.document, change.revision), []):
                raise Broken("a change that was confirmed is not there", change)
        for change in self.changes_lost:
            if change.name in truth.changed_by.get((change.document, change.revision), []):
                raise Broken("a change that was refused is there", change)
