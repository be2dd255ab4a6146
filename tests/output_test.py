#!/usr/bin/env python3
"""What commands print, to where it cannot arrive, and what they leave on the disk for others to read.

  output_test.py BINARY

Every byte that does not arrive is exit status 1 and one line that says so.
"""
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product
from server import check


COMMANDS = [
    ("export", "tenants"), ("find", "tenants"), ("find", "tenants", "--count"), ("report", "2026-01"), ("report", "2026-01", "--format", "csv"),
    ("verify",), ("verify", "--json"), ("token", "--scope", "provider", "--role", "NOC"), ("tenants", "list"), ("users", "list"), ("keys", "list"),
    ("webhooks", "list"), ("indexes",), ("workers", "status"), ("version",), ("help",), ("help", "find"), ("find", "--help"),
    ("serve", "--print-config"), ("doctor",),
]


def one_line_about_it(done, claim):
    check(done.returncode == 1, f"{claim}: exit status 1", f"{done.returncode} {done.stderr}")
    lines = done.stderr.strip().splitlines()
    check(len([line for line in lines if "arrived" in line]) == 1, f"{claim}: one line says so", done.stderr)


def output_that_does_not_arrive(server, where):
    for words in COMMANDS:
        with open("/dev/full", "w") as full:
            done = subprocess.run([server.binary, *words], env=server.environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
        one_line_about_it(done, f"{' '.join(words)} to a full disk, {where}")
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([server.binary, *words], env=server.environment, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120)
        os.close(writing)
        one_line_about_it(done, f"{' '.join(words)} to a reader that is gone, {where}")
    done = subprocess.run([server.binary, "find", "tenants"], env=server.environment, stderr=subprocess.PIPE, text=True, timeout=120,
                          preexec_fn=lambda: os.close(1))
    one_line_about_it(done, f"find with its output closed, {where}")


def files_named_with_o(server, root):
    def export(path, *words):
        return subprocess.run([server.binary, "export", "tenants", "-o", path, *words], env=server.environment, capture_output=True, text=True,
                              timeout=120)
    check(export("/dev/full").returncode == 1, "-o /dev/full is exit status 1")
    check(export("/dev/null").returncode == 0 and stat.S_ISCHR(os.stat("/dev/null").st_mode), "-o /dev/null stays a device")
    target, link = os.path.join(root, "precious"), os.path.join(root, "link")
    pathlib.Path(target).write_text("kept")
    os.symlink(target, link)
    done = export(link)
    check(done.returncode == 1 and link in done.stderr and os.path.islink(link) and pathlib.Path(target).read_text() == "kept",
          "-o never writes over what a link leads to", done.stderr)
    fifo = os.path.join(root, "fifo")
    os.mkfifo(fifo)
    reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE, text=True)
    done = export(fifo)
    check(done.returncode == 0 and "acme" in reader.communicate(timeout=30)[0] and stat.S_ISFIFO(os.stat(fifo).st_mode), "-o a FIFO goes through it")
    plain = os.path.join(root, "plain.ndjson")
    check(export(plain).returncode == 0 and stat.S_IMODE(os.stat(plain).st_mode) == 0o600, "-o a file is one's own alone")


def open_to_others(folder):
    found = [folder] + [os.path.join(at, name) for at, folders, files in os.walk(folder) for name in folders + files]
    return [path for path in found if os.lstat(path).st_mode & 0o077 and not os.path.islink(path)]


def nobody_else_reads_the_folder(server):
    check(open_to_others(server.folder) == [], "no file of the folder is open to others", open_to_others(server.folder))
    for path in (server.folder, os.path.join(server.folder, "journal"), os.path.join(server.folder, "FORMAT")):
        os.chmod(path, 0o755)
    server.environment["LOG_LEVEL"] = "info"
    done = server.command("find", "tenants", check=False)
    check(done.returncode == 0 and len(done.stderr.strip().splitlines()) == 1 and "tightened" in done.stderr, "one line says that it was tightened",
          done.stderr)
    check(open_to_others(server.folder) == [], "an older folder is closed to others", open_to_others(server.folder))
    check(server.command("find", "tenants", check=False).stderr == "", "once")
    server.environment["LOG_LEVEL"] = "error"


def no_core_dumps(server):
    server.start()
    try:
        limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        check(line.split()[4] == "0", "core dumps are off", line)
    finally:
        server.stop()


def half_a_folder(server, root):
    folder = os.path.join(root, "half")
    shutil.copytree(server.folder, folder, ignore=shutil.ignore_patterns("*.sock", "LOCK"))
    for name in ("view", "journal"):
        shutil.rmtree(os.path.join(folder, name))
    done = subprocess.run([server.binary, "find", "tenants"], env=dict(server.environment, DATA_DIR=folder), capture_output=True, text=True, timeout=60)
    check(done.returncode == 1 and "events" in done.stderr and "backup" in done.stderr, "an archive without view and journal is refused", done.stderr)
    check(not os.path.exists(os.path.join(folder, "journal")), "and nothing is made beside it")


def wrong_addresses(server, root):
    for address in ("localhost", "300.1.1.1", "127.0.0.1:80", "192.0.2.1", "2001:db8::1"):
        folder = os.path.join(root, "never")
        done = subprocess.run([server.binary, "serve"], env=dict(server.environment, DATA_DIR=folder, LISTEN_ADDRESS=address), capture_output=True,
                              text=True, timeout=60)
        check(done.returncode == 3 and address in done.stderr and not os.path.exists(folder), f"{address}: exit status 3, and no folder is made",
              f"{done.returncode} {done.stderr}")


def heads_of_the_trail(server):
    head = next(line.split(": ")[1] for line in server.command("verify").splitlines() if line.startswith("audit trail: "))
    check(server.command("verify", "--head", head, check=False).returncode == 0, "a head that was printed is on the trail")
    digits, number = head.split("@")
    other = digits[:-1] + ("0" if digits[-1] != "0" else "1")
    check(server.command("verify", "--head", f"{other}@{number}", check=False).returncode == 1, "another is not")
    done = server.command("verify", "--head", f"{digits}@{int(number) + 1}", check=False)
    check(done.returncode == 1 and "ends 1 records before" in done.stdout, "nor one that lies behind the end", done.stdout)
    for text in ("x", digits, "@1", f"{digits}@", f"{digits}@x"):
        done = server.command("verify", "--head", text, check=False)
        check(done.returncode == 2 and "HASH@N" in done.stderr, f"--head {text[:20]}: exit status 2, and what is expected", done.stderr)


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="metergate-output-") as root:
        server = product.Server(binary, os.path.join(root, "data"))
        server.command("tenants", "add", "acme", "--name", "Acme", "--plan", "free")
        output_that_does_not_arrive(server, "without a server")
        files_named_with_o(server, root)
        nobody_else_reads_the_folder(server)
        server.start()
        try:
            output_that_does_not_arrive(server, "with one")
            heads_of_the_trail(server)
        finally:
            server.stop()
        no_core_dumps(server)
        half_a_folder(server, root)
        wrong_addresses(server, root)
    print("all is so")


if __name__ == "__main__":
    main()
