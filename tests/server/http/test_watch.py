# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that wait for a change: ?index=N&wait=30s."""
import contextlib
import resource
import time

import ask
import pytest
import states
from expected import serving
from ports import free_port
from waiting import PATIENCE, wait_for
from web import Web, elapsed

HOST = "/v1/hosts/web.marathon.mesos"
SERVICE = "/v1/services/_web._tcp.marathon.mesos"

WAITERS_MAX = 1000

# What comes at once, on a machine that is busy; what waits does so for a minute.
SOON = 5 * PATIENCE


@pytest.fixture(autouse=True, scope="module")
def descriptors():
    """As many as are allowed, for us and the knotd that we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Cluster:
    """A served cluster of one service and another task, both with changing addresses."""

    def __init__(self, master, server, web):
        self.master, self.server, self.web = master, server, web

    def change(self, address="10.1.0.1", other="10.2.0.1", host="10.0.0.10"):
        self.master.serve(states.state(
            self.master, states.framework(
                "marathon", states.task("web", ports="[31000-31000]", addresses=[address]),
                states.task("other", addresses=[other])), agents=[states.agent(host=host)]))

    def wait_change(self, name, address):
        self.server.wait_until(name, "A", lambda reply: ask.data(reply, "A") == [address])


@pytest.fixture
def cluster(master):
    web = Web("127.0.0.1", free_port())
    made = Cluster(master, None, web)
    made.change()
    with serving(master, poll_interval=1, events="off",
                 http=f"{web.address}@{web.port}") as made.server:
        yield made


def waiting(web, path, index, count=1, wait="60s"):
    """Connections that have asked to wait; a stack of them that closes all, and the list."""
    stack = contextlib.ExitStack()
    lines = []
    for _ in range(count):
        line = stack.enter_context(web.connect(timeout=60 * PATIENCE))
        line.get(f"{path}?index={index}&wait={wait}")
        lines.append(line)
    return stack, lines




@pytest.mark.parametrize("path", [HOST, SERVICE])
def test_another_index_is_answered_at_once(cluster, path):
    now = cluster.web.get(path)
    for index in (0, 1, now.index - 1, now.index + 1, 2**64 - 1):
        seconds, reply = elapsed(lambda index=index: cluster.web.get(
            f"{path}?index={index % 2**64}&wait=5m"))
        assert seconds < SOON and reply.body == now.body and reply.index == now.index


def test_a_wait_ends(cluster):
    """With the present answer and its index; not before its time."""
    now = cluster.web.get(HOST)
    for wait, least in (("1s", 1), ("1500ms", 1.5), ("1", 1), ("0s", 0), ("0m1s", 1),
                        ("1.5s", 1.5), ("0.5", 0.5), ("0h0.02m", 1.2), ("0.0s", 0),
                        ("0.1000000000000000000000s", 0.1)):
        seconds, reply = elapsed(lambda wait=wait: cluster.web.get(
            f"{HOST}?index={now.index}&wait={wait}"))
        assert least <= seconds < least + SOON
        assert (reply.status, reply.body, reply.index) == (200, now.body, now.index)


@pytest.mark.parametrize("wait", ["10m", "1h", "1.5h", "100000h", "99999999999999", "299s59999ms"])
def test_a_wait_may_be_said_to_be_longer_than_it_will_be(cluster, wait):
    """Who wants to wait for long does so for as long as there is, and is not refused."""
    now = cluster.web.get(HOST)
    stack, [line] = waiting(cluster.web, HOST, now.index, wait=wait)
    with stack:
        time.sleep(0.3)
        assert not line.has_come()
        cluster.change("10.1.0.2")
        assert line.reply().json()[0]["ip"] == "10.1.0.2"


@pytest.mark.parametrize("query", [
    "index=", "index=x", "index=-1", "index=18446744073709551616", "index=1&wait=", "index=1&wait=x",
    "index=1&wait=1d", "index=1&wait=-1s", "index=1&wait=1s1", "index=1&wait=s", "index=1%32",
    "index=1&wait=1.s", "index=1&wait=.5s", "index=1&wait=1.5.5s", "index=1&wait=1e3s"])
def test_what_cannot_be_read_is_refused(cluster, query):
    assert cluster.web.get(f"{HOST}?{query}").status == 400
    assert cluster.web.get("/health?" + query).status == 200


def test_a_wait_alone_is_none(cluster):
    seconds, reply = elapsed(lambda: cluster.web.get(f"{HOST}?wait=60s"))
    assert seconds < SOON and reply.status == 200


def test_a_change_is_answered(cluster):
    """Soon after DNS has it; with another index, which can be waited on."""
    for turn in range(2, 5):
        now = cluster.web.get(HOST)
        stack, [line] = waiting(cluster.web, HOST, now.index)
        with stack:
            address = f"10.1.0.{turn}"
            cluster.change(address)
            cluster.wait_change("web.marathon.mesos.", address)
            seconds, reply = elapsed(line.reply)
            assert seconds < SOON
            assert [item["ip"] for item in reply.json()] == [address]
            assert reply.index != now.index
            # The connection goes on.
            line.get("/health")
            assert line.reply().status == 200


def test_services_change_with_their_targets(cluster):
    """The SRV record stays the same, and the agent's address does not."""
    now = cluster.web.get(SERVICE)
    stack, [line] = waiting(cluster.web, SERVICE, now.index)
    with stack:
        cluster.change(host="10.0.0.77")
        reply = line.reply()
        assert [item["ip"] for item in reply.json()] == ["10.0.0.77"]


def test_what_comes_and_goes(cluster):
    """A name that is missing can be waited for, and one that is there until it is not."""
    path = "/v1/hosts/late.marathon.mesos"
    missing = cluster.web.get(path)
    stack, [line] = waiting(cluster.web, path, missing.index)
    with stack:
        cluster.master.serve(states.state(cluster.master, states.framework(
            "marathon", states.task("late", addresses=["10.3.0.1"]))))
        found = line.reply()
        assert found.json()[0]["ip"] == "10.3.0.1"
        line.get(f"{path}?index={found.index}&wait=60s")
        cluster.change()
        gone = line.reply()
        assert (gone.body, gone.index) == (missing.body, missing.index)


def test_a_zone_that_goes(cluster):
    """At first it may come again; when its names are missing for who asks, who waits is told, though
    nothing is published."""
    now = cluster.web.get(HOST)
    stack, [line] = waiting(cluster.web, HOST, now.index, wait="5m")
    with stack:
        cluster.server.zones.pop("mesos.")
        cluster.server.reload()
        assert cluster.web.get(HOST).status == 503 and not line.has_come()
        line.socket.settimeout(60 * PATIENCE)
        gone = line.reply()
        assert gone.json() == [{"host": "", "ip": ""}] and gone.index != now.index
        assert cluster.web.get(HOST).body == gone.body


def test_other_changes_are_none(cluster):
    now = cluster.web.get(HOST)
    stack, [line] = waiting(cluster.web, HOST, now.index)
    with stack:
        cluster.change(other="10.2.0.9")
        cluster.wait_change("other.marathon.mesos.", "10.2.0.9")
        # Whoever waits for the other one is answered in the same round.
        assert cluster.web.hosts("other.marathon.mesos") == {"10.2.0.9"}
        time.sleep(0.3)
        assert not line.has_come()
        cluster.change("10.1.0.2", "10.2.0.9")
        assert line.reply().json()[0]["ip"] == "10.1.0.2"


def test_waiting_in_odd_ways(cluster):
    """HEAD, HTTP/1.0, a body, and a request behind one that waits."""
    web, now = cluster.web, cluster.web.get(HOST)
    target = f"{HOST}?index={now.index}&wait=1s"
    seconds, reply = elapsed(lambda: web.ask("HEAD", target))
    assert seconds >= 1 and reply.index == now.index and reply.body == b""
    seconds, reply = elapsed(lambda: web.raw(f"GET {target} HTTP/1.0\r\n\r\n".encode()))
    assert seconds >= 1 and reply.body == now.body
    seconds, reply = elapsed(lambda: web.raw(
        f"GET {HOST}?index={now.index}&wait=60s HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        .encode()))
    assert seconds < SOON and reply.body == now.body
    with web.connect() as line:
        line.get(target)
        line.get("/health")
        assert line.reply().body == now.body
        assert line.reply().text == "ok\n"


def test_who_hangs_up_waits_no_more(cluster):
    """Its place is another's; half-closed connections get an answer."""
    now = cluster.web.get(HOST)
    with cluster.web.connect() as line:
        line.get(f"{HOST}?index={now.index}&wait=5m")
        line.socket.shutdown(1)
        seconds, reply = elapsed(line.reply)
        assert seconds < SOON and (reply is None or reply.body == now.body)
    descriptors = cluster.server.descriptors()
    for _ in range(3):
        stack, _ = waiting(cluster.web, HOST, now.index, 200)
        stack.close()
    wait_for(lambda: cluster.server.descriptors() <= descriptors, what="their descriptors")


@pytest.mark.slow
def test_a_thousand_wait(cluster):
    """All are answered at the change; one more is refused; others are served meanwhile, and asked
    by DNS too; none of their descriptors is left."""
    web, now = cluster.web, cluster.web.get(HOST)
    descriptors = cluster.server.descriptors()
    stack, lines = waiting(web, HOST, now.index, WAITERS_MAX)
    with stack:
        one_more = f"{HOST}?index={now.index}&wait=1s"
        refused = web.wait_for(one_more, lambda reply: reply.status == 503, 30)
        assert refused.headers["retry-after"] == "5"
        assert web.get(HOST).body == now.body
        assert ask.outcome(cluster.server.ask("web.marathon.mesos.")) == "ANSWER"
        # Those at other names are not told, and wait on.
        lines.pop().socket.close()
        other = web.get("/v1/hosts/other.marathon.mesos").index
        more, [patient] = waiting(web, "/v1/hosts/other.marathon.mesos", other)
        with more:
            cluster.change("10.1.0.2")
            cluster.wait_change("web.marathon.mesos.", "10.1.0.2")
            assert {line.reply().json()[0]["ip"] for line in lines} == {"10.1.0.2"}
            assert not patient.has_come()
    wait_for(lambda: cluster.server.descriptors() <= descriptors, what="their descriptors")


@pytest.mark.slow
def test_stopping_with_a_thousand(cluster):
    now = cluster.web.get(HOST)
    stack, lines = waiting(cluster.web, HOST, now.index, WAITERS_MAX)
    with stack:
        cluster.web.wait_for(f"{HOST}?index={now.index}&wait=1s",
                             lambda reply: reply.status == 503, 30)
        seconds, _ = elapsed(cluster.server.stop)
        assert seconds < SOON
        # Nobody is told that the name is missing.
        talking = [line for line in lines if not line.is_closed()]
        assert not talking, talking[0].pending
        cluster.server.start()


def test_a_reload_wakes_nobody(cluster):
    """Who waits does so through it, and is answered by what comes after."""
    now = cluster.web.get(HOST)
    stack, lines = waiting(cluster.web, HOST, now.index, 20)
    with stack:
        for _ in range(3):
            cluster.server.reload()
            cluster.server.zone_reload()
        assert not any(line.has_come() for line in lines)
        cluster.change("10.1.0.2")
        assert {line.reply().json()[0]["ip"] for line in lines} == {"10.1.0.2"}
