"""One process: keeps events in its spool, follows the journal, decides, appends."""

from database import DatabaseError
from journal_state import Entry, Part, State


class PastIsGone(Exception):
    """The database has another entry, or none, where this node has folded one."""


class Disk:
    """What survives a crash: the spools, synced before anything is promised, and the last checkpoint."""

    def __init__(self):
        self.spools = {}  # name -> batches
        self.checkpoint = State()

    def copy(self):
        other = Disk()
        other.spools = {name: list(batches) for name, batches in self.spools.items()}
        other.checkpoint = self.checkpoint.copy()
        return other


class Node:
    def __init__(self, world, number, disk):
        self.world = world
        self.rules = world.rules
        self.random = world.random
        self.number = number
        self.disk = disk
        self.spool = world.new_spool_name(number)
        self.state = disk.checkpoint.copy()
        self.batches = disk.spools.setdefault(self.spool, [])
        self.waiting = {}  # (spool, batch number) -> events whose senders wait for the journal
        self.calls = []  # changes whose senders wait
        self.sending = None  # (slot, entry) whose outcome is not known

    def steps(self):
        """Runs for ever; another process may run, or this one crash, at every `yield`."""
        while True:
            yield
            if self.world.inbox[self.number] and self.random.random() < 0.6:
                yield from self.keep()
            try:
                yield from self.compare_past()
                if (yield from self.follow()):
                    continue
                if self.sending is None and not self.decide():
                    continue
                yield
                yield from self.append()
            except DatabaseError:
                self.doubt()
            except PastIsGone:
                self.rebuild()

    def keep(self):
        events, inbox = [], self.world.inbox[self.number]
        for _ in range(min(len(inbox), self.random.randint(1, 4))):
            event = inbox.popleft()
            if event not in events:
                events.append(event)
        yield
        self.batches.append(tuple(events))  # written and synced
        yield
        if self.world.answers_from_spool[self.number]:
            for event in events:
                self.world.acknowledged_by_spool.setdefault(event, set()).add(self.disk)
        else:
            self.waiting[self.spool, len(self.batches) - 1] = events

    def compare_past(self):
        """In the product after each new connection; here now and then, where the database can lose."""
        if self.world.hazards.loses_newest and self.state.slot and self.random.random() < 0.2:
            self.world.database.read(self.state.slot)
            yield
            if self.rules.rebuilds_after_a_loss and not self.past_is_there():
                raise PastIsGone

    def past_is_there(self):
        return self.world.hash_at(self.state.slot) == self.state.hash

    def follow(self):
        """True: an entry was folded, and there may be more."""
        entry = self.world.database.read(self.state.slot + 1)
        yield
        if entry is None:
            return False
        if (self.world.hazards.loses_newest and self.rules.rebuilds_after_a_loss
                and self.rules.checks_previous_hash
                and entry.previous_hash != self.state.hash and not self.past_is_there()):
            raise PastIsGone
        self.fold(entry)
        if self.random.random() < 0.2:
            self.disk.checkpoint = self.state.copy()
        return True

    def fold(self, entry):
        self.state.fold(entry, self.rules)
        if self.sending and self.sending[0] <= self.state.slot:
            self.sending = None
        for (spool, number), events in list(self.waiting.items()):
            if self.state.watermark.get(spool, -1) >= number:
                self.world.acknowledged_by_journal.update(events)
                del self.waiting[spool, number]
        for change in list(self.calls):
            winners = self.state.changed_by.get((change.document, change.revision), [])
            if change.name in winners:
                self.world.changes_won.append(change)
                self.calls.remove(change)
            elif self.state.revisions.get(change.document, 0) > change.revision:
                self.world.changes_lost.append(change)
                self.calls.remove(change)

    def decide(self):
        """Judges what waits, on exactly this state. False: nothing waits."""
        slot = self.state.slot + 1
        if not self.rules.decides_on_the_newest:
            while slot in self.world.database.documents:
                slot += 1
        parts, changes = self.judge_spools(), self.judge_calls()
        if not parts and not changes:
            return False
        previous = self.state.hash if self.rules.decides_on_the_newest else self.world.hash_at(slot - 1)
        self.sending = (slot, Entry(self.world.new_hash(), previous, tuple(parts), tuple(changes)))
        if not self.rules.answers_after_the_slot:
            for part in parts:
                events = self.waiting.pop((part.spool, part.number), ())
                self.world.acknowledged_by_journal.update(events)
        return True

    def judge_spools(self):
        parts, seen = [], set()
        if not self.rules.keeps_watermarks and self.state.slot > 60:
            return parts  # or it would append for ever
        for spool, batches in self.disk.spools.items():
            first = self.state.watermark.get(spool, -1) + 1 if self.rules.keeps_watermarks else 0
            for number in range(first, min(len(batches), first + 3)):
                accepted = tuple(event for event in batches[number]
                                 if event.is_own or (event not in self.state.times_counted and event not in seen))
                seen.update(accepted)
                parts.append(Part(spool, number, accepted))
        return parts

    def judge_calls(self):
        accepted, revisions = [], dict(self.state.revisions)
        for change in self.calls:
            if revisions.get(change.document, 0) == change.revision:
                accepted.append(change)
                if self.rules.judges_an_entry_as_one:
                    revisions[change.document] = change.revision + 1
        return accepted

    def append(self):
        slot, entry = self.sending
        is_won = self.world.database.insert(slot, entry)
        yield
        self.world.seen["won" if is_won else "taken"] += 1
        if not self.rules.reads_a_taken_slot and not is_won and slot == self.state.slot + 1:
            self.fold(entry)
        if self.rules.decides_on_the_newest:
            self.sending = None  # the next read of the slot says whose it is

    def doubt(self):
        """Keeps `sending`: the same bytes go again, unless the slot has an entry by then."""
        if not self.rules.doubts_an_error and self.sending and self.sending[0] == self.state.slot + 1:
            self.fold(self.sending[1])

    def rebuild(self):
        self.world.seen["rebuilt"] += 1
        self.state = State()
        self.disk.checkpoint = State()
        self.sending = None
