# SPDX-License-Identifier: GPL-3.0-or-later
"""What events cost, how soon they are in the answers, and what answers feel of them."""
import contextlib
import random
import threading
import time

from asking import Watcher, latencies, query, questions
from counters import stats
from leader import Lifetimes, Nobody, churn, send_steadily
from measured import with_events, with_module
from report import (columns, figure, median, microseconds, milliseconds, percentile, spread, table)

EVENTS_OF_A_TASK = 4  # added, starting, running, ended
PERIODS = 3  # Of latency, in a round; by turns without events and with them.

# Pauses in seconds. Each event is by itself: no two of them are published together.
APART = 0.005
NOT_IN_STEP = (0.005, 0.025)


def _cannot(bench, what):
    if bench.module.follows_events:
        return False
    print(f"\n{what}: this module follows no events.")
    return True


def measure_lags(server, stream, lifetimes):
    """Seconds from events to the first answers with them, of tasks' starts and of their ends."""
    starts, ends = [], []
    pauses = random.Random(1)
    with Watcher(server) as watcher:
        for one in lifetimes:
            wire = query(one.owner)
            stream.send_bytes(one.added, one.starting)
            for piece, lags, there in ((one.running, starts, True), (one.ended, ends, False)):
                time.sleep(pauses.uniform(*NOT_IN_STEP))
                assert watcher.has_records(wire) != there
                sent = time.monotonic()
                stream.send_bytes(piece)
                lags.append(watcher.wait(wire, there) - sent)
    return starts, ends


def cost_of_lifetimes(bench, server, stream, count):
    """CPU of the module's thread for one task's start and end in seconds, and publications."""
    lifetimes = Lifetimes(bench.leader.cluster).take(count)
    published, before = stats(server)["publications"], server.wait_idle()
    for one in lifetimes:
        stream.send_bytes(one.added, one.starting, one.running, one.ended, pause=APART)
    cpu = server.wait_idle() - before
    return cpu / count, (stats(server)["publications"] - published) / count


def events(bench):
    args = bench.args
    if _cannot(bench, "events"):
        return []
    bench.leader.lead(args.tasks)
    with with_events(bench.module, bench.leader) as (server, stream):
        costs, published = zip(*(cost_of_lifetimes(bench, server, stream, args.events)
                                 for _ in range(args.rounds)))
        lifetimes = Lifetimes(bench.leader.cluster)
        lifetimes.take(args.events)
        starts, ends = measure_lags(server, stream, lifetimes.take(args.events // 2))
    table(f"From an event to the first answer with it in ms, {args.tasks} tasks, "
          f"{len(starts) + len(ends)} events", ["event", "median", "99 %", "most"],
          [[what, *(milliseconds(percentile(lags, percent)) for percent in (50, 99, 100))]
           for what, lags in (("a task runs", starts), ("it has ended", ends))])
    table(f"CPU of the module's thread, {args.tasks} tasks", ["what", "µs", "spread", "publications"],
          [["one task's start and end, an event at a time", microseconds(median(costs)),
            spread(costs), figure(median(published))]])
    both = starts + ends
    return [_brief(bench, "from an event to the first answer in ms, median / 99 %",
                   " / ".join(milliseconds(percentile(both, percent)) for percent in (50, 99))),
            _brief(bench, "CPU of one task's start and end in ms", milliseconds(median(costs)))]


def _brief(bench, what, value):
    """A line of what the other module, if there is one, cannot do."""
    return [what, value, *("no events" for _ in [bench.other] if bench.other)]


def wrong_names(server, expected):
    """How many of these names have records and should not, or have none and should."""
    with Watcher(server) as watcher:
        return sum(watcher.has_records(query(one.owner)) != there for one, there in expected)


def flood(bench):
    args, rate = bench.args, bench.args.event_rate
    if _cannot(bench, "flood"):
        return []
    bench.leader.lead(args.flood_tasks, args.flood_agents)
    # As many tasks are alive at a time as events come in a second.
    count = (rate * args.flood_seconds + rate) // EVENTS_OF_A_TASK
    alive = min(rate, count // 2)
    lifetimes = Lifetimes(bench.leader.cluster).take(count)
    pieces = list(churn(lifetimes, alive))
    in_a_second = rate // EVENTS_OF_A_TASK
    last = lifetimes[count - alive - 1]
    expected = ([(one, True) for one in lifetimes[-in_a_second:]]
                + [(one, False) for one in lifetimes[:count - alive][-in_a_second:]])
    with with_events(bench.module, bench.leader) as (server, stream), Watcher(server) as watcher:
        before, start = server.thread_cpu(), time.monotonic()
        late = send_steadily(stream, pieces, rate)
        sent = time.monotonic()
        lag = watcher.wait(query(last.owner), False) - sent
        wrong = [wrong_names(server, expected)]
        time.sleep(max(0, sent + 1 - time.monotonic()))
        wrong.append(wrong_names(server, expected))
        share = (server.wait_idle() - before) / (sent - start)
    table(f"{len(pieces)} events in {sent - start:.1f} s, {args.flood_tasks} tasks, "
          f"{args.flood_agents} agents", ["what", "how much"],
          [["from the last event to the first answer with it", f"{milliseconds(lag)} ms"],
           [f"wrong ones of the last second's {len(expected)} names: asked at once",
            wrong[0]],
           ["1 s later", wrong[1]],
           ["CPU of the module's thread, of one core", figure(share)],
           ["an event", f"{microseconds(share * (sent - start) / len(pieces))} µs"],
           ["late by, at the worst, was who sent", f"{milliseconds(late)} ms"]])
    return [_brief(bench, f"{rate} events/s: lag of the last in ms, wrong names 1 s later, "
                   "of a core", f"{milliseconds(lag)}, {wrong[1]}, {figure(share)}")]


@contextlib.contextmanager
def _streaming(stream, lifetimes, rate, seconds):
    """Events come meanwhile; some of their tasks live on."""
    some = lifetimes.take(int(rate * (seconds + 5)) // 3)
    pieces, stop = list(churn(some, rate)), threading.Event()
    sender = threading.Thread(target=send_steadily, args=(stream, pieces, rate, stop))
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join()


def latency(bench):
    args, rate = bench.args, bench.args.event_rate
    bench.leader.lead(args.tasks)
    path = questions(bench.files, "A", args.tasks)
    polled = bench.other or bench.module
    under_polls = f"{'other' if bench.other else 'module'} polls each second"
    under_events = f"{rate} events/s"
    lifetimes = Lifetimes(bench.leader.cluster)

    def ask(server):
        return latencies(server, path, args.seconds, args.rate)

    periods = []
    with contextlib.ExitStack() as stack:
        if bench.module.follows_events:
            server, stream = stack.enter_context(with_events(bench.module, bench.leader))
            to_whom = {under_events: stream, f"{rate} events/s to nobody": Nobody()}
        else:
            server, to_whom = stack.enter_context(with_module(bench.module, bench.leader)), {}
        for _ in range(args.rounds):
            some = []
            for _ in range(PERIODS):
                some.append({"nothing changes": ask(server)})
                for name, to in to_whom.items():
                    with _streaming(to, lifetimes, rate, args.seconds):
                        some[-1][name] = ask(server)
            with with_module(polled, bench.leader, interval="1") as polling:
                polling.wait_idle()
                for period in some:
                    period[under_polls] = ask(polling)
            periods += some
    conditions = list(periods[0])
    rows, brief = [], []
    for percent in (50, 99, 99.9):
        found = [[percentile(one[name], percent) for name in conditions] for one in periods]
        ratios = [[times[i] / times[0] for times in found] for i in range(1, len(conditions))]
        rows.append([f"{percent} %", *map(microseconds, columns(found)),
                     *(f"{figure(median(one))} {spread(one)}" for one in ratios)])
        if percent == 99 and to_whom:
            brief = [_brief(bench, f"99 % of answers' latency under {rate} events/s, of that "
                            "without", figure(median(ratios[0])))]
    table(f"Latency in µs at {args.rate} queries a second, {args.tasks} tasks, "
          f"{len(periods)} periods of {args.seconds} s of each",
          ["percentile", *conditions, *(f"ratio, {name}" for name in conditions[1:])], rows)
    return brief
