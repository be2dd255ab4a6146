#!/usr/bin/env python3
"""Runs every command of the documentation's pages, as it stands there, at one server.

  docs_test.py METERGATE SOURCE_DIR

A block of ```console has commands behind "$ " (with the lines of a quoted text or a here-document that go on) and what
they print, in which "…" stands for anything. Each must succeed, and print what the page says and nothing else. A block
that cannot be run stands behind <!-- not run: why -->; such a reason has words, and there are as many of them as NOT_RUN
says. A line of curl or metergate in any other block is a fault: nobody would notice when it stops being true. What only
asks is asked again for a while, since an alert may take a second to open.
"""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "crash"))
import server as product  # noqa: E402

FIRST = ["guide.md", "quick-start.md"]      # they make what the others ask about
PRINTED = {"api.md"}                        # by the program; its examples are bodies
NOT_RUN = 8
SECONDS = 20                                # for one command
SETTLED = 2                                 # seconds until an alert is there
BLOCK = re.compile(r"(?:<!-- not run: ([^>]*) -->\n)?^```(\w*)\n(.*?)^```$", re.S | re.M)
COMMAND = re.compile(r"\s*(\$ |([A-Z_]+=\S* )*(curl|metergate|docker|kubectl|sudo|python3) )")


def commands_of(block):
    """Each with the lines that it is to print."""
    commands, until = [], None
    for line in block.splitlines():
        if until is not None:
            commands[-1][0] += "\n" + line
            until = None if line == until else until
        elif line.startswith("$ "):
            commands.append([line[2:], []])
            here = re.search(r"<<'?(\w+)'?", line)
            until = here[1] if here else None
        elif commands and commands[-1][0].count("'") % 2 == 1:
            commands[-1][0] += "\n" + line
        elif commands:
            commands[-1][1].append(line)
    return commands


def pattern_of(lines):
    text = "\n".join(lines)
    return re.compile(".*".join(re.escape(part) for part in text.split("…")), re.S)


class Shell:
    """A bash of its own for a page, in a folder of its own, beside the one server. No command waits for a keyboard."""

    def __init__(self, server, source, folder):
        self.marker, self.port, self.command = "done-with-it-", str(server.port), pathlib.Path(folder, ".command")
        environment = {name: value for name, value in server.environment.items() if name not in ("LOG_LEVEL", "T", "M")}
        environment.update(PATH=f"{os.path.dirname(server.binary)}:{environment['PATH']}", METERGATE_SOURCE=str(source),
                           CURL_HOME=folder, COLUMNS="120")
        pathlib.Path(folder, ".curlrc").write_text("fail-with-body\nshow-error\n")
        self.process = subprocess.Popen(["bash"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env=environment, start_new_session=True)

    def run(self, command):
        """Its exit status, -1 where it ended the shell or took too long, and what it printed."""
        self.command.write_text(command.replace("48080", self.port) + "\n")
        watch = threading.Timer(SECONDS, os.killpg, (self.process.pid, signal.SIGKILL))
        watch.start()
        said = []
        try:
            self.process.stdin.write(f". ./.command </dev/null; status=$?; echo; echo {self.marker}$status\n")
            self.process.stdin.flush()
            while line := self.process.stdout.readline():
                if line.startswith(self.marker):
                    return int(line[len(self.marker):]), "".join(said).rstrip("\n")
                said.append(line)
        except BrokenPipeError:
            pass
        finally:
            watch.cancel()
        return -1, "".join(said)

    def end(self):
        with contextlib.suppress(BrokenPipeError):      # a command ended it
            self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


def is_question(command):
    return command.startswith(("curl ", "metergate find ")) and " -d " not in command


def run_page(page, shell):
    """Faults, the number of commands, and the reasons for those that were not run."""
    faults, count, reasons = [], 0, []
    for reason, language, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if reason:
            reasons.append(f"{page.name}: {reason}")
            if len(reason.split()) < 4:
                faults.append(f"{page.name}: 'not run: {reason}' is no reason")
            continue
        if language != "console":
            faults += [f"{page.name}: stands in no block that is run: {line}" for line in block.splitlines() if COMMAND.match(line)]
            continue
        for command, wanted in commands_of(block):
            count += 1
            status, said = shell.run(command)
            until = time.monotonic() + SETTLED
            while is_question(command) and not pattern_of(wanted).fullmatch(said) and time.monotonic() < until:
                status, said = shell.run(command)
            if status != 0 or not pattern_of(wanted).fullmatch(said):
                faults.append(f"{page.name}: {command}\n  ended with {status} and printed\n  {said[:600]}\n  instead of\n  " + "\n  ".join(wanted))
            if status < 0:
                return faults + [f"{page.name}: the rest was not run"], count, reasons
    return faults, count, reasons


def main():
    binary, source = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    pages = sorted((source / "docs").glob("*.md"), key=lambda page: (page.name not in FIRST, page.name))
    faults, count, reasons = [], 0, []
    with tempfile.TemporaryDirectory(prefix="metergate-docs-") as folder:
        server = product.Server(binary, os.path.join(folder, "data"))
        server.start()
        try:
            for page in pages:
                if page.name in PRINTED:
                    continue
                os.mkdir(os.path.join(folder, page.stem))
                shell = Shell(server, source, os.path.join(folder, page.stem))
                found = run_page(page, shell)
                shell.end()
                faults, count, reasons = faults + found[0], count + found[1], reasons + found[2]
        finally:
            server.process.terminate()
            server.process.wait(timeout=20)
    if len(reasons) != NOT_RUN:
        faults.append(f"{len(reasons)} blocks are not run, not {NOT_RUN}")
    print("\n".join(faults + [f"not run: {reason}" for reason in reasons]))
    print(f"{count} commands of {len(pages)} pages, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
