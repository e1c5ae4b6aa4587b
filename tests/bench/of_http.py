# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP: how soon a watch is answered, and what queries feel of those who wait and scrape."""
import contextlib
import random
import re
import resource
import subprocess
import threading
import time

import cluster
from asking import cpu_of_answers, instructions, questions
from leader import Lifetimes, churn, send_steadily
from measured import with_events, with_module
from of_events import NOT_IN_STEP, measure_lags
from ports import free_port
from report import figure, median, microseconds, milliseconds, percentile, spread, table
from web import Web

WAITERS = 1000
COUNTED_TASKS = 2000  # callgrind is slow
SCRAPE_SECONDS = 1
THREAD = "mesos-http\n"


def _allow_descriptors():
    """As many as there may be, for us and knotd: no more than a quarter of its may wait."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _web():
    web = Web("127.0.0.1", free_port())
    return web, {"http": f"{web.address}@{web.port}"}


@contextlib.contextmanager
def waiting(web, tasks, count=WAITERS):
    """So many clients wait, each at an app of its own as far as there are as many."""
    apps = list(cluster.apps(tasks))
    with contextlib.ExitStack() as stack:
        for number in range(count):
            framework, app, _ = apps[number % len(apps)]
            line = stack.enter_context(web.connect())
            path = f"/v1/hosts/{app}.{framework}.mesos"
            line.get(path)
            line.get(f"{path}?index={line.reply().index}&wait=5m")
        yield


@contextlib.contextmanager
def scraping(web):
    """Somebody scrapes, as Prometheus does."""
    ending = threading.Event()

    def scrape():
        while not ending.wait(SCRAPE_SECONDS):
            web.get("/metrics")

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def watch_lags(web, stream, lifetimes):
    """Seconds from events to the answers of those who wait for them."""
    lags, pauses = [], random.Random(1)
    with web.connect() as line:
        for one in lifetimes:
            path = f"/v1/hosts/{one.owner}"
            stream.send_bytes(one.added, one.starting)
            line.get(path)
            index = line.reply().index
            for piece in (one.running, one.ended):
                line.get(f"{path}?index={index}&wait=1m")
                time.sleep(pauses.uniform(*NOT_IN_STEP))
                sent = time.monotonic()
                stream.send_bytes(piece)
                reply = line.reply()
                lags.append(time.monotonic() - sent)
                assert reply.index != index
                index = reply.index
    return lags


def _latency(bench):
    args = bench.args
    bench.leader.lead(args.tasks)
    web, options = _web()
    rows = []
    count = args.events // 4
    with with_events(bench.module, bench.leader, **options) as (server, stream):
        lifetimes = Lifetimes(bench.leader.cluster)
        dns = [lag for lags in measure_lags(server, stream, lifetimes.take(count)) for lag in lags]
        found = {"an answer of DNS": dns,
                 "an answer that has waited": watch_lags(web, stream, lifetimes.take(count))}
        with waiting(web, args.tasks, WAITERS - 1):
            found[f"the same, while {WAITERS} wait for others"] = watch_lags(
                web, stream, lifetimes.take(count))
            share = _thread_under_events(server, stream, lifetimes, args)
        for what, lags in found.items():
            middle = percentile(lags, 50)
            rows.append([what, *(milliseconds(percentile(lags, percent))
                                 for percent in (50, 99, 100)),
                         figure(middle / percentile(dns, 50))])
    table(f"From an event to the client in ms, {args.tasks} tasks, {2 * count} events each",
          ["what", "median", "99 %", "most", "median, of DNS's"], rows)
    table(f"{args.event_rate} events/s, while {WAITERS} clients wait at as many names",
          ["thread", "CPU, of one core"], [[name, figure(one)] for name, one in share.items()])
    lags = found[f"the same, while {WAITERS} wait for others"]
    return [[f"from an event to who waits, while {WAITERS} others do, in ms, median / 99 %",
             " / ".join(milliseconds(percentile(lags, percent)) for percent in (50, 99)),
             *("–" for _ in [bench.other] if bench.other)]]


def _thread_under_events(server, stream, lifetimes, args):
    """Shares of a core of the cluster's thread and the server's, while events come steadily."""
    def cpu():
        return {name: server.cpu_of(thread) for name, thread in (
            ("the cluster's", "mesos\n"), ("the HTTP server's", THREAD))}

    pieces = list(churn(lifetimes.take(args.event_rate * args.seconds // 4 + 100), 50))
    before, start = cpu(), time.monotonic()
    send_steadily(stream, pieces, args.event_rate)
    server.wait_idle()
    seconds = time.monotonic() - start
    return {name: (after - before[name]) / seconds for name, after in cpu().items()}


def _costs(bench):
    """CPU of an answer: nobody waits, many do, and what is between them by chance."""
    args = bench.args
    bench.leader.lead(args.tasks)
    path = questions(bench.files, "A", args.tasks)
    rounds = []
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(with_module(bench.module, bench.leader))
        same = stack.enter_context(with_module(bench.module, bench.leader))
        web, options = _web()
        busy = stack.enter_context(with_module(bench.module, bench.leader, **options))
        stack.enter_context(waiting(web, args.tasks))
        stack.enter_context(scraping(web))
        servers = {"no HTTP": plain, "no HTTP, once more": same,
                   f"{WAITERS} wait, one scrapes": busy}
        for _ in range(2 * args.rounds):
            rounds.append({name: cpu_of_answers(server, path, args.seconds)
                           for name, server in servers.items()})
    rows, ratios = [], {}
    for name in servers:
        ratios[name] = [sum(one[name]) / sum(one["no HTTP"]) for one in rounds]
        rows.append([name, *(figure(median([one[name][mode] for one in rounds]))
                             for mode in (0, 1)),
                     f"{figure(median(ratios[name]))} {spread(ratios[name])}"])
    table(f"CPU of an answer in µs, {args.tasks} tasks", ["knotd", "user", "system", "ratio of both"],
          rows)
    return [[f"CPU of an answer, while {WAITERS} wait and one scrapes, of that without HTTP",
             figure(median(ratios[f"{WAITERS} wait, one scrapes"])),
             *("–" for _ in [bench.other] if bench.other)]]


def _self_instructions(path, function):
    """Instructions that callgrind saw in a function itself, of the last run."""
    done = subprocess.run(["callgrind_annotate", "--threshold=100", "--show-percs=no",
                           path.with_name("callgrind.out")], check=True, stdout=subprocess.PIPE,
                          text=True)
    found = re.search(rf"^\s*([\d,]+)\s.*:{function}\b", done.stdout, re.M)
    return int(found[1].replace(",", "")) if found else 0


def _counts(bench):
    bench.leader.lead(COUNTED_TASKS)
    path = questions(bench.files, "A", COUNTED_TASKS)
    counters = []

    def count(**options):
        with contextlib.ExitStack() as stack:
            @contextlib.contextmanager
            def serving(wrapper):
                with with_module(bench.module, bench.leader, wrapper=wrapper, **options) as server:
                    if options:
                        stack.enter_context(waiting(web, COUNTED_TASKS))
                        stack.enter_context(scraping(web))
                    yield server
                    stack.close()
            total = instructions(serving, path)
        counters.append((_self_instructions(path, "stats_count"), total))
        return total

    web, options = _web()
    plain, busy = count(), count(**options)
    answers = round(counters[0][1] and _total(path) / busy)
    own = counters[0][0] / answers
    table(f"Instructions of an answer, {COUNTED_TASKS} tasks", ["what", "how many", "ratio"],
          [["no HTTP", f"{plain:.0f}", figure(1)],
           [f"{WAITERS} wait, one scrapes each second", f"{busy:.0f}", figure(busy / plain)],
           ["of them, to count it for /metrics and knotc", f"{own:.0f}", figure(own / plain)]])
    return []


def _total(path):
    return int(re.search(r"^totals: (\d+)", path.with_name("callgrind.out").read_text(), re.M)[1])


def http(bench):
    if not bench.module.follows_events:
        print("\nhttp: this module follows no events.")
        return []
    _allow_descriptors()
    brief = _latency(bench) + _costs(bench)
    return brief + _counts(bench)
