# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers cost, of the module and of a zone file with the same records."""
import contextlib

from asking import cpu_of_answers, cpu_over_tcp, instructions, questions
from measured import with_module, with_zone
from report import figure, median, spread, table

# Names directly below the zone are answered after Knot has searched the zone for them.
KINDS = ("A", "A of FW.mesos.", "SRV", "NXDOMAIN")
BRIEF_KINDS = ("A", "SRV", "NXDOMAIN")

COUNTED_TASKS = 2000  # callgrind is slow
HUGE = 5000


@contextlib.contextmanager
def all_servers(bench, text):
    """knotd with each of the modules, and with the zone file, by name."""
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(with_module(module, bench.leader))
                   for name, module in bench.modules.items()}
        servers["zone file"] = stack.enter_context(with_zone(text))
        yield servers


def answers(bench):
    args = bench.args
    text = bench.tool("zone", bench.leader.lead(args.tasks))
    rows, brief = [], []
    with all_servers(bench, text) as servers:
        for kind in KINDS:
            path = questions(bench.files, kind, args.tasks)
            rounds = [{name: cpu_of_answers(server, path, args.seconds)
                       for name, server in servers.items()} for _ in range(args.rounds)]
            ratios = {name: [one[name][0] / one["zone file"][0] for one in rounds]
                      for name in bench.modules}
            rows.append([kind]
                        + [figure(median([one[name][mode] for one in rounds]))
                           for name in servers for mode in (0, 1)]
                        + [f"{figure(median(ratios[name]))} {spread(ratios[name])}"
                           for name in ratios])
            if kind in BRIEF_KINDS:
                brief.append([f"user CPU of an answer, of the zone file's: {kind}",
                              *(figure(median(ratios[name])) for name in ratios)])
    table(f"CPU of an answer in µs, {args.tasks} tasks",
          ["answer", *(f"{name} {mode}" for name in servers for mode in ("user", "system")),
           *(f"ratio of user, {name}" for name in bench.modules)], rows)
    return brief


def counts(bench):
    tasks = min(bench.args.tasks, COUNTED_TASKS)
    text = bench.tool("zone", bench.leader.lead(tasks))
    rows = []
    for kind in KINDS:
        path = questions(bench.files, kind, tasks)
        zone = instructions(lambda wrapper: with_zone(text, wrapper), path)
        ours = [instructions(lambda wrapper, module=module: with_module(
            module, bench.leader, wrapper=wrapper), path) for module in bench.modules.values()]
        rows.append([kind, *(f"{count:.0f}" for count in (*ours, zone)),
                     *(figure(count / zone) for count in ours)])
    table(f"Instructions of an answer, {tasks} tasks",
          ["answer", *bench.modules, "zone file",
           *(f"ratio, {name}" for name in bench.modules)], rows)


def huge(bench):
    text = bench.tool("zone", bench.leader.lead(HUGE, huge=True))
    rows = []
    with all_servers(bench, text) as servers:
        for kind, owner in (("A", "huge.marathon.mesos."),
                            ("SRV", "_http._huge._tcp.marathon.mesos.")):
            costs = [cost for server in servers.values()
                     for cost in cpu_over_tcp(server, owner, kind, bench.args.seconds)]
            rows.append([kind] + [f"{cost:.0f}" for cost in costs])
    table(f"One app with {HUGE} instances over TCP, CPU (user and system) in µs",
          ["answer", *(head for name in servers for head in (name, "octets"))], rows)
