# SPDX-License-Identifier: GPL-3.0-or-later
"""A leading master of a large cluster, and what happens in it.

All that it sends is made beforehand: this is not what is measured.
"""
import contextlib
import gzip
import pathlib
import random
import socket
import threading
import time

import cluster
import events
import master
import model
import streams


class _Streams(streams.Streams):
    """Streams that begin with a first event that lies in a file."""

    def first(self):
        return [self.state(), events.HEARTBEAT]


class Leader(master.Master):
    """Serves one cluster at a time; the documents of each are made once, below `folder`."""

    def __init__(self, folder):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.cluster = None
        self.document = self.subscribed = None
        self.waiting = False  # Whether somebody has asked for a state since silence() began.
        self._speaks = threading.Event()
        self._speaks.set()

    def lead(self, tasks, agents=None, huge=False):
        """Has that cluster from now on; returns the path of its state."""
        self.cluster = cluster.Cluster(tasks, agents, huge)
        self.document = self.folder / f"state-{self.cluster}.json"
        self.subscribed = self.folder / f"subscribed-{self.cluster}.json"
        if not self.document.exists():
            self.cluster.write_state(self.document, self.address)
            self.packed.write_bytes(gzip.compress(self.document.read_bytes(), 6))
        plain, packed = self.document.read_bytes(), self.packed.read_bytes()

        def reply(handler):
            self.waiting = True
            self._speaks.wait()
            zipped = "gzip" in handler.headers.get("Accept-Encoding", "")
            body = packed if zipped else plain
            master.status(200, body, Content_Type="application/json",
                          **({"Content_Encoding": "gzip"} if zipped else {}))(handler)
        self.serve(reply)
        self.serve_events(None)
        return self.document

    @contextlib.contextmanager
    def silence(self):
        """Answers nobody who asks for a state until this ends."""
        self.waiting = False
        self._speaks.clear()
        try:
            yield
        finally:
            self._speaks.set()

    @property
    def packed(self):
        return self.document.with_suffix(".json.gz")

    def stream(self):
        """Streams events from now on, to be had from the streams that this returns."""
        if not self.subscribed.exists():
            self.cluster.write_subscribed(self.subscribed)
        first = self.subscribed.read_bytes()
        found = _Streams(lambda: first)
        self.serve_events(found)
        return found


class Lifetime:
    """A task from its start to its end: what its master streams of it, ready to be sent.

    Every other one is a further instance of an app that there is.
    """

    def __init__(self, number, of, apps):
        chosen = random.Random(number)
        framework, app, _ = chosen.choice(apps)
        app = app if number % 2 else f"new-{number}"
        agent = number % of.agents
        task = cluster.task(of.tasks + number, app, framework, agent)
        by = {"id": task["framework_id"]}
        self.owner = f"{app}-{model.task_hash(task['id'])}-s{agent}.{framework}.mesos."
        self.added, self.starting, self.running, self.ended = (
            streams.chunks(events.record(event)) for event in (
                events.task_added(by, task, statuses=False),
                events.task_updated(by, task, 0, "TASK_STARTING"),
                events.task_updated(by, task, 1, "TASK_RUNNING"),
                events.task_gone(by, task, "TASK_KILLED")))


class Lifetimes:
    """Tasks that come and go, never the same one twice."""

    def __init__(self, of):
        self.of = of
        self._apps = list(cluster.apps(of.tasks))
        self._next = 0

    def take(self, count):
        first, self._next = self._next, self._next + count
        return [Lifetime(number, self.of, self._apps) for number in range(first, self._next)]


def churn(lifetimes, alive):
    """Their events, each task's end so many tasks after its start; some live on at the end."""
    for number, one in enumerate(lifetimes):
        yield from (one.added, one.starting, one.running)
        if number >= alive:
            yield lifetimes[number - alive].ended


class Nobody:
    """Takes what it is sent instead of a stream: what to send costs the machine by itself."""

    def __init__(self):
        self._deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._deaf.bind(("127.0.0.1", 0))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(self._deaf.getsockname())

    def send_bytes(self, piece):
        self._socket.send(piece)


def send_steadily(stream, pieces, rate, stop=threading.Event()):
    """Sends so many pieces a second; returns by how many seconds it was late at the worst."""
    start, worst = time.monotonic(), 0.0
    for number, piece in enumerate(pieces):
        late = time.monotonic() - start - number / rate
        if late < 0:
            time.sleep(-late)
        if stop.is_set():
            break
        stream.send_bytes(piece)
        worst = max(worst, late)
    return worst
