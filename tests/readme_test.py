#!/usr/bin/env python3
"""Runs the commands of the README's section "For real", as they stand there, and compares what they print.

  readme_test.py SOURCE_DIR

They run in a folder of the test's own, with another port, so that the test disturbs nobody. A line of output with …
in it must begin and end as it says there. What they leave behind is readable by its owner alone, and git leaves it out.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time


def commands_of(readme):
    """The commands of the section, each with the lines that it is to print."""
    section = readme.split("## For real", 1)[1].split("\n## ", 1)[0]
    block = re.search(r"```console\n(.*?)```", section, re.S).group(1)
    commands = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append([line[2:], []])
        elif commands[-1][0].count("'") % 2 == 1:      # a quoted text that goes on
            commands[-1][0] += "\n" + line
        else:
            commands[-1][1].append(line)
    return commands


def pattern_of(line):
    line = re.sub(r"\d{4}-\d{2}(?=[|\"])", "YYYY-MM", line)
    return ".*".join(re.escape(part) for part in line.split("…"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Shell:
    """One bash for all commands, as a reader would have; what a background server prints comes along."""

    def __init__(self, source, folder, port):
        self.replaced = {"48080": port, "./run serve": "./run serve --port " + port}
        os.symlink(source.resolve() / "run", os.path.join(folder, "run"))
        settings = ("JWT_SECRET", "DATA_DIR", "LISTEN_ADDRESS", "API_PORT")
        environment = {name: value for name, value in os.environ.items() if name not in settings}
        self.process = subprocess.Popen(["bash"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True,
                                        env=dict(environment, LOG_LEVEL="error"))

    def run(self, command):
        for old, new in self.replaced.items():
            command = command.replace(old, new)
        self.process.stdin.write(command + "\n" + ("" if command.endswith("&") else "echo done-$?\n"))

    def lines_until(self, is_last):
        lines = []
        while line := self.process.stdout.readline():
            if is_last(line):
                return lines + [line]
            lines.append(line)
        raise SystemExit("the shell ended early:\n" + "".join(lines))


def wait_for_group(group):
    """The server, too, has ended: it writes into the folder until then."""
    try:
        while True:
            os.killpg(group, 0)
            time.sleep(0.02)
    except ProcessLookupError:
        pass


def check_secrets(source, folder):
    for name in (".env", "key.txt"):
        mode = os.stat(os.path.join(folder, name)).st_mode & 0o777
        if mode != 0o600:
            raise SystemExit(f"{name} has the mode {mode:o}, so that others can read it")
    for name in (".env", "key.txt", "data/journal/1"):
        ignored = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", name], cwd=source, check=False)
        if ignored.returncode != 0:
            raise SystemExit(f"{name} is not in .gitignore")
    print("ok: secrets and data are nobody else's")


def main():
    source = pathlib.Path(sys.argv[1])
    readme = (source / "README.md").read_text(encoding="utf-8")
    signal.alarm(120)
    with tempfile.TemporaryDirectory(prefix="metergate-readme-") as folder:
        shell = Shell(source, folder, free_port())
        try:
            for command, wanted in commands_of(readme):
                shell.run(command)
                if command.endswith("&"):
                    shell.lines_until(lambda line: line.startswith("metergate is ready on"))
                    print("ok:", command)
                    continue
                lines = shell.lines_until(lambda line: line.startswith("done-"))
                got = [re.sub(r"\d{4}-\d{2}(?=[|\"])", "YYYY-MM", line.rstrip("\n")) for line in lines]
                if got[-1] != "done-0":
                    raise SystemExit(f"failed: {command}\n" + "\n".join(got))
                for line in wanted:
                    if not any(re.fullmatch(pattern_of(line), seen) for seen in got):
                        raise SystemExit(f"the README says of\n  {command}\nthat it prints\n  {line}\nbut it printed\n  " +
                                         "\n  ".join(got))
                print("ok:", command.splitlines()[0])
            check_secrets(source, folder)
        finally:
            os.killpg(shell.process.pid, signal.SIGTERM)
            shell.process.stdin.close()
            shell.process.wait(timeout=30)
            wait_for_group(shell.process.pid)
    print(f"{len(commands_of(readme))} passed, 0 failed")


if __name__ == "__main__":
    main()
