# SPDX-License-Identifier: GPL-3.0-or-later
"""What polls cost, of CPU and of memory, and where it goes."""
import contextlib
import time

from asking import cpu_of_answers, questions
from measured import Server, with_events, with_module
from of_answers import BRIEF_KINDS
from of_events import cost_of_lifetimes
from report import (ABSENT, columns, figure, median, mib, microseconds, milliseconds, spread,
                    table)
from waiting import wait_for

POLLS = 5
GROWTH_EVENTS = 100
STAGES = ("gunzip", "compare")


def measure_poll(bench, module, polls=POLLS):
    """CPU of the module's thread for a poll of what has not changed, in seconds; memory's peak."""
    leader = bench.leader
    with with_module(module, leader, interval="1") as server:
        before, first = server.wait_idle(), leader.count()
        server.forget_peak()
        wait_for(lambda: leader.count() >= first + polls, 60, "polls")
        after, last = server.wait_idle(), leader.count()
        return (after - before) / (last - first), server.peak()


def measure_load(bench, module):
    """Wall time from the first state's first byte to its records being served, in seconds."""
    with Server(module) as server:
        server.serve_cluster(bench.leader)
        with bench.leader.silence():
            server.start()
            wait_for(lambda: bench.leader.waiting, 60, "the first poll")
        start = time.monotonic()
        while not server.module_lines("loaded the state"):
            time.sleep(0.001)
        return time.monotonic() - start


def poll(bench):
    args, leader = bench.args, bench.leader
    path = leader.lead(args.tasks)
    rounds = []
    for _ in range(args.rounds):
        tree = bench.figures("json-c", path)["parse"]
        rounds.append({name: measure_poll(bench, module)[0] / tree
                       for name, module in bench.modules.items()} | {"json-c": tree})
    tree = median([one["json-c"] for one in rounds])
    ratios = {name: [one[name] for one in rounds] for name in bench.modules}
    table(f"A poll of a state that has not changed, {args.tasks} tasks, "
          f"{path.stat().st_size / 1e6:.0f} MB, {leader.packed.stat().st_size / 1e6:.1f} MB gzipped",
          ["what", *bench.modules, "json-c parsing the document"],
          [["CPU in ms", *(milliseconds(median([one[name] * one["json-c"] for one in rounds]))
                           for name in ratios), milliseconds(tree)],
           ["of json-c's", *(f"{median(ratios[name]):.3f} {spread(ratios[name])}"
                             for name in ratios), 1],
           ["from the first byte of the first state to its records, in ms",
            *(milliseconds(median([measure_load(bench, module) for _ in range(args.rounds)]))
              for module in bench.modules.values()), ABSENT]])
    whole = median(ratios["module"]) * tree
    profile(bench, whole)
    return [["CPU of a poll of an unchanged state, of json-c's for the document",
             *(f"{median(ratios[name]):.3f}" for name in ratios)]]


def profile(bench, whole):
    """Where a poll's CPU goes; `whole` is what it takes in knotd, in seconds."""
    rounds = [bench.figures("poll", bench.leader.packed) for _ in range(bench.args.rounds)]
    parts = dict(zip(STAGES, columns([[one[stage] for stage in STAGES] for one in rounds])))
    parts["the rest: receiving, the kernel's part included"] = whole - sum(parts.values())
    table("Where it goes", ["stage", "CPU in ms", "share"],
          [[name, milliseconds(cpu), f"{cpu / whole * 100:.0f} %"] for name, cpu in parts.items()])


def measure_memory(bench, module):
    """The most that knotd has held until its first state was served, and at a later one."""
    leader = bench.leader
    with contextlib.ExitStack() as stack:
        if module.follows_events:
            server, _ = stack.enter_context(with_events(module, leader, resync="10"))
        else:
            server = stack.enter_context(with_module(module, leader, interval="10"))
            server.wait_idle()
        first, count = server.peak(), leader.count()
        server.forget_peak()
        wait_for(lambda: leader.count() > count, 60, "a later state")
        server.wait_idle()
        return first, server.peak()


def memory(bench):
    args = bench.args
    path = bench.leader.lead(args.tasks)
    peaks = {name: columns([measure_memory(bench, module) for _ in range(args.rounds)])
             for name, module in bench.modules.items()}
    tree = bench.figures("json-c", path)["peak"]
    stages = bench.figures("stages", path)
    table(f"The most that is resident in MiB, {args.tasks} tasks, "
          f"{stages['set-records']:.0f} records of {stages['bytes'] / stages['set-records']:.1f} "
          "bytes each",
          ["when", *bench.modules, "json-c with the document"],
          [["until the first state is served", *(mib(peaks[name][0]) for name in peaks), mib(tree)],
           ["with a later one", *(mib(peaks[name][1]) for name in peaks), ABSENT]])
    return [[f"peak memory in MiB, {what}", *(mib(peaks[name][place]) for name in peaks)]
            for place, what in enumerate(("first state", "a later one"))]


def growth(bench):
    args, rows = bench.args, []
    for tasks in args.sizes:
        stages = bench.figures("stages", bench.leader.lead(tasks))
        cpu, peak = measure_poll(bench, bench.module, 3)
        event = ABSENT
        if bench.module.follows_events:
            with with_events(bench.module, bench.leader) as (server, stream):
                event = microseconds(
                    cost_of_lifetimes(bench, server, stream, GROWTH_EVENTS)[0])
        with with_module(bench.module, bench.leader) as server:
            costs = [cpu_of_answers(server, questions(bench.files, kind, tasks), args.seconds)[0]
                     for kind in BRIEF_KINDS]
        rows.append([tasks, int(stages["set-records"]),
                     figure(stages["bytes"] / stages["set-records"]), milliseconds(cpu),
                     figure(cpu / tasks * 1e6), mib(peak), event, *map(figure, costs)])
    table("How it grows",
          ["tasks", "records", "bytes a record", "CPU of a poll in ms", "a task in µs", "peak MiB",
           "CPU of a task's start and end in µs", *(f"{kind} in µs" for kind in BRIEF_KINDS)],
          rows)
