# SPDX-License-Identifier: GPL-3.0-or-later
"""Life inside knotd: reloads, stops, threads, descriptors, memory, what is logged."""
import contextlib
import os
import signal
import threading
import time

import ask
import dns.exception
import pytest
import states
from knotd import OUR_THREADS, PRELOAD, WRAPPER
from master import Master, hang, silent_listener
from waiting import PATIENCE, wait_for

RELOADS = int(os.environ.get("TEST_RELOADS", "200"))

# A stop or reload has to take less than a second. What it must not wait for lasts a minute, so
# this bound leaves room for a slow machine and still catches any waiting.
SOON = 5 * PATIENCE

NAMES = [("web.marathon.mesos.", "A"), ("_web._tcp.marathon.mesos.", "SRV"),
         ("leader.mesos.", "A"), ("1.0.1.10.in-addr.arpa.", "PTR")]


def web(master, *more):
    return states.state(master, states.framework(
        "marathon", states.task("web", ports="[31000-31000]", addresses=["10.1.0.1"]),
        *(states.task(name) for name in more)))


def start(server, master, **options):
    server.module("cluster", master=master.address, **options)
    server.zone("mesos.", "static A 192.0.2.1\n", ["mod-mesos/cluster"])
    server.zone("10.in-addr.arpa.", "", ["mod-mesos/cluster"])
    server.start()


@contextlib.contextmanager
def constant_queries(server, names=tuple(NAMES)):
    """Asks without a pause for as long as the `with` lasts; every name must be answered."""
    ending, failed, count = threading.Event(), [], [0]

    def run():
        questioner = ask.Ask(server.address, server.port)
        while not ending.is_set():
            for name, kind in names:
                try:
                    outcome = ask.outcome(questioner(name, kind))
                except (OSError, dns.exception.DNSException) as error:
                    outcome = repr(error)
                count[0] += 1
                if outcome != "ANSWER":
                    failed.append((name, outcome))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
        wait_for(lambda: count[0] > 100, what="a hundred answers")
    finally:
        ending.set()
        thread.join()
    assert not failed, f"{len(failed)} of {count[0]} failed: {failed[:5]}"


def test_start_without_master(server, master):
    """Loading does not wait for the network: a master that hangs holds up nothing."""
    master.serve(hang)
    began = time.monotonic()
    start(server, master)
    assert time.monotonic() - began < SOON
    assert ask.outcome(server.ask("static.mesos.")) == "ANSWER"


def hang_up(server, turn):
    count = len(server.log_lines("configuration reloaded"))
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(server.log_lines("configuration reloaded")) > count, what="the reload")


def reload_zones(server, turn):
    for zone in server.zones:
        server.zone_reload(zone)


def commit(server, turn):
    server.knotc("conf-begin")
    server.knotc("conf-set", "mod-mesos[cluster].ttl", str(turn))
    server.knotc("conf-commit")


RELOAD = {"reload": lambda server, turn: server.reload(), "hangup": hang_up,
          "zone-reload": reload_zones, "commit": commit}


@pytest.mark.parametrize("reload", RELOAD.values(), ids=RELOAD)
def test_reload_under_queries(server, master, reload):
    master.serve(web(master))
    start(server, master)
    server.wait_loaded()
    with constant_queries(server):
        for turn in range(10):
            reload(server, turn)


def test_reload_without_master_under_queries(server, master):
    """The new instance serves the snapshot of the old one until its own first poll is in."""
    master.serve(web(master))
    start(server, master)
    server.wait_loaded()
    master.stop()
    with constant_queries(server):
        for _ in range(3):
            server.reload()
            server.zone_reload()
    assert ask.data(server.ask("web.marathon.mesos."), "A") == ["10.1.0.1"]
    assert ask.outcome(server.ask("nobody.mesos.")) == "NXDOMAIN"


def test_changed_options_under_queries(server, master):
    """Other settings mean another poller; until its first poll, the old snapshot is served."""
    master.serve(web(master))
    with Master() as other:
        other.serve(web(other, "other"))
        start(server, master)
        server.wait_loaded()
        with constant_queries(server):
            for ttl in (1, 2, 3):
                server.module("cluster", master=master.address, ttl=ttl)
                server.reload()
                server.wait_until("web.marathon.mesos.", "A", lambda reply, ttl=ttl:
                                  ask.records(reply.answer)[0].ttl == ttl)
            server.module("cluster", master=other.address, label_rules="rfc952", poll_interval=5,
                          ip_source=["auto", "host"])
            server.reload()
            server.wait_ready("other.marathon.mesos.")
            server.module("cluster", master=[other.address, master.address])
            server.reload()
            server.wait_ready("master1.mesos.")


def test_changed_options_with_dead_master_under_queries(server, master):
    """A new master that never answers: what the old one said stays."""
    master.serve(web(master))
    with Master() as dead:
        dead.serve(hang)
        start(server, master)
        server.wait_loaded()
        with constant_queries(server):
            server.module("cluster", master=dead.address)
            server.reload()
            server.wait_polls(dead, 1)


def test_zone_reload_polls_at_once(server, master):
    master.serve(web(master))
    start(server, master, poll_interval=3600)
    server.wait_loaded()
    for turn in range(1, 4):
        master.serve(web(master, f"turn{turn}"))
        count = master.count()
        server.zone_reload()
        server.wait_ready(f"turn{turn}.marathon.mesos.")
        assert master.count() == count + 1


def test_module_taken_out_and_put_back(server, master):
    """Without the module, the zone file alone; with it again, all names."""
    master.serve(web(master))
    start(server, master)
    server.wait_loaded()
    server.zone("mesos.", "static A 192.0.2.1\n")
    server.zone("10.in-addr.arpa.", "")
    server.reload()
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "NXDOMAIN"
    assert ask.outcome(server.ask("static.mesos.")) == "ANSWER"
    assert server.threads("mesos") == 0
    server.zone("mesos.", "static A 192.0.2.1\n", ["mod-mesos/cluster"])
    server.reload()
    server.wait_ready("web.marathon.mesos.")


def test_zone_backup_and_restore(server, master):
    """knotd unloads and loads the same instance then."""
    master.serve(web(master))
    start(server, master)
    server.wait_loaded()
    server.knotc("-b", "zone-backup", "+backupdir", server.directory / "backup", "mesos.")
    server.knotc("-b", "zone-restore", "+backupdir", server.directory / "backup", "mesos.")
    server.wait_ready("web.marathon.mesos.")
    assert ask.outcome(server.ask("1.0.1.10.in-addr.arpa.", "PTR")) == "ANSWER"


def test_zone_added_and_removed(server, master):
    """A zone that joins a running poller is served at once, one that leaves takes nothing."""
    master.serve(web(master))
    start(server, master, poll_interval=3600)
    server.wait_loaded()
    server.zone("later.example.", "", ["mod-mesos/cluster"])
    server.reload()
    server.wait_ready("leader.later.example.")
    del server.zones["10.in-addr.arpa."]
    server.reload()
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
    assert ask.outcome(server.ask("web.marathon.later.example.")) == "ANSWER"
    assert ask.outcome(server.ask("1.0.1.10.in-addr.arpa.", "PTR")) == "REFUSED"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_while_master_hangs(server, master, number):
    master.serve(hang)
    start(server, master)
    server.wait_polls(master, 1)
    began = time.monotonic()
    server.stop(number)
    assert time.monotonic() - began < SOON


def test_stop_while_connecting(server):
    """A master whose machine answers no connection request."""
    with silent_listener() as address:
        server.module("cluster", master=address)
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < SOON


def test_stop_between_polls(server, master):
    master.serve(web(master))
    start(server, master, poll_interval=3600)
    server.wait_loaded()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < SOON


def test_reload_while_master_hangs(server, master):
    """Also with other settings, where the old poller ends in the middle of its poll."""
    master.serve(web(master))
    start(server, master, poll_interval=1)
    server.wait_loaded()
    master.serve(hang)
    server.wait_polls(master, master.count() + 1)
    for ttl in (1, 2):
        began = time.monotonic()
        server.module("cluster", master=master.address, ttl=ttl)
        server.reload()
        server.zone_reload()
        assert time.monotonic() - began < SOON
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
    wait_for(lambda: server.threads("mesos") == 1, what="the old poller's end")


def test_reloads_leave_nothing_behind(server, master):
    """Hundreds of reloads, most of them with settings that change."""
    tasks = [states.task(f"app{i % 100}", f"task.{i}", ports="[31000-31003]",
                         addresses=[f"10.3.{i // 250}.{i % 250}"]) for i in range(1000)]
    master.serve(states.state(master, states.framework("marathon", *tasks)))
    start(server, master)
    server.wait_loaded()

    def reload(times):
        for turn in range(times):
            server.module("cluster", master=master.address, ttl=turn % 5 + 1)
            server.reload()
            if turn % 10 == 0:
                server.zone_reload()
            server.wait_until("app1.marathon.mesos.", "A", lambda reply, ttl=turn % 5 + 1:
                              ask.records(reply.answer)[0].ttl == ttl)

    def settled():
        return wait_for(lambda: server.threads("mesos") == 1 and server.threads(OUR_THREADS),
                        what="old pollers' ends")

    reload(RELOADS // 4)
    threads, descriptors, memory = settled(), server.descriptors(), server.memory()
    reload(RELOADS - RELOADS // 4)
    assert settled() == threads
    assert server.descriptors() <= descriptors + 2
    if not (WRAPPER or PRELOAD):
        # A lost snapshot of these tasks a reload would be more than 100 MB.
        assert server.memory() < memory + 30 * 1024


@pytest.mark.skipif(bool(WRAPPER), reason="valgrind has its own signal masks")
def test_thread_blocks_all_signals(server, master):
    master.serve(web(master))
    start(server, master)
    server.wait_loaded()
    blocked = server.blocked_signals("mesos")
    assert len(blocked) == 1
    # Nobody can block KILL and STOP; the C library keeps two for itself (nptl(7)).
    assert blocked[0] >= set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}


def test_good_polls_log_nothing(server, master):
    master.serve(web(master))
    start(server, master, poll_interval=1, events="off")
    server.wait_loaded()
    lines = server.module_lines()
    server.wait_polls(master, master.count() + 4)
    master.serve(web(master, "more"))
    server.wait_ready("more.marathon.mesos.")
    server.wait_polls(master, master.count() + 1)
    assert server.module_lines() == lines
    assert len(lines) == 1


def test_leader_change_is_logged(server, master):
    with Master() as heir:
        master.serve(web(master))
        heir.serve(web(heir))
        start(server, master, poll_interval=1, events="off")
        server.wait_loaded()
        count = len(server.module_lines())
        master.serve(dict(web(master), leader=heir.pid))
        wait_for(lambda: len(server.module_lines()) > count, what="a line about the leader")
        server.wait_polls(heir, heir.count() + 2)
        lines = server.module_lines()[count:]
        assert len(lines) == 1 and heir.address in lines[0], lines


def test_skipped_names_are_logged_once(server, master):
    """A name that DNS cannot carry is counted when that changes, and not in every poll."""
    long = states.task("a" * 70, ports="[31000-31000]")
    master.serve(web(master))
    start(server, master, poll_interval=1, events="off")
    server.wait_loaded()
    count = len(server.module_lines())
    content = web(master, "more")
    content["frameworks"][0]["tasks"].append(long)
    master.serve(content)
    server.wait_ready("more.marathon.mesos.")
    server.wait_polls(master, master.count() + 3)
    assert len(server.module_lines()) == count + 1
    assert server.ask("a" * 63 + ".marathon.mesos.").answer


def test_queries_log_nothing(server, master):
    master.stop()
    start(server, master, poll_interval=1, events="off")
    server.wait_log("module 'mod-mesos/")
    for _ in range(3):
        for name, kind in NAMES:
            server.ask(name, kind, ask.UDP_EDNS)
    assert len(server.module_lines()) == 1
    master.serve(web(master))
    master.start()
    server.wait_loaded()
    lines = server.module_lines()
    for name, kind in NAMES * 10:
        server.ask(name, kind)
    assert server.module_lines() == lines
