# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the module against what does the same without it, side by side on this machine.

    answers    CPU an answer: knotd with the module against knotd with the same records in a zone
               file; dnsperf asks
    counts     instructions an answer (callgrind), which do not vary with the machine's mood
    poll       CPU, wall time and memory of a poll against json-c parsing the same document
    latency    of answers while polls run one after the other, and while none do
    growth     polls and answers over sizes of clusters
    huge       one app with 5000 instances: answers that not even TCP can carry whole

Prints tables; every figure is the median of its rounds, with the spread behind it where it matters.
Only ratios mean something on another machine. Everything is written below build-bench/, or below
the build directory that BENCH_BUILD names.
"""

import argparse
import contextlib
import gzip
import io
import json
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BENCH_BUILD", TOP / "build-bench"))
FILES = BUILD / "bench-files"
os.environ["MESOS_SO"] = str(BUILD / "module/mesos.so")
os.environ["TEST_PATIENCE"] = "20"  # for what runs under callgrind
sys.path.insert(0, str(TOP / "tests/server"))

import dns.message  # noqa: E402

import cluster  # noqa: E402
import knotd  # noqa: E402
from ports import free_port  # noqa: E402
from waiting import wait_for  # noqa: E402

TICK = 1 / os.sysconf("SC_CLK_TCK")
NAMES_ASKED = 20_000
NEVER = "1d"  # a poll-interval


# What is asked, and who answers.

class Server(knotd.Knotd):
    """A knotd that measures itself; one worker, so that dnsperf has a processor too."""
    udp_workers = 1

    def __init__(self, wrapper=()):
        super().__init__()
        self.wrapper = wrapper

    def __exit__(self, *args):
        with contextlib.redirect_stdout(io.StringIO()):
            super().__exit__(*args)

    def cpu(self):
        """Seconds of user and of system CPU so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        user, system = fields.split()[11:13]
        return int(user) * TICK, int(system) * TICK

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak(self):
        """The most that was resident since forget_peak(), in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) * 1024


class Leader:
    """A master that gives one document to whoever asks for whatever, gzipped as Mesos does it."""

    def __init__(self):
        self.address = f"127.0.0.1:{free_port()}"
        self.count = 0
        self._reply = self._plain = b""
        self._listener = socket.create_server(("127.0.0.1", int(self.address.split(":")[1])))
        threading.Thread(target=self._run, daemon=True).start()

    def serve(self, path):
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        document = path.read_bytes()
        packed = gzip.compress(document, 6)
        self.size, self.packed = len(document), len(packed)
        self._reply = (f"{head}Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
                       ).encode() + packed
        self._plain = f"{head}Content-Length: {len(document)}\r\n\r\n".encode() + document

    def _run(self):
        while True:
            connection = self._listener.accept()[0]
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            while request := connection.recv(4096):
                self.count += 1
                connection.sendall(self._reply if b"gzip" in request else self._plain)


class States:
    """Documents by size, made once, with what belongs to them."""

    def __init__(self, leader):
        self.leader = leader

    def path(self, tasks, huge=False):
        path = FILES / f"state-{tasks}{'-huge' * huge}.json"
        if not path.exists():
            cluster.write(path, tasks, self.leader.address, huge)
        return path

    def zone(self, tasks):
        """The same records as text of a zone file."""
        return tool("zone", self.path(tasks))


def tool(*arguments):
    return subprocess.run([BUILD / "tests/bench/ingest", *arguments], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def figures(*arguments):
    """What the tool's `name value` lines say."""
    return {name: float(value) for name, value in
            (line.split() for line in tool(*arguments).splitlines())}


def questions(kind, tasks):
    """A file of questions for dnsperf, in an order that helps no cache."""
    apps = list(cluster.apps(tasks))
    chosen = random.Random(1)
    lines = []
    for number in range(NAMES_ASKED):
        framework, app, _ = chosen.choice(apps)
        lines.append({"A": f"{app}.{framework}.mesos A",
                      "A of FW.mesos.": f"{framework}.mesos A",
                      "SRV": f"_http._{app}._tcp.{framework}.mesos SRV",
                      "NXDOMAIN": f"no-{number}.{framework}.mesos A"}[kind])
    path = FILES / f"questions-{kind.split()[-1]}-{tasks}"
    path.write_text("\n".join(lines) + "\n")
    return path


@contextlib.contextmanager
def with_module(leader, interval=NEVER, wrapper=()):
    """knotd with the module, its first poll done."""
    with Server(wrapper) as server:
        server.module("cluster", master=leader.address, poll_interval=interval, ttl=30)
        server.zone("mesos.", modules=["mod-mesos/cluster"])
        server.start()
        wait_for(lambda: server.module_lines("loaded the state"), 120, "the first poll")
        yield server


@contextlib.contextmanager
def with_zone(text, wrapper=()):
    """knotd with the same records in a zone file."""
    with Server(wrapper) as server:
        server.zone("mesos.", text, semantic_checks="off", zonefile_sync=-1,
                    journal_content="none")
        server.start()
        wait_for(lambda: server.log_lines("loaded, serial"), 120, "the zone")
        yield server


# What is measured.

def dnsperf(server, path, *options):
    done = subprocess.run(
        ["dnsperf", "-s", server.address, "-p", str(server.port), "-d", path, "-e", "-c", "4",
         "-q", "40", *map(str, options)],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    answers = int(re.search(r"Queries completed:\s+(\d+)", done)[1])
    lost = int(re.search(r"Queries lost:\s+(\d+)", done)[1])
    codes = re.search(r"Response codes:\s+(.*)", done)[1]
    assert answers and lost < answers / 1000, done
    assert len(codes.split(",")) == 1, f"not one kind of answer: {codes}"
    return answers, done


def cpu_of_answers(server, path, seconds):
    """(user, system) microseconds of CPU an answer."""
    before = server.cpu()
    answers, _ = dnsperf(server, path, "-l", seconds)
    return tuple((after - before) * 1e6 / answers for before, after in zip(before, server.cpu()))


def read(connection, size):
    """So many bytes, or fewer if the connection ends."""
    data = bytearray()
    while len(data) < size and (chunk := connection.recv(size - len(data))):
        data += chunk
    return bytes(data)


def cpu_over_tcp(server, name, kind, seconds):
    """Microseconds of CPU an answer, and its octets; dnsperf cannot read answers that large."""
    query = dns.message.make_query(name, kind).to_wire()
    before, end, count = sum(server.cpu()), time.monotonic() + seconds, 0
    with socket.create_connection((server.address, server.port)) as connection:
        while time.monotonic() < end:
            connection.sendall(len(query).to_bytes(2, "big") + query)
            size = int.from_bytes(read(connection, 2), "big")
            if len(read(connection, size)) < size or size == 0:
                break
            count += 1
    if not count:
        return float("nan"), size
    return (sum(server.cpu()) - before) * 1e6 / count, size


def latencies(server, path, seconds, rate):
    """Seconds that each answer took."""
    _, text = dnsperf(server, path, "-l", seconds, "-Q", rate, "-v")
    return sorted(float(line.split()[-1]) for line in text.splitlines()
                  if line.startswith("> NOERROR"))


def instructions(serving, path):
    """Instructions an answer, in user space; `serving` makes a server of a command to wrap it."""
    out = FILES / "callgrind.out"
    wrapper = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no",
               f"--callgrind-out-file={out}"]
    with serving(wrapper) as server:
        def switch(how):
            subprocess.run(["callgrind_control", "-i", how, str(server.process.pid)], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        switch("on")
        answers, _ = dnsperf(server, path, "-n", 1)
        switch("off")
    return int(re.search(r"^totals: (\d+)", out.read_text(), re.M)[1]) / answers


def percentile(sorted_list, percent):
    return sorted_list[min(len(sorted_list) - 1, int(len(sorted_list) * percent / 100))]


def median(values):
    return statistics.median(values)


def spread(values):
    """How far the rounds lie apart, in percent of their median."""
    middle = median(values)
    return f"±{(max(values) - min(values)) / 2 / middle * 100:.0f} %" if middle else ""


def table(title, head, rows):
    print(f"\n{title}\n")
    print("| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def us(value):
    return f"{value:.2f}"


def mib(value):
    return f"{value / 2**20:.0f}"


# Names directly below the zone are answered after Knot has searched the zone for them.
KINDS = ("A", "A of FW.mesos.", "SRV", "NXDOMAIN")


def answers(args, leader, states):
    tasks = args.tasks
    leader.serve(states.path(tasks))
    rows = []
    with with_module(leader) as ours, with_zone(states.zone(tasks)) as zone:
        for kind in KINDS:
            path = questions(kind, tasks)
            pairs = [(cpu_of_answers(ours, path, args.seconds),
                      cpu_of_answers(zone, path, args.seconds)) for _ in range(args.rounds)]
            ratios = [our[0] / its[0] for our, its in pairs]
            rows.append([kind] + [us(median([pair[server][mode] for pair in pairs]))
                                  for server in (0, 1) for mode in (0, 1)]
                        + [us(median(ratios)), spread(ratios)])
    table(f"CPU of an answer in µs, {tasks} tasks",
          ["answer", "module user", "system", "zone file user", "system", "ratio of user",
           "spread"], rows)


def counts(args, leader, states):
    tasks = min(args.tasks, 2000)
    leader.serve(states.path(tasks))
    text = states.zone(tasks)
    rows = []
    for kind in KINDS:
        path = questions(kind, tasks)
        ours = instructions(lambda wrapper: with_module(leader, wrapper=wrapper), path)
        zone = instructions(lambda wrapper: with_zone(text, wrapper), path)
        rows.append([kind, f"{ours:.0f}", f"{zone:.0f}", us(ours / zone)])
    table(f"Instructions of an answer, {tasks} tasks",
          ["answer", "module", "zone file", "ratio"], rows)


def measure_poll(leader, path, polls):
    """CPU of a poll in seconds, and the most memory of knotd with old and new snapshot alive."""
    leader.serve(path)
    with with_module(leader, interval="1") as server:
        def wait_request(count):
            wait_for(lambda: leader.count >= count, 60, "a poll")
            return sum(server.cpu())
        count = leader.count + 1
        before = wait_request(count)
        server.forget_peak()
        after = wait_request(count + polls)
        return (after - before) / polls, server.peak()


def measure_load(leader, path):
    """Wall time from a request for the state to its records being served, in seconds."""
    leader.serve(path)
    with Server() as server:
        server.module("cluster", master=leader.address, poll_interval=NEVER)
        server.zone("mesos.", modules=["mod-mesos/cluster"])
        count = leader.count
        server.start()
        while leader.count == count:
            time.sleep(0.001)
        start = time.monotonic()
        while not server.module_lines("loaded the state"):
            time.sleep(0.001)
        return time.monotonic() - start


def poll(args, leader, states):
    path = states.path(args.tasks)
    rounds = []
    for _ in range(args.rounds):
        cpu, peak = measure_poll(leader, path, 5)
        tree = figures("json-c", path)
        rounds.append((cpu, peak, tree["parse"], tree["peak"], cpu / tree["parse"]))
    cpu, peak, tree, tree_peak, ratio = (median(column) for column in zip(*rounds))
    stages = figures("stages", path)
    wall = median([measure_load(leader, path) for _ in range(args.rounds)])
    rows = [
        ["document", f"{leader.size / 1e6:.0f} MB, {leader.packed / 1e6:.1f} MB gzipped"],
        ["CPU of a poll", f"{cpu:.2f} s"],
        ["CPU of json-c parsing the document", f"{tree:.2f} s"],
        ["ratio", f"{ratio:.2f} {spread([one[4] for one in rounds])}"],
        ["of the CPU: parsing, records, snapshot",
         ", ".join(f"{stages[name]:.2f} s" for name in ("parse", "records", "snapshot"))],
        ["from the request to the first answer", f"{wall:.2f} s"],
        ["peak memory of knotd, old and new snapshot", f"{mib(peak)} MiB"],
        ["peak memory of json-c, document included", f"{mib(tree_peak)} MiB"],
        ["records in the snapshot", f"{stages['set-records']:.0f}"],
        ["bytes a record", f"{stages['bytes'] / stages['set-records']:.1f}"],
    ]
    table(f"A poll, {args.tasks} tasks", ["what", "how much"], rows)


def latency(args, leader, states):
    leader.serve(states.path(args.tasks))
    path = questions("A", args.tasks)
    with with_module(leader) as calm, with_module(leader, interval="1") as polling:
        rounds = [[latencies(server, path, 3 * args.seconds, args.rate)
                   for server in (calm, polling)] for _ in range(args.rounds)]
    rows = []
    for percent in (50, 99, 99.9):
        pairs = [tuple(percentile(one, percent) * 1e6 for one in pair) for pair in rounds]
        ratios = [polling / calm for calm, polling in pairs]
        rows.append([f"{percent} %", *(f"{median(column):.0f}" for column in zip(*pairs)),
                     us(median(ratios)), spread(ratios)])
    table(f"Latency in µs at {args.rate} queries a second, {args.tasks} tasks",
          ["percentile", "no polls", "polls every second", "ratio", "spread"], rows)


def growth(args, leader, states):
    rows = []
    for tasks in args.sizes:
        path = states.path(tasks)
        stages = figures("stages", path)
        cpu, peak = map(median, zip(*(measure_poll(leader, path, 3) for _ in range(args.rounds))))
        with with_module(leader) as server:
            costs = [median([cpu_of_answers(server, questions(kind, tasks), args.seconds)[0]
                             for _ in range(args.rounds)]) for kind in KINDS]
        rows.append([tasks, int(stages["set-records"]),
                     us(stages["bytes"] / stages["set-records"]), us(cpu),
                     us(cpu / tasks * 1e6), mib(peak), *map(us, costs)])
    table("How it grows", ["tasks", "records", "bytes a record", "poll's CPU in s", "µs a task",
                           "peak MiB", *(f"{kind} in µs" for kind in KINDS)], rows)


HUGE = 5000


def huge(args, leader, states):
    path = states.path(HUGE, huge=True)
    leader.serve(path)
    rows = []
    with with_module(leader) as ours, with_zone(tool("zone", path)) as zone:
        for kind, name in (("A", "huge.marathon.mesos."),
                           ("SRV", "_http._huge._tcp.marathon.mesos.")):
            costs = [figure for server in (ours, zone)
                     for figure in cpu_over_tcp(server, name, kind, args.seconds)]
            rows.append([kind] + [f"{figure:.0f}" for figure in costs])
    table(f"One app with {HUGE} instances over TCP, CPU (user and system) in µs",
          ["answer", "module", "octets", "zone file", "octets"], rows)


PARTS = {"answers": answers, "counts": counts, "poll": poll, "latency": latency,
         "growth": growth, "huge": huge}


def build():
    shutil.rmtree(FILES, ignore_errors=True)
    FILES.mkdir(parents=True)
    setup = ["meson", "setup", BUILD, TOP, "-Dtests=disabled"]
    compile_all = ["ninja", "-C", BUILD, "module/mesos.so", "tests/bench/ingest"]
    for command in [compile_all] if (BUILD / "build.ninja").exists() else [setup, compile_all]:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\ntests/bench/run: cannot build")


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], default=[],
                        help="what to measure; everything if none is given")
    parser.add_argument("--tasks", type=int, default=50_000, help="size of the cluster")
    parser.add_argument("--sizes", type=int, nargs="+", help="sizes that growth is shown over",
                        default=[30, 100, 1000, 10_000, 50_000, 100_000])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument("--seconds", type=int, default=3, help="of load each time")
    parser.add_argument("--rate", type=int, default=2000, help="queries a second, for latency")
    args = parser.parse_args()

    build()
    leader = Leader()
    states = States(leader)
    for name in args.part or PARTS:
        PARTS[name](args, leader, states)


if __name__ == "__main__":
    main()
