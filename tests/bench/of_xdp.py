# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers cost over AF_XDP beside UDP, of the module and of a zone file.

Each server has a pair of veth devices of its own to who asks; those over UDP know nothing of XDP.
"""
import contextlib
import functools
import pathlib

import ask
import spaces
from asking import cpu_of_answers, questions
from leader import Leader
from measured import TICK, Server, with_module, with_zone
from report import columns, figure, median, spread, table

KINDS = ("A", "SRV", "NXDOMAIN")
WAYS = {"UDP": False, "AF_XDP": True}
COMPARED = 200  # answers of each kind


class Linked(spaces.Linked, Server):
    def __init__(self, link, xdp, *args):
        super().__init__(link, *args)
        self.xdp = xdp
        self.asker = ["ip", "netns", "exec", link.client]

    def start(self):
        try:
            super().start()
        except AssertionError:
            if not self.refusal:
                raise
        if self.refusal:
            if self.process.poll() is not None:
                self.process = None
            raise spaces.Refused(self.refusal)


def softirq():
    """Seconds that the machine has spent in software interrupts so far, whoever's they were."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[7]) * TICK


def what_it_says(reply):
    """All of a reply but its ID; the order of its records is not its own."""
    return reply.flags, [sorted(ask.records(section)) for section in (
        reply.answer, reply.authority, reply.additional)]


def assert_equal_answers(servers, path):
    """What is measured is the same work: all say the same."""
    for line in path.read_text().splitlines()[:COMPARED]:
        said = {name: what_it_says(server.ask(*line.split(), way=ask.UDP_EDNS))
                for name, server in servers.items()}
        first = next(iter(said.values()))
        assert all(one == first for one in said.values()), (line, said)


@contextlib.contextmanager
def all_servers(bench, links):
    """knotd with each module and with the zone file, over each way, by (name, way)."""
    with contextlib.ExitStack() as stack, spaces.inside(links[0].server):
        leader = stack.enter_context(Leader(bench.files / "xdp"))
        leader.folder.mkdir(exist_ok=True)
        text = bench.tool("zone", leader.lead(bench.args.tasks))
        servers = {}
        for way, xdp in WAYS.items():
            for name, module in (*bench.modules.items(), ("zone file", None)):
                kind = functools.partial(Linked, links[len(servers)], xdp)
                serving = (with_module(module, leader, kind=kind) if module
                           else with_zone(text, kind=kind))
                servers[name, way] = stack.enter_context(serving)
        yield servers


def measure(bench, servers, path):
    """(user, system, softirq) microseconds of each server, in each round."""
    def used(server):
        return cpu_of_answers(server, path, bench.args.seconds, lambda: (*server.cpu(), softirq()))

    return [{key: used(server) for key, server in servers.items()}
            for _ in range(bench.args.rounds)]


def row(bench, names, rounds, way):
    """Medians of all servers, and of the modules' user CPU held against the zone file's."""
    ratios = [[one[name, way][0] / one["zone file", way][0] for one in rounds]
              for name in bench.modules]
    return ([figure(cost) for name in names for cost in columns([one[name, way] for one in rounds])]
            + [f"{figure(median(ratio))} {spread(ratio)}" for ratio in ratios])


def of_udp(name, rounds):
    """User and system CPU over AF_XDP, held against those over UDP."""
    return figure(median([sum(one[name, "AF_XDP"][:2]) / sum(one[name, "UDP"][:2])
                          for one in rounds]))


def xdp(bench):
    names = [*bench.modules, "zone file"]
    rows, brief = [], []
    try:
        with spaces.linked(len(names) * len(WAYS)) as links, all_servers(bench, links) as servers:
            for kind in KINDS:
                path = questions(bench.files, kind, bench.args.tasks)
                assert_equal_answers(servers, path)
                rounds = measure(bench, servers, path)
                rows += [[f"{kind} over {way}", *row(bench, names, rounds, way)] for way in WAYS]
                brief.append([f"CPU of an answer over AF_XDP, of one over UDP: {kind}",
                              *(of_udp(name, rounds) for name in bench.modules)])
    except spaces.Refused as refused:
        print(f"\nAnswers over AF_XDP are not measured: {refused}")
        return None
    table(f"CPU of an answer over UDP and over AF_XDP in µs, {bench.args.tasks} tasks; software "
          "interrupts are the whole machine's",
          ["answer", *(f"{name} {mode}" for name in names
                       for mode in ("user", "system", "interrupts")),
           *(f"ratio of user, {name}" for name in bench.modules)], rows)
    return brief
