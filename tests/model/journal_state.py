"""Entries of the shared journal and the state that they add up to."""

import collections
import dataclasses


@dataclasses.dataclass(frozen=True)
class Event:
    """A fact with an identity. An own one (a proxied call) has no id by which it could be sent twice."""

    name: str
    is_own: bool = False


@dataclasses.dataclass(frozen=True)
class Change:
    """A document changed by a person, who saw `revision`. Every attempt has a name of its own."""

    name: str
    document: str
    revision: int


@dataclasses.dataclass(frozen=True)
class Part:
    """A batch of a spool as it was judged: number `number`, with the events that count."""

    spool: str
    number: int
    accepted: tuple


@dataclasses.dataclass(frozen=True)
class Entry:
    hash: int
    previous_hash: int
    parts: tuple
    changes: tuple  # those that were accepted


class State:
    """A pure function of the journal's valid entries."""

    def __init__(self):
        self.slot = 0  # the last one folded
        self.hash = 0
        self.times_counted = collections.Counter()  # by event
        self.watermark = {}  # spool -> the last batch of it, contiguous from 0
        self.revisions = {}  # document -> its revision
        self.changed_by = {}  # (document, revision that was seen) -> names of the changes accepted

    def copy(self):
        other = State()
        other.slot = self.slot
        other.hash = self.hash
        other.times_counted = self.times_counted.copy()
        other.watermark = dict(self.watermark)
        other.revisions = dict(self.revisions)
        other.changed_by = {key: list(names) for key, names in self.changed_by.items()}
        return other

    def fold(self, entry, rules):
        self.slot += 1
        if entry.previous_hash != self.hash and rules.checks_previous_hash:
            return  # decided on another past: void for everybody
        self.hash = entry.hash
        for part in entry.parts:
            self.times_counted.update(part.accepted)
            self.watermark[part.spool] = max(part.number, self.watermark.get(part.spool, -1))
        for change in entry.changes:
            self.revisions[change.document] = change.revision + 1
            self.changed_by.setdefault((change.document, change.revision), []).append(change.name)

    def is_same(self, other):
        return vars(self) == vars(other)
