#!/usr/bin/env python3
"""Backups: taken while events arrive, restored, read back; and what is cut, changed, newer, or has no room.

  backup_test.py METERGATE
"""
import io
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path[:0] = [str(TESTS / "crash"), str(TESTS / "formats")]
import server as product  # noqa: E402
import reading  # noqa: E402


def check(is_true, claim, seen=""):
    if not is_true:
        raise SystemExit(f"not so: {claim}\n{seen}")
    print(f"ok: {claim}")


def run(server, *words, data_dir=None, limit=None):
    def bounded():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    environment = {**server.environment, **({"DATA_DIR": data_dir} if data_dir else {})}
    return subprocess.run([server.binary, *words], env=environment, capture_output=True, text=True, timeout=120, preexec_fn=bounded)


def refused(done, status, *words):
    """One line that says so."""
    lines = done.stderr.strip().splitlines()
    check(done.returncode == status and len(lines) == 1 and all(word in lines[0] for word in words),
          f"refused with {status}: {' … '.join(words)}", f"{done.returncode}\n{done.stdout}{done.stderr}")


class Sender(threading.Thread):
    """Sends events one by one, and knows which were acknowledged."""

    def __init__(self, server):
        super().__init__()
        self.server, self.acknowledged, self.is_over = server, 0, False

    def run(self):
        while not self.is_over:
            event = {"id": str(self.acknowledged), "source": "load", "type": "prompt", "subject": "park", "data": {"tokens": 1}}
            answer = product.ask_once(self.server.port, "POST", "/api/v1/events", self.server.provider, event)
            if answer is None or answer[0] >= 300:
                raise SystemExit(f"an event was refused: {answer}")
            self.acknowledged += 1


def ids_of(server, data_dir):
    done = run(server, "find", "events", '{"source": "load"}', "--limit", "1000000", data_dir=data_dir)
    return [json.loads(line)["_id"] for line in done.stdout.splitlines()]


def under_load(server, root):
    """All that was acknowledged before a backup began is in it, once."""
    sender = Sender(server)
    sender.start()
    for number, name in enumerate(["b1.tar.zst", "b2", "b3.tar"]):
        while sender.acknowledged < 40 * (number + 1):
            time.sleep(0.01)
        before = sender.acknowledged
        target = os.path.join(root, name)
        done = run(server, "backup", target)
        check(done.returncode == 0, f"a backup to {name} while events arrive", done.stderr)
        check(not os.path.exists(os.path.join(server.folder, "snapshot")), "no snapshot is left in the folder")
        restored = os.path.join(root, f"restored{number}")
        done = run(server, "restore", target, data_dir=restored)
        check(done.returncode == 0 and "0 differences" in done.stdout, "its restore is verified", done.stdout + done.stderr)
        ids = ids_of(server, restored)
        check(len(ids) == len(set(ids)) >= before, f"it has the {before} that were acknowledged before, each once", str(len(ids)))
    sender.is_over = True
    sender.join()


def equal_figures(server, root):
    """Totals, documents and the audit trail of a quiet folder come back as they were."""
    target = os.path.join(root, "quiet.tar.zst")
    check(run(server, "backup", target).returncode == 0, "a backup of a quiet server")
    restored = os.path.join(root, "quiet")
    check(run(server, "restore", target, data_dir=restored).returncode == 0, "its restore")
    for words in (["find", "usage_counters"], ["find", "provider_audits"], ["find", "tenants"], ["verify"]):
        here, there = run(server, *words), run(server, *words, data_dir=restored)
        check(here.returncode == 0 and here.stdout == there.stdout, " ".join(words) + " says the same", here.stdout + there.stdout)
    done = run(server, "restore", target, "--check")
    check(done.returncode == 0 and "is whole" in done.stdout, "--check reads it and writes nothing", done.stderr)
    with tarfile.open(fileobj=io.BytesIO(subprocess.run(["zstd", "-dc", target], capture_output=True, check=True).stdout)) as tar:
        names = tar.getnames()
    check(names[0].endswith("/backup.json") and names[-1].endswith("/manifest.json"), "tar reads it", str(names))
    return target


def bad_targets(server, root, backup):
    refused(run(server, "backup", backup), 1, "is there already")
    refused(run(server, "backup", os.path.join(root, "none", "b.tar")), 1, "there is no folder")
    for name in ("b.zip", "b.TAR.GZ", "-"):
        refused(run(server, "backup", os.path.join(root, name)), 1, "is none of them")
    refused(run(server, "backup", os.path.join(server.folder, "b.tar")), 1, "lies in the data folder")
    refused(run(server, "backup", os.path.join(root, "b.tar"), data_dir=os.path.join(root, "nothing")), 3, "does not exist")
    for name in ("small.tar", "small"):
        refused(run(server, "backup", os.path.join(root, name), limit=20_000), 1, "could not be written whole", "File too large")
        left = [entry for entry in os.listdir(root) if entry.startswith("small")]
        check(not left, "nothing is left of it", str(left))


def bad_backups(server, root, backup):
    plain = os.path.join(root, "plain.tar")
    check(run(server, "backup", plain).returncode == 0, "a backup without compression")
    whole, into = pathlib.Path(plain).read_bytes(), os.path.join(root, "into")
    bad = os.path.join(root, "bad.tar")

    def restore_of(content, *words, status=1):
        pathlib.Path(bad).write_bytes(content)
        refused(run(server, "restore", bad, data_dir=into), status, bad, *words)
        check(not os.path.exists(into), "nothing is half made")

    restore_of(whole[:len(whole) // 2], "is not whole")
    restore_of(whole[:-1024 - 3 * 512], "is not whole")
    restore_of(pathlib.Path(backup).read_bytes()[:-100], "use another backup")
    for place in (b"/data/journal/", b"/data/FORMAT", b"manifest.json", b"backup.json"):
        at = whole.index(place) - whole.index(place) % 512 + 512 + 40
        restore_of(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:], "use another backup")
    restore_of(whole.replace(b'{"backup_format":1', b'{"backup_format":7', 1), "format 7", "newer one")
    restore_of(b"", "is empty")
    restore_of(b"something else" * 100, "is no backup")
    refused(run(server, "restore", os.path.join(root, "nowhere"), data_dir=into), 1, "there is no")
    refused(run(server, "restore", server.folder, data_dir=into), 1, "is a data folder")
    cut = os.path.join(root, "cut")
    shutil.copytree(os.path.join(root, "b2"), cut)
    os.remove(os.path.join(cut, "manifest.json"))
    refused(run(server, "restore", cut, data_dir=into), 1, "is not whole", "cut off")


def bad_folders(server, root, backup):
    refused(run(server, "restore", backup), 1, "is in use")
    full = os.path.join(root, "full")
    os.mkdir(full)
    pathlib.Path(full, "mine").write_text("mine")
    refused(run(server, "restore", backup, data_dir=full), 1, "is not empty", "mine")
    check(os.listdir(full) == ["mine"], "what is mine is left alone")
    empty = os.path.join(root, "empty")
    os.mkdir(empty)
    refused(run(server, "restore", backup, data_dir=empty, limit=20_000), 1, "could not be written whole")
    check(os.listdir(empty) == [], "an empty folder stays empty")
    # A restore that was killed: no server takes the folder for a new one, and the next restore begins anew.
    os.makedirs(os.path.join(empty, "restore.new", "data"))
    refused(run(server, "tenants", "add", "x", "--name", "X", "--plan", "basic", data_dir=empty), 1, "restore", "was cut off")
    done = run(server, "restore", backup, data_dir=empty)
    check(done.returncode == 0 and not os.path.exists(os.path.join(empty, "restore.new")), "it is restored anew", done.stderr)


def restored_says(binary, home, name, backup):
    """A restore of the backup says what the fixture of that name said when it was made."""
    back = os.path.join(home, "back")
    os.makedirs(back)
    shutil.copy(os.path.join(home, "plans.toml"), back)
    server = reading.server_of(binary, back, "--workers=off")
    done = run(server, "restore", backup)
    check(done.returncode == 0, f"{name}: restore", done.stdout + done.stderr)
    server.start()
    wanted = json.loads((reading.HERE / f"{name}.json").read_text())
    faults = list(reading.differences(wanted["found"], reading.read(server, wanted["about"])))
    server.stop()
    check(not faults, f"{name}: it says what it said then", "\n".join(faults[:10]))


def older_formats(binary, root):
    """Folders that older builds made are backed up and restored as they are; so are backups that older builds made."""
    kept = {path.name.split("-of-")[1].removesuffix(".tar.zst"): path for path in HERE.glob("format-*-of-*.tar.zst")}
    check(kept, "there are backups of older builds")
    for fixture in sorted(reading.HERE.glob("*.tar.gz")):
        name = fixture.name.removesuffix(".tar.gz")
        home = os.path.join(root, name)
        with tarfile.open(fixture) as tar:
            tar.extractall(home)
        backup = kept.get(name, os.path.join(home, "b.tar.zst"))
        if name not in kept:
            done = run(reading.server_of(binary, home, "--workers=off"), "backup", backup)
            check(done.returncode == 0, f"{name}: backup", done.stdout + done.stderr)
        restored_says(binary, home, name, backup)


def killed(server, root):
    """A killed backup leaves no file of that name, and the next one takes over what it left."""
    target = os.path.join(root, "killed")
    wrapper = subprocess.Popen([server.binary, "backup", target], env=server.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while wrapper.poll() is None and not os.path.exists(target + ".part"):
        pass
    wrapper.send_signal(signal.SIGKILL)
    wrapper.communicate()
    check(not os.path.exists(target), "a killed backup has no name")
    check(run(server, "backup", target).returncode == 0, "the next one takes its place")
    check(not os.path.exists(target + ".part") and not os.path.exists(os.path.join(server.folder, "snapshot")), "and nothing is left")


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="metergate-backup-") as root:
        server = product.Server(binary, os.path.join(root, "data"), arguments=["--workers=off"])
        if not server.start():
            raise SystemExit(server.last_words())
        server.command("tenants", "add", "park", "--name", "Park", "--plan", "basic")
        under_load(server, root)
        backup = equal_figures(server, root)
        bad_targets(server, root, backup)
        bad_backups(server, root, backup)
        bad_folders(server, root, backup)
        killed(server, root)
        server.stop()
        check(run(server, "backup", os.path.join(root, "stopped.tar.zst")).returncode == 0, "a backup without a server")
        older_formats(binary, root)


if __name__ == "__main__":
    main()
