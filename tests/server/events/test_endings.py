# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads and stops while events are followed, or while a stream hangs."""
import time

import ask
import pytest
import states
from expected import ZONES
from following import (FOLLOWING, SOON, Leader, follow, reasons, start, unasked, wait_app,
                       wait_followed)
from knotd import OUR_THREADS
from master import hang, silent_listener
from waiting import PATIENCE, wait_for

# A second, as it has to be, and what a busy machine takes.
AT_ONCE = 5


# Streams in all the conditions in which they can be when knotd is told something.

def silent(leader):
    """Open; only the first events have come, and heartbeats are far away."""


def no_head(leader):
    """A request that nobody answers."""
    leader.serve_events(hang)


def no_bytes(leader):
    """Accepted, and not one byte of an event."""
    leader.streams.state = None


def half_an_event(leader):
    """In the middle of a record, and of a chunk."""
    def reply(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"1000\r\n4000\n{\"type\":\"SUBSC")
        hang(handler)

    leader.serve_events(reply)


def refused(leader):
    """None now; it is tried again soon."""
    leader.serve_events(None)


CONDITIONS = {one.__name__.replace("_", "-"): one for one in
              (silent, no_head, no_bytes, half_an_event, refused)}


def start_in(server, leader, condition, **options):
    CONDITIONS[condition](leader)
    start(server, leader, zones=ZONES, poll_interval=1, **options)
    server.wait_ready("web.marathon.mesos.")
    wait_for(leader.subscriptions, SOON, "a subscription")


@pytest.mark.parametrize("condition", CONDITIONS)
def test_stop(server, leader, condition):
    start_in(server, leader, condition)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < AT_ONCE * PATIENCE
    if condition in ("silent", "no-bytes"):
        wait_for(lambda: not leader.streams.open(), what="the end of the stream")


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("options", [{}, {"ttl": 7}, {"poll_timeout": 50}],
                         ids=["same", "view", "poller"])
def test_reload(server, leader, condition, options):
    """It does not wait for any stream, and nothing is unanswerable meanwhile."""
    start_in(server, leader, condition)
    server.module("cluster", master=leader.address, poll_interval=1, resync_interval="1d",
                  **options)
    for _ in range(2):
        began = time.monotonic()
        server.reload()
        assert time.monotonic() - began < AT_ONCE * PATIENCE
        assert server.ask("web.marathon.mesos.").answer
    leader.streams.state = lambda: leader.state
    leader.serve_events(leader.streams)
    # Who still follows is told; everybody else polls.
    leader.run("polled", told=condition == "silent")
    wait_app(server, "polled")


@pytest.mark.parametrize("options", [{}, {"ttl": 7}, {"ip_source": "host"}, {"poll_timeout": 50},
                                     {"events": "off"}], ids=["same", "ttl", "naming", "poller", "off"])
def test_what_events_told_survives_a_reload(server, leader, options):
    """No state comes any more: it is known all the same, under the new options too."""
    follow(server, leader)
    leader.run(states.task("told", addresses=["10.1.0.9"]))
    wait_app(server, "told")
    leader.end("web")
    wait_app(server, "web", gone=True)
    leader.serve(hang)
    leader.serve_events(hang)
    server.module("cluster", master=leader.address, poll_interval="1d", resync_interval="1d",
                  **options)
    server.reload()
    reply = server.ask("told.marathon.mesos.")
    assert reply.answer and not server.ask("web.marathon.mesos.").answer
    address = "10.0.0.10" if "ip_source" in options else "10.1.0.9"
    server.wait_until("told.marathon.mesos.", "A", lambda reply: (
        ask.data(reply, "A") == [address] and reply.answer[0].ttl == options.get("ttl", 30)))


def test_one_subscription_after_reloads(server, leader):
    """The old one goes on, or ends as the new one begins."""
    follow(server, leader, zones=ZONES)
    server.reload()
    server.zone_reload()
    leader.run("told")
    wait_app(server, "told")
    for count, timeout in ((2, 50), (3, 40)):
        server.module("cluster", master=leader.address, poll_interval="1d", resync_interval="1d",
                      poll_timeout=timeout)
        server.reload()
        wait_for(lambda: len(leader.subscriptions()) == count and len(leader.streams.open()) == 1,
                 SOON, "one subscription")
        leader.run(f"told{timeout}")
        wait_app(server, f"told{timeout}")
    assert len(leader.streams.open()) == 1 and len(leader.subscriptions()) == 3
    assert not reasons(server, leader)


def test_events_switched(server, leader):
    """Off and on again by reloads."""
    follow(server, leader, poll_interval=1)
    server.module("cluster", master=leader.address, poll_interval=1, events="off")
    server.reload()
    wait_for(lambda: not leader.streams.open(), SOON, "the end of the stream")
    leader.run("polled")
    wait_app(server, "polled")
    count = leader.count()
    server.wait_polls(leader, count + 2)
    assert len(leader.subscriptions()) == 1
    server.module("cluster", master=leader.address, poll_interval=1, resync_interval="1d")
    server.reload()
    wait_followed(server, leader, times=2)
    with unasked(leader, seconds=1.5):
        leader.run("told")
        wait_app(server, "told")


def test_zone_reload_reads_a_state(server, leader):
    """At once, and the stream goes on."""
    follow(server, leader)
    leader.run("silent", told=False)
    server.zone_reload()
    wait_app(server, "silent")
    leader.run("told")
    wait_app(server, "told")
    assert len(leader.subscriptions()) == 1
    assert len(server.module_lines(FOLLOWING)) == 1


def test_another_cluster_after_a_reload(server, leader):
    """Other masters: the old stream's events are nobody's any more."""
    follow(server, leader)
    with Leader(states.task("other")) as second:
        server.module("cluster", master=second.address, poll_interval="1d")
        server.reload()
        wait_followed(server, second)
        wait_app(server, "other")
        wait_app(server, "web", gone=True)
        wait_for(lambda: not leader.streams.open(), SOON, "the end of the stream")
        second.run("told")
        wait_app(server, "told")


def test_last_zone_goes(server, leader):
    """Nobody is left who wants events; knotd lives on."""
    server.zone("static.", "www A 192.0.2.1\n")
    follow(server, leader)
    del server.zones["mesos."]
    server.reload()
    wait_for(lambda: not leader.streams.open(), SOON, "the end of the stream")
    assert server.ask("www.static.").answer


def test_unreachable_masters(server, leader):
    """A connection that takes for ever: nothing of it holds up a stop."""
    with silent_listener() as address:
        start(server, address, leader, poll_interval=1)
        wait_followed(server, leader)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < AT_ONCE * PATIENCE


def test_threads_and_descriptors(server, leader):
    """However often streams end and begin, it does not become more."""
    stream = follow(server, leader, poll_interval=1)
    threads = server.threads(OUR_THREADS)
    descriptors = server.descriptors()
    for times in range(2, 4):
        stream.cut()
        stream = wait_followed(server, leader, times)
    assert server.threads(OUR_THREADS) == threads
    assert server.descriptors() <= descriptors + 1
