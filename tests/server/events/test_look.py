# SPDX-License-Identifier: GPL-3.0-or-later
"""A leader that hangs while its events are followed: the other masters are asked who leads."""
import contextlib
import time

import pytest
import states
from following import Leader, follow, start, unasked, wait_app, wait_followed
from master import document, hang, redirect, status
from waiting import wait_for

REDIRECT = "/master/redirect"

# Nothing but the others' word can tell: heartbeats are far away.
NEVER = {"heartbeat": 3600.0}


def to(leader):
    return redirect(f"//{leader.address}")


@pytest.fixture
def pair():
    """A leader, and a standby that says so."""
    with Leader(states.task("web"), streams=NEVER) as leader, \
            Leader(states.task("other"), streams=NEVER) as standby:
        standby.serve(redirect(f"//{leader.address}/master/state"))
        standby.serve(to(leader), REDIRECT)
        leader.serve(to(leader), REDIRECT)
        yield leader, standby


def take_over(leader, standby):
    """The leader hangs, and the standby is elected."""
    leader.serve(hang)
    standby.state = {**standby.state, "id": "another-master"}
    standby.serve(standby.serve_state)
    standby.serve(to(standby), REDIRECT)


@pytest.mark.parametrize("first", [0, 1])
def test_leader_that_hangs(server, pair, first):
    """Its connection stays: neither an end nor a missing heartbeat says that it is over."""
    leader, standby = pair
    start(server, *(pair[first:] + pair[:first]))
    wait_followed(server, leader)
    server.wait_ready("web.marathon.mesos.")
    take_over(leader, standby)
    wait_app(server, "other", seconds=30)
    wait_followed(server, standby)
    standby.run("new")
    wait_app(server, "new")
    # Whom it asked first is the one that said so: the one that hangs holds up nothing.
    assert not server.module_lines("has sent nothing")


def test_quiet_leader(server, pair):
    """Who is quiet and leads is left alone, whatever the others' name for it is."""
    leader, standby = pair
    follow(server, leader, standby)
    with unasked(leader, seconds=9):
        wait_for(lambda: standby.count(REDIRECT) >= 1, 20, "a question to the standby")
    assert leader.count(REDIRECT) == 0
    # Another name costs one poll, and no more.
    count = leader.count()
    standby.serve(redirect(f"//localhost:{leader.port}"), REDIRECT)
    standby.serve(redirect(f"//localhost:{leader.port}/master/state"))
    asked = standby.count(REDIRECT)
    wait_for(lambda: standby.count(REDIRECT) >= asked + 3, 30, "questions to the standby")
    assert leader.count() <= count + 1
    assert len(leader.subscriptions()) == 1


NO_ANSWERS = {"503": status(503), "404": status(404), "401": status(401),
              "nowhere": redirect("//"), "no-host": redirect("http://a b/"),
              "document": document({"leader": "x"}), "hangs": hang}


def test_no_answer(server):
    """Whoever does not know says nothing, and is asked again."""
    with contextlib.ExitStack() as stack:
        leaders, standbys = {}, []
        for name, reply in NO_ANSWERS.items():
            leaders[name] = stack.enter_context(Leader(states.task("web"), streams=NEVER))
            standby = stack.enter_context(Leader(streams=NEVER))
            standby.serve(redirect(f"//{leaders[name].address}/master/state"))
            standby.serve(reply, REDIRECT)
            standbys.append(standby)
            server.module(name, master=[leaders[name].address, standby.address],
                          resync_interval="1d")
            server.zone(f"{name}.", "", [f"mod-mesos/{name}"])
        server.start()
        for leader in leaders.values():
            wait_followed(server, leader)
        with unasked(*leaders.values()):
            wait_for(lambda: min(one.count(REDIRECT) for one in standbys) >= 2, 40,
                     "questions to the standbys")
            for name, leader in leaders.items():
                leader.run("quick")
                wait_app(server, "quick", zone=f"{name}.")
        assert not server.module_lines("failed")


def test_nobody_is_asked_while_events_come(server, pair):
    leader, standby = pair
    stream = follow(server, leader, standby)
    stream.heartbeat = 0.5
    time.sleep(7)
    assert standby.count(REDIRECT) == 0


def test_credential_is_not_told(server, pair, tmp_path):
    leader, standby = pair
    file = tmp_path / "credential.json"
    file.write_text('{"principal": "ops", "secret": "hidden"}')
    follow(server, leader, standby, credential_file=file)
    wait_for(lambda: standby.count(REDIRECT) >= 1, 30, "a question to the standby")
    assert "Authorization" not in standby.last(REDIRECT).headers
