# SPDX-License-Identifier: GPL-3.0-or-later
"""The stub master's event streams: those that other tests stand on are as real masters' are."""
import base64
import contextlib
import json
import socket
import urllib.parse

import pytest

import events
import recordings
import states
from master import API, Master, redirect, status
from streams import Streams
from waiting import PATIENCE, wait_for

SUBSCRIBE = b'{"type":"SUBSCRIBE"}'


class Client:
    """Subscribes and takes the stream apart, chunks and records."""

    def __init__(self, address, path=API, body=SUBSCRIBE, **headers):
        host, port = urllib.parse.urlsplit("//" + address).hostname, address.rpartition(":")[2]
        self.socket = socket.create_connection((host, int(port)), timeout=20 * PATIENCE)
        headers = {"Host": address, "Content-Type": "application/json",
                   "Accept": "application/json", "Content-Length": len(body),
                   **{name.replace("_", "-"): value for name, value in headers.items()}}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = dict(line.decode().rstrip().split(": ", 1)
                            for line in iter(self.file.readline, b"\r\n"))
        self.records = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def chunk(self):
        """The next chunk's content; b"" for the last one, None if the connection has ended."""
        length = self.file.readline()
        if not length:
            return None
        data = self.file.read(int(length, 16))
        assert self.file.readline() == b"\r\n"
        return data

    def event(self):
        """The next event."""
        while True:
            length, newline, rest = self.records.partition(b"\n")
            if newline and len(rest) >= int(length):
                self.records = rest[int(length):]
                return json.loads(rest[:int(length)])
            self.records += self.chunk()

    def events(self, count):
        return [self.event() for _ in range(count)]


def small_state(master, *tasks):
    return states.state(master, states.framework("marathon", *tasks))


@contextlib.contextmanager
def subscription(**options):
    with Master() as master:
        streams = Streams(lambda: small_state(master, states.task("web")), **options)
        master.serve_events(streams)
        with Client(master.address) as client:
            assert client.status == 200
            assert client.headers["Transfer-Encoding"] == "chunked"
            first, second = client.events(2)
            assert first["type"] == "SUBSCRIBED" and second == events.HEARTBEAT
            yield master, streams, streams.wait(), client


def test_first_event():
    with subscription(heartbeat=7.5) as (_, _, _, client):
        assert client.records == b""
    first = events.subscribed(small_state("127.0.0.1:1", states.task("web")), 7.5)["subscribed"]
    assert first["heartbeat_interval_seconds"] == 7.5
    task, = first["get_state"]["get_tasks"]["tasks"]
    assert task["task_id"] == {"value": "web.1"}


def test_heartbeats():
    with subscription(heartbeat=0.1) as (_, _, _, client):
        assert client.events(3) == [events.HEARTBEAT] * 3


def test_records_and_chunks():
    with subscription() as (_, _, stream, client):
        told = [{"type": "A"}, {"type": "B", "b": "x" * 100}]
        stream.send(*told)
        assert client.chunk() == events.record(told[0])
        assert client.chunk() == events.record(told[1])
        for size in (1, 7, 200):
            stream.send_chunked(*told, size=size)
            assert client.events(2) == told
        stream.send_bytes(*(bytes([byte]) for byte in b"3\r\n1\nx\r\n"), pause=0.001)
        assert client.chunk() == b"1\nx"


def test_ends():
    with subscription() as (_, _, stream, client):
        stream.cut()
        assert client.chunk() is None
    with subscription() as (_, _, stream, client):
        stream.reset()
        with pytest.raises(ConnectionResetError):
            client.chunk()
    with subscription(heartbeat=0.1) as (_, _, stream, client):
        stream.finish()
        while client.chunk() != b"":
            pass
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.chunk()
    with subscription() as (master, _, _, client):
        master.stop()
        assert client.chunk() is None


def test_too_many_subscribers():
    with subscription(most=1) as (master, streams, _, oldest):
        with Client(master.address) as newest:
            assert oldest.chunk() == b""
            streams.wait().send({"type": "A"})
            assert newest.events(3)[2] == {"type": "A"}


def test_notices_who_hangs_up():
    with subscription() as (_, streams, stream, client):
        client.file.close()
        client.socket.close()
        wait_for(lambda: streams.open() == [], what="the end of the stream")
        stream.send({"type": "A"})


def test_refusals():
    with Master(credential=("user", "word")) as master:
        header = "Basic " + base64.b64encode(b"user:word").decode()
        asked = [(404, {}), (401, {"Authorization": ""})]
        for code, headers in asked:
            with Client(master.address, **{"Authorization": header, **headers}) as client:
                assert client.status == code
        master.serve_events(status(503, b"Master has not finished recovery"))
        for code, headers in ((503, {}), (415, {"Content_Type": "application/json; charset=utf-8"}),
                              (406, {"Accept": "*/*"}), (400, {"body": b"{}"})):
            with Client(master.address, Authorization=header, **headers) as client:
                assert client.status == code
        master.serve_events(redirect("//127.0.0.1:5050/master/api/v1"))
        with Client(master.address, Authorization=header) as client:
            assert client.status == 307
        assert len(master.subscriptions()) == 7
        assert master.last(API).body == SUBSCRIBE


def recorded_events(name):
    """The events of a recorded stream."""
    body, records = recordings.load(name).body, b""
    while body:
        length, _, body = body.partition(b"\r\n")
        records += body[:int(length, 16)]
        body = body[int(length, 16) + 2:]
    while records:
        length, _, records = records.partition(b"\n")
        yield json.loads(records[:int(length)])
        records = records[int(length):]


# What the events made here have of their own.
MADE_UP = {"uuid", "source", "user", "roles"}


def identity(one):
    """What tells an object from others in a list; those that have nothing keep their order."""
    for part in (one, one.get("agent_info", {}), one.get("framework_info", {})):
        for key in ("task_id", "id", "name"):
            if key in part:
                return json.dumps(part[key])
    return ""


def check_within(made, real, where=""):
    """All that was made is in the real one, but for what is made up."""
    if isinstance(made, dict):
        for key, value in made.items():
            if key not in MADE_UP:
                assert key in real, f"{where}.{key}"
                check_within(value, real[key], f"{where}.{key}")
    elif isinstance(made, list):
        assert len(made) == len(real), where
        if made and isinstance(made[0], dict):
            made, real = sorted(made, key=identity), sorted(real, key=identity)
        for i, (one, other) in enumerate(zip(made, real)):
            check_within(one, other, f"{where}[{i}]")
    else:
        assert made == real, where


def test_first_event_is_as_recorded():
    """A state in the words of events is what the master said at that moment."""
    folder = recordings.FOLDER / "events/late-subscribe"
    state = json.loads((folder / "state-stream-01.json").read_bytes())
    real = next(recorded_events("events/late-subscribe/stream"))
    made = events.subscribed(state)
    # Other lists that say nothing of names, and are not made.
    for kind, name in (("get_executors", "executors"), ("get_frameworks", "completed_frameworks")):
        real["subscribed"]["get_state"][kind][name] = []
    assert made["subscribed"]["get_state"]["get_tasks"]["tasks"]
    check_within(made, real)


def test_events_between_states():
    def kinds(before, after):
        return [event["type"] for event in events.between(before, after)]

    web, worker = states.task("web"), states.task("worker")
    one = states.state("h:1", states.framework("marathon", web))
    both = states.state("h:1", states.framework("marathon", web, worker))
    assert kinds(one, one) == []
    assert kinds(one, both) == ["TASK_ADDED", "TASK_UPDATED"]
    assert kinds(both, one) == ["TASK_UPDATED"]
    other = states.state("h:1", states.framework("marathon", web), states.framework("kafka", worker),
                         agents=[states.agent(), states.agent(1, "10.0.0.11")])
    assert kinds(one, other) == ["AGENT_ADDED", "FRAMEWORK_ADDED", "TASK_ADDED", "TASK_UPDATED"]
    assert kinds(other, one) == ["TASK_UPDATED", "FRAMEWORK_REMOVED", "AGENT_REMOVED"]
    renamed = states.state("h:1", states.framework("marathon", web, hostname="10.1.1.1"))
    assert kinds(one, renamed) == ["FRAMEWORK_UPDATED"]
    added, told = events.between(one, both)
    assert "statuses" not in added["task_added"]["task"]
    assert added["task_added"]["task"]["state"] == "TASK_STAGING"
    assert told["task_updated"]["state"] == told["task_updated"]["status"]["state"] == "TASK_RUNNING"
    gone, = events.between(both, one)
    assert gone["task_updated"]["state"] in events.ENDED
    assert gone["task_updated"]["status"]["task_id"] == {"value": "worker.1"}
