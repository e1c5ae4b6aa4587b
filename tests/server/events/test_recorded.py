# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams of a real master, held against the states of the same moments (data/recordings/events)."""
import json
import threading

import events
import model
import pytest
import recordings
import states
from expected import ZONES, Expected, serving
from following import FOLLOWING, SOON, own_of_frameworks, wait_app
from master import Master, document, raw, redirect
from streams import Streams
from waiting import PATIENCE, wait_for
from watching import watch

FOLDER = recordings.FOLDER / "events"

# States that say something of which the stream does not speak, as the recordings' README says: a
# status of the same state without a reason that is told, agents that became unreachable, or gone.
# The last one is silent only as long as the states before it were not read.
SILENT = {"addresses/state-04", "addresses/state-06", "agent-moves/state-stream-02",
          "agents/state-04", "agents/state-10", "drain/state-06", "drain/state-07",
          "drain/state-08"}

SCENARIOS = ["addresses", "agent-moves", "agents", "burst", "churn", "drain", "frameworks",
             "health", "late-subscribe", "reservations", "task-lifecycle", "v0-framework"]

STREAMS = [(name, "stream") for name in SCENARIOS] + [("auth", "admin"), ("auth", "limited")]


def moments(scenario, stream):
    """What was seen of a stream: (name of the state, its content, bytes of the stream so far)."""
    raw = recordings.load(f"events/{scenario}/{stream}")
    head = len(raw.bytes()) - len(raw.body)
    for line in (FOLDER / scenario / "index.jsonl").read_text().splitlines():
        item = json.loads(line)
        if item["what"] == "state" and item["stream"] == stream and item["status"] == 200:
            content = json.loads((FOLDER / scenario / item["file"]).read_bytes())
            yield (f"{scenario}/{item['file'].removesuffix('.json')}", content,
                   raw.body[:item["offset"] - head])


class Replay(Master):
    """A master that streams what was recorded, with the states of the same moments.

    It has a framework of its own, of which a task begins after each piece of the stream: once that
    has its name, all that was told before is applied.
    """

    def __init__(self, first):
        super().__init__()
        self.agent = states.agent(99, "10.99.0.1")
        self.marks = states.framework("marks")
        self.streams = Streams()
        self.sent = 0
        self.allowed = threading.Event()  # Whether states get to anybody.
        self.allowed.set()
        self.become(first)
        self.serve_events(self.streams)
        self.serve(self.serve_state)

    def become(self, content):
        """The state from now on, with the own framework."""
        self.state = {**content, "leader": self.pid, "pid": self.pid,
                      "slaves": content["slaves"] + [self.agent],
                      "frameworks": content["frameworks"] + [self.marks]}

    def serve_state(self, handler):
        self.allowed.wait(SOON * PATIENCE)
        document(self.state)(handler)

    def send(self, server, stream, body):
        """Sends the recorded bytes up to there, and waits until they are applied."""
        task = states.task(f"mark{len(self.marks['tasks'])}", agent=99)
        self.marks["tasks"].append(task)
        stream.send_bytes(body[self.sent:])
        self.sent = len(body)
        stream.send(events.task_added(self.marks, task, statuses=False),
                    events.task_updated(self.marks, task))
        wait_app(server, task["name"], framework="marks")

    def expected(self, *masters):
        """What is served of its state with these masters, or with itself alone."""
        known = [(one.host, one.port) for one in masters]
        return Expected(model.Model(self.state, known).records)


@pytest.mark.parametrize("scenario, stream", STREAMS)
def test_stream(scenario, stream):
    """After each quiet moment the records are those of its state, by events alone."""
    seen = set()
    with (Replay(next(moments(scenario, stream))[1]) as master,
          serving(master, poll_interval=1, resync_interval="1d") as server):
        told = master.streams.wait(SOON)
        for name, content, body in moments(scenario, stream):
            master.allowed.clear()
            master.become(content)
            master.send(server, told, body)
            expected = master.expected()
            seen |= expected.owners
            differences = expected.differences(server, seen)
            own = own_of_frameworks(content)
            wrong = [line for line in differences if line.split()[0] not in own]
            assert not wrong or name in SILENT, (name, wrong)
            master.allowed.set()
            if wrong:
                server.zone_reload()
            wait_for(lambda: not expected.differences(server, seen), SOON,
                     f"the records of {name}")
        assert len(server.wait_log(FOLLOWING)) == 1
        assert len(master.subscriptions()) == 1


def lasting(*contents):
    """Records that all of some states make, but for those of masters."""
    sets = [model.Model(content).records for content in contents]
    return {record for record in set.intersection(*sets) if record[0].endswith(ZONES)
            and record[0].split(".")[0].lstrip("_") not in ("leader", "master", "master0")}


def test_failover():
    """The leader dies; another one takes over, to which agents come back one by one."""
    (_, before, old_body), = moments("failover", "old-leader")
    steps = list(moments("failover", "new-leader"))
    records = lasting(before, steps[-1][1])
    assert len(records) > 25
    refusal = recordings.load("events/unrecovered/lone-leader").bytes()
    with Replay(before) as old, Replay(steps[0][1]) as heir:
        heir.serve(redirect(f"//{old.address}/master/state"))
        heir.serve_events(raw(recordings.load("events/failover/standby").redirected(old.address)))
        with serving(old, heir, poll_interval=1, resync_interval="1d") as server:
            old.send(server, old.streams.wait(SOON), old_body)
            with watch(server, records, "recorded failover by events") as queries:
                old.stop()
                server.wait_log("no events from", old.address)
                queries.wait_rounds()
                heir.serve_events(raw(refusal))
                heir.serve(heir.serve_state)
                server.wait_log("no events from", heir.address)
                heir.serve_events(heir.streams)
                told = heir.streams.wait(SOON)
                for _, content, body in steps:
                    heir.become(content)
                    heir.send(server, told, body)
                    queries.wait_rounds()
            expected = heir.expected(old, heir)
            wait_for(lambda: not expected.differences(server, expected.owners), SOON,
                     "the records of the end")
