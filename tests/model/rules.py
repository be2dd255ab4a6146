"""The protocol's rules, each of which can be broken to see that the checks notice."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Rules:
    # 11000 says that the slot is taken, perhaps by this very entry: only a read tells.
    reads_a_taken_slot: bool = True
    # An error is no success: the slot is read, and the same bytes are sent again.
    doubts_an_error: bool = True
    # A batch is acknowledged when its entry is folded, not when it is sent.
    answers_after_the_slot: bool = True
    # A batch at or below its spool's watermark is never decided again.
    keeps_watermarks: bool = True
    # An entry is decided on the very state that it extends.
    decides_on_the_newest: bool = True
    # A spool's name is random at each start, so that a copied folder has none in common.
    names_spools_afresh: bool = True
    # An entry that was decided on another past counts for nobody.
    checks_previous_hash: bool = True
    # A node whose past the database no longer has makes its view anew.
    rebuilds_after_a_loss: bool = True
    # One judge for all of an entry: a change sees those before it in the same entry.
    judges_an_entry_as_one: bool = True

    @classmethod
    def names(cls):
        return [field.name for field in dataclasses.fields(cls)]

    def without(self, name):
        return dataclasses.replace(self, **{name: False})


@dataclasses.dataclass(frozen=True)
class Hazards:
    """Faults beyond those that every run has (crashes, pauses, lost answers, late inserts, lost disks)."""

    loses_newest: bool = False  # the database goes back to an older copy
    copies_folder: bool = False  # a fourth process runs on a copy of the first one's folder


# The hazard under which the checks notice that a rule is broken.
NEEDS = {
    "names_spools_afresh": Hazards(copies_folder=True),
    "checks_previous_hash": Hazards(loses_newest=True),
    "rebuilds_after_a_loss": Hazards(loses_newest=True),
}
