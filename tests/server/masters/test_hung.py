# SPDX-License-Identifier: GPL-3.0-or-later
"""A leader that hangs, or is slow: neither is waited for alone, and who is slow is not given up.

`poll-timeout` is a minute or more throughout, and no test waits that long.
"""
import json
import time

import ask
import pytest
import states
from master import Master, document, hang, raw, redirect, silent_listener
from waiting import PATIENCE, wait_for

SILENT = "has sent nothing for 5 s"

# Far from what it takes, and far from `poll-timeout`.
SOON = 30


def state_with(master, app):
    return states.state(master, states.framework("marathon", states.task(app)))


def sends_to(master):
    return redirect(f"//{master.address}/master/state")


def slow(seconds, content):
    """A reply whose first byte comes late."""
    def reply(handler):
        if not handler.server.ending.wait(seconds):
            document(content)(handler)
    return reply


def breaks_down(content):
    """Half a reply, then nothing more."""
    body = json.dumps(content).encode()
    head = raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body[:-40]))

    def reply(handler):
        head(handler)
        hang(handler)
    return reply


def start(server, *masters, **options):
    addresses = [getattr(master, "address", master) for master in masters]
    server.module("cluster", master=addresses, poll_interval=1, poll_timeout=300, **options)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()


def wait_app(server, app, seconds=10):
    server.wait_until(f"{app}.marathon.mesos.", "A", lambda reply: reply.answer, seconds)


@pytest.fixture
def other():
    with Master() as stub:
        yield stub


@pytest.fixture
def third():
    with Master() as stub:
        yield stub


@pytest.mark.parametrize("fails", ["at-once", "half-way"])
def test_leader_that_hangs(server, master, other, fails):
    """Another one leads after some seconds, in which the standby still names the old one."""
    master.serve(state_with(master, "one"))
    other.serve(sends_to(master))
    start(server, master, other)
    wait_app(server, "one")
    count = master.count()
    master.serve(hang if fails == "at-once" else breaks_down(state_with(master, "half")))
    server.wait_log(SILENT, master.address, seconds=SOON)
    assert "polls fail" not in server.log
    wait_for(lambda: other.count() >= 2, SOON, "the standby to be asked again")
    other.serve(state_with(other, "two"))
    wait_app(server, "two", SOON)
    server.wait_log("leader changed from", master.address, other.address)
    # It was not given up before there was another one, and is left alone from now on.
    asked = master.count()
    assert asked <= count + 2
    server.wait_polls(other, other.count() + 3)
    assert master.count() == asked
    assert len(server.module_lines(SILENT)) == 1


def test_hung_at_the_first_poll(server, master, other, third):
    """Two of three are silent in two ways; the second one names whom a known one does not."""
    with Master() as leader:
        master.serve(hang)
        other.serve(sends_to(leader))
        leader.serve(state_with(leader, "one"))
        with silent_listener() as full:
            start(server, master, full, other)
            wait_app(server, "one", SOON)


def test_standby_that_names_the_hung_one(server, master, other, third):
    """The first one asked is a standby; it and the others name a hung leader, later another."""
    master.serve(sends_to(third))
    other.serve(sends_to(third))
    third.serve(hang)
    start(server, master, other)
    server.wait_log(SILENT, third.address, seconds=SOON)
    count = master.count()
    wait_for(lambda: master.count() >= count + 2, SOON, "the standby to be asked again")
    assert third.count() == 1
    master.serve(sends_to(other))
    other.serve(state_with(other, "two"))
    wait_app(server, "two", SOON)
    assert third.count() == 1


def test_slow_leader_is_not_given_up(server, master, other):
    """The others name it, so it is waited for; the log has a line of it once, not at each poll."""
    other.serve(sends_to(master))
    master.serve(slow(8, state_with(master, "one")))
    start(server, master, other)
    wait_app(server, "one", SOON)
    assert master.count() == 1
    assert other.count() >= 1
    master.serve(slow(6, state_with(master, "two")))
    wait_app(server, "two", SOON)
    assert master.count() <= 3
    assert len(server.module_lines(SILENT)) == 1
    assert not server.module_lines("fail")


def test_slow_leader_of_two_names(server, master, other):
    """The standby calls it otherwise than the configuration does."""
    other.serve(sends_to(master))
    master.serve(slow(8, state_with(master, "one")))
    start(server, f"localhost:{master.port}", other)
    wait_app(server, "one", SOON)
    assert other.count() >= 1
    assert master.count() == 1


@pytest.mark.parametrize("named", ["nobody.invalid:5050", "dead", "hung"])
def test_slow_leader_while_another_is_named(server, master, other, third, named):
    """One that cannot be reached, or is as silent, does not take its place."""
    third.serve(hang)
    if named == "dead":
        third.stop()
    other.serve(redirect(f"//{third.address if '.' not in named else named}/master/state"))
    master.serve(slow(8, state_with(master, "one")))
    start(server, master, other)
    wait_app(server, "one", SOON)
    assert other.count() >= 1
    assert master.count() == 1


def test_reply_that_takes_long(server, master, other):
    """Longer than a silence in all, but something comes each half second."""
    body = json.dumps(state_with(master, "one")).encode()
    pieces = [body[at:at + len(body) // 14 + 1] for at in range(0, len(body), len(body) // 14 + 1)]

    def reply(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for piece in pieces:
            handler.server.ending.wait(0.5)
            handler.wfile.write(piece)

    master.serve(reply)
    other.serve(sends_to(master))
    start(server, master, other)
    wait_app(server, "one", SOON)
    assert other.count() == 0
    assert not server.module_lines(SILENT)


def test_silence_that_comes_back_is_said_again(server, master, other):
    other.serve(sends_to(master))
    for _ in range(2):
        master.serve(slow(6, state_with(master, "slow")))
        if not server.process:
            start(server, master, other)
        wait_app(server, "slow", SOON)
        master.serve(state_with(master, "quick"))
        wait_app(server, "quick", SOON)
        server.wait_polls(master, master.count() + 2)
    assert len(server.module_lines(SILENT)) == 2


def test_stop_while_several_are_asked(server, master, other, third):
    for stub in (master, other, third):
        stub.serve(hang)
    start(server, master, other, third)
    wait_for(lambda: third.count() == 1, SOON, "the others to be asked")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 5 * PATIENCE


def test_descriptors_are_given_back(server, master, other):
    """However often others are asked."""
    master.serve(hang)
    other.serve(sends_to(master))
    start(server, master, other)
    wait_for(lambda: other.count() >= 2, SOON, "the standby to be asked")
    before = server.descriptors()
    wait_for(lambda: other.count() >= 6, SOON, "the standby to be asked again")
    assert server.descriptors() <= before + 1


# ZooKeeper.

@pytest.fixture
def zookeeper():
    ensemble = pytest.importorskip("ensemble")
    with ensemble.Ensemble() as server:
        yield server


def test_zookeeper_names_another(server, zookeeper, master, other):
    """Whom nobody knew of before; the request to the old one ends at once."""
    master.serve(hang)
    other.serve(state_with(other, "two"))
    zookeeper.announce(master, 2)
    start(server, zookeeper.url)
    server.wait_polls(master, 1)
    zookeeper.announce(other, 1)
    wait_app(server, "two", SOON)
    assert master.count() == 1
    assert not server.module_lines("polls fail", master.address)


def test_zookeeper_names_another_standby(server, zookeeper, master, other):
    """That is no reason to ask the leader anew."""
    master.serve(slow(8, state_with(master, "one")))
    other.serve(sends_to(master))
    zookeeper.announce(master, 1)
    start(server, zookeeper.url)
    server.wait_polls(master, 1)
    zookeeper.announce(other, 2)
    wait_app(server, "one", SOON)
    assert master.count() == 1


def test_zookeeper_while_the_leader_hangs(server, zookeeper, master, other):
    """Its session lives on for a while; then the other one's announcement is the lowest."""
    master.serve(state_with(master, "one"))
    other.serve(sends_to(master))
    zookeeper.announce(master, 1)
    zookeeper.announce(other, 2)
    start(server, zookeeper.url)
    wait_app(server, "one")
    master.serve(hang)
    server.wait_log(SILENT, master.address, seconds=SOON)
    other.serve(state_with(other, "two"))
    zookeeper.resign(1)
    wait_app(server, "two", SOON)
    assert ask.data(server.ask("_leader._tcp.mesos.", "SRV"), "SRV") == [
        f"0 1 {other.port} leader.mesos."]
