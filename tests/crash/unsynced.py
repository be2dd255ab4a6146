"""What a disk may hold after the power went: a folder made anew from a log of every system call that changed it.

The log is strace's, of an unmodified server that was killed. What was synced is kept. Of all else an arbitrary part is: each
write whole, in some of its sectors of 512 bytes, as a length without its bytes, or not at all; of the names of a folder as
many changes as came before some moment. A name is safe once its folder was synced, and not sooner.
"""
import os
import random
import re
import subprocess

SECTOR = 512
CALLS = ("openat open creat close dup dup2 dup3 fcntl lseek write pwrite64 writev pwritev pwritev2 ftruncate truncate fallocate rename renameat "
         "renameat2 unlink unlinkat mkdir mkdirat rmdir link linkat symlink symlinkat fsync fdatasync sync syncfs copy_file_range sendfile "
         "splice mmap").split()
HEAD = re.compile(r"(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed>)")
END = re.compile(r"\) += (-?\d+|\?|0x[0-9a-f]+)( [^\"]*)?$")
UNFINISHED = " <unfinished ...>"
TEXT = re.compile(r'"([\\x0-9a-f]*)"(\.\.\.)?')


def wrapper(log):
    return ["strace", "-f", "--seccomp-bpf", "-xx", "-s", "80000000", "-e", "signal=none", "-o", log, "-e", "trace=" + ",".join(CALLS)]


class Node:
    """A file: what it held at the beginning, and what was done to it since, in order."""

    def __init__(self, base=None):
        self.base, self.changes, self.size = base, [], os.path.getsize(base) if base else 0


class Change:
    def __init__(self, kind, *values):
        self.kind, self.values, self.is_done, self.is_safe = kind, values, False, False


class Disk:
    """The folder as the running server sees it, and which part of that is safe. `before` is a copy of it from before the run;
    a disk that `is_lying` says that it has synced, and has not."""

    def __init__(self, folder, before, is_lying=False):
        self.is_lying = is_lying
        self.folder = os.path.abspath(folder)
        self.names, self.folders = {}, {""}
        self.entries = {}                              # folder -> changes of its names
        for path, _, files in os.walk(before):
            inner = os.path.relpath(path, before)
            self.folders.add("" if inner == "." else inner)
            self.names.update({os.path.normpath(os.path.join(inner, name)): Node(os.path.join(path, name)) for name in files
                               if os.path.isfile(os.path.join(path, name))})
        self.before = dict(self.names), set(self.folders)
        self.open = {}                                 # descriptor -> [what it is open on, position, appends]
        self.calls = self.syncs = 0

    def inside(self, path):
        """Its name below the folder; None of a path elsewhere."""
        path = os.path.normpath(path)
        if path == self.folder:
            return ""
        return os.path.relpath(path, self.folder) if path.startswith(self.folder + "/") else None

    def follow(self, log):
        waiting = {}                                   # thread -> the call that it is in
        with open(log, errors="replace") as lines:
            for line in lines:
                line = line.rstrip("\n")
                if not (head := HEAD.match(line)):
                    continue
                thread, name, resumed = head.groups()
                if line.endswith(UNFINISHED):
                    arguments = line[head.end():-len(UNFINISHED)].rstrip(", ")
                    waiting[thread] = arguments, self.enter(name, arguments)
                    continue
                # What follows the last text is short; the texts may be megabytes.
                tail = line.rfind('"') + 1
                if not (end := END.search(line, max(tail, head.end()))):
                    continue
                arguments = line[head.end():end.start()]
                if resumed:
                    name = resumed
                    begun, entered = waiting.pop(thread)
                    arguments = ", ".join(part for part in (begun, arguments.lstrip(", ")) if part)
                else:
                    entered = self.enter(name, arguments)
                if end[1] != "?":
                    self.leave(name, arguments, int(end[1], 0), entered)

    def enter(self, name, arguments):
        """Before the call is made: a close frees its number, a write may reach the disk, a sync covers what is done by now."""
        if name == "close":
            self.open.pop(int(arguments), None)
        elif name in ("write", "pwrite64", "writev", "pwritev", "pwritev2"):
            return self.write(name, arguments)
        elif name in ("fsync", "fdatasync"):
            found = self.open.get(int(arguments))
            if found is not None:
                changes = self.entries.get(found[0], []) if isinstance(found[0], str) else found[0].changes
                return [change for change in changes if change.is_done]
        elif name in ("sync", "syncfs", "copy_file_range", "sendfile", "splice"):
            raise SystemExit(f"a call that is not understood: {name}({arguments[:200]})")
        return None

    def leave(self, name, arguments, result, entered):
        if result < 0:
            return
        if name in ("fsync", "fdatasync"):
            self.syncs += entered is not None
            for change in entered or []:
                change.is_safe = not self.is_lying
        elif name in ("write", "pwrite64", "writev", "pwritev", "pwritev2"):
            if entered is not None:
                entered[1].values = (entered[1].values[0], entered[1].values[1][:result])
                entered[1].is_done = True
                entered[0].size = max(entered[0].size, entered[1].values[0] + result)
                self.calls += 1
        elif handler := getattr(self, "do_" + name, None):
            handler(arguments, result)

    def write(self, name, arguments):
        descriptor = int(arguments.split(",", 1)[0])
        found = self.open.get(descriptor)
        if found is None or isinstance(found[0], str):
            return None
        texts = TEXT.findall(arguments)
        if any(cut for _, cut in texts):
            raise SystemExit(f"strace has cut a write: {arguments[:100]}")
        data = b"".join(bytes.fromhex(text.replace("\\x", "")) for text, _ in texts)
        if name.startswith("p"):
            at = int(arguments.rsplit(",", 2 if name == "pwritev2" else 1)[1])
        else:
            at = found[0].size if found[2] else found[1]
            found[1] = at + len(data)
        change = Change("write", at, data)
        found[0].changes.append(change)
        return found[0], change

    def paths(self, arguments):
        return [self.inside(bytes.fromhex(text.replace("\\x", "")).decode()) for text, _ in TEXT.findall(arguments)]

    def enter_name(self, path, kind, *values):
        change = Change(kind, path, *values)
        change.is_done = True
        self.entries.setdefault(os.path.dirname(path), []).append(change)
        self.calls += 1

    def do_openat(self, arguments, result):
        path = self.paths(arguments)[0]
        if path is None:
            return
        if path in self.folders:
            self.open[result] = [path, 0, False]
            return
        flags = arguments.rsplit('"', 1)[1]
        if path not in self.names:
            self.names[path] = Node()
            self.enter_name(path, "make", self.names[path])
        node = self.names[path]
        if "O_TRUNC" in flags and node.size > 0:
            self.cut(node, 0)
        self.open[result] = [node, 0, "O_APPEND" in flags]
    do_open = do_openat

    def do_creat(self, arguments, result):
        self.do_openat(arguments + ", O_TRUNC", result)

    def do_dup(self, arguments, result):
        if found := self.open.get(int(arguments.split(",", 1)[0])):
            self.open[result] = found
    do_dup2 = do_dup3 = do_dup

    def do_fcntl(self, arguments, result):
        if "F_DUPFD" in arguments:
            self.do_dup(arguments, result)

    def do_lseek(self, arguments, result):
        if found := self.open.get(int(arguments.split(",", 1)[0])):
            found[1] = result

    def cut(self, node, size):
        node.changes.append(Change("cut", size))
        node.changes[-1].is_done = True
        node.size = size
        self.calls += 1

    def do_ftruncate(self, arguments, _):
        descriptor, size = arguments.split(",")
        if found := self.open.get(int(descriptor)):
            self.cut(found[0], int(size))

    def do_fallocate(self, arguments, _):
        descriptor, mode, at, length = (part.strip() for part in arguments.split(","))
        found = self.open.get(int(descriptor))
        if found is None:
            return
        if "PUNCH_HOLE" in mode:
            found[0].changes.append(Change("write", int(at), bytes(max(0, min(int(length), found[0].size - int(at))))))
            found[0].changes[-1].is_done = True
        elif mode == "0" and int(at) + int(length) > found[0].size:
            self.cut(found[0], int(at) + int(length))

    def do_rename(self, arguments, _):
        old, new = self.paths(arguments)
        if old is None and new is None:
            return
        if old is None or new is None or os.path.dirname(old) != os.path.dirname(new) or old in self.folders:
            raise SystemExit(f"a rename that is not understood: {old} to {new}")
        self.names[new] = self.names.pop(old)
        self.enter_name(old, "rename", new)
    do_renameat = do_renameat2 = do_rename

    def do_unlink(self, arguments, _):
        path = self.paths(arguments)[0]
        if path in self.names:
            del self.names[path]
            self.enter_name(path, "remove")
    do_unlinkat = do_rmdir = do_unlink

    def do_mkdir(self, arguments, _):
        path = self.paths(arguments)[0]
        if path is not None:
            self.folders.add(path)
            self.enter_name(path, "folder")
    do_mkdirat = do_mkdir

    def do_link(self, arguments, _):
        if any(path is not None for path in self.paths(arguments)):
            raise SystemExit(f"a link that is not understood: {arguments[:200]}")
    do_linkat = do_symlink = do_symlinkat = do_truncate = do_link

    def do_mmap(self, arguments, _):
        parts = arguments.split(", ")
        if "PROT_WRITE" in parts[2] and "MAP_SHARED" in parts[3] and parts[4].isdigit() and int(parts[4]) in self.open:
            raise SystemExit("a file of the folder is written through memory: no log can follow that")

    def rebuild(self, target, rnd):
        """The folder as it may stand after the power went; counts of what was kept and lost."""
        names, folders = dict(self.before[0]), set(self.before[1])
        kept = lost = torn = 0
        for changes in self.entries.values():
            safe = max((at + 1 for at, change in enumerate(changes) if change.is_safe), default=0)
            length = rnd.choice([safe, len(changes), rnd.randint(safe, len(changes))])
            kept, lost = kept + length - safe, lost + len(changes) - length
            for change in changes[:length]:
                path = change.values[0]
                if change.kind == "make":
                    names[path] = change.values[1]
                elif change.kind == "rename":
                    names[change.values[1]] = names.pop(path)
                elif change.kind == "remove":
                    names.pop(path, None)
                else:
                    folders.add(path)
        for folder in sorted(folders):
            os.makedirs(os.path.join(target, folder), exist_ok=True)
        share = rnd.choice([0, 0.1, 0.5, 0.9, 1])      # of unsynced writes that are kept
        for path, node in names.items():
            if os.path.dirname(path) not in folders:
                continue
            place = os.path.join(target, path)
            if node.base:
                subprocess.run(["cp", "--sparse=always", "--reflink=auto", node.base, place], check=True)
            with open(place, "r+b" if node.base else "w+b") as file:
                for change in node.changes:
                    if change.is_safe or rnd.random() < share:
                        kept += not change.is_safe
                        torn += apply(file, change, rnd if not change.is_safe and rnd.random() < 0.3 else None)
                    else:
                        lost += 1
            os.chmod(place, 0o600)
        return kept, lost, torn


def apply(file, change, tearing=None):
    """Writes a change, or a part of it; 1 where it was torn."""
    if change.kind == "cut":
        file.truncate(change.values[0])
        return 0
    at, data = change.values
    size = file.seek(0, os.SEEK_END)
    if tearing is None:
        file.seek(at)
        file.write(data)
        return 0
    if tearing.random() < 0.2:                         # its length only
        file.truncate(max(size, at + len(data)))
        return 1
    begin = at
    while begin < at + len(data):
        end = min(at + len(data), (begin // SECTOR + 1) * SECTOR)
        if tearing.random() < 0.5:
            file.seek(begin)
            file.write(data[begin - at:end - at])
        begin = end
    return 1
