"""More than the server can do, and callers that are too slow: what is refused, what it costs, what the others notice."""
import contextlib
import json
import os
import re
import subprocess
import time

import events
import measure
import peers
import server as product

CAP_MIB = 768
CALLERS = 2_000
TENANTS = 200
SLOW = {"head": 10_000, "body": 2_000, "read": 2_000}
SLOW_SECONDS = 40
PROBES = 11  # of a second each: longer than a head may take, so all slow ones end and begin anew once
SLOW_KIB_MAX = 20
DOWNLOAD_BYTES = 1 << 20


class Group:
    """A memory cgroup of its own for the server, of either version. Where none can be made its peak is only watched: RLIMIT_DATA is
    no substitute, for it counts the stacks of threads and what the allocator has reserved, used or not."""

    # Where the tree is, how /proc/self/cgroup names it, and of which files the caps are, in caps: nothing is to go to swap.
    TREES = (("/sys/fs/cgroup", "0::", {"memory.max": 1, "memory.swap.max": 0}),
             ("/sys/fs/cgroup/memory", ":memory:", {"memory.limit_in_bytes": 1, "memory.memsw.limit_in_bytes": 1}))

    def __init__(self, cap_mib):
        self.folder = None
        own = open("/proc/self/cgroup").read()
        for tree, marker, caps in self.TREES:
            if self.folder or marker not in own:
                continue
            parent = os.path.join(tree, own.split(marker, 1)[1].splitlines()[0].strip("/"))
            if not os.path.exists(os.path.join(parent, "cgroup.procs")):
                continue
            try:
                self.folder = os.path.join(parent, f"metergate-bench-{os.getpid()}")
                os.mkdir(self.folder)
                for name, times in caps.items():
                    with open(os.path.join(self.folder, name), "w") as file:
                        file.write(str((cap_mib << 20) * times))
            except OSError:
                self.close()

    @property
    def name(self):
        return f"in a cgroup with {CAP_MIB} MiB" if self.folder else "watched only (no memory cgroup to write to)"

    def enter(self, pid):
        if self.folder:
            with open(os.path.join(self.folder, "cgroup.procs"), "w") as file:
                file.write(str(pid))

    def close(self):
        if self.folder:
            with contextlib.suppress(OSError):
                os.rmdir(self.folder)
        self.folder = None


def peak_mib(server):
    if server.process.poll() is not None:
        raise SystemExit(f"WRONG: the server ended with {server.process.returncode}: {server.last_words()}")
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{server.process.pid}/status").read()).group(1)) / 1024


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


def halves():
    """The server's cores and the callers': what the callers cost must not be taken from the server."""
    cores = sorted(os.sched_getaffinity(0))
    return (set(cores[:len(cores) // 2]), set(cores[len(cores) // 2:])) if len(cores) > 1 else (set(cores), set(cores))


class Work:
    """One kind of request: what it asks, and how many went in for certain."""

    def __init__(self, name, tools, server, cores, arguments, batch=0):
        self.name, self.tools, self.server, self.cores, self.arguments, self.batch = name, tools, server, cores, arguments, batch
        self.runs = self.accepted = self.unknown = 0

    def command(self, rate, seconds, connections):
        self.runs += 1
        return ["taskset", "-c", ",".join(map(str, self.cores)), self.tools["flood"], "--port", str(self.server.port), "--rate", str(rate),
                "--seconds", str(seconds), "--connections", str(connections), "--prefix", f"r{self.runs}c", *self.arguments]

    def flood(self, rate, seconds, connections):
        done = subprocess.run(self.command(rate, seconds, connections), capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        result = json.loads(done.stdout)
        self.accepted += result["accepted"]
                # The outcome of these is unknown: they may have been kept, or not.
        self.unknown += result["resets"] + result["closes"] + result["unanswered"]
        result["rate"] = result["accepted_in_time"] / result["seconds"]
        return result

    def flood_measured(self, *load):
        """With the CPU time for each that was accepted, which others on the machine cannot change; archiving of what came before
        is in it."""
        with measure.Usage(self.server.process.pid) as used:
            result = self.flood(*load)
        result["cpu"] = used.cpu / max(1, result["accepted"]) * 1e6
        return result

    def callers_of_best(self, candidates):
        """How many callers, each waiting for its answer, get the most answers, and how many a second; a warm-up, too."""
        rates = {count: self.flood(1e9, 1, count)["rate"] for count in candidates}
        return max(rates.items(), key=lambda item: item[1])


def plain(result):
    return {key: value for key, value in result.items() if key != "statuses"}


def well_again(work, calm):
    """Seconds until the latency is what it was before; 6 where it does not get there."""
    started = time.monotonic()
    while (waited := time.monotonic() - started) < 6:
        after = work.flood(20, 0.5, 64)
        if after["accepted"] and after["p50"] <= 2 * calm["p99"]:
            break
    return waited


def wrongly_refused(flood):
    """What a caller cannot make sense of: resets, closes without a word, refusals that are none of overload."""
    named = ("200", "204", "429", "503")
    return (flood["resets"] + flood["closes"] + flood["without_retry_after"]
            + sum(count for status, count in flood["statuses"].items() if status not in named))


def overload(table, work, group_name, rounds, seconds, candidates, counted):
    """Three times what it can do, its refusals, its memory, and how soon it is well again; in turn with its best."""
    label, pid = f"overload, {work.name}", work.server.process.pid
    callers, most_a_second = work.callers_of_best(candidates)
    calm = work.flood(20, 2, 64)
    forget_peak(pid)
    bests, floods, waits = [], [], []

    def best():
        bests.append(work.flood_measured(1e9, seconds, callers))

    def flood():
        floods.append(work.flood_measured(3 * most_a_second, seconds, CALLERS))
        floods[-1]["wrong"] = wrongly_refused(floods[-1])
        waits.append({"s": well_again(work, calm)})
    # Either comes first in turn: whoever is second pays for the archiving of what the first has sent.
    for at in range(rounds):
        for run in ((flood, best) if at % 2 == 0 else (best, flood)):
            run()
    peak = peak_mib(work.server)
    table.keep(label, "best", [plain(result) for result in bests])
    table.keep(label, "three times", [plain(result) for result in floods])
    table.keep(label, "calm", [plain(calm)])
    table.row(f"{label}: accepted a second at three times the best / the best", floods, bests, least=0.9)
    table.row("the same: server CPU for each that was accepted, the best / three times", bests, floods, figure="cpu", digits=2)
    table.row("the same: p99 of refusals, ms", floods, figure="refused_p99", digits=1, most=50)
    table.row("the same: resets, closes without a word, refusals without Retry-After or of another kind", floods, figure="wrong", most=0)
    table.row("the same: seconds until the latency is as before", waits, figure="s", digits=1, most=2)
    table.row(f"the same: most resident, MiB, {group_name}", [{"mib": peak}], figure="mib", most=CAP_MIB)
    kept, unit = counted(), work.batch or 1
    sure, most = work.accepted * unit, (work.accepted + work.unknown) * unit
    if not sure <= kept <= most:
        raise SystemExit(f"WRONG: {label}: {sure} were acknowledged, {work.unknown * unit} may have been, {kept} are kept")
    for flood in floods:
        print(f"  ({work.name}: due {flood['due']:,}, sent {flood['sent']:,}, answered {flood['statuses']}, resets {flood['resets']}, closes "
              f"{flood['closes']}, unanswered {flood['unanswered']}; p99 of what was accepted {flood['p99']:.0f} ms, calm {calm['p99']:.1f} ms)")
    print(f"  ({sure:,} were acknowledged, {kept:,} are kept)", flush=True)


def start(server, cores, group):
    """The server on its own cores, under its cap."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        if not server.start():
            raise SystemExit(server.last_words())
    finally:
        os.sched_setaffinity(0, mine)
    group.enter(server.process.pid)


class SlowOnes:
    """Connections of one kind; entered once all of them send or read. They are `nice`: the healthy caller beside them is to wait
    for the server, not for its turn on the core that they share."""

    def __init__(self, tools, cores, kind, count, arguments):
        self.command = ["nice", "-n", "19", "taskset", "-c", ",".join(map(str, cores)), tools["slow"], kind, "--connections", str(count),
                        "--seconds", str(SLOW_SECONDS), *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("bench_slow did not get ready")
        return self

    def end(self):
        """What became of them, as bench_slow tells it when it is asked to end."""
        self.process.terminate()
        return self.process.communicate()[0].strip()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()


def slow(table, server, probe, tools, ours, theirs, group):
    """What slow connections cost, kind by kind, each at a server that was just started, and what a healthy caller notices of all."""
    port = ["--port", str(server.port)]
    tenant = [*port, "--token", server.tenant_token("tenant_0")]
    groups = [("head", SLOW["head"], "head", tenant), ("body", SLOW["body"], "body", tenant),
              ("read, a list of 200 tenants", SLOW["read"] // 2, "read",
               [*port, "--token", server.provider, "--path", "/provider/tenants?limit=200"]),
              ("read, 1 MiB through the gateway", SLOW["read"] // 2, "read", [*tenant, "--path", "/api/tenants/tenant_0/files/large"])]

    def settled():
        server.stop()
        start(server, ours, group)
        probe.flood(200, 1, 8)
        time.sleep(1)
        return measure.resident_mib(server.process.pid)

    for name, count, kind, arguments in groups:
        before = settled()
        with SlowOnes(tools, theirs, kind, count, arguments) as ones:
            time.sleep(1)
            cost = (peak_mib(server) - before) * 1024 / count
            table.row(f"{count:,} slow connections, {name}: KiB each at the most", [{"kib": cost}], figure="kib", digits=1, most=SLOW_KIB_MAX)
            print(f"  ({name}: {ones.end()})", flush=True)
    before = settled()
    calm = [plain(probe.flood(200, 1, 8)) for _ in range(PROBES)]
    with contextlib.ExitStack() as stack:
        ones = [stack.enter_context(SlowOnes(tools, theirs, kind, count, arguments)) for _, count, kind, arguments in groups]
        time.sleep(3)  # a thousand downloads that have just begun are work, and not slow
        beside = [plain(probe.flood(200, 1, 8)) for _ in range(PROBES)]
        cost = (peak_mib(server) - before) * 1024 / sum(SLOW.values())
        print("  (" + "; ".join(f"{name} {one.end()}" for (name, *_), one in zip(groups, ones)) + ")", flush=True)
    table.row(f"all {sum(SLOW.values()):,} of them at once: KiB each at the most", [{"kib": cost}], figure="kib", digits=1, most=SLOW_KIB_MAX)
    table.keep("healthy caller", "calm", calm)
    table.keep("healthy caller", "beside slow ones", beside)
    table.row("healthy caller beside all of them / alone: p99, ms", beside, calm, figure="p99", digits=2, most=2)
    table.row("the same: answers that were no 2xx", [{"n": sum(one["refused"] + one["resets"] + one["closes"] for one in beside)}],
              figure="n", most=0)


def nginx_at_as_many(table, origin, tools, ours, theirs, root, rounds, seconds):
    """What so many callers alone do to a proxy that refuses none of them: their connections do not fit into its caches."""
    with peers.nginx(root, "overload-proxy", peers.proxy(origin.port, "access_log ROOT/access.log usage;")) as proxy:
        for pid in [proxy.pid, *measure.children(proxy.pid)]:
            os.sched_setaffinity(pid, ours)

        def run(callers):
            with measure.Usage(proxy.pid) as used:
                done = subprocess.run(["taskset", "-c", ",".join(map(str, theirs)), tools["flood"], "--port", str(proxy.port), "--rate", "1e9",
                                       "--seconds", str(seconds), "--connections", str(callers), "--path", "/api/tenants/tenant_0/orders"],
                                      capture_output=True, text=True, check=True)
            result = json.loads(done.stdout)
            return {"rate": result["accepted_in_time"] / result["seconds"], "cpu": used.cpu / result["accepted"] * 1e6,
                    "p50": result["p50"], "p99": result["p99"]}
        results = measure.in_turn({"few": lambda: run(64), "many": lambda: run(CALLERS)}, rounds)
    table.keep("nginx", "64 callers", results["few"])
    table.keep("nginx", f"{CALLERS} callers", results["many"])
    table.row(f"nginx with a JSON log, for comparison: answers a second to {CALLERS:,} callers / to 64", results["many"], results["few"])


def upstreams(root, origin):
    path = os.path.join(root, "upstreams.toml")
    with open(path, "w") as file:
        file.write(f"""[[upstream]]
name = "origin"
urls = ["http://127.0.0.1:{origin.port}"]

[[upstream]]
name = "files"  # as many as there are slow readers
urls = ["http://127.0.0.1:{origin.port}"]
path = "/api/tenants/{{tenant_id}}/files/"
connections_max = 4096
""")
    return path


def rows(table, binary, tool, root, rounds, seconds):
    folder = os.path.join(root, "overload")
    os.makedirs(folder)
    # Ends within three minutes. The archiving of what comes in is done some seconds later, and must be in every figure.
    rounds, seconds = min(rounds, 2), {"events": 5, "gateway": min(seconds, 2)}
    os.chmod(root, 0o755)  # the origin's worker is another user
    tools = {name: os.path.join(os.path.dirname(tool), f"bench_{name}") for name in ("flood", "slow")}
    ours, theirs = halves()
    group = Group(CAP_MIB)
    with peers.nginx(root, "overload-origin", peers.ORIGIN.replace(
            "location / {", "location = /api/tenants/tenant_0/files/large { alias ROOT/large; } location / {")) as origin:
        with open(os.path.join(origin.folder, "large"), "wb") as file:
            file.write(b"x" * DOWNLOAD_BYTES)
        server = product.Server(binary, os.path.join(folder, "data"),
                                environment={"UPSTREAMS_FILE": upstreams(folder, origin)})
        start(server, ours, group)
        try:
            events.add_tenants(server, TENANTS)
            batches = Work("events in batches of 1,000", tools, server, theirs,
                           ["--token", server.provider, "--batch", "1000", "--tenants", str(TENANTS)], 1000)
            overload(table, batches, group.name, rounds, seconds["events"], (8, 32),
                     lambda: int(server.command("find", "api_calls", '{"source": "bench"}', "--count")))
            arguments = ["--token", server.tenant_token("tenant_0"), "--path", "/api/tenants/tenant_0/orders"]
            gateway = Work("gateway", tools, server, theirs, arguments)
            overload(table, gateway, group.name, rounds, seconds["gateway"], (64, 256),
                     lambda: int(server.command("find", "api_calls", '{"source": "metergate", "status": 200}', "--count")))
            nginx_at_as_many(table, origin, tools, ours, theirs, folder, 1, 1)
            slow(table, server, gateway, tools, ours, theirs, group)
        finally:
            server.stop()
            group.close()
