# SPDX-License-Identifier: GPL-3.0-or-later
"""Stub masters that serve a state and stream its changes, and a knotd that follows them.

    with Leader(states.task("web")) as leader:
        stream = follow(server, leader)
        leader.run("worker")                # told by events alone
        server.wait_ready("worker.marathon.mesos.")
"""
import contextlib
import copy
import json
import threading
import time

import events
import model
import states
from knotd import Knotd
from master import Master, document
from streams import Streams
from waiting import PATIENCE, wait_for

FOLLOWING = "following the events of leader"
POLLING = "polling instead: "

# Far from what anything here takes.
SOON = 20


class Leader(Master):
    """A master whose state changes in steps; `streams` are options of Streams.

    Each change is in the state before it is told, as with a real master.
    """

    def __init__(self, *tasks, agents=None, streams=None, **options):
        super().__init__(**options)
        self.changing_lock = threading.RLock()
        self.state = states.state(self, states.framework("marathon", *tasks), agents=agents)
        self.streams = Streams(lambda: self.state, **(streams or {}))
        self.serve_events(self.streams)
        self.serve(self.serve_state)

    def serve_state(self, handler):
        """A reply: the state as it is now."""
        with self.changing_lock:
            reply = document(self.state)
        reply(handler)

    @contextlib.contextmanager
    def changing(self, told=True):
        """The state to be changed; after that its subscribers are told, unless it is silent."""
        with self.changing_lock:
            after = copy.deepcopy(self.state)
            yield after
            found = events.between(self.state, after)
            self.state = after
            if told:
                self.streams.send(*found)

    def run(self, *tasks, told=True):
        """Starts tasks of the first framework: names, or tasks as `states` makes them."""
        with self.changing(told) as state:
            state["frameworks"][0]["tasks"] += [
                states.task(one) if isinstance(one, str) else one for one in tasks]

    def end(self, *names, told=True):
        """Ends tasks of the first framework."""
        with self.changing(told) as state:
            framework = state["frameworks"][0]
            framework["tasks"] = [one for one in framework["tasks"] if one["name"] not in names]

    def wait_state(self, since, seconds=SOON):
        """Waits until a state was asked for after a moment of the monotonic clock."""
        wait_for(lambda: self.times() and self.times()[-1] > since, seconds, "a request for a state")


class Held:
    """A reply: a leader's state as it is when it is asked for, of which half stays on its way.

    Or all of it, its head included, if nothing is `sent` at first.
    """

    def __init__(self, leader, sent=True):
        self.leader, self.sent = leader, sent
        self.asked, self._going = threading.Event(), threading.Event()
        self._length = None  # What is sent of it at most, if it breaks off.

    def __call__(self, handler):
        with self.leader.changing_lock:
            body = json.dumps(self.leader.state).encode()
        reply = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)
        sent = len(reply) - len(body) // 2 if self.sent else 0
        handler.wfile.write(reply[:sent])
        self.asked.set()
        while not self._going.is_set() and not handler.server.ending.wait(0.01):
            pass
        handler.wfile.write(reply[sent:self._length])
        handler.close_connection = self._length is not None

    def wait(self):
        """Waits until somebody asks."""
        assert self.asked.wait(SOON * PATIENCE), "nobody asks for a state"

    def let_go(self):
        self._going.set()

    def break_off(self):
        """Ends the reply where it is."""
        self._length = 0
        self._going.set()


def start(server, *masters, zones=("mesos.",), **options):
    """Starts a knotd that polls once and never again, unless the options say otherwise."""
    options = {"poll_interval": "1d", "resync_interval": "1d", **options}
    server.module("cluster", master=[getattr(one, "address", one) for one in masters], **options)
    for zone in zones:
        server.zone(zone, "", ["mod-mesos/cluster"])
    server.start()


def wait_followed(server, leader, times=1):
    """Waits for the next subscriber that is content with a leader, and has read its state.

    `times` is how often the log says by then that the leader is followed.
    """
    stream = leader.streams.wait(SOON)
    wait_for(lambda: len(server.module_lines(FOLLOWING, leader.address)) >= times, SOON,
             f"{leader.address} to be followed")
    leader.wait_state(stream.request_time)
    return stream


def follow(server, *masters, **options):
    """Starts a knotd and waits until it follows the first master; gives the stream."""
    start(server, *masters, **options)
    stream = wait_followed(server, masters[0])
    server.wait_loaded()
    return stream


def wait_app(server, app, gone=False, framework="marathon", zone="mesos.", seconds=SOON):
    """Waits until a task has names, or has none."""
    server.wait_until(f"{app}.{framework}.{zone}", "A", lambda reply: gone != bool(reply.answer),
                      seconds)


def reasons(server, who):
    """Why the events of a master, or of a zone's cluster, were not followed, each time."""
    lines = server.module_lines("no events from", getattr(who, "address", f"[{who}]"), POLLING)
    return [line.partition(POLLING)[2] for line in lines]


def wait_reason(server, who, times=1):
    """Waits until the log says why for that many times; gives the last reason."""
    return wait_for(lambda: reasons(server, who)[times - 1:], SOON, "the end of events")[0]


@contextlib.contextmanager
def following_all(leaders, own=None, **options):
    """A knotd that serves each leader's cluster in a zone of its own: {zone: leader}.

    `own` are options that a zone alone has: {zone: options}.
    """
    options = {"resync_interval": "1d", **options}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Knotd())
        for zone, leader in leaders.items():
            stack.callback(leader.stop)
            id = zone.removesuffix(".")
            server.module(id, master=leader.address, **{**options, **(own or {}).get(zone, {})})
            server.zone(zone, "", [f"mod-mesos/{id}"])
        server.start()
        yield server


@contextlib.contextmanager
def unasked(*masters, seconds=0.0):
    """Nobody asks for a state in the `with`, which lasts so long at least."""
    counts, began = [one.count() for one in masters], time.monotonic()
    yield
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    assert [one.count() for one in masters] == counts


def own_of_frameworks(state):
    """Names that are frameworks' own, of which a state has to tell first, and those above them."""
    names = [model.dotted_label(framework["name"]) for framework in state["frameworks"]]
    return {owner for name in names for owner in (
        f"{name}.mesos.", f"_tcp.{name}.mesos.", f"_framework._tcp.{name}.mesos.")}
