# SPDX-License-Identifier: GPL-3.0-or-later
"""What options cost that choose names and answers, beside a module without any."""
import contextlib

from asking import cpu_of_answers, instructions, questions
from measured import with_events, with_module
from of_answers import COUNTED_TASKS
from of_events import cost_of_lifetimes
from of_polls import POLLS
from report import ABSENT, figure, median, mib, microseconds, milliseconds, table
from waiting import wait_for

NONE = "none"

CHOOSING = {
    NONE: {},
    "answer-limit: 2": {"answer_limit": 2},
    "subnet-first": {"subnet_first": "on"},
    "both": {"answer_limit": 2, "subnet_first": "on"},
}

# Of tasks' names; each makes a difference to all of the tasks.
NAMING = {
    NONE: {},
    "health: require": {"health": "require"},
    "name-format, one of labels": {"name_format": "{task}.{label:HAPROXY_GROUP}"},
    "name-format, three": {"name_format": ["{task}.{label:HAPROXY_GROUP}", "{label:team}",
                                           "{task}.{attribute:rack}"]},
    "network": {"network": "bridge"},
    "visibility": {"visibility": "framework"},
    "agent-names": {"agent_names": "on"},
    "port-index": {"port_index": "on"},
    "label-prefix": {"label_prefix": "HAPROXY_"},
}
NAMING["all of them"] = {name: value for options in list(NAMING.values())
                         for name, value in options.items()}

EVENTS = 100


def _against(values, of):
    return f"{figure(median([one / other for one, other in zip(values, of)]))}"


def _answers(bench):
    args, kinds = bench.args, ("A", "SRV")
    paths = [questions(bench.files, kind, args.tasks) for kind in kinds]
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(with_module(bench.module, bench.leader, **options))
                   for name, options in CHOOSING.items()}
        found = {name: [[] for _ in kinds] for name in servers}
        for _ in range(args.rounds):
            for name, server in servers.items():
                for costs, path in zip(found[name], paths):
                    costs.append(cpu_of_answers(server, path, args.seconds)[0])
    table(f"User CPU of an answer in µs with options, {args.tasks} tasks",
          ["option", *(head for kind in kinds for head in (kind, "of none's"))],
          [[name, *(cell for costs, of in zip(found[name], found[NONE])
                    for cell in (figure(median(costs)), _against(costs, of)))]
           for name in servers])


def counts(bench):
    """Instructions of an answer, with the options that choose among records."""
    tasks, kinds = min(bench.args.tasks, COUNTED_TASKS), ("A", "SRV")
    bench.leader.lead(tasks)
    found = {name: [instructions(lambda wrapper, options=options: with_module(
        bench.module, bench.leader, wrapper=wrapper, **options),
        questions(bench.files, kind, tasks)) for kind in kinds]
        for name, options in CHOOSING.items()}
    table(f"Instructions of an answer with options, {tasks} tasks",
          ["option", *(head for kind in kinds for head in (kind, "of none's"))],
          [[name, *(cell for count, of in zip(found[name], found[NONE])
                    for cell in (f"{count:.0f}", figure(count / of)))]
           for name in CHOOSING])


def _measure(bench, options):
    """CPU of a poll of what has not changed, records, memory; CPU of a task's start and end."""
    leader = bench.leader
    with with_module(bench.module, leader, interval="1", **options) as server:
        before, first = server.wait_idle(), leader.count()
        wait_for(lambda: leader.count() >= first + POLLS, 60, "polls")
        after, last = server.wait_idle(), leader.count()
        poll, memory = (after - before) / (last - first), server.memory() * 1024
    if not bench.module.follows_events:
        return poll, memory, None
    with with_events(bench.module, leader, **options) as (server, stream):
        return poll, memory, cost_of_lifetimes(bench, server, stream, EVENTS)[0]


def options(bench):
    args = bench.args
    bench.leader.lead(args.tasks)
    _answers(bench)
    rounds = [{name: _measure(bench, options) for name, options in NAMING.items()}
              for _ in range(args.rounds)]
    rows = []
    for name in NAMING:
        polls, memory, events = zip(*(one[name] for one in rounds))
        of_none = list(zip(*(one[NONE] for one in rounds)))
        told = events[0] is not None
        rows.append([name, milliseconds(median(polls)), _against(polls, of_none[0]),
                     microseconds(median(events)) if told else ABSENT,
                     _against(events, of_none[2]) if told else ABSENT, mib(median(memory))])
    table(f"What options cost, {args.tasks} tasks",
          ["option", "CPU of a poll in ms", "of none's", "CPU of a task's start and end in µs",
           "of none's", "resident MiB"], rows)
