"""The database as the protocol needs it: insert a document whose key must be free, and read one.

Either may fail before it was done, after it was done, or be done long after it failed.
"""


class DatabaseError(Exception):
    """The outcome is unknown: the document may be there, may not, or may come later."""


class Database:
    def __init__(self, random, failing):
        self.random = random
        self.failing = failing  # the share of inserts that fail in one of the three ways
        self.documents = {}
        self.order = []
        self.under_way = []  # inserts that failed for the caller and are still to be done
        self.losses = 0

    def insert(self, key, document):
        """True: it is there now. False: the key was taken."""
        outcome = self.random.random()
        if outcome < self.failing / 3:
            raise DatabaseError
        if outcome < self.failing * 2 / 3:
            self._put(key, document)
            raise DatabaseError
        if outcome < self.failing:
            self.under_way.append((key, document))
            raise DatabaseError
        return self._put(key, document)

    def read(self, key):
        if self.random.random() < self.failing * 0.3:
            raise DatabaseError
        return self.documents.get(key)

    def pass_time(self):
        if self.under_way and self.random.random() < 0.15:
            self._put(*self.under_way.pop(self.random.randrange(len(self.under_way))))

    def lose_newest(self):
        """An older copy takes its place: up to a third of the documents are gone."""
        count = self.random.randint(1, max(1, len(self.order) // 3))
        for key in self.order[-count:]:
            del self.documents[key]
        del self.order[-count:]
        self.under_way.clear()
        self.losses += 1

    def _put(self, key, document):
        if key in self.documents:
            return False
        self.documents[key] = document
        self.order.append(key)
        return True
