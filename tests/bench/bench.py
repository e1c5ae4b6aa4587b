# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the module against what does the same without it, side by side on this machine.

    answers    CPU of an answer: knotd with the module against knotd with the same records in a zone
               file; dnsperf asks
    counts     instructions of an answer (callgrind), which do not vary with the machine's mood
    poll       CPU of a poll of a state that has not changed against json-c parsing the same
               document, and where it goes
    memory     the most that knotd holds, for the first state and for a later one
    events     from an event to the first answer with it, and the CPU of a task's start and end
    flood      many events a second on a large cluster
    latency    of answers while nothing changes, while events come, while polls do
    http       from an event to the client that waits for it, and what answers cost while 1000 wait
    growth     polls, events and answers over sizes of clusters
    huge       one app with 5000 instances: answers that not even TCP can carry whole
    options    answers, polls, events and memory with options that choose names and answers, beside
               the same without
    option-counts
               instructions of an answer with them
    xdp        CPU of an answer over AF_XDP beside one over UDP, between two network namespaces; as
               root, where the kernel has that

Prints tables, the last one in short; every figure is the median of its rounds, with the spread
behind it where it matters. Only ratios mean something on another machine. Everything is written
below build-bench/, or below the build directory that BENCH_BUILD names.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BENCH_BUILD", TOP / "build-bench")).resolve()
os.environ["MESOS_SO"] = str(BUILD / "module/mesos.so")
os.environ.setdefault("TEST_PATIENCE", "20")  # For what runs under callgrind.
sys.path.insert(0, str(TOP / "tests/server"))

import of_answers  # noqa: E402
import of_events  # noqa: E402
import of_http  # noqa: E402
import of_options  # noqa: E402
import of_polls  # noqa: E402
import of_xdp  # noqa: E402
import report  # noqa: E402
from leader import Leader  # noqa: E402
from measured import Module  # noqa: E402

PARTS = {"answers": of_answers.answers, "counts": of_answers.counts, "poll": of_polls.poll,
         "memory": of_polls.memory, "events": of_events.events, "flood": of_events.flood,
         "latency": of_events.latency, "http": of_http.http, "growth": of_polls.growth,
         "huge": of_answers.huge, "options": of_options.options,
         "option-counts": of_options.counts, "xdp": of_xdp.xdp}


class Bench:
    """What all parts share."""

    def __init__(self, args):
        self.args = args
        self.files = BUILD / "bench-files"
        shutil.rmtree(self.files, ignore_errors=True)
        self.files.mkdir(parents=True)
        self.leader = Leader(self.files)
        self.module = Module(BUILD / "module/mesos.so")
        self.other = args.other and Module(args.other)
        # With their names; what there is only one of has one column.
        self.modules = {"module": self.module, **({"other": self.other} if self.other else {})}

    def tool(self, *arguments):
        return subprocess.run([BUILD / "tests/bench/ingest", *arguments], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def figures(self, *arguments):
        """What the tool's `name value` lines say."""
        return {name: float(value) for name, value in
                (line.split() for line in self.tool(*arguments).splitlines())}


def build():
    setup = ["meson", "setup", BUILD, TOP, "-Dtests=disabled"]
    compile_all = ["ninja", "-C", BUILD, "module/mesos.so", "tests/bench/ingest"]
    for command in [compile_all] if (BUILD / "build.ninja").exists() else [setup, compile_all]:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\ntests/bench/run: cannot build")


def library(text):
    """A module that is built: the library, or a directory that it was built in, or for."""
    path = pathlib.Path(text).resolve()
    for found in (path, *(path / below / "mesos.so" for below in
                          ("module", "build-bench/module", "build/module"))):
        if found.is_file():
            return found
    raise argparse.ArgumentTypeError(f"no mesos.so in {text}; build it there")


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], default=[],
                        help="what to measure; everything if none is given")
    parser.add_argument("--other", type=library, metavar="DIR",
                        help="a checkout of another revision, built: measured beside this one")
    parser.add_argument("--tasks", type=int, default=50_000, help="size of the cluster")
    parser.add_argument("--sizes", type=int, nargs="+", help="sizes that growth is shown over",
                        default=[100, 1000, 10_000, 50_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--seconds", type=int, default=3, help="of load each time")
    parser.add_argument("--rate", type=int, default=2000, help="queries a second, for latency")
    parser.add_argument("--events", type=int, default=400,
                        help="how many are waited for, and how many tasks start and end")
    parser.add_argument("--event-rate", type=int, default=1000,
                        help="events a second, for flood and latency")
    parser.add_argument("--flood-tasks", type=int, default=100_000, help="size of flood's cluster")
    parser.add_argument("--flood-agents", type=int, default=35_000, help="agents in it")
    parser.add_argument("--flood-seconds", type=int, default=30, help="how long it takes")
    return parser.parse_args()


def main():
    args = arguments()
    build()
    bench = Bench(args)
    brief = [row for name in args.part or PARTS for row in PARTS[name](bench) or ()]
    report.table("In short", ["what", *bench.modules], brief)


if __name__ == "__main__":
    main()
